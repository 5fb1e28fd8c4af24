/** Documents of trade, up to 100 per transaction, all of the same two organisations. */
import type { MspId, Opening, RecordId } from '../brand.ts'
import type { CreditNote, Despatch, Invoice, Order, Receipt } from '../documents.ts'
import { invoiceId } from '../identifiers.ts'
import { operation, partiesOfBatch } from './operation.ts'
import type { Operation, Seed } from './operation.ts'

export type Submission<Document> = {
  id: RecordId
  buyerMsp: MspId
  sellerMsp: MspId
  document: Document
}
type Submissions<Document> = { seed: Seed; items: readonly Submission<Document>[] }

const submit = <Document>(
  name: `trade:${string}`,
  { seed, items }: Submissions<Document>,
  extra: object = {},
): Operation =>
  operation({
    name,
    request: { items: items.map(({ id, buyerMsp, sellerMsp }) => ({ id, buyerMsp, sellerMsp })) },
    secret: { seed, items: items.map(({ document }) => ({ document })), ...extra },
    endorsers: partiesOfBatch(items.map(({ buyerMsp, sellerMsp }) => [buyerMsp, sellerMsp])),
  })

export const submitOrders = (input: Submissions<Order>): Operation =>
  submit('trade:submitOrders', input)
export const submitDespatches = (input: Submissions<Despatch>): Operation =>
  submit('trade:submitDespatches', input)
export const submitReceipts = (input: Submissions<Receipt>): Operation =>
  submit('trade:submitReceipts', input)

export type InvoiceSubmission = Omit<Submission<Invoice>, 'id'> & { sellerTaxId: string }
/**
 * `consortiumKey` (hex) and `sellerTaxId` reach the endorsers as transient values and are not stored. The id
 * of each invoice is its fingerprint, `invoiceId({consortiumKey, sellerTaxId, document})`.
 */
export const submitInvoices = (input: {
  seed: Seed
  consortiumKey: string
  items: readonly InvoiceSubmission[]
}): Operation =>
  operation({
    name: 'trade:submitInvoices',
    request: {
      items: input.items.map(({ buyerMsp, sellerMsp, document, sellerTaxId }) => ({
        id: invoiceId({ consortiumKey: input.consortiumKey, sellerTaxId, document }),
        buyerMsp,
        sellerMsp,
      })),
    },
    secret: {
      seed: input.seed,
      consortiumKey: input.consortiumKey,
      items: input.items.map(({ document, sellerTaxId }) => ({ document, sellerTaxId })),
    },
    endorsers: partiesOfBatch(input.items.map(item => [item.buyerMsp, item.sellerMsp])),
  })

/** `balance` is the opening of the invoice's balance, absent where the invoice has no verdict yet. */
export type CreditNoteSubmission = Submission<CreditNote> & { invoice: Opening; balance?: Opening }
export const submitCreditNotes = (input: {
  seed: Seed
  items: readonly CreditNoteSubmission[]
}): Operation =>
  operation({
    name: 'trade:submitCreditNotes',
    request: {
      items: input.items.map(({ id, buyerMsp, sellerMsp, document }) => ({
        id,
        buyerMsp,
        sellerMsp,
        invoiceId: document.invoiceId,
      })),
    },
    secret: {
      seed: input.seed,
      items: input.items.map(({ document, invoice, balance }) => ({ document, invoice, balance })),
    },
    endorsers: partiesOfBatch(input.items.map(item => [item.buyerMsp, item.sellerMsp])),
  })

export type TaxCheck = {
  invoiceId: RecordId
  buyerMsp: MspId
  sellerMsp: MspId
  result: 'VALID' | 'INVALID' | 'RED_LETTERED' | 'VOIDED'
}
/** RED_LETTERED and VOIDED freeze the roots issued over the invoice, and with them every descendant. */
export const checkTax = (input: {
  items: readonly TaxCheck[]
  extraEndorsers?: readonly MspId[]
}): Operation =>
  operation({
    name: 'trade:checkTax',
    request: { items: input.items.map(({ invoiceId, result }) => ({ invoiceId, result })) },
    endorsers: [
      ...input.items.flatMap(({ buyerMsp, sellerMsp }) => [buyerMsp, sellerMsp]),
      ...(input.extraEndorsers ?? []),
    ],
  })
