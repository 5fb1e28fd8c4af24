/** Financing and redemption as a gateway would play them, for tests. */
import {
  commitmentOf,
  amountFen,
  DEFAULT_POLICY,
  rollForward,
  operations,
  priceOf,
  ratePpm,
  daysBetween,
} from '../model/index.ts'
import type { AmountFen, LocalDate, Opening, Operation, RecordId } from '../model/index.ts'
import {
  ALLIANCE,
  BANK_A,
  BANK_B,
  CORE,
  due,
  today,
  inDays,
  USERS,
  id,
  must,
  seed,
} from './story.ts'
import type { Ledger } from './world.ts'

const PAIR = { obligorMsp: CORE, askerMsp: ALLIANCE }
export const sha = (text: string): string => commitmentOf(text as never)

export const requestFinancing = (
  world: Ledger,
  certificate: RecordId,
  request: RecordId,
  invited: string[] = [BANK_A, BANK_B],
): Operation =>
  operations.financing.request({
    ...PAIR,
    id: request,
    receivableId: certificate,
    invited,
    seed: seed(),
    terms: world.opening(CORE, 'receivable', certificate),
    recourse: 'NONE',
    bidsUntil: inDays(7),
  })

export const bid = (input: {
  world: Ledger
  request: RecordId
  bidId: RecordId
  bankMsp: string
  rate: bigint
  net?: AmountFen
}): Operation => {
  const { world, request, bidId, bankMsp, rate, net } = input
  const { faceFen } = world.value(ALLIANCE, 'request', request)
  const pricing = {
    method: 'STRAIGHT',
    ratePpm: ratePpm(rate),
    basis: 360,
    feesFen: amountFen(0n),
  } as const
  const { netFen } = priceOf({
    ...pricing,
    faceFen,
    days: daysBetween(today(), rollForward(due(), DEFAULT_POLICY.calendar)),
  })
  return operations.financing.bid({
    id: bidId,
    requestId: request,
    bankMsp,
    askerMsp: ALLIANCE,
    seed: seed(),
    request: world.opening(ALLIANCE, 'request', request),
    offer: { ...pricing, recourse: 'NONE', valueOn: today(), netFen: net ?? netFen },
  })
}

/** The certificate's terms, as the asker holds them. */
const termsOf = (world: Ledger, request: RecordId): Opening =>
  world.opening(ALLIANCE, 'receivable', world.state('request', request).receivableId)

export const acceptBid = (
  world: Ledger,
  request: RecordId,
  bidId: RecordId,
  bankMsp = BANK_A,
): Operation =>
  operations.financing.acceptBid({
    requestId: request,
    bidId,
    bankMsp,
    askerMsp: ALLIANCE,
    request: world.opening(ALLIANCE, 'request', request),
    bid: world.opening(ALLIANCE, 'bid', bidId),
    terms: termsOf(world, request),
  })

export const notify = (world: Ledger, request: RecordId): Operation =>
  operations.financing.notify({
    ...PAIR,
    requestId: request,
    funderMsp: BANK_A,
    seed: seed(),
    request: world.opening(ALLIANCE, 'request', request),
    registration: {
      registrationNumber: '0123456789',
      registeredOn: today(),
      searchHash: sha('search snapshot'),
    },
  })
export const acknowledge = (world: Ledger, request: RecordId): Operation =>
  operations.financing.acknowledge({
    ...PAIR,
    requestId: request,
    funderMsp: BANK_A,
    notice: world.opening(CORE, 'notice', request),
  })

export const attestPayOut = (
  payment: RecordId,
  amount: AmountFen,
  valueOn: LocalDate = today(),
): Operation =>
  operations.settlement.attest({
    seed: seed(),
    items: [
      {
        id: payment,
        bankMsp: BANK_A,
        payerMsp: BANK_A,
        payeeMsp: ALLIANCE,
        entry: {
          payer: 'm-banka1',
          payee: 'm-tier1',
          entryReference: payment.slice(0, 20),
          remittance: '',
          valueOn,
          currency: 'CNY',
          amountFen: amount,
        },
      },
    ],
  })

export const payOut = (world: Ledger, request: RecordId, payment: RecordId): Operation =>
  operations.financing.payOut({
    requestId: request,
    bankMsp: BANK_A,
    askerMsp: ALLIANCE,
    paymentId: payment,
    seed: seed(),
    bid: world.opening(BANK_A, 'bid', world.state('request', request).bidId as RecordId),
    notice: world.opening(BANK_A, 'notice', request),
    payment: world.opening(BANK_A, 'payment', payment),
  })

export const close = (world: Ledger, request: RecordId, certificate: RecordId): Operation =>
  operations.financing.close({
    ...PAIR,
    requestId: request,
    funderMsp: BANK_A,
    seed: seed(),
    terms: world.opening(CORE, 'receivable', certificate),
    notice: world.opening(BANK_A, 'notice', request),
  })

/** Bank A wins at 3.65 % and pays. */
export const payForPaper = async (world: Ledger, certificate: RecordId): Promise<RecordId> => {
  const [request, bidA, bidB, payment] = [id('request'), id('bid-a'), id('bid-b'), id('payment')]
  await must(world.submit(requestFinancing(world, certificate, request), USERS.tier1))
  const place = (bidId: RecordId, bankMsp: string, rate: bigint) =>
    bid({ world, request, bidId, bankMsp, rate })
  await must(world.submit(place(bidA, BANK_A, 36_500n), USERS.bankA))
  await must(world.submit(place(bidB, BANK_B, 40_000n), USERS.bankB))
  await must(world.submit(acceptBid(world, request, bidA), USERS.tier1))
  await must(world.submit(notify(world, request), USERS.bankA))
  await must(world.submit(acknowledge(world, request), USERS.coreChecker))
  const { netFen } = world.value(BANK_A, 'bid', bidA)
  await must(world.submit(attestPayOut(payment, netFen), USERS.bankA))
  await must(world.submit(payOut(world, request, payment), USERS.bankA))
  return request
}
/** Bank A wins, pays and becomes the holder. */
export const finance = async (world: Ledger, certificate: RecordId): Promise<RecordId> => {
  const request = await payForPaper(world, certificate)
  await must(world.submit(close(world, request, certificate), USERS.bankA))
  return request
}

export const attestRedemption = (
  payment: RecordId,
  amount: AmountFen,
  bankMsp: string = BANK_A,
): Operation =>
  operations.settlement.attest({
    seed: seed(),
    items: [
      {
        id: payment,
        bankMsp,
        payerMsp: CORE,
        entry: {
          payer: 'm-core',
          entryReference: payment.slice(0, 20),
          remittance: 'redemption',
          valueOn: due(),
          currency: 'CNY',
          amountFen: amount,
        },
      },
    ],
  })

/** The obligor's or the bank's gateway puts the payment on roots; both hold what the contract needs. */
export const settle = (
  world: Ledger,
  payment: RecordId,
  roots: readonly { rootId: RecordId; amountFen: AmountFen }[],
): Operation =>
  operations.settlement.settle({
    paymentId: payment,
    bankMsp: world.value(CORE, 'payment', payment).bankMsp,
    obligorMsp: CORE,
    seed: seed(),
    payment: world.opening(CORE, 'payment', payment),
    ...(world.holds(CORE, 'usage', payment)
      ? { usage: world.opening(CORE, 'usage', payment) }
      : {}),
    roots: roots.map(({ rootId, amountFen: amount }) => ({
      rootId,
      amountFen: amount,
      terms: world.opening(CORE, 'receivable', rootId),
      ...(world.holds(CORE, 'settlement', rootId)
        ? { settlement: world.opening(CORE, 'settlement', rootId) }
        : {}),
    })),
  })

/** Shows a leaf's holder what was paid on its root. */
export const share = (world: Ledger, leaf: RecordId): Operation => {
  const { root, obligorMsp, holderMsp } = world.state('receivable', leaf)
  const settlement = world.opening(CORE, 'settlement', root)
  return operations.settlement.share({ items: [{ id: leaf, obligorMsp, holderMsp, settlement }] })
}

/** A holder collects with what it was shown. */
export const collect = (world: Ledger, leaf: RecordId, holderMsp: string): Operation =>
  operations.settlement.collect({
    seed: seed(),
    items: [
      {
        id: leaf,
        obligorMsp: CORE,
        holderMsp,
        terms: world.opening(CORE, 'receivable', leaf),
        settlement: world.opening(holderMsp, 'settlement', world.state('receivable', leaf).root),
      },
    ],
  })

export const mature = (world: Ledger, leaf: RecordId, holderMsp: string): Operation =>
  operations.receivables.mature({
    items: [
      { obligorMsp: CORE, holderMsp, id: leaf, terms: world.opening(CORE, 'receivable', leaf) },
    ],
  })
