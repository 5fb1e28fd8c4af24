/**
 * Trade documents as the contracts know them: private values of their two parties.
 *
 * Shapes are closed: a field that is not named here is refused, so nothing rides along unseen.
 * `sourceHash` is the SHA-256 of the file a document was read from, so that the file in the vault is bound.
 * Net value of a line = round half up(quantityMilli x unitPriceMicro / 10^7) fen.
 */
import type {
  AmountFen,
  HashHex,
  LocalDate,
  MemberId,
  PriceMicro,
  QuantityMilli,
  RatePpm,
  RecordId,
} from './brand.ts'

export type Currency = 'CNY'

export type OrderLine = {
  line: string
  quantityMilli: QuantityMilli
  unitPriceMicro: PriceMicro
  taxRatePpm: RatePpm
}
export type Order = {
  buyer: MemberId
  seller: MemberId
  number: string
  orderedOn: LocalDate
  currency: Currency
  /** Which rule set applies to this trade, for example `steel`. */
  category: string
  lines: readonly OrderLine[]
  sourceHash?: HashHex
}

/** One line of goods that left or arrived, of one order line. */
export type GoodsLine = { orderId: RecordId; line: string; quantityMilli: QuantityMilli }
export type Despatch = {
  buyer: MemberId
  seller: MemberId
  number: string
  despatchedOn: LocalDate
  lines: readonly GoodsLine[]
  sourceHash?: HashHex
}
/** A return is a receipt with negative quantities. `final` closes the delivery of its orders. */
export type Receipt = {
  buyer: MemberId
  seller: MemberId
  number: string
  receivedOn: LocalDate
  final: boolean
  lines: readonly GoodsLine[]
  sourceHash?: HashHex
}

export type InvoiceLine = {
  orderId: RecordId
  line: string
  quantityMilli: QuantityMilli
  unitPriceMicro: PriceMicro
  netFen: AmountFen
  taxFen: AmountFen
}
export type Invoice = {
  buyer: MemberId
  seller: MemberId
  /** Tax invoice code; empty for the fully digital kind, which has only a number. */
  code: string
  number: string
  issuedOn: LocalDate
  payableOn: LocalDate
  currency: Currency
  netFen: AmountFen
  taxFen: AmountFen
  totalFen: AmountFen
  lines: readonly InvoiceLine[]
  sourceHash?: HashHex
}
/** Reduces one invoice by a total including tax. */
export type CreditNote = {
  buyer: MemberId
  seller: MemberId
  invoiceId: RecordId
  number: string
  issuedOn: LocalDate
  totalFen: AmountFen
  reason: string
  sourceHash?: HashHex
}

/** One booked entry of a bank statement (camt.053/054), attested by the bank that booked it. */
export type PaymentEntry = {
  payer: MemberId
  /** Absent where the bank distributes a redemption among holders. */
  payee?: MemberId
  /** The bank's own entry reference; its keyed hash is the record id, so it is attested once. */
  entryReference: string
  /** What the payer wrote; may name invoices or certificates. */
  remittance: string
  valueOn: LocalDate
  currency: Currency
  amountFen: AmountFen
  sourceHash?: HashHex
}

/** Limits of the three-flow match for one buyer, seller and category (domain: reconciliation). */
export type RuleSet = {
  buyer: MemberId
  seller: MemberId
  category: string
  version: number
  effectiveFrom: LocalDate
  /**
   * The buyer's own record of the seller's tax id, as a keyed hash (`sellerTag`). An invoice under another one
   * is an exception: under a credit code of its choice a seller would get a second fingerprint for it.
   */
  sellerTag?: HashHex
  /** Both limits of a check must hold; a price in the buyer's favour passes. */
  priceValueFen: AmountFen
  priceRatioPpm: RatePpm
  quantityValueFen: AmountFen
  quantityRatioPpm: RatePpm
  overDeliveryPpm: RatePpm
  underDeliveryPpm: RatePpm
  headerCapFen: AmountFen
  /** first receipt <= invoice <= last receipt + this many days */
  invoiceDaysMax: number
  /** A short payment up to this ratio and cap clears the rest with a reason code. */
  paymentShortPpm: RatePpm
  paymentShortFen: AmountFen
}

export const SHORT_PAY_REASONS = ['DISCOUNT', 'DISPUTE', 'BANK_FEE', 'WITHHOLDING'] as const
export type ShortPayReason = (typeof SHORT_PAY_REASONS)[number]
