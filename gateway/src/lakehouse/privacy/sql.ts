/** What is declared of a table, as SQL over one of its rows. Periods are understood by PostgreSQL as well. */
import { quoted } from '../names.ts'
import type { RetentionClass } from '../sources/source.ts'
import type { Period, Rule, Rules } from './classes.ts'
import type { Finding, Personal, Retained } from './declared.ts'
import type { Named } from './subject.ts'

export type Timed = Extract<Retained, { keeps: 'TIME' }>

const interval = ({ count, unit }: Period): string => `INTERVAL '${count} ${unit}'`
const column = (name: string): string => `"${name}"`

/** An instant as the engine compares it: a TIMESTAMP in UTC. */
export const instant = (at: Date): string =>
  `TIMESTAMP '${at.toISOString().slice(0, 23).replace('T', ' ')}'`

/** The class of a row, as text. */
export function classSql({ class: rows }: Pick<Timed, 'class'>): string {
  if (typeof rows === 'string') return quoted(rows)
  const cases = Object.entries(rows.of).map(
    ([value, name]) => `WHEN ${quoted(value)} THEN ${quoted(name)}`,
  )
  return `CASE ${column(rows.column)} ${cases.join(' ')} ELSE ${quoted(rows.otherwise)} END`
}

const classesOf = ({ class: rows }: Pick<Timed, 'class'>): RetentionClass[] =>
  typeof rows === 'string' ? [rows] : [...new Set([...Object.values(rows.of), rows.otherwise])]

/** When a period that began with a row is over; NULL where there is none. */
function endSql(clock: string, from: Rule['from'], period: Period | undefined): string {
  if (!period) return 'NULL'
  const at = `${column(clock)}::TIMESTAMP`
  // A year ends at midnight in China.
  const begins =
    from === 'EVENT'
      ? at
      : `(date_trunc('year', ${at} + INTERVAL '8 HOUR')::TIMESTAMP + INTERVAL '1 YEAR' - INTERVAL '8 HOUR')`
  return `(${begins} + ${interval(period)})`
}

function endByClass(timed: Timed, rules: Rules, of: (rule: Rule) => Period | undefined): string {
  const cases = classesOf(timed).map(name => {
    const rule = rules[name]
    return `WHEN ${quoted(name)} THEN ${endSql(timed.clock, rule.from, of(rule))}`
  })
  return `CASE ${classSql(timed)} ${cases.join(' ')} END`
}

/** Rows of this table that may be deleted at all. */
export const inTimeSql = ({ only }: Timed): string =>
  only ? `${column(only.column)} IS NOT DISTINCT FROM ${quoted(only.value)}` : 'true'

/** Until when the law wants a row kept; NULL where it does not. */
export const heldUntilSql = (timed: Timed, rules: Rules): string =>
  endByClass(timed, rules, ({ atLeast }) => atLeast)

/** True of a row that the law wants kept. */
export const isHeldSql = (timed: Timed, rules: Rules, now: Date): string =>
  `coalesce(${heldUntilSql(timed, rules)} > ${instant(now)}, false)`

/** True of a row whose time is over: from the very instant at which its period ends. */
export const isOverSql = (timed: Timed, rules: Rules, now: Date): string =>
  `coalesce(${endByClass(timed, rules, ({ keep }) => keep)} <= ${instant(now)}, false)`

export const containsSql = (name: string, { identifiers }: Pick<Named, 'identifiers'>): string =>
  `(${identifiers
    .map(one => `coalesce(contains(${column(name)}::VARCHAR, ${quoted(one)}), false)`)
    .join(' OR ')})`

function findingSql(finding: Finding, named: Named): string {
  if (finding.by === 'TEXT') return containsSql(finding.column, named)
  const isIt = named.identifiers.map(quoted).join(', ')
  const ofKind = finding.kindColumn
    ? ` AND ${column(finding.kindColumn)} = ${quoted(named.subject.kind)}`
    : ''
  return `coalesce(${column(finding.column)} IN (${isIt})${ofKind}, false)`
}

/** True of a row that is about the subject. */
export function isOfSql({ finds }: Personal, named: Named): string {
  const ways = (finds[named.subject.kind] ?? []).map(finding => findingSql(finding, named))
  return ways.length === 0 ? 'false' : `(${ways.join(' OR ')})`
}

/** True of a row that the request speaks of: of all sources, or of one. */
export function isAskedSql({ source }: Personal, only: string | undefined): string {
  if (only === undefined) return 'true'
  if (typeof source === 'object') return String(source.is === only)
  return source === undefined ? 'false' : `coalesce(${column(source)} = ${quoted(only)}, false)`
}
