/** What a document must satisfy on its own, before it meets any other. */
import type { CreditNote, Despatch, Invoice, Order, Receipt } from './documents.ts'
import { refuse } from './fault.ts'

const inconsistent = (why: string): never => refuse('DOCUMENT_INCONSISTENT', { why })

const sum = (values: readonly bigint[]): bigint => values.reduce((all, value) => all + value, 0n)

const requireDistinct = (names: readonly string[], why: string): void => {
  if (new Set(names).size !== names.length) inconsistent(why)
}
const requireTwoParties = ({ buyer, seller }: { buyer: string; seller: string }): void => {
  if (buyer === seller) inconsistent('buyer is seller')
}

export const checkOrder = (order: Order): void => {
  requireTwoParties(order)
  requireDistinct(
    order.lines.map(({ line }) => line),
    'an order line is named twice',
  )
}

export const checkGoods = (document: Despatch | Receipt): void => {
  requireTwoParties(document)
  if (document.lines.some(({ quantityMilli }) => quantityMilli === 0n))
    inconsistent('a quantity is zero')
}

/** Totals are sums, exact to the fen; the date of payment is not before the invoice. */
export const checkInvoice = (invoice: Invoice): void => {
  requireTwoParties(invoice)
  if (sum(invoice.lines.map(({ netFen }) => netFen)) !== invoice.netFen)
    inconsistent('the net total is not the sum of the lines')
  if (sum(invoice.lines.map(({ taxFen }) => taxFen)) !== invoice.taxFen)
    inconsistent('the tax total is not the sum of the lines')
  if (invoice.netFen + invoice.taxFen !== invoice.totalFen)
    inconsistent('the total is not net plus tax')
  if (invoice.payableOn < invoice.issuedOn) inconsistent('payable before it was issued')
}

export const checkCreditNote = (note: CreditNote, invoice: Invoice): void => {
  if (note.buyer !== invoice.buyer || note.seller !== invoice.seller)
    inconsistent('the credit note is of other parties than its invoice')
  if (note.issuedOn < invoice.issuedOn) inconsistent('the credit note is older than its invoice')
}
