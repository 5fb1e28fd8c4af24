/** What a figure is: words, unit, target, picture, and the one query that it comes from. */

export interface Words {
  readonly zh: string
  readonly en: string
}

export type ColumnType =
  | 'MONTH'
  | 'TEXT'
  | 'COUNT'
  /** Of 1; the columns that it is made of stand beside it. */
  | 'SHARE'
  | 'MINUTES'
  | 'FEN'
  | 'SCORE'
  /** Why a figure of this row is null. */
  | 'REASON'

export interface Column {
  readonly type: ColumnType
  readonly words: Words
  /** Of a share: names of columns. */
  readonly of?: { readonly numerator: string; readonly denominator: string }
}

export interface Target {
  readonly column: string
  readonly value: number
  readonly isAtMost: boolean
  readonly words: Words
}

/** What people do now, told by the organisation with its source: what a case costs without the platform. */
export interface CostParameter {
  readonly activity: Activity
  /** Pages of the portal on which people do it. */
  readonly pages: readonly string[]
  readonly manualMinutes: number
  readonly fenPerHour: number
  readonly source: string
}
export const ACTIVITIES = ['MATCHING', 'CONFIRMATION', 'FINANCING'] as const
export type Activity = (typeof ACTIVITIES)[number]

export interface Kpi {
  readonly name: string
  /** Raised with every change of what the query counts. */
  readonly version: number
  readonly words: Words
  /** What is counted, and what is not. */
  readonly about: Words
  readonly target?: Target
  readonly columns: Readonly<Record<string, Column>>
  readonly chart: {
    readonly kind: 'LINE' | 'BAR' | 'STACKED_BAR' | 'TABLE'
    readonly x: string
    readonly y: readonly string[]
    readonly series?: string
  }
  sql(costs: readonly CostParameter[]): string
}

export const column = (
  type: ColumnType,
  zh: string,
  en: string,
  of?: { numerator: string; denominator: string },
): Column => ({ type, words: { zh, en }, ...(of ? { of } : {}) })

export const MONTH = column('MONTH', '月份', 'month')
export const REASON = column('REASON', '无数值的原因', 'why there is no figure')

export const share = (zh: string, en: string, numerator: string, denominator: string): Column =>
  column('SHARE', zh, en, { numerator, denominator })

/** China has one time zone and no summer time. */
export const monthOf = (instant: string): string =>
  `strftime(${instant} + INTERVAL 8 HOUR, '%Y-%m')`

/** The last moment that the ledger knows: what is open is as old as it was then. */
export const LEDGER_TIME = `(SELECT max("at") FROM lake.bronze.transactions)`
export const LEDGER_DAY = `(SELECT CAST(max("at") + INTERVAL 8 HOUR AS DATE) FROM lake.bronze.transactions)`

export const minutesBetween = (from: string, to: string): string =>
  `(epoch_ms(${to}) - epoch_ms(${from})) / 60000.0`

/** Bronze and silver tables that the query reads: where to look for the origin of a figure. */
export const tablesOf = (sql: string): string[] =>
  [
    ...new Set(
      [...sql.matchAll(/\blake\.((?:bronze|silver|gold)\.\w+)/g)].map(([, name]) => name ?? ''),
    ),
  ].sort()
