import { addDays, type Day } from './calendar.ts'
import { creditCode } from './credit-code.ts'
import type { CreditNote, Invoice, Movement, Order, Trade } from './documents.ts'
import type { Firm, Firms } from './firms.ts'
import { bill, drawCase, numbering } from './invoices.ts'
import { placeOrder } from './orders.ts'
import { pay } from './payments.ts'
import type { Random } from './random.ts'
import { RATES } from './rates.ts'

const CREDIT_REASONS = ['质量扣款', '销售退回', '价格调整'] as const

/** A year of trade up to `last`, with at least `invoices` invoices that are nobody's duplicate. */
export function createTrade(
  random: Random,
  firms: Firms,
  scale: { readonly last: Day; readonly invoices: number },
): Trade {
  const first = addDays(scale.last, -364)
  const sellers = firms.suppliers.filter(firm => firm.tier === 1)
  const stranger: Firm = { ...firms.core, uscc: creditCode(random.fork('stranger')) }
  const orders: Order[] = []
  const despatches: Movement[] = []
  const receipts: Movement[] = []
  const invoices: Invoice[] = []
  const draws = random.fork('orders')
  for (let serial = 1; invoices.length < scale.invoices; serial += 1) {
    const seller = draws.pick(sellers)
    const delivered = placeOrder(draws, { serial, seller, first, last: scale.last })
    const billed = bill(draws, { delivered, kind: drawCase(draws), stranger })
    orders.push(delivered.order)
    despatches.push(...delivered.despatches)
    receipts.push(...billed.receipts)
    invoices.push(...billed.invoices)
  }
  const byDate = invoices.sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))
  const creditNotes = credit(random.fork('credits'), byDate, scale.last)
  return {
    first,
    last: scale.last,
    orders,
    despatches,
    receipts,
    invoices: withDuplicates(byDate),
    creditNotes,
    payments: pay(random.fork('payments'), { invoices: byDate, creditNotes, last: scale.last }),
  }
}

/** The case DUPLICATE: the invoice itself is exact, and stands in the file a second time. */
function withDuplicates(invoices: readonly Invoice[]): Invoice[] {
  return invoices.flatMap(invoice =>
    invoice.kind === 'DUPLICATE' ? [{ ...invoice, kind: 'EXACT' as const }, invoice] : [invoice],
  )
}

function credit(random: Random, invoices: readonly Invoice[], last: Day): CreditNote[] {
  const eligible = invoices.filter(
    invoice => invoice.kind === 'EXACT' && addDays(invoice.date, 20) <= last,
  )
  return eligible
    .filter(() => random.chance(RATES.creditNote))
    .map(invoice => {
      // A tenth of the first line, and the tax that goes with it.
      const netFen = (invoice.lines[0]?.netFen ?? 0n) / 10n
      const taxFen = (netFen * 13n + 50n) / 100n
      return {
        ...numbering(random),
        date: addDays(invoice.date, random.whole(5, 20)),
        invoice,
        carrier: random.chance(RATES.ubl) ? ('UBL' as const) : ('CSV' as const),
        reason: random.pick(CREDIT_REASONS),
        netFen,
        taxFen,
        grossFen: netFen + taxFen,
      }
    })
}
