/**
 * A seeded year of trade: one core enterprise, twenty suppliers on three tiers, two banks, a logistics provider.
 *
 * It writes what real firms would hand in: orders, despatches, receipts, invoices, credit notes and bank statements
 * as CSV (some of it GBK), UBL 2.1 and camt.053, with the mess of reality at the rates of `rates.ts`. Everything
 * behind it goes through the public API, exactly as a stranger's files would.
 *
 * Invariants: the same seed and last day give the same bytes; every document that should be accepted adds up to the
 * fen; balances of a statement add up and chain; no case lies near a border of the tolerance rules.
 * `truth.json` is for tests alone: nothing that runs in production reads it.
 *
 * May import node; nothing of the product. `recount.ts` shares no parsing or judging code with anybody.
 */
import { createFirms, type Firms } from './firms.ts'
import type { Day } from './calendar.ts'
import { seeded } from './random.ts'
import { createTrade } from './trade.ts'
import { writeTrade, type WrittenFiles } from './write.ts'

export { type Firm, type Firms, branches } from './firms.ts'
export { type WrittenFiles } from './write.ts'
export { type Truth, type Figures, type Judgement } from './truth.ts'
export { addDays, daysBetween, type Day } from './calendar.ts'
export { camt053, closingFen, type Entry, type Statement } from './camt.ts'
export { coreAccount } from './statements.ts'
export { yuan, sumOf } from './money.ts'
export { seeded, type Random } from './random.ts'

export interface GeneratorOptions {
  readonly directory: string
  readonly seed: string
  /** The last day of the year of trade. */
  readonly last: Day
  /** Least number of invoices that are nobody's duplicate. */
  readonly invoices: number
}

export interface GeneratedYear extends WrittenFiles {
  readonly firms: Firms
}

/** The firms of a seed, without writing anything. */
export const firmsOf = (seed: string): Firms => createFirms(seeded(seed).fork('firms'))

export function generateYear(options: GeneratorOptions): GeneratedYear {
  const random = seeded(options.seed)
  const firms = firmsOf(options.seed)
  const trade = createTrade(random.fork('trade'), firms, options)
  return { firms, ...writeTrade(options.directory, random.fork('files'), firms, trade) }
}
