/**
 * The views that a reader's queries run over: rows and columns are gone below, so nothing that a
 * query says (LIKE, ORDER BY, a join, an aggregate) meets what is hidden.
 */
import { CodedError, invariant } from '../../platform/faults.ts'
import { quoted } from '../names.ts'
import { quotedName } from './ast.ts'
import type { Catalogue, Relation } from './catalogue.ts'
import { maskSql } from './masks.ts'
import { maskFor, type Reader, type RolePolicy, type RowRule } from './policy.ts'

/**
 * A view alone is no wall: the optimizer moves a condition of the query below it, where a cast that
 * fails on a hidden row tells that the row is there. Nothing may be moved through a LIMIT, so one
 * that limits nothing stands in between. Only where rows are hidden, since it also keeps a query
 * from skipping files by their minima and maxima.
 */
const WALL = 'LIMIT 9223372036854775807'

export interface ViewsOptions {
  readonly catalogue: Catalogue
  readonly policy: RolePolicy
  readonly reader: Reader
  /** Of this reader; see `readerKey`. */
  readonly key: Buffer
  /** The attached catalogue that holds silver and gold. */
  readonly lake: string
}

export interface Views {
  readonly sql: readonly string[]
  /** Names that exist for the reader. */
  readonly tables: ReadonlySet<string>
  readonly hidesRows: boolean
}

export function viewsFor(options: ViewsOptions): Views {
  const { catalogue, policy } = options
  const tables = Object.keys(policy.tables).filter(name => catalogue.has(name))
  return {
    sql: [
      ...[...new Set(['silver', 'gold', ...tables.map(name => name.split('.')[0] ?? '')])].map(
        schema => `CREATE SCHEMA ${quotedName(schema)}`,
      ),
      ...tables.map(name => viewSql(name, options)),
    ],
    tables: new Set(tables),
    hidesRows: tables.some(name => policy.tables[name] !== 'ALL'),
  }
}

function viewSql(name: string, options: ViewsOptions): string {
  const { catalogue, policy, key } = options
  const relation = relationOf(catalogue, name)
  const columns = Object.entries(relation.columns).map(([column, { kind, type }]) => {
    const mask = maskFor(policy, kind)
    return `${maskSql(quotedName(column), { kind, type, mask, key })} AS ${quotedName(column)}`
  })
  const where = conditionOf(name, options)
  // What a SELECT adds up may be rows that the reader does not see.
  const isWalled = where !== 'true' || relation.asked !== undefined
  const tail = isWalled ? ` WHERE ${where} ${WALL}` : ''
  const place = name.split('.').map(quotedName).join('.')
  const from = `${lakePlace(name, options)}${tail}`
  return `CREATE VIEW ${place} AS SELECT ${columns.join(', ')} FROM ${from}`
}

function lakePlace(name: string, { lake, catalogue }: ViewsOptions): string {
  const { asked } = relationOf(catalogue, name)
  return asked === undefined ? [lake, ...name.split('.')].map(quotedName).join('.') : `(${asked})`
}

function relationOf(catalogue: Catalogue, name: string): Relation {
  const relation = catalogue.get(name)
  invariant(relation, `the policy names ${name}, which the lake has not`)
  return relation
}

function conditionOf(name: string, options: ViewsOptions): string {
  const rule = options.policy.tables[name]
  invariant(rule !== undefined, `a rule leads to ${name}, which the role may not read`)
  return ruleSql(rule, { table: relationOf(options.catalogue, name), options, depth: 0 })
}

interface RulePlace {
  readonly table: Relation
  readonly options: ViewsOptions
  readonly depth: number
}

function ruleSql(rule: RowRule, place: RulePlace): string {
  const { options, table } = place
  invariant(place.depth < 8, 'row rules lead in a circle')
  if (rule === 'ALL') return 'true'
  if ('anyOf' in rule) return `(${rule.anyOf.map(one => ruleSql(one, place)).join(' OR ')})`
  if ('member' in rule) return equalsOne(rule.member, memberOf(options.reader), table)
  if ('msp' in rule) return equalsOne(rule.msp, options.reader.mspId, table)
  const other = relationOf(options.catalogue, rule.among)
  const rows = options.policy.tables[rule.among]
  invariant(rows !== undefined, `a rule leads to ${rule.among}, which the role may not read`)
  const where = ruleSql(rule.where ?? rows, { options, table: other, depth: place.depth + 1 })
  return `${known(rule.column, table)} IN (SELECT ${known(rule.key, other)}
    FROM ${lakePlace(rule.among, options)} WHERE ${where})`
}

/** NULL is nobody: a row whose parties are deleted belongs to no reader. */
function equalsOne(columns: readonly string[], value: string, table: Relation): string {
  const each = columns.map(
    column => `${known(column, table)} IS NOT DISTINCT FROM ${quoted(value)}`,
  )
  return each.length > 0 ? `(${each.join(' OR ')})` : 'false'
}

function known(column: string, table: Relation): string {
  invariant(Object.hasOwn(table.columns, column), `${table.name} has no column ${column}`)
  return quotedName(column)
}

function memberOf(reader: Reader): string {
  if (reader.memberId === undefined || reader.memberId === '')
    throw new CodedError('MEMBER_MISMATCH', { detail: 'the user acts for no member' })
  return reader.memberId
}
