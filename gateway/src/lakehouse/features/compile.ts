/**
 * One SQL statement for a table of decisions: of each kind the facts are read once, joined with the decisions that may
 * see them, and every feature of the kind is an aggregate with a filter over that.
 *
 * Whether a fact may be seen is a matter of three instants that it carries: it happened, it arrived, and no later
 * version of its record had arrived. So no decision looks for its own newest versions; that would be a sort for each.
 */
import type { CountedRule, Feature, Predicate, Value } from './definition.ts'
import { bounded, DAY_US, type Kind } from './kind.ts'
import { quoted } from '../names.ts'

const PPM = 1_000_000
/** Name of the relation that the statement reads: n, member, at_us, ledger, subject. */
export const DECISIONS = 'decisions'

const named = (name: string): string => `"${name}"`

/** @param decisions SELECT of n, member, at_us and the two subjects that are the member's: ledger, subject. */
export function compile(features: readonly Feature[], decisions: string): string {
  const kinds = kindsOf(features)
  const parts = [
    `${DECISIONS} AS MATERIALIZED (${decisions})`,
    ...kinds.flatMap(kind => kindParts(kind, features)),
  ]
  const joins = kinds.flatMap(kind => [
    `LEFT JOIN ${named(kind.name)} ON ${named(kind.name)}.n = d.n`,
    ...(topsOf(kind, features).length > 0
      ? [`LEFT JOIN ${named(`${kind.name}.tops`)} ON ${named(`${kind.name}.tops`)}.n = d.n`]
      : []),
    ...(needsTold(kind, features) ? [`CROSS JOIN ${named(`${kind.name}.told`)}`] : []),
  ])
  const plain = features.filter(({ rule }) => rule.is !== 'ratio').map(plainValue)
  return `WITH ${parts.join(',\n')},
    plain AS (SELECT d.n, d.member, d.at_us, ${plain.join(', ')}
      FROM ${DECISIONS} d ${joins.join('\n')})
    SELECT n, member, make_timestamp(at_us) AS "at", ${features.map(finalValue).join(', ')} FROM plain`
}

const kindsOf = (features: readonly Feature[]): Kind[] => [
  ...new Set(features.flatMap(({ rule }) => (rule.is === 'ratio' ? [] : [rule.kind]))),
]

type CountedFeature = Feature & { readonly rule: CountedRule }

const ofKind = (kind: Kind, features: readonly Feature[]): CountedFeature[] =>
  features.filter((one): one is CountedFeature => one.rule.is !== 'ratio' && one.rule.kind === kind)

const topsOf = (kind: Kind, features: readonly Feature[]): CountedFeature[] =>
  ofKind(kind, features).filter(({ rule }) => rule.is === 'top')

const subjectOf = ({ source }: Kind): string =>
  source === 'ledger_behaviour' ? 'ledger' : 'subject'

/** The column of a table that names a record; the same in all of them. */
const RECORD = 'id'

/** Facts of the records that any of the decisions may be about, with the moment each version was succeeded. */
function kindParts(kind: Kind, features: readonly Feature[]): string[] {
  const [facts, seen] = [named(`${kind.name}.facts`), named(`${kind.name}.seen`)]
  const own = `SELECT key FROM (${kind.facts('true')})
    WHERE subject IN (SELECT ${subjectOf(kind)} FROM ${DECISIONS})`
  const counted = ofKind(kind, features)
  const tops = topsOf(kind, features)
  const aggregates = counted
    .filter(({ rule }) => rule.is !== 'top')
    .map(({ name, rule }) => `${aggregate(rule)} AS ${named(name)}`)
  return [
    `${facts} AS MATERIALIZED (
      SELECT *, min(arrived_us) OVER (PARTITION BY key ORDER BY revision DESC
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS superseded_us,
        row_number() OVER (ORDER BY event_us, key) AS place
      FROM (${kind.facts(`${RECORD} IN (${own})`)}))`,
    `${seen} AS NOT MATERIALIZED (
      SELECT d.n, d.at_us, d.at_us - f.event_us AS age_us, f.* FROM ${DECISIONS} d
      JOIN ${facts} f ON f.subject = d.${subjectOf(kind)} AND f.event_us <= d.at_us
        AND f.arrived_us <= d.at_us AND (f.superseded_us IS NULL OR f.superseded_us > d.at_us))`,
    `${named(kind.name)} AS (SELECT ${['n', 'count(*) AS known', ...aggregates].join(', ')}
      FROM ${seen} GROUP BY n, at_us)`,
    ...(tops.length > 0 ? [topsPart(kind, tops)] : []),
    ...(needsTold(kind, features) ? [toldPart(kind)] : []),
  ]
}

/** Sums by text first, then the largest of them; those of one text in one pass. */
function topsPart(kind: Kind, tops: readonly CountedFeature[]): string {
  const rules = tops.map(({ name, rule }) => ({ name, rule: rule as TopRule }))
  const texts = [...new Set(rules.map(({ rule }) => rule.text))]
  const groups = texts.map(text => {
    const own = rules.filter(({ rule }) => rule.text === text)
    const sums = own.map(
      ({ name, rule }) => `sum(${named(rule.value)}) ${filter(rule)} AS ${named(name)}`,
    )
    const shares = own.map(({ name }) => share(`max(${named(name)})`, `sum(${named(name)})`, name))
    return `(SELECT ${['n', ...shares].join(', ')} FROM (
        SELECT ${['n', ...sums].join(', ')} FROM ${named(`${kind.name}.seen`)}
        WHERE ${named(text)} IS NOT NULL GROUP BY n, at_us, ${named(text)})
      GROUP BY n)`
  })
  const joined = groups.map((group, at) => (at === 0 ? group : `FULL JOIN ${group} USING (n)`))
  return `${named(`${kind.name}.tops`)} AS (SELECT * FROM ${joined.join('\n')})`
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

function plainValue({ name, rule, whenNone }: Feature): string {
  const { kind, is } = rule as CountedRule
  const column = `${named(is === 'top' ? `${kind.name}.tops` : kind.name)}.${named(name)}`
  return `${bounded(orNone(column, kind, whenNone))} AS ${named(name)}`
}

function orNone(column: string, kind: Kind, whenNone: Feature['whenNone']): string {
  if (whenNone === 'MISSING') return column
  const known = `${named(kind.name)}.known > 0`
  const isTold = `${named(`${kind.name}.told`)}.told_us <= d.at_us`
  return `coalesce(${column}, if(${whenNone === 'KNOWN_ZERO' ? known : isTold}, 0, NULL))`
}

const needsTold = (kind: Kind, features: readonly Feature[]): boolean =>
  ofKind(kind, features).some(({ whenNone }) => whenNone === 'TOLD_ZERO')

/** When anybody's first fact of the kind was known. */
const toldPart = (kind: Kind): string =>
  `${named(`${kind.name}.told`)} AS MATERIALIZED (
    SELECT min(greatest(event_us, arrived_us)) AS told_us FROM (${kind.facts('true')}))`

function finalValue({ name, rule }: Feature): string {
  if (rule.is !== 'ratio') return named(name)
  const [of, to] = [named(rule.of), named(rule.to)]
  return `${bounded(`if(${to} > 0, CAST(${of} AS HUGEINT) * ${PPM} // ${to}, NULL)`)} AS ${named(name)}`
}
