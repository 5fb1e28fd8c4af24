import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { addDays, monthOf } from './calendar.ts'
import { camt053 } from './camt.ts'
import * as csv from './csv.ts'
import type { Carrier, Invoice, Trade } from './documents.ts'
import type { Firms } from './firms.ts'
import { encodeGbk } from './gbk.ts'
import type { Random } from './random.ts'
import { RATES } from './rates.ts'
import { writeStatements } from './statements.ts'
import { truthOf, truthText, type Truth } from './truth.ts'
import { ublCreditNote, ublInvoice, ublOrder } from './ubl.ts'

export interface WrittenFiles {
  readonly directory: string
  readonly files: readonly string[]
  readonly bytes: number
  readonly truth: Truth
}

const FOLDERS = ['core', 'alliance', 'banka', 'bankb', 'logistics'] as const

/** Writes the year as the folders a stranger's firms would hand in, one per organisation, and `truth.json` beside. */
export function writeTrade(
  directory: string,
  random: Random,
  firms: Firms,
  trade: Trade,
): WrittenFiles {
  const files: string[] = []
  let bytes = 0
  const write = (name: string, content: string | Uint8Array): void => {
    const target = path.join(directory, name)
    mkdirSync(path.dirname(target), { recursive: true })
    writeFileSync(target, content)
    files.push(name)
    bytes += content.length
  }
  const writeCsv = (
    kind: Parameters<typeof csv.csvText>[0],
    name: string,
    rows: csv.Row[],
  ): void => {
    const text = csv.csvText(kind, rows)
    write(name, random.chance(RATES.gbk) ? encodeGbk(text) : text)
  }
  const roster = csv.csvText('members', csv.memberRows(firms))
  write('members.csv', roster)
  for (const folder of FOLDERS) write(`${folder}/members.csv`, roster)
  writeOrders(firms, trade, write, writeCsv)
  writeGoods(firms, trade, writeCsv)
  writeInvoices(firms, trade, write, writeCsv)
  for (const { folder, statement } of writeStatements(random.fork('statements'), firms, trade)) {
    write(`${folder}/statements/${statement.id}.xml`, camt053(statement))
  }
  const truth = truthOf(trade)
  writeFileSync(path.join(directory, 'truth.json'), truthText(truth))
  return { directory, files, bytes, truth }
}

const inCsv = (item: { readonly carrier: Carrier }): boolean => item.carrier === 'CSV'

type Write = (name: string, content: string | Uint8Array) => void
type WriteCsv = (kind: Parameters<typeof csv.csvText>[0], name: string, rows: csv.Row[]) => void

/** Items by month, in the order given. */
function byMonth<T>(items: readonly T[], monthFor: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const month = monthFor(item)
    const group = groups.get(month)
    if (group) group.push(item)
    else groups.set(month, [item])
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1))
}

function writeOrders(firms: Firms, trade: Trade, write: Write, writeCsv: WriteCsv): void {
  for (const [month, orders] of byMonth(trade.orders.filter(inCsv), order => monthOf(order.date))) {
    const rows = orders.flatMap(order => csv.orderRows(order, firms.core))
    writeCsv('orders', `core/orders/orders-${month}.csv`, rows)
  }
  for (const order of trade.orders.filter(one => one.carrier === 'UBL')) {
    write(`core/orders/${order.id}.xml`, ublOrder(order, firms.core))
  }
}

function writeGoods(firms: Firms, trade: Trade, writeCsv: WriteCsv): void {
  for (const [month, group] of byMonth(trade.despatches, one => monthOf(one.date))) {
    const rows = group.flatMap(one => csv.despatchRows(one, firms.core))
    writeCsv('despatches', `logistics/despatch/despatch-${month}.csv`, rows)
  }
  for (const [month, group] of byMonth(trade.receipts, one => monthOf(one.date))) {
    const rows = group.flatMap(one => csv.receiptRows(one, firms.core))
    writeCsv('receipts', `core/receipts/receipts-${month}.csv`, rows)
  }
}

/** A duplicate turns up a month after the invoice it repeats, in another file. */
const monthOfInvoice = (invoice: Invoice): string =>
  monthOf(invoice.kind === 'DUPLICATE' ? addDays(invoice.date, 31) : invoice.date)

function writeInvoices(firms: Firms, trade: Trade, write: Write, writeCsv: WriteCsv): void {
  for (const [month, group] of byMonth(trade.invoices.filter(inCsv), monthOfInvoice)) {
    const rows = group.flatMap(invoice => csv.invoiceRows(invoice, firms.core))
    writeCsv('invoices', `alliance/invoices/invoices-${month}.csv`, rows)
  }
  for (const invoice of trade.invoices.filter(one => one.carrier === 'UBL')) {
    const copy = invoice.kind === 'DUPLICATE' ? '-copy' : ''
    const name = `${monthOfInvoice(invoice)}-${invoice.code}${invoice.number}${copy}`
    write(`alliance/invoices/invoice-${name}.xml`, ublInvoice(invoice, firms.core))
  }
  for (const [month, group] of byMonth(trade.creditNotes.filter(inCsv), note =>
    monthOf(note.date),
  )) {
    const rows = group.map(note => csv.creditNoteRow(note, firms.core))
    writeCsv('creditNotes', `alliance/credit-notes/credit-notes-${month}.csv`, rows)
  }
  for (const note of trade.creditNotes.filter(one => one.carrier === 'UBL')) {
    const name = `credit-note-${note.code}${note.number}`
    write(`alliance/credit-notes/${name}.xml`, ublCreditNote(note, firms.core))
  }
}
