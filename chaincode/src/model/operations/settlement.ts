/** Bank evidence and redemption: payments come in on the root, each leaf collects its share. */
import type { AmountFen, MspId, Opening, RecordId } from '../brand.ts'
import { readOpening } from '../decode.ts'
import type { PaymentEntry } from '../documents.ts'
import { operation, partiesOfBatch } from './operation.ts'
import type { Operation, Seed } from './operation.ts'

export type AttestItem = {
  /** Keyed hash of the bank's entry reference: the same entry is attested once. */
  id: RecordId
  bankMsp: MspId
  payerMsp: MspId
  payeeMsp?: MspId
  entry: PaymentEntry
}
/** The bank that booked the entries. Bank, payer's and payee's organisations endorse and hold them. */
export const attest = (input: { seed: Seed; items: readonly AttestItem[] }): Operation =>
  operation({
    name: 'settlement:attest',
    request: {
      items: input.items.map(({ id, payerMsp, payeeMsp }) => ({ id, payerMsp, payeeMsp })),
    },
    secret: { seed: input.seed, items: input.items.map(({ entry }) => ({ entry })) },
    endorsers: partiesOfBatch(
      input.items.map(({ bankMsp, payerMsp, payeeMsp }) => [
        bankMsp,
        payerMsp,
        payeeMsp ?? bankMsp,
      ]),
    ),
  })

const payeeOf = (payment: Opening): MspId[] => {
  const { payeeMsp } = readOpening('payment', payment)
  return payeeMsp === undefined ? [] : [payeeMsp]
}
const holdersOf = ({ roots }: { roots: readonly RootPayment[] }): MspId[] =>
  roots.flatMap(({ settlement }) =>
    settlement === undefined ? [] : [...readOpening('settlement', settlement).copies],
  )

export type RootPayment = {
  rootId: RecordId
  /** The root's own terms; they stay in the obligor's collection after a split. */
  terms: Opening
  /** Absent at the first payment on the root. */
  settlement?: Opening
  amountFen: AmountFen
}
/**
 * The obligor's bank puts one attested payment on up to 50 roots. Bank and obligor endorse, the payee where the
 * entry names one, and every bank that has put a payment on one of the roots before: it holds what was paid.
 */
export const settle = (input: {
  paymentId: RecordId
  bankMsp: MspId
  obligorMsp: MspId
  seed: Seed
  payment: Opening
  /** Absent while nothing of the payment is used. */
  usage?: Opening
  roots: readonly RootPayment[]
}): Operation =>
  operation({
    name: 'settlement:settle',
    request: {
      paymentId: input.paymentId,
      roots: input.roots.map(({ rootId }) => rootId),
    },
    secret: {
      seed: input.seed,
      payment: input.payment,
      usage: input.usage,
      roots: input.roots.map(({ terms, settlement, amountFen }) => ({
        terms,
        settlement,
        amountFen,
      })),
    },
    endorsers: [input.bankMsp, input.obligorMsp, ...payeeOf(input.payment), ...holdersOf(input)],
  })

/** A leaf, and what was paid on its root: its holder's organisation gets exactly that. */
export type ShareItem = { id: RecordId; obligorMsp: MspId; holderMsp: MspId; settlement: Opening }
/** Obligor or bank, after `settle`; one leaf for each root and organisation is enough. */
export const share = (input: { items: readonly ShareItem[] }): Operation =>
  operation({
    name: 'settlement:share',
    request: { items: input.items.map(({ id }) => ({ id })) },
    secret: { items: input.items.map(({ settlement }) => ({ settlement })) },
    endorsers: partiesOfBatch(
      input.items.map(({ obligorMsp, holderMsp }) => [obligorMsp, holderMsp]),
    ),
  })

export type CollectItem = {
  id: RecordId
  obligorMsp: MspId
  holderMsp: MspId
  terms: Opening
  settlement: Opening
}
/** Holder, its clock, or the obligor's bank: each leaf takes index x face minus what it had. */
export const collect = (input: { seed: Seed; items: readonly CollectItem[] }): Operation =>
  operation({
    name: 'settlement:collect',
    request: { items: input.items.map(({ id }) => ({ id })) },
    secret: {
      seed: input.seed,
      items: input.items.map(({ terms, settlement }) => ({ terms, settlement })),
    },
    endorsers: partiesOfBatch(
      input.items.map(({ obligorMsp, holderMsp }) => [obligorMsp, holderMsp]),
    ),
  })
