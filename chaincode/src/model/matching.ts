/**
 * The three-flow match of one invoice: order, receipts so far, and the limits of the rule set.
 *
 * Quantity is judged against what was received and not yet invoiced, so the second invoice of an order
 * meets only what the first left. A price in the buyer's favour passes. The eligible amount is
 * min(invoiced, received x order price), line by line, with tax in proportion.
 */
import { amountFen, quantityMilli } from './brand.ts'
import type { AmountFen, HashHex, LocalDate, QuantityMilli, RecordId } from './brand.ts'
import { addDays } from './dates.ts'
import type { Invoice, InvoiceLine, Order, OrderLine, Receipt, RuleSet } from './documents.ts'
import { refuse } from './fault.ts'
import { lineNetFen, shareFen } from './money.ts'
import type { Progress } from './records.ts'

export const EXCEPTION_CODES = [
  'CURRENCY',
  'SELLER',
  'ORDER_LINE',
  'NO_RECEIPT',
  'PRICE',
  'QUANTITY',
  'TAX',
  'HEADER_CAP',
  'OVER_DELIVERY',
  'UNDER_DELIVERY',
  'DATES',
] as const
export type ExceptionCode = (typeof EXCEPTION_CODES)[number]

export type MatchEvidence = {
  /** `sellerTag` is what the seller submitted the invoice under. */
  invoice: Invoice & { sellerTag?: HashHex }
  rules: RuleSet
  orders: ReadonlyMap<RecordId, Order>
  progress: ReadonlyMap<RecordId, Progress>
  /** Receipts not counted yet, by id. */
  receipts: ReadonlyMap<RecordId, Receipt>
}
export type MatchResult = {
  match: 'MATCHED' | 'WITHIN_TOLERANCE' | 'EXCEPTION'
  codes: ExceptionCode[]
  /** min(invoiced, received x order price) with tax, before credits. */
  acceptableFen: AmountFen
  differenceFen: AmountFen
  /** What the progress of each order becomes if the invoice is accepted. */
  progress: Map<RecordId, Progress>
}

const requireParties = ({ invoice, rules, orders, receipts }: MatchEvidence): void => {
  const same = (document: { buyer: string; seller: string }): boolean =>
    document.buyer === invoice.buyer && document.seller === invoice.seller
  const all = [rules, ...orders.values(), ...receipts.values()]
  const categories = [...orders.values()].every(order => order.category === rules.category)
  if (!all.every(same) || !categories) refuse('MATCH_PARTIES')
}

type LineCount = { receivedMilli: QuantityMilli; invoicedMilli: QuantityMilli }
type Counted = Omit<Progress, 'lines' | 'firstReceiptOn' | 'lastReceiptOn'> & {
  lines: Map<string, LineCount>
  firstReceiptOn?: LocalDate
  lastReceiptOn?: LocalDate
}

const startOf = (progress: Progress | undefined): Counted =>
  progress === undefined
    ? { lines: new Map(), final: false, receipts: [] }
    : {
        ...progress,
        lines: new Map(progress.lines.map(({ line, ...count }) => [line, { ...count }])),
        receipts: [...progress.receipts],
      }

const countOf = (counted: Counted, line: string): LineCount =>
  counted.lines.get(line) ?? { receivedMilli: quantityMilli(0n), invoicedMilli: quantityMilli(0n) }

const earlier = (a: LocalDate | undefined, b: LocalDate): LocalDate =>
  a === undefined || b < a ? b : a
const later = (a: LocalDate | undefined, b: LocalDate): LocalDate =>
  a === undefined || b > a ? b : a

/** Adds a receipt's lines of this order; a receipt that is counted already is refused. */
const countReceipt = (
  counted: Counted,
  orderId: RecordId,
  [id, receipt]: [RecordId, Receipt],
): Counted => {
  const goods = receipt.lines.filter(line => line.orderId === orderId)
  if (goods.length === 0) return counted
  if (counted.receipts.includes(id)) refuse('RECEIPT_COUNTED', { receiptId: id })
  const lines = new Map(counted.lines)
  for (const { line, quantityMilli: quantity } of goods) {
    const count = countOf({ ...counted, lines }, line)
    lines.set(line, { ...count, receivedMilli: quantityMilli(count.receivedMilli + quantity) })
  }
  return {
    lines,
    final: counted.final || receipt.final,
    receipts: [...counted.receipts, id],
    firstReceiptOn: earlier(counted.firstReceiptOn, receipt.receivedOn),
    lastReceiptOn: later(counted.lastReceiptOn, receipt.receivedOn),
  }
}

const countAll = (evidence: MatchEvidence): Map<RecordId, Counted> => {
  const result = new Map<RecordId, Counted>()
  for (const orderId of evidence.orders.keys()) {
    let counted = startOf(evidence.progress.get(orderId))
    for (const entry of evidence.receipts) counted = countReceipt(counted, orderId, entry)
    result.set(orderId, counted)
  }
  return result
}

type LineVerdict = { codes: ExceptionCode[]; acceptableFen: bigint; differenceFen: bigint }

const priceVerdict = (line: InvoiceLine, order: OrderLine, rules: RuleSet) => {
  const expected = lineNetFen(line.quantityMilli, order.unitPriceMicro)
  const over = line.netFen - expected
  const within = over <= rules.priceValueFen && over <= shareFen(expected, rules.priceRatioPpm)
  return { over: over > 0n ? over : 0n, broken: over > 0n && !within }
}

const quantityVerdict = (input: {
  line: InvoiceLine
  order: OrderLine
  rules: RuleSet
  freeMilli: bigint
}) => {
  const { line, order, rules, freeMilli } = input
  const missing = line.quantityMilli - (freeMilli > 0n ? freeMilli : 0n)
  if (missing <= 0n) return { over: 0n, broken: false }
  const value = lineNetFen(quantityMilli(missing), order.unitPriceMicro)
  const ratioHolds = missing * 1_000_000n <= line.quantityMilli * rules.quantityRatioPpm
  return { over: value, broken: !(ratioHolds && value <= rules.quantityValueFen) }
}

const acceptableOf = (line: InvoiceLine, order: OrderLine, freeMilli: bigint): bigint => {
  const free = freeMilli > 0n ? freeMilli : 0n
  const quantity = free < line.quantityMilli ? free : line.quantityMilli
  const value = lineNetFen(quantityMilli(quantity), order.unitPriceMicro)
  if (value >= line.netFen) return line.netFen + line.taxFen
  const tax = shareFen(value, order.taxRatePpm)
  return value + (tax < line.taxFen ? tax : line.taxFen)
}

const judgeLine = (
  line: InvoiceLine,
  order: OrderLine,
  count: LineCount,
  rules: RuleSet,
): LineVerdict => {
  const freeMilli = count.receivedMilli - count.invoicedMilli
  const price = priceVerdict(line, order, rules)
  const quantity = quantityVerdict({ line, order, rules, freeMilli })
  const codes: ExceptionCode[] = []
  if (price.broken) codes.push('PRICE')
  if (quantity.broken) codes.push(freeMilli <= 0n ? 'NO_RECEIPT' : 'QUANTITY')
  if (line.taxFen !== shareFen(line.netFen, order.taxRatePpm)) codes.push('TAX')
  return {
    codes,
    acceptableFen: acceptableOf(line, order, freeMilli),
    differenceFen: price.over + quantity.over,
  }
}

const judgeLines = (evidence: MatchEvidence, counted: Map<RecordId, Counted>): LineVerdict => {
  const total: LineVerdict = { codes: [], acceptableFen: 0n, differenceFen: 0n }
  for (const line of evidence.invoice.lines) {
    const order = evidence.orders
      .get(line.orderId)
      ?.lines.find(({ line: name }) => name === line.line)
    const progress = counted.get(line.orderId)
    if (order === undefined || progress === undefined) {
      total.codes.push('ORDER_LINE')
      continue
    }
    const count = countOf(progress, line.line)
    const verdict = judgeLine(line, order, count, evidence.rules)
    total.codes.push(...verdict.codes)
    total.acceptableFen += verdict.acceptableFen
    total.differenceFen += verdict.differenceFen
    // two invoice lines of one order line share what was received
    progress.lines.set(line.line, {
      ...count,
      invoicedMilli: quantityMilli(count.invoicedMilli + line.quantityMilli),
    })
  }
  return total
}

const deliveryCodes = (
  { orders, rules }: MatchEvidence,
  counted: Map<RecordId, Counted>,
): ExceptionCode[] => {
  const codes: ExceptionCode[] = []
  for (const [orderId, order] of orders)
    for (const line of order.lines) {
      const progress = counted.get(orderId) as Counted
      const { receivedMilli } = countOf(progress, line.line)
      const scaled = receivedMilli * 1_000_000n
      if (scaled > line.quantityMilli * (1_000_000n + rules.overDeliveryPpm))
        codes.push('OVER_DELIVERY')
      if (progress.final && scaled < line.quantityMilli * (1_000_000n - rules.underDeliveryPpm))
        codes.push('UNDER_DELIVERY')
    }
  return codes
}

/** first receipt <= invoice <= last receipt + N days, over all orders of the invoice */
const datesHold = ({ invoice, rules }: MatchEvidence, counted: Map<RecordId, Counted>): boolean => {
  const orders = [...counted.values()]
  const firsts = orders.flatMap(({ firstReceiptOn }) => firstReceiptOn ?? [])
  const lasts = orders.flatMap(({ lastReceiptOn }) => lastReceiptOn ?? [])
  if (firsts.length === 0 || lasts.length === 0) return true // NO_RECEIPT says it
  const first = firsts.reduce((a, b) => (b < a ? b : a))
  const last = lasts.reduce((a, b) => (b > a ? b : a))
  return first <= invoice.issuedOn && invoice.issuedOn <= addDays(last, rules.invoiceDaysMax)
}

/** Without a record of its own the buyer takes the seller's word for who it is. */
const isSellerKnown = ({ invoice, rules }: MatchEvidence): boolean =>
  rules.sellerTag === undefined || rules.sellerTag === invoice.sellerTag

/** Of these nothing is acceptable, however the lines agree. */
const isWhole = (code: ExceptionCode): boolean => code === 'CURRENCY' || code === 'SELLER'

const headerCodes = (
  evidence: MatchEvidence,
  lines: LineVerdict,
  counted: Map<RecordId, Counted>,
): ExceptionCode[] => {
  const codes: ExceptionCode[] = []
  if ([...evidence.orders.values()].some(order => order.currency !== evidence.invoice.currency))
    codes.push('CURRENCY')
  if (!isSellerKnown(evidence)) codes.push('SELLER')
  if (lines.differenceFen > evidence.rules.headerCapFen) codes.push('HEADER_CAP')
  if (!datesHold(evidence, counted)) codes.push('DATES')
  return codes
}

const progressOf = (counted: Counted, invoice: Invoice): Progress => ({
  lines: [...counted.lines].map(([line, count]) => ({ line, ...count })),
  firstReceiptOn: counted.firstReceiptOn ?? invoice.issuedOn,
  lastReceiptOn: counted.lastReceiptOn ?? invoice.issuedOn,
  final: counted.final,
  receipts: counted.receipts,
})

/** Judges one invoice. Refuses only evidence that is not about it; everything else is a verdict. */
export const judgeInvoice = (evidence: MatchEvidence): MatchResult => {
  requireParties(evidence)
  const counted = countAll(evidence)
  const lines = judgeLines(evidence, counted)
  const found = new Set<ExceptionCode>([
    ...lines.codes,
    ...headerCodes(evidence, lines, counted),
    ...deliveryCodes(evidence, counted),
  ])
  const codes = EXCEPTION_CODES.filter(code => found.has(code))
  const accepted = lines.differenceFen === 0n ? 'MATCHED' : 'WITHIN_TOLERANCE'
  return {
    match: codes.length > 0 ? 'EXCEPTION' : accepted,
    codes,
    acceptableFen: amountFen(codes.some(isWhole) ? 0n : lines.acceptableFen),
    differenceFen: amountFen(lines.differenceFen),
    progress: new Map([...counted].map(([id, each]) => [id, progressOf(each, evidence.invoice)])),
  }
}
