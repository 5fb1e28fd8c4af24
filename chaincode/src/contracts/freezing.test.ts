/** Freezes from the side of those who would rather not be frozen, and of a regulator's person who acts alone. */
import { expect } from 'chai'
import { canonicalJson, collectionOf, operations, recordKey, saltOf } from '../model/index.ts'
import type { Operation, RecordId } from '../model/index.ts'
import { mature, requestFinancing } from '../testing/financing.ts'
import { refused } from '../testing/refused.ts'
import {
  activeCertificate,
  ALLIANCE,
  BANK_A,
  CORE,
  FACE,
  HOLDING,
  id,
  inDays,
  moveCalendar,
  must,
  openWorld,
  REGULATOR,
  seed,
  split,
  TRADE,
  USERS,
} from '../testing/story.ts'
import type { World } from '../testing/world.ts'

describe('freezes', () => {
  let world: World
  let certificate: RecordId
  beforeEach(async () => {
    world = await openWorld()
    certificate = (await activeCertificate(world)).certificate
  })
  const halves = (of: RecordId) => split(world, of, [FACE - 100n, 100n])
  const transfer = (of: RecordId): Operation =>
    operations.receivables.offerTransfer({
      seed: seed(),
      items: [
        {
          ...HOLDING,
          toMsp: ALLIANCE,
          id: of,
          terms: world.opening(CORE, 'receivable', of),
          to: 'm-tier2',
          until: inDays(5),
          reason: '',
        },
      ],
    })
  const order = (of: RecordId) => ({ id: of, regulatorMsp: REGULATOR, seed: seed() })
  const begin = (of: RecordId): Operation =>
    operations.receivables.proposeFreeze({ ...order(of), reason: 'order 7 of the court' })
  const held = (of: RecordId) => ({
    ...order(of),
    freeze: world.opening(REGULATOR, 'freeze', of),
  })
  const confirm = (of: RecordId): Operation => operations.receivables.freeze(held(of))
  const lift = (of: RecordId): Operation =>
    operations.receivables.proposeUnfreeze({ ...held(of), reason: 'order 8' })
  const end = (of: RecordId): Operation => operations.receivables.unfreeze(held(of))

  it('take two persons of the regulator, and nobody else', async () => {
    await refused(
      world.submit(begin(certificate), { ...USERS.bankA, role: 'compliance' }),
      'ORGANISATION_REFUSED',
    )
    await must(world.submit(begin(certificate), USERS.regulator1))
    await refused(world.submit(confirm(certificate), USERS.regulator1), 'MAKER_IS_CHECKER')
    await must(world.submit(confirm(certificate), USERS.regulator2))
    await refused(world.submit(confirm(certificate), USERS.regulator1), 'NOTHING_PENDING')
    await refused(world.submit(transfer(certificate), USERS.tier1), 'FROZEN')
    await refused(world.submit(end(certificate), USERS.regulator1), 'NOTHING_PENDING')
    await must(world.submit(lift(certificate), USERS.regulator2))
    await refused(world.submit(transfer(certificate), USERS.tier1), 'FROZEN')
    await refused(world.submit(end(certificate), USERS.regulator2), 'MAKER_IS_CHECKER')
    await must(world.submit(end(certificate), USERS.regulator1))
    await must(world.submit(transfer(certificate), USERS.tier1))
  })

  it('stop the holder who reads of the proposal and hurries: no split, offer or request', async () => {
    await must(world.submit(begin(certificate), USERS.regulator1))
    await refused(world.submit(halves(certificate).operation, USERS.tier1), 'FROZEN')
    await refused(world.submit(transfer(certificate), USERS.tier1), 'FROZEN')
    const financing = requestFinancing(world, certificate, id('request'))
    await refused(world.submit(financing, USERS.tier1), 'FROZEN')
    await must(world.submit(confirm(certificate), USERS.regulator2))
  })

  it('do not fall on split paper, whose children would go on, but on its root and so on all of them', async () => {
    const first = halves(certificate)
    await must(world.submit(first.operation, USERS.tier1))
    const [middle] = first.children as [RecordId]
    const second = split(world, middle, [FACE - 200n, 100n])
    await must(world.submit(second.operation, USERS.tier1))
    await refused(world.submit(begin(middle), USERS.regulator1), 'MOVE_REFUSED')
    await must(world.submit(begin(certificate), USERS.regulator1))
    for (const leaf of [...second.children, first.children[1] as RecordId])
      await refused(world.submit(transfer(leaf), USERS.tier1), 'FROZEN')
  })

  it('need neither the holder’s nor the obligor’s peer, so none of them has a veto', async () => {
    await must(world.submit(begin(certificate), USERS.regulator1))
    for (const build of [begin, confirm, lift, end])
      expect(build(certificate).endorsingOrganizations).to.deep.equal([REGULATOR])
  })

  it('cannot be made or undone by others, nor do their own collections count', async () => {
    const by = 'f'.repeat(64)
    const key = recordKey('freeze', certificate)
    const salt = saltOf(seed(), 'forged')
    const value = canonicalJson({ step: 'FROZEN', by, reason: 'x', salt })
    const forge = (collection: string) =>
      world.collude([CORE, BANK_A, ALLIANCE], [{ collection, key, value }])
    expect(await forge(collectionOf(REGULATOR))).to.include({ ok: false })
    expect(await forge(collectionOf(CORE))).to.include({ ok: true })
    await must(world.submit(halves(certificate).operation, USERS.tier1))
  })

  it('that were only proposed are ended by another person, so one person holds nothing up', async () => {
    await must(world.submit(begin(certificate), USERS.regulator1))
    await refused(world.submit(begin(certificate), USERS.regulator2), 'RECORD_EXISTS')
    await refused(world.submit(end(certificate), USERS.regulator1), 'MAKER_IS_CHECKER')
    await must(world.submit(end(certificate), USERS.regulator2))
    await must(world.submit(transfer(certificate), USERS.tier1))
  })

  it('do not keep paper from falling due, and the reason is nobody’s but the regulator’s', async () => {
    world.transcript.length = 0
    await must(world.submit(begin(certificate), USERS.regulator1))
    await must(world.submit(confirm(certificate), USERS.regulator2))
    expect(world.transcript.join('\n')).to.not.include('order 7')
    await moveCalendar(world, 63)
    await must(world.submit(mature(world, certificate, ALLIANCE), USERS.allianceOperator))
  })

  it('of a voided invoice are lifted by the regulator with obligor and holder', async () => {
    const { trade, certificate: voided } = await activeCertificate(world)
    const item = { invoiceId: trade.invoice, ...TRADE }
    const check = operations.trade.checkTax({ items: [{ ...item, result: 'INVALID' }] })
    await must(world.submit(check, USERS.allianceOperator))
    await refused(world.submit(transfer(voided), USERS.tier1), 'FROZEN')
    const propose = operations.receivables.proposeUnfreeze({ ...order(voided), reason: 'order 9' })
    await must(world.submit(propose, USERS.regulator1))
    const unfreeze = operations.receivables.unfreeze({ ...held(voided), holding: HOLDING })
    await must(world.submit(unfreeze, USERS.regulator2))
    await must(world.submit(transfer(voided), USERS.tier1))
    await refused(
      world.submit(
        operations.receivables.proposeUnfreeze({ ...order(voided), reason: 'again' }),
        USERS.regulator1,
      ),
      'NOT_FROZEN',
    )
  })
})
