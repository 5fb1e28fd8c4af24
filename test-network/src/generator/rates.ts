import type { Case } from './documents.ts'

/**
 * How often reality goes wrong, in parts per thousand of the invoices. What is left is exact. The rules the cases
 * stay clear of: a price may be 1 % and 500 yuan over, a quantity 2 % and 500 yuan, an invoice 1,000 yuan.
 */
export const CASES_PER_MILLE: Readonly<Record<Exclude<Case, 'EXACT'>, number>> = {
  PRICE_IN_FAVOUR: 20,
  PRICE_WITHIN: 40,
  QUANTITY_WITHIN: 35,
  PRICE_BEYOND: 25,
  QUANTITY_BEYOND: 20,
  NOT_RECEIVED: 15,
  UNKNOWN_ORDER: 4,
  BEFORE_RECEIPT: 6,
  DUPLICATE: 10,
  WRONG_CHECK_CHARACTER: 4,
  UNKNOWN_MEMBER: 4,
  NEGATIVE_AMOUNT: 3,
  OVER_PRECISE: 3,
  WRONG_TOTAL: 4,
}

export const RATES = {
  /** Of the orders: delivered in two or three parts. */
  partialDelivery: 0.2,
  /** Of those: one invoice over all deliveries instead of one for each. */
  joinedInvoice: 0.4,
  /** Of the invoices: reduced later by a credit note. */
  creditNote: 0.03,
  /** Of the payments: later than agreed, smaller than due, without a usable reference. */
  latePayment: 0.08,
  shortPayment: 0.03,
  freeTextReference: 0.1,
  noReference: 0.02,
  /** Of the documents: a UBL file of its own instead of rows in the monthly CSV. */
  ubl: 0.03,
  /** Of the monthly CSV files: GBK instead of UTF-8. */
  gbk: 0.25,
} as const
