import { addDays, type Day } from './calendar.ts'
import { spoilCheckCharacter } from './credit-code.ts'
import {
  TAX_PERCENT,
  type Case,
  type Invoice,
  type InvoiceLine,
  type Movement,
  type Order,
} from './documents.ts'
import type { Firm } from './firms.ts'
import { percentOf, sumOf } from './money.ts'
import type { Delivered } from './orders.ts'
import type { Random } from './random.ts'
import { CASES_PER_MILLE, RATES } from './rates.ts'

export function drawCase(random: Random): Case {
  let mark = random.whole(0, 999)
  for (const [kind, share] of Object.entries(CASES_PER_MILLE)) {
    mark -= share
    if (mark < 0) return kind as Case
  }
  return 'EXACT'
}

interface Billing {
  readonly delivered: Delivered
  readonly kind: Case
  readonly stranger: Firm
}

/** What one order leads to: its invoices, and the receipts as the warehouse booked them. */
export function bill(
  random: Random,
  billing: Billing,
): { invoices: Invoice[]; receipts: Movement[] } {
  const { delivered } = billing
  if (delivered.receipts.length > 1) {
    // Deliveries in parts are always invoiced exactly: what they test is the sharing of receipts between invoices.
    const joined = random.chance(RATES.joinedInvoice)
    const groups = joined ? [delivered.receipts] : delivered.receipts.map(receipt => [receipt])
    const invoices = groups.map(group => invoice(random, { ...billing, kind: 'EXACT' }, group))
    return { invoices, receipts: [...delivered.receipts] }
  }
  return {
    invoices: [invoice(random, billing, delivered.receipts)],
    receipts: delivered.receipts.map(receipt => asBooked(receipt, billing.kind)).filter(isBooked),
  }
}

const isBooked = (receipt: Movement | undefined): receipt is Movement => receipt !== undefined

/** The warehouse's truth differs from the despatch in the cases that are about quantity. */
function asBooked(receipt: Movement, kind: Case): Movement | undefined {
  if (kind === 'NOT_RECEIVED') return undefined
  const missing = (quantity: bigint): bigint => {
    if (kind === 'QUANTITY_WITHIN') return 1n
    return kind === 'QUANTITY_BEYOND' ? (quantity * 15n) / 100n : 0n
  }
  const lines = receipt.lines.map((entry, index) => ({
    ...entry,
    quantity: entry.quantity - (index === 0 ? missing(entry.quantity) : 0n),
  }))
  return { ...receipt, lines }
}

function invoice(random: Random, billing: Billing, receipts: readonly Movement[]): Invoice {
  const { order } = billing.delivered
  const received = receipts.at(-1)?.date ?? order.date
  const lines = order.lines.map((line, index) => {
    const quantity = sumOf(receipts.map(receipt => receipt.lines[index]?.quantity ?? 0n))
    const priceFen =
      index === 0 ? invoicedPrice(line.priceFen, quantity, billing.kind) : line.priceFen
    return invoiceLine({ order, index, quantity, priceFen, kind: billing.kind })
  })
  const netFen = sumOf(lines.map(line => line.netFen))
  const taxFen = sumOf(lines.map(line => line.taxFen))
  return {
    ...numbering(random),
    date: invoiceDate(random, received, billing.kind),
    seller: order.seller,
    sellerUscc: sellerCode(order.seller, billing),
    carrier: random.chance(RATES.ubl) ? 'UBL' : 'CSV',
    kind: billing.kind,
    lines,
    netFen,
    taxFen,
    grossFen: netFen + taxFen,
  }
}

function invoiceLine(draft: {
  readonly order: Order
  readonly index: number
  readonly quantity: bigint
  readonly priceFen: bigint
  readonly kind: Case
}): InvoiceLine {
  const orderLine = draft.order.lines[draft.index]
  if (!orderLine) throw new Error('an invoice line without its order line')
  const netFen = draft.quantity * draft.priceFen
  const orderId = draft.kind === 'UNKNOWN_ORDER' ? `${draft.order.id}X` : draft.order.id
  return {
    orderId,
    orderLine,
    quantity: draft.quantity,
    priceFen: draft.priceFen,
    netFen,
    taxFen: percentOf(netFen, TAX_PERCENT),
  }
}

function invoicedPrice(priceFen: bigint, quantity: bigint, kind: Case): bigint {
  switch (kind) {
    case 'PRICE_IN_FAVOUR':
      return priceFen - (priceFen * 2n) / 100n
    case 'PRICE_WITHIN':
      return priceFen + smallRise(priceFen, quantity)
    case 'PRICE_BEYOND':
      return priceFen + (priceFen * 8n) / 100n
    default:
      return priceFen
  }
}

/** Half a percent, but at least one fen and at most 300 yuan over the whole line: well inside both limits. */
function smallRise(priceFen: bigint, quantity: bigint): bigint {
  const percent = priceFen / 200n
  const cap = 30_000n / quantity
  const rise = percent < cap ? percent : cap
  return rise > 0n ? rise : 1n
}

function invoiceDate(random: Random, received: Day, kind: Case): Day {
  return kind === 'BEFORE_RECEIPT'
    ? addDays(received, -random.whole(4, 8))
    : addDays(received, random.whole(0, 10))
}

function sellerCode(seller: Firm, billing: Billing): string {
  if (billing.kind === 'WRONG_CHECK_CHARACTER') return spoilCheckCharacter(seller.uscc)
  return billing.kind === 'UNKNOWN_MEMBER' ? billing.stranger.uscc : seller.uscc
}

/** Most invoices are fully digitised (20 digits, no code); the rest carry the old code of 12 and number of 8. */
export function numbering(random: Random): { code: string; number: string } {
  if (random.chance(0.7)) return { code: '', number: `25${random.digits(18)}` }
  return { code: `03100${random.digits(7)}`, number: random.digits(8) }
}
