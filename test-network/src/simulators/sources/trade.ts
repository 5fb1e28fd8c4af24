/** The generated year of trade, as deals: the tax office knows the invoices that the suppliers handed in. */
import type { Day } from '../../generator/calendar.ts'
import type { Case, Invoice } from '../../generator/documents.ts'
import { addDays, firmsOf, seeded } from '../../generator/index.ts'
import { createTrade } from '../../generator/trade.ts'
import type { Actor } from './actors.ts'
import type { Deal } from './life.ts'

export interface TradeScale {
  /** The last day of the generated year, and how many invoices it has: as the generator was told. */
  readonly last: Day
  readonly invoices: number
}

/** Slips of whoever typed the file: no tax office ever had such an invoice. */
const SLIPS: ReadonlySet<Case> = new Set([
  'DUPLICATE',
  'WRONG_CHECK_CHARACTER',
  'UNKNOWN_MEMBER',
  'NEGATIVE_AMOUNT',
  'OVER_PRECISE',
  'WRONG_TOTAL',
])

export interface GivenTrade {
  readonly invoices: readonly Invoice[]
  readonly paidOn: ReadonlyMap<string, Day>
  /** What each seller sells in a month, by credit code. */
  readonly monthlyFen: ReadonlyMap<string, number>
}

export const NO_TRADE: GivenTrade = { invoices: [], paidOn: new Map(), monthlyFen: new Map() }

const numberOf = ({ code, number }: Invoice): string => `${code}/${number}`

export function givenTrade(seed: string, scale: TradeScale): GivenTrade {
  const trade = createTrade(seeded(seed).fork('trade'), firmsOf(seed), scale)
  const invoices = trade.invoices.filter(({ kind }) => !SLIPS.has(kind))
  const paid = trade.payments.flatMap(({ date, parts }) =>
    parts.map(({ invoice }) => [numberOf(invoice), date] as const),
  )
  const monthlyFen = new Map<string, number>()
  for (const { seller, netFen } of invoices)
    monthlyFen.set(seller.uscc, (monthlyFen.get(seller.uscc) ?? 0) + Number(netFen) / 12)
  return { invoices, paidOn: new Map(paid), monthlyFen }
}

export function dealsOf(trade: GivenTrade, actors: readonly Actor[]): Deal[] {
  const firms = new Map(actors.map(actor => [actor.code, actor]))
  const core = actors.find(({ role }) => role === 'CORE')
  return trade.invoices.flatMap(invoice => {
    const seller = firms.get(invoice.seller.uscc)
    if (!seller || !core) return []
    return [
      {
        code: invoice.code,
        number: invoice.number,
        seller,
        buyer: core,
        goods: invoice.lines[0]?.orderLine.article.description ?? '货物',
        netFen: Number(invoice.netFen),
        taxFen: Number(invoice.taxFen),
        issuedOn: invoice.date,
        // The terms of the framework contract, as the generator's payment runs know them.
        dueOn: addDays(invoice.date, 60),
        paidOn: trade.paidOn.get(numberOf(invoice)),
        shippedOn: addDays(invoice.date, -3),
        redLetteredOn: undefined,
      },
    ]
  })
}
