/** What colluding or careless organisations can write into their own collections, and what it gets them. */
import { expect } from 'chai'
import {
  amountFen,
  canonicalJson,
  collectionOf,
  operations,
  recordKey,
  saltOf,
} from '../model/index.ts'
import type { Opening } from '../model/index.ts'
import { attestRedemption, mature, settle } from '../testing/financing.ts'
import { playToHolders } from '../testing/play.ts'
import { refused } from '../testing/refused.ts'
import {
  activeCertificate,
  ALLIANCE,
  BANK_A,
  BANK_B,
  CORE,
  FACE,
  id,
  inDays,
  moveCalendar,
  must,
  openWorld,
  seed,
  today,
  USERS,
} from '../testing/story.ts'

describe('forged records and one-sided decisions', () => {
  it('a settlement that only the obligor’s collection holds was never settled', async () => {
    const world = await openWorld()
    const { certificate, forBank } = await playToHolders(world)
    await moveCalendar(world, 63)
    await must(world.submit(mature(world, forBank, BANK_A), USERS.bankAOperator))
    const salt = saltOf(seed(), 'forged')
    const nearly = { faceFen: FACE, paidFen: FACE - 1n, paidOn: today(), copies: [CORE], salt }
    const key = recordKey('settlement', certificate)
    const value = canonicalJson(nearly)
    await world.collude([CORE], [{ collection: collectionOf(CORE), key, value }])
    const payment = id('payment')
    await must(world.submit(attestRedemption(payment, amountFen(1n)), USERS.bankA))
    const roots = [{ rootId: certificate, amountFen: amountFen(1n) }]
    await refused(world.submit(settle(world, payment, roots), USERS.bankA), 'RECORD_NOT_AUTHENTIC')
  })

  it('paper that names an obligor of another organisation is not authentic', async () => {
    const world = await openWorld()
    const minted = id('minted')
    const face = 999_999_999n
    const terms = canonicalJson({
      obligor: 'm-core',
      holder: 'm-tier1',
      currency: 'CNY',
      faceFen: face,
      issuedOn: inDays(0),
      dueOn: inDays(60),
      offerUntil: inDays(10),
      uses: [],
      collectedFen: 0n,
      rootFaceFen: face,
      salt: saltOf(seed(), 'forged'),
    })
    const record = { obligorMsp: BANK_A, holderMsp: ALLIANCE, root: minted, depth: 0, policy: 1 }
    const key = recordKey('receivable', minted)
    const written = await world.collude(
      [ALLIANCE, BANK_A],
      [
        { key, value: canonicalJson({ state: 'ACTIVE', ...record }) },
        { collection: collectionOf(ALLIANCE), key, value: terms },
        { collection: collectionOf(BANK_A), key, value: terms },
      ],
    )
    expect(written).to.include({ ok: true })
    const request = operations.financing.request({
      id: id('request'),
      receivableId: minted,
      obligorMsp: BANK_A,
      askerMsp: ALLIANCE,
      invited: [BANK_B],
      seed: seed(),
      terms: terms as Opening,
      recourse: 'NONE',
      bidsUntil: inDays(5),
    })
    await refused(world.submit(request, USERS.tier1), 'RECORD_NOT_AUTHENTIC')
  })

  it('two persons of one organisation do not change the policy of all', async () => {
    const world = await openWorld()
    const { proposePolicy, adoptPolicy } = operations.members
    const input = { change: { calendarOffsetDays: 36 }, endorsers: [CORE, ALLIANCE, BANK_A] }
    await must(world.submit(proposePolicy(input), USERS.allianceOperator))
    const second = { ...USERS.allianceOperator, name: 'second operator of the alliance' }
    await refused(world.submit(adoptPolicy(input), second), 'ORGANISATION_REFUSED')
    await must(world.submit(adoptPolicy(input), USERS.bankAOperator))
  })

  it('an invoice that the tax office calls invalid freezes the paper over it', async () => {
    const world = await openWorld()
    const { certificate, trade } = await activeCertificate(world)
    const check = operations.trade.checkTax({
      items: [
        {
          invoiceId: trade.invoice,
          buyerMsp: CORE,
          sellerMsp: ALLIANCE,
          result: 'INVALID',
        },
      ],
    })
    await must(world.submit(check, USERS.allianceOperator))
    expect(world.state('receivable', certificate).frozen).to.equal(true)
  })
})
