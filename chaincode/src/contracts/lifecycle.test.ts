import { expect } from 'chai'
import { operations } from '../model/index.ts'
import type { Operation } from '../model/index.ts'
import {
  attestRedemption,
  collect,
  mature,
  requestFinancing,
  settle,
  share,
} from '../testing/financing.ts'
import {
  ALLIANCE,
  BANK_A,
  CORE,
  FACE,
  HOLDING,
  USERS,
  activeCertificate,
  confirmedTrade,
  id,
  inDays,
  moveCalendar,
  must,
  offer,
  openWorld,
  proposal,
  seed,
  split,
  termsItem,
} from '../testing/story.ts'
import type { Trade } from '../testing/story.ts'
import type { World } from '../testing/world.ts'
import { refused } from '../testing/refused.ts'

type Cancelling = 'reject' | 'withdraw' | 'expire' | 'accept'
const onOffer = (world: World, what: Cancelling, trade: Trade, certificate: string): Operation =>
  operations.receivables[what]({ seed: seed(), items: [termsItem(world, trade, certificate)] })

const offered = async (world: World): Promise<{ trade: Trade; certificate: string }> => {
  const trade = await confirmedTrade(world)
  const certificate = id('certificate')
  await must(world.submit(proposal(world, trade, certificate), USERS.coreMaker))
  await must(world.submit(offer(world, certificate), USERS.coreChecker))
  return { trade, certificate }
}

const transfer = (world: World, certificate: string, toMsp = ALLIANCE, to = 'm-tier2'): Operation =>
  operations.receivables.offerTransfer({
    seed: seed(),
    items: [
      {
        ...HOLDING,
        toMsp,
        id: certificate,
        terms: world.opening(CORE, 'receivable', certificate),
        to,
        until: inDays(5),
        reason: '',
      },
    ],
  })
type Answering = 'signOff' | 'rejectTransfer' | 'recallTransfer' | 'expireTransfer'
const onTransfer = (
  world: World,
  what: Answering,
  certificate: string,
  toMsp = ALLIANCE,
): Operation =>
  operations.receivables[what]({
    seed: seed(),
    items: [
      {
        ...HOLDING,
        toMsp,
        id: certificate,
        terms: world.opening(CORE, 'receivable', certificate),
        transfer: world.opening(CORE, 'transfer', certificate),
      },
    ],
  })

describe('offers of certificates', () => {
  let world: World
  beforeEach(async () => {
    world = await openWorld()
  })

  for (const [what, by] of [
    ['reject', USERS.tier1],
    ['withdraw', USERS.coreChecker],
  ] as const)
    it(`${what}: the certificate is cancelled and the invoice is free again`, async () => {
      const { trade, certificate } = await offered(world)
      expect(world.state('invoice', trade.invoice).use).to.equal('LOCKED')
      await must(world.submit(onOffer(world, what, trade, certificate), by))
      expect(world.state('receivable', certificate).state).to.equal('CANCELLED')
      expect(world.state('invoice', trade.invoice).use).to.equal('RELEASED')
      expect(world.value(CORE, 'balance', trade.invoice).availableFen).to.equal(FACE)
      await refused(
        world.submit(onOffer(world, 'accept', trade, certificate), USERS.tier1),
        'MOVE_REFUSED',
      )
    })

  it('an unclaimed offer expires after its last day, not on it, and cannot be accepted then', async () => {
    const { trade, certificate } = await offered(world)
    const expire = onOffer(world, 'expire', trade, certificate)
    await moveCalendar(world, 12)
    await refused(world.submit(expire, USERS.coreOperator), 'NOT_EXPIRED')
    await moveCalendar(world, 1)
    await refused(
      world.submit(onOffer(world, 'accept', trade, certificate), USERS.tier1),
      'OFFER_EXPIRED',
    )
    await refused(world.submit(expire, USERS.bankAOperator), 'ORGANISATION_REFUSED')
    await must(world.submit(expire, USERS.allianceOperator))
    expect(world.value(CORE, 'balance', trade.invoice).lockedFen).to.equal(0n)
  })

  it('only the payee accepts, only its member', async () => {
    const { trade, certificate } = await offered(world)
    const accept = onOffer(world, 'accept', trade, certificate)
    await refused(world.submit(accept, USERS.tier2), 'MEMBER_REFUSED')
    await refused(world.submit(accept, USERS.coreChecker), 'ORGANISATION_REFUSED')
    await refused(world.submit(accept, USERS.allianceOperator), 'ROLE_REFUSED')
    await must(world.submit(accept, USERS.tier1))
  })

  it('a policy that changed between proposal and offer is checked again', async () => {
    const trade = await confirmedTrade(world)
    const certificate = id('certificate')
    await must(world.submit(proposal(world, trade, certificate), USERS.coreMaker))
    const [current] = world.state('policy', '').versions
    if (current === undefined) return expect.fail('no policy')
    const parameters = { ...current.parameters, tenorMonthsMax: 1 }
    const change = { version: { version: 2, effectiveFrom: inDays(0), parameters } }
    const endorsers = [CORE, ALLIANCE, BANK_A]
    const input = { change, endorsers }
    const { proposePolicy, adoptPolicy } = operations.members
    await refused(world.submit(adoptPolicy(input), USERS.bankAOperator), 'NOTHING_PENDING')
    await must(world.submit(proposePolicy(input), USERS.coreOperator))
    await refused(world.submit(adoptPolicy(input), USERS.coreOperator), 'MAKER_IS_CHECKER')
    await refused(
      world.submit(
        adoptPolicy({ change: { calendarOffsetDays: 9 }, endorsers }),
        USERS.bankAOperator,
      ),
      'REQUEST_MALFORMED',
    )
    const two = await world.submit(adoptPolicy(input), USERS.bankAOperator, [CORE, BANK_A])
    expect(two).to.include({ ok: false, code: 'ENDORSEMENT_POLICY_FAILURE' })
    await must(world.submit(adoptPolicy(input), USERS.bankAOperator))
    await refused(world.submit(offer(world, certificate), USERS.coreChecker), 'POLICY_VERSION')
  })

  it('a batch is refused whole, and the refusal names the index of each bad item', async () => {
    const good = await offered(world)
    const { operation: accepted } = {
      operation: onOffer(world, 'accept', good.trade, good.certificate),
    }
    await must(world.submit(accepted, USERS.tier1))
    const next = await offered(world)
    const items = [next, good].map(({ trade, certificate }) => termsItem(world, trade, certificate))
    const batch = operations.receivables.accept({ seed: seed(), items })
    const answer = await world.submit(batch, USERS.tier1)
    if (answer.ok) return expect.fail('accepted')
    expect(answer.code).to.equal('BATCH_REFUSED')
    expect(answer.fault?.refusals).to.have.length(1)
    expect((answer.fault?.refusals as object[])[0]).to.include({ index: 1, code: 'MOVE_REFUSED' })
    expect(world.state('receivable', next.certificate).state).to.equal('OFFERED')
  })
})

describe('transfers', () => {
  let world: World
  let certificate: string
  beforeEach(async () => {
    world = await openWorld()
    certificate = (await activeCertificate(world)).certificate
  })
  const stateOf = () => world.state('receivable', certificate)

  it('reject, recall and expiry give it back to the holder it came from', async () => {
    for (const [what, by, days] of [
      ['rejectTransfer', USERS.tier2, 0],
      ['recallTransfer', USERS.tier1, 0],
      ['expireTransfer', USERS.allianceOperator, 6],
    ] as const) {
      await must(world.submit(transfer(world, certificate), USERS.tier1))
      expect(stateOf().state).to.equal('LOCKED')
      if (days > 0) await moveCalendar(world, days)
      await must(world.submit(onTransfer(world, what, certificate), by))
      expect(stateOf()).to.include({ state: 'ACTIVE', holderMsp: ALLIANCE })
      expect(stateOf().lock).to.equal(undefined)
      expect(world.value(CORE, 'receivable', certificate).holder).to.equal('m-tier1')
    }
  })

  it('a locked certificate moves by its own resolution only', async () => {
    await must(world.submit(transfer(world, certificate), USERS.tier1))
    await refused(world.submit(transfer(world, certificate), USERS.tier1), 'MOVE_REFUSED')
    const halves = split(world, certificate, [FACE - 100n, 100n]).operation
    await refused(world.submit(halves, USERS.tier1), 'MOVE_REFUSED')
    const financing = requestFinancing(world, certificate, id('request'))
    await refused(world.submit(financing, USERS.tier1), 'MOVE_REFUSED')
    const signOff = onTransfer(world, 'signOff', certificate)
    await refused(world.submit(signOff, USERS.tier1), 'MEMBER_REFUSED')
    await moveCalendar(world, 6)
    await refused(world.submit(signOff, USERS.tier2), 'OFFER_EXPIRED')
  })

  it('across organisations the terms go to the transferee, and the holder’s say goes with them', async () => {
    await must(world.submit(transfer(world, certificate, BANK_A, 'm-banka1'), USERS.tier1))
    expect(world.opening(BANK_A, 'receivable', certificate)).to.equal(
      world.opening(CORE, 'receivable', certificate),
    )
    await must(world.submit(onTransfer(world, 'signOff', certificate, BANK_A), USERS.bankA))
    expect(world.holds(ALLIANCE, 'receivable', certificate)).to.equal(false)
    const { operation } = split(world, certificate, [FACE - 100n, 100n], BANK_A)
    const answer = await world.submit(operation, USERS.bankA, [CORE, ALLIANCE])
    expect(answer.ok).to.equal(false)
    await must(world.submit(operation, USERS.bankA))
  })

  it('not to oneself, not back to the obligor, not past the due date', async () => {
    const to = (member: string) =>
      world.submit(transfer(world, certificate, ALLIANCE, member), USERS.tier1)
    await refused(to('m-tier1'), 'TRANSFER_TO_SELF')
    await refused(to('m-core'), 'TRANSFER_TO_SELF')
    await moveCalendar(world, 61)
    await refused(to('m-tier2'), 'PAST_DUE')
  })

  it('splits keep to the limits of the policy', async () => {
    const tiny = split(world, certificate, [FACE - 99n, 99n]).operation
    await refused(world.submit(tiny, USERS.tier1), 'SPLIT_LIMITS')
    const one = split(world, certificate, [FACE]).operation
    await refused(world.submit(one, USERS.tier1), 'SPLIT_LIMITS')
    let parent = certificate
    let face = FACE as bigint
    for (let depth = 1; depth <= 7; depth += 1) {
      const { operation, children } = split(world, parent, [face - 100n, 100n])
      if (depth === 7) {
        await refused(world.submit(operation, USERS.tier1), 'SPLIT_LIMITS')
        return
      }
      await must(world.submit(operation, USERS.tier1))
      parent = children[0] as string
      face -= 100n
    }
  })
})

/** A certificate that is proposed after the first has fallen due. */
const proposedLate = async (world: World): Promise<string> => {
  const certificate = id('certificate')
  const terms = { dueOn: inDays(90), offerUntil: inDays(70) }
  const operation = proposal(world, await confirmedTrade(world), certificate, terms)
  await must(world.submit(operation, USERS.coreMaker))
  return certificate
}

describe('overdue paper', () => {
  it('stops the obligor’s issuing until it is redeemed and lifted', async () => {
    const world = await openWorld()
    const { certificate } = await activeCertificate(world)
    await moveCalendar(world, 63)
    await must(world.submit(mature(world, certificate, ALLIANCE), USERS.allianceOperator))
    const proposed = await proposedLate(world)
    const terms = world.opening(CORE, 'receivable', certificate)
    const overdue = operations.receivables.overdue({
      items: [{ ...HOLDING, id: certificate, terms }],
    })
    await refused(world.submit(overdue, USERS.allianceOperator), 'WITHIN_GRACE')
    await moveCalendar(world, 4)
    await must(world.submit(overdue, USERS.allianceOperator))
    const trade = await confirmedTrade(world)
    const next = proposal(world, trade, id('c'), { dueOn: inDays(90) })
    await refused(world.submit(next, USERS.coreMaker), 'ISSUE_STOPPED')
    await refused(world.submit(offer(world, proposed), USERS.coreChecker), 'ISSUE_STOPPED')
    const lift = operations.members.liftIssueStop({
      memberId: 'm-core',
      receivableId: certificate,
      endorsers: [CORE, ALLIANCE],
    })
    await refused(world.submit(lift, USERS.coreChecker), 'MOVE_REFUSED')
    const alone = await world.collude([CORE], [{ key: 'M:m-core', value: '{}' }])
    expect(alone, 'the obligor alone').to.include({ ok: false })
    const payment = id('payment')
    await must(world.submit(attestRedemption(payment, FACE), USERS.bankA))
    const roots = [{ rootId: certificate, amountFen: FACE }]
    const byObligor = { ...USERS.coreMaker, role: 'treasurer' }
    await must(world.submit(settle(world, payment, roots), byObligor))
    await must(world.submit(share(world, certificate), byObligor))
    await must(world.submit(collect(world, certificate, ALLIANCE), USERS.allianceOperator))
    expect(world.state('receivable', certificate).state).to.equal('REDEEMED')
    await must(world.submit(lift, USERS.coreChecker))
    expect(world.state('member', 'm-core').issueStops).to.equal(undefined)
  })
})
