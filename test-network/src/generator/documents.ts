import type { Day } from './calendar.ts'
import type { Article } from './names.ts'
import type { Firm } from './firms.ts'

/** How one document travels: a row of a monthly CSV, or a UBL file of its own. */
export type Carrier = 'CSV' | 'UBL'

export interface OrderLine {
  readonly lineNo: number
  readonly article: Article
  readonly quantity: bigint
  readonly priceFen: bigint
}

export interface Order {
  readonly id: string
  readonly date: Day
  readonly seller: Firm
  readonly carrier: Carrier
  readonly lines: readonly OrderLine[]
}

/** Goods that left, or goods that were accepted (negative: returned). */
export interface Movement {
  readonly id: string
  readonly date: Day
  readonly order: Order
  readonly despatchId: string
  readonly lines: readonly { readonly line: OrderLine; readonly quantity: bigint }[]
}

export interface InvoiceLine {
  readonly orderId: string
  readonly orderLine: OrderLine
  readonly quantity: bigint
  readonly priceFen: bigint
  readonly netFen: bigint
  readonly taxFen: bigint
}

/** What is wrong with an invoice, if anything; every other field follows from it. */
export type Case =
  | 'EXACT'
  | 'PRICE_IN_FAVOUR'
  | 'PRICE_WITHIN'
  | 'QUANTITY_WITHIN'
  | 'PRICE_BEYOND'
  | 'QUANTITY_BEYOND'
  | 'NOT_RECEIVED'
  | 'UNKNOWN_ORDER'
  | 'BEFORE_RECEIPT'
  | 'DUPLICATE'
  | 'WRONG_CHECK_CHARACTER'
  | 'UNKNOWN_MEMBER'
  | 'NEGATIVE_AMOUNT'
  | 'OVER_PRECISE'
  | 'WRONG_TOTAL'

export interface Invoice {
  /** Empty for fully digitised e-invoices. */
  readonly code: string
  readonly number: string
  readonly date: Day
  readonly seller: Firm
  /** As written in the document; differs from the seller's own only where that is the case. */
  readonly sellerUscc: string
  readonly carrier: Carrier
  readonly kind: Case
  readonly lines: readonly InvoiceLine[]
  readonly netFen: bigint
  readonly taxFen: bigint
  readonly grossFen: bigint
}

export interface CreditNote {
  readonly code: string
  readonly number: string
  readonly date: Day
  readonly invoice: Invoice
  readonly carrier: Carrier
  readonly reason: string
  readonly netFen: bigint
  readonly taxFen: bigint
  readonly grossFen: bigint
}

export type ShortReason = 'DISCOUNT' | 'DISPUTE' | 'BANK_FEE' | 'WITHHOLDING'

export interface Payment {
  readonly date: Day
  readonly seller: Firm
  readonly amountFen: bigint
  readonly parts: readonly { readonly invoice: Invoice; readonly amountFen: bigint }[]
  readonly reference: 'STRUCTURED' | 'FREE_TEXT' | 'NONE'
  readonly shortReason?: ShortReason
}

/** One year of trade between one buyer and its direct suppliers, before it is written to files. */
export interface Trade {
  readonly first: Day
  readonly last: Day
  readonly orders: readonly Order[]
  readonly despatches: readonly Movement[]
  readonly receipts: readonly Movement[]
  readonly invoices: readonly Invoice[]
  readonly creditNotes: readonly CreditNote[]
  readonly payments: readonly Payment[]
}

export const TAX_PERCENT = 13n
