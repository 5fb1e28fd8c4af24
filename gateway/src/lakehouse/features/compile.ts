/**
 * SQL for a table of decisions: of each kind the facts are read once, joined with the decisions that may see them, and
 * every feature of the kind is an aggregate with a filter over that.
 *
 * Whether a fact may be seen is a matter of three instants that it carries: it happened, it arrived, and no later
 * version of its record had arrived. So no decision looks for its own newest versions; that would be a sort for each.
 */
import type { CountedRule, Feature, Predicate, Value } from './definition.ts'
import {
  BLOCKS,
  bounded,
  DAY_US,
  ledgerSubject,
  SUPERSEDED_US,
  type From,
  type Kind,
} from './kind.ts'
import { LAKE, quoted } from '../names.ts'

const PPM = 1_000_000

const named = (name: string): string => `"${name}"`

/** One statement for all kinds would be planned for seconds: each kind has its own, into a table for the time being. */
export interface Compiled {
  readonly make: readonly string[]
  /** n, member, at, and a column for each feature. */
  readonly select: string
  readonly drop: readonly string[]
}

/**
 * @param decisions SELECT of n, member, at_us and the two subjects that are the member's: ledger, subject.
 * @param prefix of the tables' names, so that two who ask at once have their own.
 */
export function compile(features: readonly Feature[], decisions: string, prefix: string): Compiled {
  const kinds = kindsOf(features)
  const table = (name: string): string => named(`${prefix} ${name}`)
  const asked = table('decisions')
  const tables = [...new Set(kinds.filter(isLedger).map(kind => kind.table))]
  const aside = tables.length > 0 ? [BLOCKS_ASIDE, ...tables] : []
  const made = kinds.map(kind => {
    const from = { rows: table(kind.table), blocks: table(BLOCKS_ASIDE) }
    return `CREATE TEMP TABLE ${table(kind.name)} AS ${kindValues(kind, features, { asked, from })}`
  })
  return {
    make: [
      `CREATE TEMP TABLE ${asked} AS ${decisions}`,
      ...aside.map(name => `CREATE TEMP TABLE ${table(name)} AS ${asideSql(name, kinds, asked)}`),
      ...made,
    ],
    select: `SELECT n, member, make_timestamp(at_us) AS "at", ${features.map(finalValue).join(', ')}
      FROM ${asked} ${kinds.map(({ name }) => `JOIN ${table(name)} USING (n)`).join(' ')}`,
    drop: ['decisions', ...aside, ...kinds.map(({ name }) => name)].map(
      name => `DROP TABLE IF EXISTS ${table(name)}`,
    ),
  }
}

const BLOCKS_ASIDE = 'blocks'

const isLedger = ({ source }: Kind): boolean => source === 'ledger_behaviour'

/**
 * Every look into the lake asks its catalogue; so what two kinds read of one table is laid aside first: all versions
 * of the records in which anybody of the decisions has ever been a party.
 */
function asideSql(name: string, kinds: readonly Kind[], asked: string): string {
  if (name === BLOCKS_ASIDE) return `SELECT block, arrived_at FROM ${BLOCKS}`
  const parties = kinds.filter(({ table }) => table === name).map(({ party }) => party)
  const own = `(SELECT substr(ledger, ${ledgerSubject('').length + 1}) FROM ${asked})`
  const isOwn = parties.map(party => `${party} IN ${own}`).join(' OR ')
  return `SELECT * FROM ${LAKE}.${name} WHERE ${RECORD} IN
    (SELECT ${RECORD} FROM ${LAKE}.${name} WHERE ${isOwn})`
}

const kindsOf = (features: readonly Feature[]): Kind[] => [
  ...new Set(features.flatMap(({ rule }) => (rule.is === 'ratio' ? [] : [rule.kind]))),
]

type CountedFeature = Feature & { readonly rule: CountedRule }

const ofKind = (kind: Kind, features: readonly Feature[]): CountedFeature[] =>
  features.filter((one): one is CountedFeature => one.rule.is !== 'ratio' && one.rule.kind === kind)

const subjectOf = (kind: Kind): string => (isLedger(kind) ? 'ledger' : 'subject')

/** The column of a table that names a record; the same in all of them. */
const RECORD = 'id'

interface Reading {
  readonly asked: string
  /** Of kinds of the ledger. */
  readonly from: From
}

/** A row for each decision, with the values of the features of one kind. */
function kindValues(kind: Kind, features: readonly Feature[], { asked, from }: Reading): string {
  const counted = ofKind(kind, features)
  const tops = counted.filter(({ rule }) => rule.is === 'top')
  const needsTold = counted.some(({ whenNone }) => whenNone === 'TOLD_ZERO')
  const plain = counted.filter(({ rule }) => rule.is !== 'top')
  const aggregates = plain.map(({ name, rule }) => `${aggregate(rule)} AS ${named(name)}`)
  const raw = counted.map(({ name, rule, whenNone }) => {
    const column = `${rule.is === 'top' ? 'tops' : 'counted'}.${named(name)}`
    return `${orNone(column, whenNone)} AS ${named(name)}`
  })
  const values = counted.map(({ name }) => `${bounded(named(name))} AS ${named(name)}`)
  const parts = [
    ...factParts(kind, { asked, from }),
    `counted AS (SELECT ${['n', 'count(*) AS known', ...aggregates].join(', ')}
      FROM seen GROUP BY n, at_us)`,
    ...(tops.length > 0 ? [topsPart(tops)] : []),
    ...(needsTold ? [toldPart(kind)] : []),
  ]
  return `WITH ${parts.join(',\n')}
    SELECT n, ${values.join(', ')} FROM (SELECT d.n, ${raw.join(', ')}
      FROM ${asked} d LEFT JOIN counted ON counted.n = d.n
      ${tops.length > 0 ? 'LEFT JOIN tops ON tops.n = d.n' : ''}
      ${needsTold ? 'CROSS JOIN told' : ''})`
}

/** Facts of the records that any of the decisions may be about, with the moment each version was succeeded. */
function factParts(kind: Kind, { asked, from }: Reading): string[] {
  const own = `SELECT id FROM ${LAKE}.${kind.table}
    WHERE ${kind.where} AND subject IN (SELECT split_part(subject, '/', 2) FROM ${asked})`
  const rows = isLedger(kind) ? kind.facts('true', from) : kind.facts(`${RECORD} IN (${own})`)
  return [
    `facts AS MATERIALIZED (
      SELECT *, ${SUPERSEDED_US} AS superseded_us,
        row_number() OVER (ORDER BY event_us, key) AS place
      FROM (${rows}))`,
    `seen AS NOT MATERIALIZED (
      SELECT d.n, d.at_us, d.at_us - f.event_us AS age_us, f.* FROM ${asked} d
      JOIN facts f ON f.subject = d.${subjectOf(kind)} AND f.event_us <= d.at_us
        AND f.arrived_us <= d.at_us AND (f.superseded_us IS NULL OR f.superseded_us > d.at_us))`,
  ]
}

/** Sums by text first, then the largest of them; those of one text in one pass. */
function topsPart(tops: readonly CountedFeature[]): string {
  const rules = tops.map(({ name, rule }) => ({ name, rule: rule as TopRule }))
  const texts = [...new Set(rules.map(({ rule }) => rule.text))]
  const groups = texts.map(text => {
    const own = rules.filter(({ rule }) => rule.text === text)
    const sums = own.map(
      ({ name, rule }) => `sum(${named(rule.value)}) ${filter(rule)} AS ${named(name)}`,
    )
    const shares = own.map(({ name }) => share(`max(${named(name)})`, `sum(${named(name)})`, name))
    return `(SELECT ${['n', ...shares].join(', ')} FROM (
        SELECT ${['n', ...sums].join(', ')} FROM seen
        WHERE ${named(text)} IS NOT NULL GROUP BY n, at_us, ${named(text)})
      GROUP BY n)`
  })
  const joined = groups.map((group, at) => (at === 0 ? group : `FULL JOIN ${group} USING (n)`))
  return `tops AS (SELECT * FROM ${joined.join('\n')})`
}

type TopRule = Extract<CountedRule, { is: 'top' }>

const share = (of: string, to: string, name: string): string =>
  `if(${to} > 0, CAST(${of} AS HUGEINT) * ${PPM} // ${to}, NULL) AS ${named(name)}`

/** NULL where no fact is counted. */
function aggregate(rule: CountedRule): string {
  const only = filter(rule)
  switch (rule.is) {
    case 'count':
      return `nullif(count(*) ${only}, 0)`
    case 'distinct':
      return `nullif(count(DISTINCT ${named(rule.text)}) ${only}, 0)`
    case 'daysSinceLast':
      return `min(age_us) ${only} // ${DAY_US}`
    case 'daysSinceFirst':
      return `max(age_us) ${only} // ${DAY_US}`
    case 'trend': {
      const sum = `sum(${named(rule.value)})`
      const earlier = `${sum} ${filter(rule, [rule.days, 2 * rule.days])}`
      return `if(${earlier} > 0, (coalesce(${sum} ${only}, 0) - ${earlier}) * ${PPM} // (${earlier}), NULL)`
    }
    case 'top':
      throw new Error('summed by text')
    default:
      return folded(rule.is, valueSql(rule.value), only)
  }
}

function folded(
  fold: 'sum' | 'mean' | 'max' | 'min' | 'last',
  value: string,
  only: string,
): string {
  switch (fold) {
    case 'mean':
      return `sum(${value}) ${only} // nullif(count(${value}) ${only}, 0)`
    case 'last':
      return `arg_max(${value}, place) ${only}`
    default:
      return `${fold}(${value}) ${only}`
  }
}

const valueSql = (value: Value): string =>
  typeof value === 'string' ? named(value) : `((at_us - ${named(value.daysSince)}) // ${DAY_US})`

function filter(
  { where, days }: CountedRule,
  [fromDays, toDays]: readonly [number, number | undefined] = [0, days],
): string {
  const conditions = [
    ...(fromDays > 0 ? [`age_us >= ${fromDays * DAY_US}`] : []),
    ...(toDays === undefined ? [] : [`age_us < ${toDays * DAY_US}`]),
    ...where.map(predicateSql),
  ]
  return conditions.length === 0 ? '' : `FILTER (WHERE ${conditions.join(' AND ')})`
}

function predicateSql(predicate: Predicate): string {
  if ('text' in predicate)
    return `${named(predicate.text)} IN (${predicate.in.map(quoted).join(', ')})`
  if ('given' in predicate) return `${named(predicate.given)} IS NOT NULL`
  if ('missing' in predicate) return `${named(predicate.missing)} IS NULL`
  if ('past' in predicate) return `${named(predicate.past)} <= at_us`
  return 'atLeast' in predicate
    ? `${named(predicate.number)} >= ${predicate.atLeast}`
    : `${named(predicate.number)} < ${predicate.below}`
}

function orNone(column: string, whenNone: Feature['whenNone']): string {
  if (whenNone === 'MISSING') return column
  const isZero = whenNone === 'KNOWN_ZERO' ? 'counted.known > 0' : 'told.told_us <= d.at_us'
  return `coalesce(${column}, if(${isZero}, 0, NULL))`
}

/** When anybody's first fact of the kind was known. */
const toldPart = (kind: Kind): string =>
  `told AS MATERIALIZED (
    SELECT min(greatest(event_us, arrived_us)) AS told_us FROM (${kind.facts('true')}))`

function finalValue({ name, rule }: Feature): string {
  if (rule.is !== 'ratio') return named(name)
  const [of, to] = [named(rule.of), named(rule.to)]
  return `${bounded(`if(${to} > 0, CAST(${of} AS HUGEINT) * ${PPM} // ${to}, NULL)`)} AS ${named(name)}`
}
