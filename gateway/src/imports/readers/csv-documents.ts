import { RowFault } from '../advice.ts'
import { checkInvoice, checkLine, checkLines, checkUnique } from '../checks.ts'
import type { Draft, DraftKind, DraftLine, Reading } from '../drafts.ts'
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

export interface CsvRow {
  readonly line: number
  readonly cell: (name: string) => string
}

interface Builder {
  /** Rows with the same key, next to each other, are one document. */
  readonly key: (row: CsvRow) => string
  readonly build: (rows: readonly CsvRow[]) => Reading
}

const NUMBER_MAX = 64

interface Recipe {
  readonly kind: DraftKind
  readonly number: string
  readonly keys: readonly string[]
  /** Cells that must be equal on all rows of a document. */
  readonly heading: readonly string[]
  readonly draft: (first: CsvRow, rows: readonly CsvRow[]) => Draft
}

function builder(recipe: Recipe): Builder {
  return {
    key: row => recipe.keys.map(name => row.cell(name).trim()).join('\u0000'),
    build: rows => {
      const first = rows[0] as CsvRow
      const number = first.cell(recipe.number).trim() || undefined
      const reading = { line: first.line, kind: recipe.kind, number }
      let current = first.line
      try {
        for (const row of rows) {
          current = row.line
          sameHeading(first, row, recipe.heading)
        }
        current = first.line
        const tracked = rows.map(row => ({
          line: row.line,
          cell: (name: string) => {
            current = row.line
            return row.cell(name)
          },
        }))
        return { ...reading, draft: recipe.draft(tracked[0] as CsvRow, tracked) }
      } catch (error) {
        if (!(error instanceof RowFault)) throw error
        const fault = { code: error.code, line: error.line ?? current, field: error.field }
        return { ...reading, fault }
      }
    },
  }
}

function sameHeading(first: CsvRow, row: CsvRow, names: readonly string[]): void {
  for (const name of names)
    if (first.cell(name).trim() !== row.cell(name).trim())
      throw new RowFault('HEADER_DIFFERS', { line: row.line, field: name })
}

const parties = (row: CsvRow) => ({
  buyerUscc: parseCreditCode(row.cell('buyer_uscc'), 'buyer_uscc'),
  sellerUscc: parseCreditCode(row.cell('seller_uscc'), 'seller_uscc'),
})

const orders = builder({
  kind: 'ORDER',
  number: 'order_id',
  keys: ['order_id', 'buyer_uscc'],
  heading: ['order_date', 'seller_uscc', 'currency'],
  draft: (first, rows) => {
    requireCny(first.cell('currency'), 'currency')
    const head = {
      kind: 'ORDER' as const,
      number: parseText(first.cell('order_id'), 'order_id', NUMBER_MAX),
      issuedOn: parseDay(first.cell('order_date'), 'order_date'),
      ...parties(first),
    }
    const lines = rows.map(row => ({
      line: parseText(row.cell('line_no'), 'line_no', 32),
      quantityMilli: parseQuantityMilli(row.cell('quantity'), 'quantity'),
      unitPriceMicro: parsePriceMicro(row.cell('unit_price'), 'unit_price'),
      taxRatePpm: parsePercentPpm(row.cell('tax_rate'), 'tax_rate'),
    }))
    checkLines(lines)
    checkUnique(
      lines.map(line => line.line),
      'line_no',
    )
    return { ...head, lines }
  },
})

function goods(kind: 'DESPATCH' | 'RECEIPT', prefix: 'despatch' | 'receipt'): Builder {
  const number = `${prefix}_id`
  const date = `${prefix}_date`
  return builder({
    kind,
    number,
    keys: [number, 'buyer_uscc', 'seller_uscc'],
    heading: [date],
    draft: (first, rows) => {
      const head = {
        kind,
        number: parseText(first.cell(number), number, NUMBER_MAX),
        issuedOn: parseDay(first.cell(date), date),
        ...parties(first),
      }
      const lines = rows.map(row => ({
        orderNumber: parseText(row.cell('order_id'), 'order_id', NUMBER_MAX),
        orderLine: parseText(row.cell('order_line_no'), 'order_line_no', 32),
        quantityMilli: parseQuantityMilli(row.cell('quantity'), 'quantity', {
          signed: kind === 'RECEIPT',
        }),
      }))
      checkLines(lines)
      checkUnique(
        lines.map(line => `${line.orderNumber}\u0000${line.orderLine}`),
        'order_line_no',
      )
      return { ...head, lines }
    },
  })
}

function invoiceLine(row: CsvRow, index: number): DraftLine {
  return checkLine({
    line: optionalText(row.cell('line_no'), 'line_no', 32) || String(index + 1),
    orderNumber: parseText(row.cell('order_id'), 'order_id', NUMBER_MAX),
    orderLine: parseText(row.cell('order_line_no'), 'order_line_no', 32),
    quantityMilli: parseQuantityMilli(row.cell('quantity'), 'quantity'),
    unitPriceMicro: parsePriceMicro(row.cell('unit_price'), 'unit_price'),
    netFen: parseFen(row.cell('net_amount'), 'net_amount'),
    taxRatePpm: parsePercentPpm(row.cell('tax_rate'), 'tax_rate'),
    taxFen: parseFenOrZero(row.cell('tax_amount'), 'tax_amount'),
  })
}

const invoices = builder({
  kind: 'INVOICE',
  number: 'invoice_number',
  keys: ['invoice_code', 'invoice_number', 'seller_uscc'],
  heading: ['invoice_date', 'buyer_uscc', 'currency', 'total_net', 'total_tax', 'total_gross'],
  draft: (first, rows) => {
    const lines = rows.map(invoiceLine)
    requireCny(first.cell('currency'), 'currency')
    const due = first.cell('due_date').trim()
    return checkInvoice({
      kind: 'INVOICE',
      code: optionalText(first.cell('invoice_code'), 'invoice_code', 32),
      number: parseText(first.cell('invoice_number'), 'invoice_number', NUMBER_MAX),
      issuedOn: parseDay(first.cell('invoice_date'), 'invoice_date'),
      dueOn: due === '' ? undefined : parseDay(due, 'due_date'),
      ...parties(first),
      netFen: parseFen(first.cell('total_net'), 'total_net'),
      taxFen: parseFenOrZero(first.cell('total_tax'), 'total_tax'),
      totalFen: parseFen(first.cell('total_gross'), 'total_gross'),
      lines,
    })
  },
})

const creditNotes = builder({
  kind: 'CREDIT_NOTE',
  number: 'credit_note_number',
  keys: ['credit_note_code', 'credit_note_number', 'seller_uscc', 'invoice_number'],
  heading: ['credit_note_date', 'buyer_uscc'],
  draft: first => {
    requireCny(first.cell('currency'), 'currency')
    const total = parseFen(first.cell('gross_amount'), 'gross_amount')
    const net = first.cell('net_amount').trim()
    const tax = first.cell('tax_amount').trim()
    if (net !== '' && tax !== '') {
      const parts = parseFen(net, 'net_amount') + parseFenOrZero(tax, 'tax_amount')
      if (parts !== total) throw new RowFault('TOTALS_DO_NOT_ADD_UP', { field: 'gross_amount' })
    }
    return {
      kind: 'CREDIT_NOTE',
      code: optionalText(first.cell('credit_note_code'), 'credit_note_code', 32),
      number: parseText(first.cell('credit_note_number'), 'credit_note_number', NUMBER_MAX),
      issuedOn: parseDay(first.cell('credit_note_date'), 'credit_note_date'),
      ...parties(first),
      invoiceCode: optionalText(first.cell('invoice_code'), 'invoice_code', 32),
      invoiceNumber: parseText(first.cell('invoice_number'), 'invoice_number', NUMBER_MAX),
      totalFen: total,
      reason: optionalText(first.cell('reason'), 'reason', 200),
    }
  },
})

/** How a roster names what the ledger calls the kind of a member. */
const MEMBER_KIND: Readonly<Record<string, string>> = {
  CORE: 'OBLIGOR',
  OBLIGOR: 'OBLIGOR',
  SUPPLIER: 'SUPPLIER',
  BANK: 'FUNDER',
  FUNDER: 'FUNDER',
  LOGISTICS: 'CARRIER',
  CARRIER: 'CARRIER',
  REGULATOR: 'REGULATOR',
}

const members = builder({
  kind: 'MEMBER',
  number: 'member_id',
  keys: ['member_id'],
  heading: [],
  draft: first => {
    const memberId = parseText(first.cell('member_id'), 'member_id', 64)
    const role = first.cell('role').trim().toUpperCase()
    const memberKind = MEMBER_KIND[role]
    if (!memberKind) throw new RowFault('VALUE_MISSING', { field: 'role' })
    const tier = Number(first.cell('tier').trim() || NaN)
    return {
      kind: 'MEMBER',
      number: memberId,
      memberId,
      uscc: parseCreditCode(first.cell('uscc'), 'uscc'),
      name: parseText(first.cell('name'), 'name', 120),
      memberKind,
      mspId: parseText(first.cell('organization'), 'organization', 64),
      tier: Number.isInteger(tier) && tier >= 1 && tier <= 9 ? tier : undefined,
      account: optionalText(first.cell('account'), 'account', 34) || undefined,
    }
  },
})

export const CSV_BUILDERS: Readonly<Record<string, Builder>> = {
  'csv-orders': orders,
  'csv-despatches': goods('DESPATCH', 'despatch'),
  'csv-receipts': goods('RECEIPT', 'receipt'),
  'csv-invoices': invoices,
  'csv-credit-notes': creditNotes,
  'csv-members': members,
}
