/** Redemption from the side of an obligor, a bank or a holder that wants more than its due. */
import { expect } from 'chai'
import { amountFen, canonicalJson, operations, recordKey } from '../model/index.ts'
import type { Operation, RecordId } from '../model/index.ts'
import {
  attestRedemption,
  close,
  collect,
  mature,
  payForPaper,
  settle,
  share,
} from '../testing/financing.ts'
import { playToHolders } from '../testing/play.ts'
import type { Played } from '../testing/play.ts'
import { refused } from '../testing/refused.ts'
import {
  activeCertificate,
  ALLIANCE,
  BANK_A,
  BANK_B,
  CORE,
  FACE,
  HOLDING,
  id,
  moveCalendar,
  must,
  openWorld,
  seed,
  USERS,
} from '../testing/story.ts'
import type { Identity, World } from '../testing/world.ts'

const TREASURER: Identity = { ...USERS.coreMaker, role: 'treasurer' }

describe('redemption', () => {
  let world: World
  let played: Played
  beforeEach(async () => {
    world = await openWorld()
    played = await playToHolders(world)
    await moveCalendar(world, 63)
    await must(world.submit(mature(world, played.forBank, BANK_A), USERS.bankAOperator))
    await must(world.submit(mature(world, played.forTier2, ALLIANCE), USERS.allianceOperator))
  })
  /** A bank books a payment and its gateway builds the settlement of the root. */
  const paidBy = async (bank: Identity, amount: bigint): Promise<Operation> => {
    const payment = id('payment')
    await must(world.submit(attestRedemption(payment, amountFen(amount), bank.mspId), bank))
    return settle(world, payment, [{ rootId: played.certificate, amountFen: amountFen(amount) }])
  }

  it('goes through two banks, the second adding to what the first has put on the root', async () => {
    await must(world.submit(await paidBy(USERS.bankA, 5_000_000n), USERS.bankA))
    await must(world.submit(await paidBy(USERS.bankB, 6_300_000n), USERS.bankB))
    for (const mspId of [CORE, BANK_A, BANK_B])
      expect(world.value(mspId, 'settlement', played.certificate).paidFen, mspId).to.equal(FACE)
    await refused(
      world.submit(await paidBy(USERS.bankA, 1n), USERS.bankA),
      'SETTLEMENT_EXCEEDS_FACE',
    )
  })

  it('cannot be begun again at a second bank by hiding what the first has received', async () => {
    await must(world.submit(await paidBy(USERS.bankA, FACE - 1n), USERS.bankA))
    const payment = id('payment')
    await must(world.submit(attestRedemption(payment, FACE, BANK_B), USERS.bankB))
    const { args, transient } = settle(world, payment, [
      { rootId: played.certificate, amountFen: FACE },
    ])
    const { roots, ...rest } = JSON.parse(
      Buffer.from(transient.private as Uint8Array).toString(),
    ) as { roots: { settlement?: string }[] }
    const hidden = roots.map(({ settlement: _, ...root }) => root)
    const operation = {
      contract: 'settlement',
      function: 'settle',
      args,
      transient: { private: Buffer.from(JSON.stringify({ ...rest, roots: hidden })) },
      endorsingOrganizations: [CORE, BANK_B],
    }
    await refused(world.submit(operation, USERS.bankB), 'OPENING_WRONG')
  })

  it('shows a leaf’s holder what was paid on the root and nothing else', async () => {
    const operation = await paidBy(USERS.bankB, 5_000_000n)
    expect(operation.endorsingOrganizations).to.deep.equal([BANK_B, CORE])
    await must(world.submit(operation, USERS.bankB))
    expect(world.holds(BANK_A, 'settlement', played.certificate)).to.equal(false)
    await must(world.submit(share(world, played.forBank), TREASURER))
    expect(world.opening(BANK_A, 'settlement', played.certificate)).to.equal(
      world.opening(CORE, 'settlement', played.certificate),
    )
    const seen = [...(world.collections.get(`_implicit_org_${BANK_A}`)?.keys() ?? [])]
    expect(seen).to.not.include(recordKey('receivable', played.certificate))
    const payments = seen.filter(key => key.startsWith('Y:'))
    expect(payments, 'only its own pay-out').to.have.length(1)
  })

  it('is not held up by a leaf that others have written, nor shown to the stranger it names', async () => {
    const fake = id('fake')
    const value = canonicalJson({
      state: 'DUE',
      obligorMsp: CORE,
      holderMsp: BANK_B,
      root: played.certificate,
      parent: played.certificate,
      depth: 1,
      policy: 1,
    })
    await must(world.collude([ALLIANCE, BANK_B], [{ key: recordKey('receivable', fake), value }]))
    await must(world.submit(await paidBy(USERS.bankA, FACE), USERS.bankA))
    await refused(world.submit(share(world, fake), USERS.bankA), 'RECORD_NOT_AUTHENTIC')
    await refused(
      world.submit(share(world, played.forBank), { ...USERS.bankB }),
      'ORGANISATION_REFUSED',
    )
  })

  it('reaches a holder that was left out at first, or that is new', async () => {
    await must(world.submit(await paidBy(USERS.bankA, FACE), USERS.bankA))
    await must(world.submit(share(world, played.forTier2), USERS.bankA))
    await must(world.submit(collect(world, played.forTier2, ALLIANCE), USERS.allianceOperator))
    expect(world.state('receivable', played.forTier2).state).to.equal('REDEEMED')
  })

  it('pays no asker a second time while the bank that paid it is not yet the holder', async () => {
    world = await openWorld()
    const { certificate } = await activeCertificate(world)
    const request = await payForPaper(world, certificate)
    await moveCalendar(world, 63)
    const payment = id('payment')
    const operation = attestRedemption(payment, FACE)
    await must(world.submit(named(operation), USERS.bankA))
    const roots = [{ rootId: certificate, amountFen: FACE }]
    await refused(world.submit(settle(world, payment, roots), TREASURER), 'EVIDENCE_WRONG')
    await must(world.submit(close(world, request, certificate), USERS.bankA))
    await refused(world.submit(settle(world, payment, roots), TREASURER), 'EVIDENCE_WRONG')
  })

  it('that is complete makes no paper overdue, whether or not its holder has collected', async () => {
    await moveCalendar(world, 10)
    await must(world.submit(await paidBy(USERS.bankA, FACE), USERS.bankA))
    const settlement = world.opening(CORE, 'settlement', played.certificate)
    const overdue = (of: RecordId, with_: object) =>
      operations.receivables.overdue({
        items: [{ ...HOLDING, id: of, terms: world.opening(CORE, 'receivable', of), ...with_ }],
      })
    await refused(
      world.submit(overdue(played.forTier2, { settlement }), USERS.allianceOperator),
      'PAID_IN_FULL',
    )
    await refused(
      world.submit(overdue(played.forTier2, {}), USERS.allianceOperator),
      'OPENING_WRONG',
    )
    expect(world.state('member', 'm-core').issueStops).to.equal(undefined)
  })
})

/** The same entry with the asker as payee. */
const named = (operation: Operation): Operation => {
  const request = JSON.parse(operation.args[0] as string) as { items: object[] }
  const secret = JSON.parse(Buffer.from(operation.transient.private as Uint8Array).toString()) as {
    items: { entry: object }[]
  }
  const items = request.items.map(item => ({ ...item, payeeMsp: ALLIANCE }))
  const entries = secret.items.map(({ entry }) => ({ entry: { ...entry, payee: 'm-tier1' } }))
  return {
    ...operation,
    args: [canonicalJson({ items })],
    transient: {
      private: Buffer.from(JSON.stringify({ ...secret, seed: seed(), items: entries })),
    },
    endorsingOrganizations: [ALLIANCE, BANK_A, CORE],
  }
}
