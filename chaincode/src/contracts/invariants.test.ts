/**
 * The invariants of certificates over random sequences of operations by random people.
 *
 * Every run prints its seed on failure (fast-check) and replays from it: INVARIANTS_SEED=n.
 */
import { env } from 'node:process'
import { expect } from 'chai'
import fc from 'fast-check'
import { amountFen, operations } from '../model/index.ts'
import type { Operation, RecordId } from '../model/index.ts'
import {
  acceptBid,
  acknowledge,
  attestPayOut,
  attestRedemption,
  bid,
  close,
  collect,
  mature,
  notify,
  payOut,
  requestFinancing,
  settle,
  share,
} from '../testing/financing.ts'
import { certificatesOf, checkAll, checkMoves } from '../testing/invariants.ts'
import type { Certificate } from '../testing/invariants.ts'
import {
  ALLIANCE,
  BANK_A,
  BANK_B,
  CORE,
  FACE,
  REGULATOR,
  TRADE,
  USERS,
  activeCertificate,
  confirmedTrade,
  id,
  inDays,
  moveCalendar,
  offer,
  openWorld,
  proposal,
  seed,
  split,
  termsItem,
} from '../testing/story.ts'
import type { Trade } from '../testing/story.ts'
import type { Identity, World } from '../testing/world.ts'

class Play {
  readonly world: World
  readonly trades: Trade[] = []
  readonly offers = new Map<RecordId, Trade>()
  readonly requests: { request: RecordId; certificate: RecordId; bidId: RecordId }[] = []
  payOuts: RecordId[] = []
  redemptions: RecordId[] = []

  constructor(world: World) {
    this.world = world
  }

  pick<T>(from: readonly T[], choice: number): T {
    const found = from[choice % Math.max(1, from.length)]
    if (found === undefined) throw new Skip()
    return found
  }
}
class Skip extends Error {}

type Command = (play: Play, choice: number, amount: bigint) => Operation
/** Mostly one in a state where the operation makes sense; any one now and then. */
const someCertificate = (play: Play, choice: number, ...states: string[]): RecordId => {
  const all = [...certificatesOf(play.world)]
  const apt = all.filter(([, { record }]) => states.includes(record.state))
  const from = apt.length === 0 || choice % 9 === 0 ? all : apt
  return play.pick(from, choice)[0]
}
const someRequest = (play: Play, choice: number, state: string) => {
  const apt = play.requests.filter(({ request }) => {
    const key = `F:${request}`
    return play.world.publicState.has(key) && play.world.state('request', request).state === state
  })
  return play.pick(apt.length === 0 || choice % 9 === 0 ? play.requests : apt, choice)
}
const holderOf = (play: Play, certificate: RecordId): string =>
  play.world.state('receivable', certificate).holderMsp

const transferInput = (play: Play, certificate: RecordId, choice: number) => {
  const toMsp = choice % 3 === 0 ? BANK_A : ALLIANCE
  const to = toMsp === BANK_A ? 'm-banka1' : choice % 2 === 0 ? 'm-tier1' : 'm-tier2'
  const terms = play.world.opening(CORE, 'receivable', certificate)
  return {
    obligorMsp: CORE,
    holderMsp: holderOf(play, certificate),
    id: certificate,
    toMsp,
    to,
    terms,
  }
}
const answerTransfer =
  (what: 'signOff' | 'rejectTransfer' | 'recallTransfer' | 'expireTransfer'): Command =>
  (play, choice) => {
    const certificate = someCertificate(play, choice, 'LOCKED')
    const { lock } = play.world.state('receivable', certificate)
    const input = transferInput(play, certificate, choice)
    const transfer = play.world.opening(CORE, 'transfer', certificate)
    const items = [{ ...input, toMsp: lock?.toMsp ?? ALLIANCE, transfer }]
    return operations.receivables[what]({ seed: seed(), items })
  }
const answerOffer =
  (what: 'accept' | 'reject' | 'withdraw' | 'expire'): Command =>
  (play, choice) => {
    const [certificate, trade] = play.pick([...play.offers], choice)
    const items = [termsItem(play.world, trade, certificate)]
    return operations.receivables[what]({ seed: seed(), items })
  }

const DUE_COMMANDS: readonly Command[] = [
  (play, choice) => {
    const certificate = someCertificate(play, choice, 'ACTIVE', 'LOCKED')
    return mature(play.world, certificate, holderOf(play, certificate))
  },
  (play, _choice, amount) => {
    const payment = id('redemption')
    play.redemptions.push(payment)
    const bank = amount % 2n === 0n ? BANK_A : BANK_B
    return attestRedemption(payment, amountFen((amount % FACE) + 1n), bank)
  },
  (play, choice, amount) => {
    const roots = [
      {
        rootId: someCertificate(play, choice, 'CONSUMED', 'DUE', 'PAID_PART'),
        amountFen: amountFen((amount % (FACE / 2n)) + 1n),
      },
    ]
    return settle(play.world, play.pick(play.redemptions, choice), roots)
  },
  (play, choice) => share(play.world, someCertificate(play, choice, 'DUE', 'PAID_PART')),
  (play, choice) => {
    const certificate = someCertificate(play, choice, 'DUE', 'PAID_PART')
    return collect(play.world, certificate, holderOf(play, certificate))
  },
]

const COMMANDS: readonly Command[] = [
  (play, choice, amount) => {
    const trade = play.pick(play.trades, choice)
    const certificate = id('certificate')
    play.offers.set(certificate, trade)
    return proposal(play.world, trade, certificate, { amountFen: amountFen((amount % FACE) + 1n) })
  },
  (play, choice) => offer(play.world, play.pick([...play.offers.keys()], choice)),
  answerOffer('accept'),
  answerOffer('accept'),
  answerOffer('reject'),
  answerOffer('withdraw'),
  answerOffer('expire'),
  (play, choice, amount) => {
    const certificate = someCertificate(play, choice, 'ACTIVE')
    const { faceFen } = play.world.value(CORE, 'receivable', certificate)
    const first = (amount % faceFen) + (choice % 7 === 0 ? 1n : 0n)
    const faces = choice % 5 === 0 ? [first, faceFen] : [first, faceFen - first]
    return split(play.world, certificate, faces, holderOf(play, certificate)).operation
  },
  (play, choice) => {
    const input = transferInput(play, someCertificate(play, choice, 'ACTIVE'), choice)
    const items = [{ ...input, until: inDays(5), reason: '' }]
    return operations.receivables.offerTransfer({ seed: seed(), items })
  },
  answerTransfer('signOff'),
  answerTransfer('signOff'),
  answerTransfer('rejectTransfer'),
  answerTransfer('recallTransfer'),
  answerTransfer('expireTransfer'),
  (play, choice) => {
    const certificate = someCertificate(play, choice, 'ACTIVE')
    const request = id('request')
    const operation = requestFinancing(play.world, certificate, request)
    play.requests.push({ request, certificate, bidId: id('bid') })
    return operation
  },
  (play, choice) => {
    const { request, bidId } = someRequest(play, choice, 'OPEN')
    return bid({
      world: play.world,
      request,
      bidId,
      bankMsp: BANK_A,
      rate: BigInt(choice % 90_000),
    })
  },
  (play, choice) => {
    const { request, bidId } = someRequest(play, choice, 'OPEN')
    return acceptBid(play.world, request, bidId)
  },
  (play, choice) => notify(play.world, someRequest(play, choice, 'ACCEPTED').request),
  (play, choice) => acknowledge(play.world, someRequest(play, choice, 'ACCEPTED').request),
  (play, choice) => {
    const { bidId } = someRequest(play, choice, 'ACCEPTED')
    const payment = id('payment')
    play.payOuts.push(payment)
    return attestPayOut(payment, play.world.value(BANK_A, 'bid', bidId).netFen)
  },
  (play, choice) =>
    payOut(
      play.world,
      someRequest(play, choice, 'ACCEPTED').request,
      play.pick(play.payOuts, choice),
    ),
  (play, choice) => {
    const { request, certificate } = someRequest(play, choice, 'PAID')
    return close(play.world, request, certificate)
  },
  ...DUE_COMMANDS,
  (play, choice) => {
    const certificate = someCertificate(play, choice)
    const input = { regulatorMsp: REGULATOR, id: certificate, seed: seed(), reason: 'x' }
    if (choice % 4 === 0) return operations.receivables.proposeFreeze(input)
    const { reason: _, ...answer } = input
    const freeze = play.world.opening(REGULATOR, 'freeze', certificate)
    if (choice % 4 === 1) return operations.receivables.freeze({ ...answer, freeze })
    if (choice % 4 === 2) return operations.receivables.proposeUnfreeze({ ...input, freeze })
    return operations.receivables.unfreeze({ ...answer, freeze })
  },
  (play, choice) => {
    const { invoice } = play.pick(play.trades, choice)
    const result = choice % 16 === 0 ? 'RED_LETTERED' : 'VALID'
    const items = [{ invoiceId: invoice, ...TRADE, result } as const]
    return operations.trade.checkTax({ items, extraEndorsers: [BANK_A] })
  },
]

const PEOPLE: readonly Identity[] = Object.values(USERS)
/** Mostly the people who may; a random one now and then. */
const attempt = async (play: Play, operation: Operation, choice: number): Promise<boolean> => {
  const people = choice % 6 === 0 ? [PEOPLE[choice % PEOPLE.length] as Identity] : PEOPLE
  for (const person of people) {
    const answer = await play.world.submit(operation, person)
    if (answer.ok) return true
  }
  return false
}

const step = async (
  play: Play,
  command: Command,
  [choice, amount]: [number, bigint],
): Promise<boolean> => {
  const before = certificatesOf(play.world)
  const isFrozen = ([key, each]: [RecordId, Certificate]): boolean =>
    each.record.frozen === true || play.world.holds(REGULATOR, 'freeze', key)
  const frozen = new Set([...before].filter(isFrozen).map(([key]) => key))
  let committed = false
  try {
    committed = await attempt(play, command(play, choice, amount), choice)
  } catch (error) {
    if (
      !(error instanceof Skip) &&
      !/holds no|no state|PRICE_MISMATCH/.test((error as Error).message)
    )
      throw error
  }
  if (!committed) return false
  checkMoves(before, checkAll(play.world, play.trades), frozen)
  return true
}

describe('invariants of certificates', () => {
  it('hold after any sequence of operations by anyone', async function () {
    this.timeout(120_000)
    let committed = 0
    const steps = fc.array(
      fc.tuple(fc.nat({ max: 1_000 }), fc.nat({ max: 10_000 }), fc.bigInt(0n, 20_000_000n)),
      { minLength: 70, maxLength: 90 },
    )
    await fc.assert(
      fc.asyncProperty(steps, fc.nat({ max: 60 }), async (sequence, late) => {
        const play = new Play(await openWorld())
        play.trades.push(await confirmedTrade(play.world))
        const { trade } = await activeCertificate(play.world)
        play.trades.push(trade)
        for (const [index, each] of sequence.entries()) {
          if (index === late) await moveCalendar(play.world, 63)
          const [which, choice, amount] = each
          // once paper is due, maturity and money take half of the steps
          const due = index > late && which % 2 === 0
          const command = due
            ? DUE_COMMANDS[(which >> 1) % DUE_COMMANDS.length]
            : COMMANDS[which % COMMANDS.length]
          if (await step(play, command as Command, [choice, amount])) committed += 1
        }
      }),
      { seed: Number(env.INVARIANTS_SEED ?? 20_261_124), numRuns: 12 },
    )
    expect(committed, 'the sequences do something').to.be.greaterThan(120)
  })
})
