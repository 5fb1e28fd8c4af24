/**
 * An independent recount: from the input files alone to what a correct system must report.
 *
 * It shares no line of parsing or judging with the gateway, the contracts or the generator, so that agreement
 * between them and this means something. It reads only what was handed in; never `truth.json`.
 */
import path from 'node:path'
import { fen, filesUnder, first, inside, table, textOf } from './recount-files.ts'

export type Outcome = 'MATCHED' | 'WITHIN_TOLERANCE' | 'EXCEPTION' | 'REFUSED'

export interface Count {
  count: number
  fen: bigint
}

export interface Recount {
  readonly outcomes: Record<Outcome, Count>
  /** Reasons of exceptions and refusals. */
  readonly reasons: Record<string, Count>
  readonly creditNotes: Count
  /** Money that left the core's accounts. */
  readonly paid: Count
  readonly orders: number
  readonly receipts: number
  readonly despatches: number
  /** Outcome by `seller/code/number`; a repeated document is counted, but keeps its first outcome here. */
  readonly byInvoice: ReadonlyMap<string, Outcome>
}

interface Line {
  orderLine: string
  quantity: bigint
  price: string
  net: string
  tax: string
}

interface Paper {
  seller: string
  buyer: string
  code: string
  number: string
  date: string
  net: string
  tax: string
  gross: string
  lines: Line[]
}

interface Books {
  readonly members: Set<string>
  readonly prices: Map<string, bigint>
  readonly received: Map<string, { quantity: bigint; first: string; last: string }>
  readonly invoiced: Map<string, bigint>
}

function creditCodeHolds(code: string): boolean {
  const letters = '0123456789ABCDEFGHJKLMNPQRTUWXY'
  const weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
  if (!/^[0-9A-HJ-NPQRTUWXY]{18}$/.test(code)) return false
  const sum = weights.reduce(
    (total, weight, at) => total + weight * letters.indexOf(code[at] ?? ''),
    0,
  )
  return letters[(31 - (sum % 31)) % 31] === code[17]
}

const key = (order: string, line: string): string => `${order}#${line}`

function readOrders(folder: string, books: Books): number {
  const seen = new Set<string>()
  for (const file of filesUnder(path.join(folder, 'core/orders'))) {
    if (file.endsWith('.csv')) {
      for (const row of table(file)) {
        seen.add(row('order_id'))
        books.prices.set(key(row('order_id'), row('line_no')), fen(row('unit_price')) ?? 0n)
      }
      continue
    }
    const xml = textOf(file)
    const id = first(xml, 'cbc:ID')
    seen.add(id)
    for (const line of inside(xml, 'cac:LineItem')) {
      books.prices.set(
        key(id, first(line, 'cbc:ID')),
        fen(first(line, 'cac:Price', 'cbc:PriceAmount')) ?? 0n,
      )
    }
  }
  return seen.size
}

function readReceipts(folder: string, books: Books): number {
  const seen = new Set<string>()
  for (const file of filesUnder(path.join(folder, 'core/receipts'))) {
    for (const row of table(file)) {
      seen.add(row('receipt_id'))
      const at = key(row('order_id'), row('order_line_no'))
      const date = row('receipt_date')
      const known = books.received.get(at) ?? { quantity: 0n, first: date, last: date }
      books.received.set(at, {
        quantity: known.quantity + BigInt(row('quantity')),
        first: date < known.first ? date : known.first,
        last: date > known.last ? date : known.last,
      })
    }
  }
  return seen.size
}

function papersOfTable(file: string): Paper[] {
  const papers = new Map<string, Paper>()
  for (const row of table(file)) {
    const id = `${row('seller_uscc')}/${row('invoice_code')}/${row('invoice_number')}`
    const paper = papers.get(id) ?? {
      seller: row('seller_uscc'),
      buyer: row('buyer_uscc'),
      code: row('invoice_code'),
      number: row('invoice_number'),
      date: row('invoice_date'),
      net: row('total_net'),
      tax: row('total_tax'),
      gross: row('total_gross'),
      lines: [],
    }
    paper.lines.push({
      orderLine: key(row('order_id'), row('order_line_no')),
      quantity: BigInt(row('quantity')),
      price: row('unit_price'),
      net: row('net_amount'),
      tax: row('tax_amount'),
    })
    papers.set(id, paper)
  }
  return [...papers.values()]
}

function paperOfXml(xml: string): Paper {
  const head = xml.slice(0, xml.indexOf('<cac:InvoiceLine>'))
  return {
    seller: first(head, 'cac:AccountingSupplierParty', 'cbc:CompanyID'),
    buyer: first(head, 'cac:AccountingCustomerParty', 'cbc:CompanyID'),
    code: first(head, 'cac:AdditionalDocumentReference', 'cbc:ID'),
    number: first(head, 'cbc:ID'),
    date: first(head, 'cbc:IssueDate'),
    net: first(head, 'cac:LegalMonetaryTotal', 'cbc:TaxExclusiveAmount'),
    tax: first(head, 'cac:TaxTotal', 'cbc:TaxAmount'),
    gross: first(head, 'cac:LegalMonetaryTotal', 'cbc:PayableAmount'),
    lines: inside(xml, 'cac:InvoiceLine').map(line => {
      const reference = first(line, 'cac:OrderLineReference')
      return {
        orderLine: key(
          first(reference, 'cac:OrderReference', 'cbc:ID'),
          first(reference, 'cbc:LineID'),
        ),
        quantity: BigInt(first(line, 'cbc:InvoicedQuantity')),
        price: first(line, 'cac:Price', 'cbc:PriceAmount'),
        net: first(line, 'cbc:LineExtensionAmount'),
        tax: first(line, 'cac:TaxTotal', 'cbc:TaxAmount'),
      }
    }),
  }
}

/** Why an invoice never enters the books; undefined when it does. */
function refusal(paper: Paper, books: Books, seen: ReadonlySet<string>): string | undefined {
  const parties = [paper.seller, paper.buyer]
  if (!parties.every(creditCodeHolds)) return 'USCC_CHECK'
  if (!parties.every(code => books.members.has(code))) return 'MEMBER_UNKNOWN'
  const amounts = [paper.net, paper.tax, paper.gross]
  const lineAmounts = paper.lines.flatMap(line => [line.price, line.net, line.tax])
  if (![...amounts, ...lineAmounts].every(isAmount)) return 'AMOUNT'
  if (!totalsHold(paper)) return 'TOTALS'
  return seen.has(identity(paper)) ? 'DUPLICATE' : undefined
}

const isAmount = (text: string): boolean => (fen(text) ?? -1n) >= 0n

const amountOf = (text: string): bigint => fen(text) ?? 0n

function totalsHold(paper: Paper): boolean {
  const sum = (texts: readonly string[]): bigint =>
    texts.reduce((total, text) => total + amountOf(text), 0n)
  const linesHold = paper.lines.every(
    line => amountOf(line.price) * line.quantity === amountOf(line.net),
  )
  const net = sum(paper.lines.map(line => line.net))
  const tax = sum(paper.lines.map(line => line.tax))
  const heads = [paper.net, paper.tax, paper.gross].map(amountOf)
  return linesHold && heads[0] === net && heads[1] === tax && heads[2] === net + tax
}

const identity = (paper: Paper): string => `${paper.seller}/${paper.code}/${paper.number}`

/** Both limits must hold: the share in per cent and 500 yuan. */
const within = (difference: bigint, base: bigint, percent: bigint): boolean =>
  difference * 100n <= base * percent && difference <= 50_000n

interface Verdict {
  readonly outcome: Outcome
  readonly reason?: string
}

function judge(paper: Paper, books: Books): Verdict {
  let differences = 0n
  for (const line of paper.lines) {
    const judged = judgeLine(line, books)
    if (typeof judged === 'string') return { outcome: 'EXCEPTION', reason: judged }
    differences += judged
  }
  if (outsideDates(paper, books)) return { outcome: 'EXCEPTION', reason: 'DATES' }
  if (differences > 100_000n) return { outcome: 'EXCEPTION', reason: 'HEADER' }
  return { outcome: differences > 0n ? 'WITHIN_TOLERANCE' : 'MATCHED' }
}

/** The difference of a line in fen, or why it is an exception. */
function judgeLine(line: Line, books: Books): bigint | string {
  const ordered = books.prices.get(line.orderLine)
  if (ordered === undefined) return 'ORDER_UNKNOWN'
  const receipt = books.received.get(line.orderLine)
  if (!receipt) return 'NOT_RECEIVED'
  const price = amountOf(line.price)
  const overPrice = price > ordered ? (price - ordered) * line.quantity : 0n
  if (!within(overPrice, ordered * line.quantity, 1n)) return 'PRICE'
  const open = receipt.quantity - (books.invoiced.get(line.orderLine) ?? 0n)
  const excess = line.quantity > open ? (line.quantity - open) * price : 0n
  return within(excess, line.quantity * price, 2n) ? overPrice + excess : 'QUANTITY'
}

/** From the first receipt of its lines to sixty days behind the last. */
function outsideDates(paper: Paper, books: Books): boolean {
  const receipts = paper.lines.flatMap(line => books.received.get(line.orderLine) ?? [])
  const earliest = receipts.map(one => one.first).sort()[0] ?? ''
  const latest =
    receipts
      .map(one => one.last)
      .sort()
      .at(-1) ?? ''
  const limit = new Date(Date.parse(latest) + 60 * 86_400_000).toISOString().slice(0, 10)
  return paper.date < earliest || paper.date > limit
}

export function recount(folder: string): Recount {
  const members = table(path.join(folder, 'members.csv')).map(row => row('uscc'))
  const books: Books = {
    members: new Set(members),
    prices: new Map(),
    received: new Map(),
    invoiced: new Map(),
  }
  const orders = readOrders(folder, books)
  const receipts = readReceipts(folder, books)
  const judged = judgeInvoices(folder, books)
  return {
    ...judged,
    orders,
    receipts,
    despatches: countRows(path.join(folder, 'logistics/despatch'), 'despatch_id'),
    creditNotes: readCreditNotes(folder),
    paid: readPayments(folder),
  }
}

function judgeInvoices(
  folder: string,
  books: Books,
): Pick<Recount, 'outcomes' | 'reasons' | 'byInvoice'> {
  const outcomes: Record<Outcome, Count> = {
    MATCHED: { count: 0, fen: 0n },
    WITHIN_TOLERANCE: { count: 0, fen: 0n },
    EXCEPTION: { count: 0, fen: 0n },
    REFUSED: { count: 0, fen: 0n },
  }
  const reasons: Record<string, Count> = {}
  const byInvoice = new Map<string, Outcome>()
  const papers = filesUnder(path.join(folder, 'alliance/invoices'))
    .flatMap(file => (file.endsWith('.csv') ? papersOfTable(file) : [paperOfXml(textOf(file))]))
    .sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))
  const seen = new Set<string>()
  for (const paper of papers) {
    const refused = refusal(paper, books, seen)
    const verdict: Verdict = refused ? { outcome: 'REFUSED', reason: refused } : judge(paper, books)
    const gross = fen(paper.gross) ?? 0n
    add(outcomes[verdict.outcome], gross)
    if (verdict.reason) add((reasons[verdict.reason] ??= { count: 0, fen: 0n }), gross)
    if (!refused) {
      seen.add(identity(paper))
      byInvoice.set(identity(paper), verdict.outcome)
      for (const line of paper.lines) {
        const before = books.invoiced.get(line.orderLine) ?? 0n
        books.invoiced.set(line.orderLine, before + line.quantity)
      }
    }
  }
  return { outcomes, reasons, byInvoice }
}

function add(to: Count, amount: bigint): void {
  to.count += 1
  to.fen += amount
}

const countRows = (folder: string, column: string): number =>
  new Set(filesUnder(folder).flatMap(file => table(file).map(row => row(column)))).size

function readCreditNotes(folder: string): Count {
  const total: Count = { count: 0, fen: 0n }
  for (const file of filesUnder(path.join(folder, 'alliance/credit-notes'))) {
    const amounts = file.endsWith('.csv')
      ? table(file).map(row => row('gross_amount'))
      : [first(textOf(file), 'cac:LegalMonetaryTotal', 'cbc:PayableAmount')]
    for (const amount of amounts) add(total, fen(amount) ?? 0n)
  }
  return total
}

function readPayments(folder: string): Count {
  const total: Count = { count: 0, fen: 0n }
  for (const bank of ['banka', 'bankb']) {
    for (const file of filesUnder(path.join(folder, bank, 'statements'))) {
      for (const entry of inside(textOf(file), 'Ntry')) {
        if (first(entry, 'CdtDbtInd') === 'DBIT') add(total, fen(first(entry, 'Amt')) ?? 0n)
      }
    }
  }
  return total
}
