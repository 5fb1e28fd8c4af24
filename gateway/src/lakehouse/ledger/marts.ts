/**
 * Sums by member and month over ten million rows cost most of a second, whoever asks. So those of what is settled are
 * kept beside it, in the same transaction; a view takes off what was settled of records that changed later, and adds
 * them as they stand now.
 */
import type { Described, Words } from '../analysis/described.ts'
import { LAKE } from '../names.ts'

export interface Mart {
  readonly name: string
  readonly words: Words
  /** The silver table whose last versions are counted. */
  readonly of: string
  readonly member: string
  readonly day: string
  readonly fen: string
}

export const MARTS: readonly Mart[] = [
  {
    name: 'payments_by_month',
    words: { zh: '按月付款', en: 'Payments by payer and month' },
    of: 'payments',
    member: 'payer',
    day: 'value_on',
    fen: 'amount_fen',
  },
  {
    name: 'invoices_by_month',
    words: { zh: '按月发票', en: 'Invoices by seller and month' },
    of: 'invoices',
    member: 'seller',
    day: 'issued_on',
    fen: 'total_fen',
  },
]

/**
 * Not for banks: a bank sees the payments that go through it, and a sum says of the others as well. Not for exports:
 * a month without one member, taken from the same month of the records themselves, would be that member's.
 */
export const describedMart = ({ name, words, member }: Mart): Described => ({
  name: `gold.${name}`,
  words,
  key: [member, 'month'],
  columns: {
    [member]: { type: 'VARCHAR', is: ['NAME', 'QUASI', 'SUBJECT'] },
    month: { type: 'DATE', is: ['PLAIN', 'QUASI'], words: { zh: '月份', en: 'Month' } },
    records: { type: 'BIGINT', is: ['PLAIN'], words: { zh: '笔数', en: 'Records' } },
    sum_fen: { type: 'BIGINT', is: ['PLAIN'], words: { zh: '合计（分）', en: 'Sum, in fen' } },
  },
  staysInHouse: true,
  rows: { MEMBER: { member: [member] }, CORE: 'ALL', REGULATOR: 'ALL' },
})

export const settledMart = ({ name }: Mart): string => `${LAKE}.settled.${name}`

export const emptyMart = (mart: Mart): string[] => [
  `DROP TABLE IF EXISTS ${settledMart(mart)}`,
  `CREATE TABLE ${settledMart(mart)}
     (${mart.member} VARCHAR, month DATE, records BIGINT, sum_fen BIGINT)`,
]

/** A day's parts are looked up once for each day of a file; `date_trunc` is worked out row by row. */
const monthOf = (day: string): string => `make_date(year(${day}), month(${day}), 1)`

/** Rows of one group of the mart for each row of `rows`; a record that is taken off counts minus one. */
const counted = ({ member, day, fen }: Mart, rows: string, times: 1 | -1): string =>
  `SELECT ${member}, ${monthOf(day)} AS month, ${times} AS records, ${times} * ${fen} AS sum_fen
   FROM ${rows}`

// In a file a sum of BIGINT would be a floating number: it is cast, and one that does not fit is an error.
const summed = ({ member }: Mart, rows: string): string =>
  `SELECT ${member}, month, CAST(sum(records) AS BIGINT) AS records,
     CAST(coalesce(sum(sum_fen), 0) AS BIGINT) AS sum_fen
   FROM (${rows}) GROUP BY ALL HAVING sum(records) <> 0`

/** The sums of these records, worked out from all of them. */
export const martOf = (mart: Mart, records: string): string =>
  summed(mart, counted(mart, records, 1))

/**
 * The sums of the records as they stand, out of those that are settled.
 *
 * @param after.records what is settled.
 * @param after.changed ids of what came later.
 * @param after.later its last versions.
 */
export const martAfter = (
  mart: Mart,
  after: Readonly<Record<'records' | 'changed' | 'later', string>>,
): string =>
  summed(
    mart,
    `FROM ${settledMart(mart)}
     UNION ALL ${counted(mart, `${after.records} SEMI JOIN ${after.changed} USING (id)`, -1)}
     UNION ALL ${counted(mart, after.later, 1)}`,
  )
