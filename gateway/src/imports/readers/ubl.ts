import { RowFault } from '../advice.ts'
import { checkInvoice, checkLine, checkLines, checkUnique } from '../checks.ts'
import type {
  CreditNoteDraft,
  Draft,
  DraftKind,
  DraftLine,
  GoodsDraft,
  InvoiceDraft,
  OrderDraft,
  Reading,
} from '../drafts.ts'
import {
  optionalText,
  parseCreditCode,
  parseDay,
  parseFen,
  parseFenOrZero,
  parsePercentPpm,
  parsePriceMicro,
  parseQuantityMilli,
  parseText,
  requireCny,
} from '../values.ts'
import { find, findAll, textAt, type Node } from './xml.ts'

/** UBL 2.1 documents by the name of their root element. */
export const UBL: Readonly<
  Record<string, { kind: DraftKind; format: string; draft: (root: Node) => Draft }>
> = {
  Order: { kind: 'ORDER', format: 'ubl-order', draft: order },
  DespatchAdvice: { kind: 'DESPATCH', format: 'ubl-despatch', draft: despatch },
  ReceiptAdvice: { kind: 'RECEIPT', format: 'ubl-receipt', draft: receipt },
  Invoice: { kind: 'INVOICE', format: 'ubl-invoice', draft: invoice },
  CreditNote: { kind: 'CREDIT_NOTE', format: 'ubl-credit-note', draft: creditNote },
}

export const UBL_NAMESPACE = /^urn:oasis:names:specification:ubl:schema:xsd:(\w+)-2$/

/** One document of a root element; a fault names the line of the element that is wrong. */
export function readUbl(root: Node): Reading {
  const recipe = UBL[root.name]
  if (!recipe) throw new Error(`no UBL document ${root.name}`)
  const number = textAt(root, 'ID') || undefined
  const reading = { line: root.line, kind: recipe.kind, number }
  try {
    return { ...reading, draft: recipe.draft(root) }
  } catch (error) {
    if (!(error instanceof RowFault)) throw error
    const fault = { code: error.code, line: error.line ?? root.line, field: error.field }
    return { ...reading, fault }
  }
}

/** Parses the text at a path; a refusal names the path and its line. */
function at<T>(node: Node, path: string, parse: (text: string, field: string) => T): T {
  try {
    return parse(textAt(node, path), path)
  } catch (error) {
    if (!(error instanceof RowFault)) throw error
    const line = error.line ?? find(node, path)?.line ?? node.line
    throw new RowFault(error.code, { line, field: path })
  }
}

const short = (text: string, field: string): string => parseText(text, field, 64)
const lineNumber = (text: string, field: string): string => parseText(text, field, 32)

const PARTY = 'Party/PartyLegalEntity/CompanyID'

function head(root: Node, roles: { buyer: string; seller: string }) {
  at(root, 'DocumentCurrencyCode', requireCny)
  return {
    number: at(root, 'ID', short),
    issuedOn: at(root, 'IssueDate', parseDay),
    buyerUscc: at(root, `${roles.buyer}/${PARTY}`, parseCreditCode),
    sellerUscc: at(root, `${roles.seller}/${PARTY}`, parseCreditCode),
  }
}

function order(root: Node): OrderDraft {
  const lines = findAll(root, 'OrderLine').map(line => ({
    line: at(line, 'LineItem/ID', lineNumber),
    quantityMilli: at(line, 'LineItem/Quantity', parseQuantityMilli),
    unitPriceMicro: at(line, 'LineItem/Price/PriceAmount', parsePriceMicro),
    taxRatePpm: at(line, 'LineItem/Item/ClassifiedTaxCategory/Percent', parsePercentPpm),
  }))
  checkLines(lines)
  checkUnique(
    lines.map(line => line.line),
    'OrderLine/LineItem/ID',
  )
  const parties = { buyer: 'BuyerCustomerParty', seller: 'SellerSupplierParty' }
  return { kind: 'ORDER', ...head(root, parties), lines }
}

function goods(
  root: Node,
  names: { kind: 'DESPATCH' | 'RECEIPT'; line: string; quantity: string },
): GoodsDraft {
  const single = textAt(root, 'OrderReference/ID')
  const signed = names.kind === 'RECEIPT'
  const lines = findAll(root, names.line).map(line => ({
    orderNumber: textAt(line, 'OrderLineReference/OrderReference/ID') || single,
    orderLine: at(line, 'OrderLineReference/LineID', lineNumber),
    quantityMilli: at(line, names.quantity, (text, field) =>
      parseQuantityMilli(text, field, { signed }),
    ),
  }))
  checkLines(lines)
  const unnamed = lines.some(line => line.orderNumber === '')
  if (unnamed) throw new RowFault('VALUE_MISSING', { field: 'OrderReference/ID' })
  checkUnique(
    lines.map(line => `${line.orderNumber}\u0000${line.orderLine}`),
    'OrderLineReference/LineID',
  )
  const parties = { buyer: 'DeliveryCustomerParty', seller: 'DespatchSupplierParty' }
  return { kind: names.kind, ...head(root, parties), lines }
}

function despatch(root: Node): GoodsDraft {
  return goods(root, { kind: 'DESPATCH', line: 'DespatchLine', quantity: 'DeliveredQuantity' })
}

function receipt(root: Node): GoodsDraft {
  return goods(root, { kind: 'RECEIPT', line: 'ReceiptLine', quantity: 'ReceivedQuantity' })
}

const INVOICE_PARTIES = { buyer: 'AccountingCustomerParty', seller: 'AccountingSupplierParty' }

function invoice(root: Node): InvoiceDraft {
  const due = textAt(root, 'DueDate')
  const single = textAt(root, 'OrderReference/ID')
  return checkInvoice({
    kind: 'INVOICE',
    code: fiscalCode(root),
    ...head(root, INVOICE_PARTIES),
    dueOn: due === '' ? undefined : at(root, 'DueDate', parseDay),
    netFen: at(root, 'LegalMonetaryTotal/TaxExclusiveAmount', parseFen),
    taxFen: at(root, 'TaxTotal/TaxAmount', parseFenOrZero),
    totalFen: at(root, 'LegalMonetaryTotal/PayableAmount', parseFen),
    lines: findAll(root, 'InvoiceLine').map(line => invoiceLine(line, single)),
  })
}

function invoiceLine(line: Node, singleOrder: string): DraftLine {
  const orderNumber = textAt(line, 'OrderLineReference/OrderReference/ID') || singleOrder
  if (orderNumber === '')
    throw new RowFault('VALUE_MISSING', { line: line.line, field: 'OrderReference/ID' })
  const parsed = {
    line: at(line, 'ID', lineNumber),
    orderNumber: optionalText(orderNumber, 'OrderReference/ID', 64),
    orderLine: at(line, 'OrderLineReference/LineID', lineNumber),
    quantityMilli: at(line, 'InvoicedQuantity', parseQuantityMilli),
    unitPriceMicro: at(line, 'Price/PriceAmount', parsePriceMicro),
    netFen: at(line, 'LineExtensionAmount', parseFen),
    taxRatePpm: at(line, 'Item/ClassifiedTaxCategory/Percent', parsePercentPpm),
    taxFen: at(line, 'TaxTotal/TaxAmount', parseFenOrZero),
  }
  try {
    return checkLine(parsed)
  } catch (error) {
    if (!(error instanceof RowFault)) throw error
    throw new RowFault(error.code, { line: line.line, field: error.field })
  }
}

/** The code of a paper-style VAT invoice travels as an additional reference; e-invoices have none. */
function fiscalCode(root: Node): string {
  const reference = findAll(root, 'AdditionalDocumentReference').find(
    node => textAt(node, 'DocumentTypeCode') === 'CN-INVOICE-CODE',
  )
  return reference ? at(reference, 'ID', (text, field) => optionalText(text, field, 32)) : ''
}

function creditNote(root: Node): CreditNoteDraft {
  const reference = 'BillingReference/InvoiceDocumentReference'
  return {
    kind: 'CREDIT_NOTE',
    code: fiscalCode(root),
    ...head(root, INVOICE_PARTIES),
    invoiceCode: undefined,
    invoiceNumber: at(root, `${reference}/ID`, short),
    totalFen: at(root, 'LegalMonetaryTotal/PayableAmount', parseFen),
    reason: at(root, 'DiscrepancyResponse/Description', (text, field) =>
      optionalText(text || textAt(root, 'Note'), field, 200),
    ),
  }
}
