/** Three-flow reconciliation: verdicts recomputed by both organisations from openings. */
import type { AmountFen, MspId, Opening, RecordId } from '../brand.ts'
import type { RuleSet, ShortPayReason } from '../documents.ts'
import type { OverrideReason, RejectionReason } from '../reasons.ts'
import { operation, partiesOfBatch } from './operation.ts'
import type { Operation, Seed } from './operation.ts'

type Parties = { buyerMsp: MspId; sellerMsp: MspId }
const both = ({ buyerMsp, sellerMsp }: Parties): MspId[] => [buyerMsp, sellerMsp]

/** A new version of a rule set replaces the old one under the same id. */
export const setRules = (
  input: Parties & { id: RecordId; seed: Seed; rules: RuleSet },
): Operation => {
  const { id, buyerMsp, sellerMsp, seed, rules } = input
  return operation({
    name: 'reconciliation:setRules',
    request: { id, buyerMsp, sellerMsp, version: rules.version },
    secret: { seed, rules },
    endorsers: both(input),
  })
}

/** An order of the invoice; `progress` is absent until its first accepted match. */
export type OrderOpening = { orderId: RecordId; order: Opening; progress?: Opening }
export type ReceiptOpening = { receiptId: RecordId; receipt: Opening }
/**
 * One invoice against all its orders and the receipts not counted yet. Items of one batch are judged in
 * their order: a later item sees the progress that an earlier one left.
 */
export type MatchItem = Parties & {
  invoiceId: RecordId
  rulesId: RecordId
  invoice: Opening
  rules: Opening
  orders: readonly OrderOpening[]
  receipts: readonly ReceiptOpening[]
  /** Openings of credit notes that came before the first verdict. */
  creditNotes?: readonly { creditNoteId: RecordId; creditNote: Opening }[]
  /** Where the invoice has a verdict already (EXCEPTION). */
  balance?: Opening
}

const matchRequest = (item: MatchItem): object => ({
  invoiceId: item.invoiceId,
  rulesId: item.rulesId,
  orders: item.orders.map(({ orderId }) => orderId),
  receipts: item.receipts.map(({ receiptId }) => receiptId),
  creditNotes: (item.creditNotes ?? []).map(({ creditNoteId }) => creditNoteId),
})
const matchSecret = (item: MatchItem): object => ({
  invoice: item.invoice,
  rules: item.rules,
  orders: item.orders.map(({ order, progress }) => ({ order, progress })),
  receipts: item.receipts.map(({ receipt }) => receipt),
  creditNotes: (item.creditNotes ?? []).map(({ creditNote }) => creditNote),
  balance: item.balance,
})

/** The buyer, up to 100 invoices. Answer: `{items: [{invoiceId, match, codes}]}` in the order of the items. */
export const match = (input: { seed: Seed; items: readonly MatchItem[] }): Operation =>
  operation({
    name: 'reconciliation:match',
    request: { items: input.items.map(matchRequest) },
    secret: { seed: input.seed, items: input.items.map(matchSecret) },
    endorsers: partiesOfBatch(input.items.map(both)),
  })

/** First of two persons of the buyer. The accepted amount is at most the invoice's gross. */
export const proposeOverride = (
  input: Parties & {
    invoiceId: RecordId
    seed: Seed
    balance: Opening
    acceptedFen: AmountFen
    /** Public; the remark is for buyer and seller. */
    reason: OverrideReason
    remark?: string
  },
): Operation => {
  const { invoiceId, reason, seed, balance, acceptedFen, remark } = input
  return operation({
    name: 'reconciliation:proposeOverride',
    request: { invoiceId, reason },
    secret: { seed, balance, acceptedFen, remark },
    endorsers: both(input),
  })
}
/** Second person: the same evidence as the match, with the balance that names the accepted amount. */
export const override = (input: {
  seed: Seed
  item: MatchItem & { balance: Opening }
}): Operation =>
  operation({
    name: 'reconciliation:override',
    request: matchRequest(input.item),
    secret: { seed: input.seed, item: matchSecret(input.item) },
    endorsers: both(input.item),
  })
/** The buyer refuses an invoice in EXCEPTION; the seller must send a new one. */
export const reject = (
  input: Parties & { invoiceId: RecordId; seed: Seed; reason: RejectionReason; remark?: string },
): Operation =>
  operation({
    name: 'reconciliation:reject',
    request: { invoiceId: input.invoiceId, reason: input.reason },
    secret: { seed: input.seed, remark: input.remark },
    endorsers: both(input),
  })

export type Allocation = {
  invoiceId: RecordId
  balance: Opening
  amountFen: AmountFen
  /** Closes the rest of the invoice within the rules' limits. Needs `rules`. */
  shortReason?: ShortPayReason
}
/** One payment on up to 50 invoices. What is left stays unallocated. */
export type PaymentItem = Parties & {
  paymentId: RecordId
  payment: Opening
  /** Absent while nothing of the payment is allocated. */
  usage?: Opening
  rulesId?: RecordId
  rules?: Opening
  allocations: readonly Allocation[]
}
/** Up to 100 payments. A later item sees what an earlier one has paid. */
export const allocatePayments = (input: { seed: Seed; items: readonly PaymentItem[] }): Operation =>
  operation({
    name: 'reconciliation:allocatePayments',
    request: {
      items: input.items.map(({ paymentId, rulesId, allocations }) => ({
        paymentId,
        rulesId,
        invoices: allocations.map(({ invoiceId, shortReason }) => ({ invoiceId, shortReason })),
      })),
    },
    secret: {
      seed: input.seed,
      items: input.items.map(({ payment, usage, rules, allocations }) => ({
        payment,
        usage,
        rules,
        allocations: allocations.map(({ balance, amountFen }) => ({ balance, amountFen })),
      })),
    },
    endorsers: partiesOfBatch(input.items.map(both)),
  })
