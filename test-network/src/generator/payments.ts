import { addDays, daysBetween, type Day } from './calendar.ts'
import type { CreditNote, Invoice, Payment, ShortReason } from './documents.ts'
import { sumOf } from './money.ts'
import type { Random } from './random.ts'
import { RATES } from './rates.ts'

/** Cases the buyer pays: what was refused or disputed waits. */
const PAID: ReadonlySet<string> = new Set([
  'EXACT',
  'PRICE_IN_FAVOUR',
  'PRICE_WITHIN',
  'QUANTITY_WITHIN',
])

const TERM_DAYS = 60

interface Due {
  readonly invoice: Invoice
  readonly openFen: bigint
  readonly dueOn: Day
}

/**
 * The buyer's payment runs: invoices due in the same half month to the same supplier are paid together, up to five
 * at a time. What falls due behind the last day stays open: that is what certificates are made of.
 */
export function pay(
  random: Random,
  trade: {
    readonly invoices: readonly Invoice[]
    readonly creditNotes: readonly CreditNote[]
    readonly last: Day
  },
): Payment[] {
  const credited = new Map(trade.creditNotes.map(note => [note.invoice, note.grossFen]))
  const due = trade.invoices
    .filter(invoice => PAID.has(invoice.kind))
    .map(invoice => ({
      invoice,
      openFen: invoice.grossFen - (credited.get(invoice) ?? 0n),
      dueOn: addDays(invoice.date, TERM_DAYS),
    }))
    .filter(({ dueOn, openFen }) => dueOn <= trade.last && openFen > 0n)
  return runs(due)
    .map(run => payment(random, run))
    .filter(made => daysBetween(made.date, trade.last) >= 0)
}

function runs(due: readonly Due[]): Due[][] {
  const groups = new Map<string, Due[]>()
  for (const item of due) {
    const half = item.dueOn.slice(8) <= '15' ? 'a' : 'b'
    const key = `${item.dueOn.slice(0, 7)}${half}/${item.invoice.seller.memberId}`
    groups.set(key, [...(groups.get(key) ?? []), item])
  }
  return [...groups.values()].flatMap(group => {
    const chunks: Due[][] = []
    for (let start = 0; start < group.length; start += 5) chunks.push(group.slice(start, start + 5))
    return chunks
  })
}

function payment(random: Random, run: readonly Due[]): Payment {
  const latest = run.map(item => item.dueOn).reduce((a, b) => (a > b ? a : b))
  const late = random.chance(RATES.latePayment) ? random.whole(5, 40) : 0
  const short = random.chance(RATES.shortPayment) ? shortfall(random, run) : undefined
  const parts = run.map((item, index) => ({
    invoice: item.invoice,
    amountFen: item.openFen - (index === 0 && short ? short.amountFen : 0n),
  }))
  const seller = run[0]?.invoice.seller
  if (!seller) throw new Error('a payment run without an invoice')
  return {
    date: addDays(latest, late),
    seller,
    amountFen: sumOf(parts.map(part => part.amountFen)),
    parts,
    reference: referenceStyle(random, short !== undefined),
    ...(short ? { shortReason: short.reason } : {}),
  }
}

function shortfall(
  random: Random,
  run: readonly Due[],
): { reason: ShortReason; amountFen: bigint } | undefined {
  const first = run[0]
  if (!first) return undefined
  const reason = random.pick(['DISCOUNT', 'DISPUTE', 'BANK_FEE', 'WITHHOLDING'] as const)
  const amountFen = reason === 'BANK_FEE' ? 2_500n : first.openFen / 100n
  return { reason, amountFen }
}

/** A short payment always says what it is for, else nobody could tell which invoice it left open. */
function referenceStyle(random: Random, isShort: boolean): Payment['reference'] {
  if (isShort) return 'STRUCTURED'
  if (random.chance(RATES.noReference)) return 'NONE'
  return random.chance(RATES.freeTextReference) ? 'FREE_TEXT' : 'STRUCTURED'
}
