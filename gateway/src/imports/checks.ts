import { RowFault } from './advice.ts'
import type { DraftLine, InvoiceDraft } from './drafts.ts'
import { lineNetFen, lineTaxFen } from './values.ts'

const LINES_MAX = 500

/** What must hold inside one invoice, whoever wrote it. */
export function checkInvoice(draft: InvoiceDraft): InvoiceDraft {
  checkLines(draft.lines)
  const net = sum(draft.lines, line => line.netFen)
  const tax = sum(draft.lines, line => line.taxFen)
  if (net !== draft.netFen) throw new RowFault('TOTALS_DO_NOT_ADD_UP', { field: 'total_net' })
  if (tax !== draft.taxFen) throw new RowFault('TOTALS_DO_NOT_ADD_UP', { field: 'total_tax' })
  if (net + tax !== draft.totalFen)
    throw new RowFault('TOTALS_DO_NOT_ADD_UP', { field: 'total_gross' })
  if (draft.dueOn !== undefined && draft.dueOn < draft.issuedOn)
    throw new RowFault('DATES_OUT_OF_ORDER', { field: 'due_date' })
  return draft
}

export function checkLines(lines: readonly unknown[]): void {
  if (lines.length === 0) throw new RowFault('LINES_MISSING')
  if (lines.length > LINES_MAX) throw new RowFault('LINES_TOO_MANY')
}

export function checkUnique(keys: readonly string[], field: string): void {
  if (new Set(keys).size !== keys.length) throw new RowFault('LINE_TWICE', { field })
}

/** Quantity, price, net and tax of one line. */
export function checkLine(line: DraftLine): DraftLine {
  if (lineNetFen(line.quantityMilli, line.unitPriceMicro) !== line.netFen)
    throw new RowFault('LINE_NET_WRONG', { field: 'net_amount' })
  if (lineTaxFen(line.netFen, line.taxRatePpm) !== line.taxFen)
    throw new RowFault('LINE_TAX_WRONG', { field: 'tax_amount' })
  return line
}

function sum(lines: readonly DraftLine[], of: (line: DraftLine) => bigint): bigint {
  return lines.reduce((total, line) => total + of(line), 0n)
}
