import { writtenAmounts } from './csv.ts'
import { TAX_PERCENT, type CreditNote, type Invoice, type Order } from './documents.ts'
import type { Firm } from './firms.ts'
import { yuan } from './money.ts'
import type { Article } from './names.ts'
import { element, xmlText, type Element } from './xml.ts'

/** The part of UBL 2.1 that these firms use; the standard's element order is kept. */
const NAMESPACE = 'urn:oasis:names:specification:ubl:schema:xsd:'

const root = (kind: 'Order' | 'Invoice' | 'CreditNote', ...content: Element[]): string =>
  xmlText(
    element(
      `${kind} xmlns="${NAMESPACE}${kind}-2" xmlns:cac="${NAMESPACE}CommonAggregateComponents-2" xmlns:cbc="${NAMESPACE}CommonBasicComponents-2"`,
      ...content,
    ),
  )

const amount = (name: string, text: string): Element =>
  element(`cbc:${name} currencyID="CNY"`, text)

const party = (role: string, uscc: string, name: string): Element =>
  element(
    `cac:${role}`,
    element(
      'cac:Party',
      element(
        'cac:PartyLegalEntity',
        element('cbc:RegistrationName', name),
        element('cbc:CompanyID', uscc),
      ),
    ),
  )

const item = (article: Article): Element =>
  element(
    'cac:Item',
    element('cbc:Description', article.description),
    element('cac:SellersItemIdentification', element('cbc:ID', article.code)),
    element('cac:ClassifiedTaxCategory', element('cbc:Percent', String(TAX_PERCENT))),
  )

const price = (fen: bigint): Element => element('cac:Price', amount('PriceAmount', yuan(fen)))

export const ublOrder = (order: Order, buyer: Firm): string =>
  root(
    'Order',
    element('cbc:ID', order.id),
    element('cbc:IssueDate', order.date),
    element('cbc:DocumentCurrencyCode', 'CNY'),
    party('BuyerCustomerParty', buyer.uscc, buyer.name),
    party('SellerSupplierParty', order.seller.uscc, order.seller.name),
    ...order.lines.map(line =>
      element(
        'cac:OrderLine',
        element(
          'cac:LineItem',
          element('cbc:ID', String(line.lineNo)),
          element(`cbc:Quantity unitCode="${line.article.unit}"`, String(line.quantity)),
          amount('LineExtensionAmount', yuan(line.quantity * line.priceFen)),
          price(line.priceFen),
          item(line.article),
        ),
      ),
    ),
  )

const codeReference = (code: string): Element[] =>
  code === ''
    ? []
    : [
        element(
          'cac:AdditionalDocumentReference',
          element('cbc:ID', code),
          element('cbc:DocumentTypeCode', 'CN-INVOICE-CODE'),
        ),
      ]

const totals = (net: string, gross: string): Element =>
  element(
    'cac:LegalMonetaryTotal',
    amount('LineExtensionAmount', net),
    amount('TaxExclusiveAmount', net),
    amount('TaxInclusiveAmount', gross),
    amount('PayableAmount', gross),
  )

export function ublInvoice(invoice: Invoice, buyer: Firm): string {
  const orderId = invoice.lines[0]?.orderId ?? ''
  return root(
    'Invoice',
    element('cbc:ID', invoice.number),
    element('cbc:IssueDate', invoice.date),
    element('cbc:DocumentCurrencyCode', 'CNY'),
    element('cac:OrderReference', element('cbc:ID', orderId)),
    ...codeReference(invoice.code),
    party('AccountingSupplierParty', invoice.sellerUscc, invoice.seller.name),
    party('AccountingCustomerParty', buyer.uscc, buyer.name),
    element('cac:TaxTotal', amount('TaxAmount', yuan(invoice.taxFen))),
    totals(yuan(invoice.netFen), writtenAmounts(invoice, 0).gross),
    ...invoice.lines.map((line, index) =>
      element(
        'cac:InvoiceLine',
        element('cbc:ID', String(index + 1)),
        element(
          `cbc:InvoicedQuantity unitCode="${line.orderLine.article.unit}"`,
          String(line.quantity),
        ),
        amount('LineExtensionAmount', writtenAmounts(invoice, index).net),
        element(
          'cac:OrderLineReference',
          element('cbc:LineID', String(line.orderLine.lineNo)),
          element('cac:OrderReference', element('cbc:ID', line.orderId)),
        ),
        element('cac:TaxTotal', amount('TaxAmount', yuan(line.taxFen))),
        item(line.orderLine.article),
        price(line.priceFen),
      ),
    ),
  )
}

export const ublCreditNote = (note: CreditNote, buyer: Firm): string =>
  root(
    'CreditNote',
    element('cbc:ID', note.number),
    element('cbc:IssueDate', note.date),
    element('cbc:Note', note.reason),
    element('cbc:DocumentCurrencyCode', 'CNY'),
    element(
      'cac:BillingReference',
      element(
        'cac:InvoiceDocumentReference',
        element('cbc:ID', note.invoice.number),
        ...(note.invoice.code === ''
          ? []
          : [element('cbc:DocumentDescription', note.invoice.code)]),
      ),
    ),
    ...codeReference(note.code),
    party('AccountingSupplierParty', note.invoice.seller.uscc, note.invoice.seller.name),
    party('AccountingCustomerParty', buyer.uscc, buyer.name),
    element('cac:TaxTotal', amount('TaxAmount', yuan(note.taxFen))),
    totals(yuan(note.netFen), yuan(note.grossFen)),
  )
