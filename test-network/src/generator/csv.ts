import type { CreditNote, Invoice, Movement, Order } from './documents.ts'
import { TAX_PERCENT } from './documents.ts'
import type { Firm, Firms } from './firms.ts'
import { yuan } from './money.ts'

export type Row = readonly (string | number | bigint)[]

const HEADERS = {
  members: 'member_id,uscc,name,role,organization,tier,bank,branch,account',
  orders:
    'order_id,order_date,buyer_uscc,seller_uscc,currency,line_no,item_code,description,unit,quantity,unit_price,tax_rate',
  despatches:
    'despatch_id,despatch_date,order_id,order_line_no,buyer_uscc,seller_uscc,item_code,quantity,waybill',
  receipts:
    'receipt_id,receipt_date,order_id,order_line_no,despatch_id,buyer_uscc,seller_uscc,item_code,quantity',
  invoices:
    'invoice_code,invoice_number,invoice_date,seller_uscc,seller_name,buyer_uscc,buyer_name,currency,line_no,order_id,order_line_no,item_code,description,unit,quantity,unit_price,net_amount,tax_rate,tax_amount,total_net,total_tax,total_gross',
  creditNotes:
    'credit_note_code,credit_note_number,credit_note_date,seller_uscc,buyer_uscc,currency,invoice_code,invoice_number,reason,net_amount,tax_amount,gross_amount',
} as const

/** RFC 4180, lines ended by CR LF as spreadsheets write them. */
export function csvText(kind: keyof typeof HEADERS, rows: readonly Row[]): string {
  const lines = rows.map(row => row.map(quote).join(','))
  return [HEADERS[kind], ...lines, ''].join('\r\n')
}

function quote(value: string | number | bigint): string {
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export const memberRows = (firms: Firms): Row[] =>
  firms.all.map((firm: Firm) => [
    firm.memberId,
    firm.uscc,
    firm.name,
    firm.role,
    firm.organization,
    firm.tier ?? '',
    firm.bank,
    firm.branch,
    firm.account,
  ])

export const orderRows = (order: Order, buyer: Firm): Row[] =>
  order.lines.map(line => [
    order.id,
    order.date,
    buyer.uscc,
    order.seller.uscc,
    'CNY',
    line.lineNo,
    line.article.code,
    line.article.description,
    line.article.unit,
    line.quantity,
    yuan(line.priceFen),
    TAX_PERCENT,
  ])

export const despatchRows = (movement: Movement, buyer: Firm): Row[] =>
  movement.lines.map(({ line, quantity }) => [
    movement.id,
    movement.date,
    movement.order.id,
    line.lineNo,
    buyer.uscc,
    movement.order.seller.uscc,
    line.article.code,
    quantity,
    `SJ${movement.id.slice(3).replace('-', '')}`,
  ])

export const receiptRows = (movement: Movement, buyer: Firm): Row[] =>
  movement.lines.map(({ line, quantity }) => [
    movement.id,
    movement.date,
    movement.order.id,
    line.lineNo,
    movement.despatchId,
    buyer.uscc,
    movement.order.seller.uscc,
    line.article.code,
    quantity,
  ])

export const invoiceRows = (invoice: Invoice, buyer: Firm): Row[] =>
  invoice.lines.map((line, index) => {
    const amounts = writtenAmounts(invoice, index)
    return [
      invoice.code,
      invoice.number,
      invoice.date,
      invoice.sellerUscc,
      invoice.seller.name,
      buyer.uscc,
      buyer.name,
      'CNY',
      index + 1,
      line.orderId,
      line.orderLine.lineNo,
      line.orderLine.article.code,
      line.orderLine.article.description,
      line.orderLine.article.unit,
      line.quantity,
      yuan(line.priceFen),
      amounts.net,
      TAX_PERCENT,
      yuan(line.taxFen),
      yuan(invoice.netFen),
      yuan(invoice.taxFen),
      amounts.gross,
    ]
  })

/** Amounts as written: the cases about amounts spoil the first line or the total, and nothing else. */
export function writtenAmounts(invoice: Invoice, index: number): { net: string; gross: string } {
  const netFen = invoice.lines[index]?.netFen ?? 0n
  const first = index === 0
  const net =
    first && invoice.kind === 'NEGATIVE_AMOUNT'
      ? yuan(-netFen)
      : `${yuan(netFen)}${first && invoice.kind === 'OVER_PRECISE' ? '5' : ''}`
  return { net, gross: yuan(writtenGrossFen(invoice)) }
}

export const writtenGrossFen = (invoice: Invoice): bigint =>
  invoice.grossFen + (invoice.kind === 'WRONG_TOTAL' ? 10_000n : 0n)

export const creditNoteRow = (note: CreditNote, buyer: Firm): Row => [
  note.code,
  note.number,
  note.date,
  note.invoice.seller.uscc,
  buyer.uscc,
  'CNY',
  note.invoice.code,
  note.invoice.number,
  note.reason,
  yuan(note.netFen),
  yuan(note.taxFen),
  yuan(note.grossFen),
]
