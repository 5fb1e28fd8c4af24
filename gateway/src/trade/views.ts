import type {
  Balance,
  CreditNote,
  Despatch,
  Invoice,
  InvoiceState,
  Order,
  Receipt,
} from '@triflow/chaincode/model'
import { keep, type RecordRow, type Stored } from '../projection/records.ts'
import type { Names } from '../receivables/reading.ts'

/** Thousandths as a decimal without trailing zeros. */
export function decimal(scaled: string, digits: number): string {
  const negative = scaled.startsWith('-')
  const padded = scaled.replace('-', '').padStart(digits + 1, '0')
  const fraction = padded.slice(-digits).replace(/0+$/, '')
  const text =
    fraction === '' ? padded.slice(0, -digits) : `${padded.slice(0, -digits)}.${fraction}`
  return negative ? `-${text}` : text
}

export interface TradeRow extends RecordRow {
  document_id: string | null
}

function common(
  row: TradeRow,
  secret: { number: string; buyer: string; seller: string },
  name: Names,
) {
  return {
    number: secret.number,
    buyer: name(secret.buyer),
    seller: name(secret.seller),
    ...(row.document_id ? { documentId: row.document_id } : {}),
    txId: row.tx_id,
    blockNumber: row.block_number,
  }
}

/** Round half up of quantity (10^-3) times price (10^-6 yuan) in fen. */
function netFen(quantityMilli: string, unitPriceMicro: string): string {
  const product = BigInt(quantityMilli) * BigInt(unitPriceMicro)
  return String((2n * product + 10_000_000n) / 20_000_000n)
}

export function orderView(row: TradeRow, name: Names) {
  const { id, secret } = keep<null, Stored<Order>>(row)
  const lines = secret.lines.map(line => ({
    lineId: line.line,
    quantity: decimal(line.quantityMilli, 3),
    unitPrice: decimal(line.unitPriceMicro, 6),
    taxRatePpm: line.taxRatePpm,
    netFen: netFen(line.quantityMilli, line.unitPriceMicro),
  }))
  return {
    orderId: id,
    ...common(row, secret, name),
    issuedOn: secret.orderedOn,
    currency: secret.currency,
    totalFen: String(lines.reduce((sum, line) => sum + BigInt(line.netFen), 0n)),
    lines,
  }
}

export function movementView(row: TradeRow & { kind: string }, name: Names) {
  const { id, secret } = keep<null, Stored<Despatch> & Stored<Receipt>>(row)
  const isReceipt = row.kind === 'receipt'
  return {
    movementId: id,
    kind: isReceipt ? ('RECEIPT' as const) : ('DESPATCH' as const),
    ...common(row, secret, name),
    happenedOn: isReceipt ? secret.receivedOn : secret.despatchedOn,
    orderIds: [...new Set(secret.lines.map(line => line.orderId))],
    lines: secret.lines.map(line => ({
      orderId: line.orderId,
      lineId: line.line,
      quantity: decimal(line.quantityMilli, 3),
    })),
  }
}

export interface InvoiceRow extends TradeRow {
  balance: Stored<Balance> | null
}

export function invoiceView(row: InvoiceRow, name: Names) {
  const { id, open, secret } = keep<Stored<InvoiceState>, Stored<Invoice>>(row)
  const { balance } = row
  const isProposed = open.approval === 'SUBMITTED' && open.pending?.step.startsWith('CONFIRM')
  return {
    invoiceId: id,
    ...common(row, secret, name),
    invoiceCode: secret.code,
    issuedOn: secret.issuedOn,
    dueOn: secret.payableOn,
    currency: secret.currency,
    netFen: secret.netFen,
    taxFen: secret.taxFen,
    grossFen: secret.totalFen,
    tax: open.tax,
    match: open.match,
    exceptions: open.codes ?? [],
    approval: isProposed ? ('PROPOSED' as const) : open.approval,
    use: open.use,
    ...balanceView(balance),
    orderIds: [...new Set(secret.lines.map(line => line.orderId))],
  }
}

/** Before the first verdict nothing is eligible, confirmed or available. */
function balanceView(balance: Stored<Balance> | null) {
  const none = {
    availableFen: '0',
    disputedFen: '0',
    creditedFen: '0',
    certifiedFen: '0',
    paidFen: '0',
  }
  if (!balance) return none
  const { eligibleFen, confirmedFen, availableFen, disputedFen } = balance
  const { creditedFen, certifiedFen, paidFen } = balance
  return {
    eligibleFen,
    confirmedFen,
    availableFen,
    disputedFen,
    creditedFen,
    certifiedFen,
    paidFen,
  }
}

export function invoiceLines(row: InvoiceRow) {
  return keep<null, Stored<Invoice>>(row).secret.lines.map(line => ({
    orderId: line.orderId,
    lineId: line.line,
    quantity: decimal(line.quantityMilli, 3),
    unitPrice: decimal(line.unitPriceMicro, 6),
    netFen: line.netFen,
    taxFen: line.taxFen,
  }))
}

export function creditNoteView(row: TradeRow, name: Names) {
  const { id, secret } = keep<null, Stored<CreditNote>>(row)
  return {
    creditNoteId: id,
    ...common(row, secret, name),
    invoiceId: secret.invoiceId,
    issuedOn: secret.issuedOn,
    currency: 'CNY',
    amountFen: secret.totalFen,
    reason: secret.reason,
  }
}
