import { expect } from 'chai'
import { amountFen, operations } from '../model/index.ts'
import {
  acceptBid,
  acknowledge,
  attestPayOut,
  bid,
  close,
  mature,
  notify,
  payOut,
  requestFinancing,
} from '../testing/financing.ts'
import { refused } from '../testing/refused.ts'
import {
  ALLIANCE,
  BANK_A,
  BANK_B,
  CORE,
  USERS,
  activeCertificate,
  id,
  inDays,
  moveCalendar,
  must,
  openWorld,
} from '../testing/story.ts'
import type { World } from '../testing/world.ts'

describe('financing', () => {
  let world: World
  let certificate: string
  let request: string
  let bidId: string
  beforeEach(async () => {
    world = await openWorld()
    certificate = (await activeCertificate(world)).certificate
    request = id('request')
    bidId = id('bid')
    await must(world.submit(requestFinancing(world, certificate, request), USERS.tier1))
    const place = bid({ world, request, bidId, bankMsp: BANK_A, rate: 36_500n })
    await must(world.submit(place, USERS.bankA))
  })
  const netOf = () => world.value(BANK_A, 'bid', bidId).netFen
  const notified = async (): Promise<void> => {
    await must(world.submit(acceptBid(world, request, bidId), USERS.tier1))
    await must(world.submit(notify(world, request), USERS.bankA))
  }
  const ending = (funderMsp?: string) => ({
    obligorMsp: CORE,
    askerMsp: ALLIANCE,
    requestId: request,
    request: world.opening(CORE, 'request', request),
    terms: world.opening(CORE, 'receivable', certificate),
    ...(funderMsp === undefined ? {} : { funderMsp }),
  })

  it('no pay-out before the obligor has acknowledged the notice', async () => {
    await notified()
    const payment = id('payment')
    await must(world.submit(attestPayOut(payment, netOf()), USERS.bankA))
    await refused(world.submit(payOut(world, request, payment), USERS.bankA), 'NOTICE_MISSING')
    await refused(world.submit(acknowledge(world, request), USERS.bankA), 'ORGANISATION_REFUSED')
    await must(world.submit(acknowledge(world, request), USERS.coreChecker))
    await refused(world.submit(acknowledge(world, request), USERS.coreChecker), 'MOVE_REFUSED')
    await must(world.submit(payOut(world, request, payment), USERS.bankA))
  })

  it('a pay-out of another amount is no evidence, and there is no close without one', async () => {
    await notified()
    await must(world.submit(acknowledge(world, request), USERS.coreChecker))
    const short = id('payment')
    await must(world.submit(attestPayOut(short, amountFen(netOf() - 1n)), USERS.bankA))
    await refused(world.submit(payOut(world, request, short), USERS.bankA), 'EVIDENCE_WRONG')
    await refused(world.submit(close(world, request, certificate), USERS.bankA), 'MOVE_REFUSED')
  })

  it('an old payment of the same amount proves no pay-out', async () => {
    await notified()
    await must(world.submit(acknowledge(world, request), USERS.coreChecker))
    const old = id('payment')
    await must(world.submit(attestPayOut(old, netOf(), inDays(-1)), USERS.bankA))
    await refused(world.submit(payOut(world, request, old), USERS.bankA), 'EVIDENCE_WRONG')
  })

  it('another obligor of the same organisation does not acknowledge a debt that is not its own', async () => {
    const members = [{ memberId: 'm-core2', kind: 'OBLIGOR' } as const]
    const register = operations.members.register({ members, endorsers: [CORE, ALLIANCE] })
    await must(world.submit(register, USERS.coreOperator))
    await notified()
    const sister = { ...USERS.coreChecker, name: 'sister', memberId: 'm-core2' }
    await refused(world.submit(acknowledge(world, request), sister), 'MEMBER_REFUSED')
    await must(world.submit(acknowledge(world, request), USERS.coreChecker))
  })

  it('only the chosen bank is handed the certificate’s terms, and only while it is chosen', async () => {
    for (const bank of [BANK_A, BANK_B])
      expect(world.holds(bank, 'receivable', certificate), bank).to.equal(false)
    await must(world.submit(acceptBid(world, request, bidId), USERS.tier1))
    expect(world.holds(BANK_A, 'receivable', certificate)).to.equal(true)
    await must(world.submit(operations.financing.decline(ending(BANK_A)), USERS.bankA))
    expect(world.holds(BANK_A, 'receivable', certificate)).to.equal(false)
    expect(world.holds(BANK_B, 'receivable', certificate)).to.equal(false)
  })

  it('the asker accepts one bid; a withdrawn or second one is refused', async () => {
    const second = id('bid')
    const place = bid({ world, request, bidId: second, bankMsp: BANK_A, rate: 50_000n })
    await must(world.submit(place, USERS.bankA))
    const withdraw = operations.financing.withdrawBid({
      id: second,
      bankMsp: BANK_A,
      askerMsp: ALLIANCE,
      bid: world.opening(BANK_A, 'bid', second),
    })
    await must(world.submit(withdraw, USERS.bankA))
    await refused(world.submit(acceptBid(world, request, second), USERS.tier1), 'MOVE_REFUSED')
    await refused(world.submit(acceptBid(world, request, bidId), USERS.tier2), 'MEMBER_REFUSED')
    await must(world.submit(acceptBid(world, request, bidId), USERS.tier1))
    await refused(world.submit(acceptBid(world, request, bidId), USERS.tier1), 'MOVE_REFUSED')
    const late = bid({ world, request, bidId: id('bid'), bankMsp: BANK_A, rate: 1n })
    await refused(world.submit(late, USERS.bankA), 'REQUEST_NOT_OPEN')
  })

  it('declined by the asker while open, by the funder once accepted: the certificate is free', async () => {
    const decline = operations.financing.decline(ending())
    await refused(world.submit(decline, USERS.tier2), 'MEMBER_REFUSED')
    await must(world.submit(decline, USERS.tier1))
    expect(world.state('receivable', certificate)).to.include({ state: 'ACTIVE' })
    expect(world.state('request', request).state).to.equal('DECLINED')
  })

  it('from acceptance on, the asker’s organisation alone cannot end or rewrite the request', async () => {
    await must(world.submit(acceptBid(world, request, bidId), USERS.tier1))
    const withoutBank = operations.financing.decline(ending())
    await refused(world.submit(withoutBank, USERS.tier1), 'ORGANISATION_REFUSED')
    const forged = { key: `F:${request}`, value: '{}' }
    const answer = await world.collude([ALLIANCE, CORE], [forged])
    expect(answer).to.include({ ok: false, code: 'ENDORSEMENT_POLICY_FAILURE' })
    await must(world.submit(operations.financing.decline(ending(BANK_A)), USERS.bankA))
    expect(world.state('receivable', certificate).state).to.equal('ACTIVE')
  })

  it('an open request expires after its last day', async () => {
    const expire = operations.financing.expire(ending())
    await refused(world.submit(expire, USERS.allianceOperator), 'NOT_EXPIRED')
    await moveCalendar(world, 8)
    await must(world.submit(expire, USERS.allianceOperator))
    expect(world.state('request', request).state).to.equal('EXPIRED')
  })

  it('maturity ends an open request, and nothing of it is possible afterwards', async () => {
    await moveCalendar(world, 63)
    await must(world.submit(mature(world, certificate, ALLIANCE), USERS.allianceOperator))
    expect(world.state('receivable', certificate).state).to.equal('DUE')
    await refused(world.submit(acceptBid(world, request, bidId), USERS.tier1), 'REQUEST_NOT_OPEN')
  })

  it('once paid, the funder closes with the terms it holds, and so may the asker, nobody else', async () => {
    await notified()
    await must(world.submit(acknowledge(world, request), USERS.coreChecker))
    const payment = id('payment')
    await must(world.submit(attestPayOut(payment, netOf()), USERS.bankA))
    const operation = close(world, request, certificate)
    await refused(world.submit(operation, USERS.tier1), 'MOVE_REFUSED')
    await must(world.submit(payOut(world, request, payment), USERS.bankA))
    await refused(world.submit(operation, USERS.tier2), 'MEMBER_REFUSED')
    await refused(world.submit(operation, USERS.bankB), 'ORGANISATION_REFUSED')
    await refused(world.submit(operation, USERS.coreChecker), 'ORGANISATION_REFUSED')
    expect(world.opening(BANK_A, 'receivable', certificate)).to.equal(
      world.opening(CORE, 'receivable', certificate),
    )
    await must(world.submit(operation, USERS.tier1))
    expect(world.value(BANK_A, 'receivable', certificate).holder).to.equal('m-banka1')
  })

  it('a financing that is paid out is closed before it matures', async () => {
    await notified()
    await must(world.submit(acknowledge(world, request), USERS.coreChecker))
    const payment = id('payment')
    await must(world.submit(attestPayOut(payment, netOf()), USERS.bankA))
    await must(world.submit(payOut(world, request, payment), USERS.bankA))
    await moveCalendar(world, 63)
    await refused(
      world.submit(mature(world, certificate, ALLIANCE), USERS.allianceOperator),
      'MOVE_REFUSED',
    )
    await must(world.submit(close(world, request, certificate), USERS.bankA))
    await must(world.submit(mature(world, certificate, BANK_A), USERS.bankAOperator))
  })
})
