/**
 * The form of a query whose answer may leave the house. People are counted per row or group, and
 * only in a plain SELECT over joined tables is it certain whose rows they are: through a sub-query
 * a value of one may stand beside the count of many. What is refused here can still be asked and
 * looked at.
 */
import {
  fold,
  isGiven,
  isNode,
  listOf,
  nodeAt,
  nodesOf,
  textAt,
  withoutPlaces,
  type Json,
  type Node,
} from './ast.ts'
import type { Catalogue, Relation } from './catalogue.ts'
import { refusal } from './check.ts'
import { AGGREGATE_NAMES, MIXING } from './functions.ts'

export interface ExportShape {
  readonly isAggregate: boolean
  /** The tables that have a subject, with the path by which the query names them. */
  readonly subjects: readonly SubjectTable[]
}

export interface SubjectTable {
  readonly relation: Relation
  readonly subject: string
  /** `['i']` or `['silver', 'invoices']`. */
  readonly path: readonly string[]
}

const form = (detail: string): never => {
  throw refusal('EXPORT_FORM', detail, 422)
}

export function exportShape(node: Node, catalogue: Catalogue): ExportShape {
  if (node['type'] !== 'SELECT_NODE') form('one SELECT, no UNION')
  for (const part of ['cte_map', 'having', 'qualify', 'modifiers'])
    if (isGiven(node[part])) form(`without ${PARTS[part]}`)
  if (contains(node, isNested)) form('without sub-queries and windows')
  const subjects = tablesOf(nodeAt(node, 'from_table'), catalogue)
  if (subjects.length === 0) form('no table of the query has a subject to count')
  const isAggregate = isAggregated(node)
  if (isAggregate) checkAggregate(node)
  return { isAggregate, subjects }
}

const PARTS: Readonly<Record<string, string>> = {
  cte_map: 'WITH',
  having: 'HAVING',
  qualify: 'QUALIFY',
  modifiers: 'DISTINCT, ORDER BY and LIMIT',
}

const isNested = (node: Node): boolean =>
  node['class'] === 'SUBQUERY' || node['class'] === 'WINDOW' || node['type'] === 'SUBQUERY'

const isAggregateCall = (node: Node): boolean =>
  node['class'] === 'FUNCTION' && AGGREGATE_NAMES.has(fold(textAt(node, 'function_name')))

function contains(value: Json | undefined, test: (node: Node) => boolean): boolean {
  if (Array.isArray(value)) return (value as readonly Json[]).some(part => contains(part, test))
  if (!isNode(value)) return false
  return test(value) || Object.values(value).some(part => contains(part, test))
}

const isAggregated = (node: Node): boolean =>
  isGiven(node['group_expressions']) ||
  textAt(node, 'aggregate_handling') === 'FORCE_AGGREGATES' ||
  contains(node['select_list'], isAggregateCall)

/** Inner joins only: of a row that an outer join fills up nobody can say whom it is about. */
function tablesOf(from: Node | undefined, catalogue: Catalogue): readonly SubjectTable[] {
  if (from?.['type'] === 'BASE_TABLE') return tableOf(from, catalogue)
  if (from?.['type'] !== 'JOIN') return form('tables only')
  if (textAt(from, 'join_type') !== 'INNER' || !PLAIN_JOINS.has(textAt(from, 'ref_type')))
    form('inner joins only')
  return ['left', 'right'].flatMap(side => tablesOf(nodeAt(from, side), catalogue))
}

function tableOf(from: Node, catalogue: Catalogue): readonly SubjectTable[] {
  if (isGiven(from['column_name_alias'])) form('tables with their own columns')
  const [schema, table] = [fold(textAt(from, 'schema_name')), fold(textAt(from, 'table_name'))]
  const relation = catalogue.get(`${schema}.${table}`)
  if (!relation) return form('tables of the catalogue only')
  if (relation.staysInHouse) form(`not of ${relation.name}: export what it is made of`)
  const subject = Object.entries(relation.columns).find(([, { isSubject }]) => isSubject)?.[0]
  if (subject === undefined) return []
  const alias = textAt(from, 'alias')
  return [{ relation, subject, path: alias === '' ? [schema, table] : [alias] }]
}

const PLAIN_JOINS = new Set(['REGULAR', 'CROSS'])

/**
 * Groups by what is written out; beside them sums, means and counts of whole columns. A FILTER, a
 * CASE or a maximum inside would be one person's value under everybody's count.
 */
function checkAggregate(node: Node): void {
  if (textAt(node, 'aggregate_handling') === 'FORCE_AGGREGATES') form('name the groups')
  if (listOf(node['group_sets']).length > 1) form('one set of groups')
  const groups = nodesOf(node['group_expressions'])
  if (groups.some(one => one['class'] === 'CONSTANT')) form('name the groups')
  const known = new Set(groups.map(spelling))
  for (const item of nodesOf(node['select_list'])) if (!known.has(spelling(item))) checkMixed(item)
}

function spelling(node: Node): string {
  const { alias: _, ...rest } = withoutPlaces(node) as Node
  return JSON.stringify(rest)
}

function checkMixed(item: Node): void {
  if (isAggregateCall(item)) return checkCall(item)
  if (item['class'] === 'COLUMN_REF' || item['class'] === 'STAR')
    form('columns beside aggregates must be groups')
  Object.values(item).forEach(part => checkParts(part))
}

function checkParts(value: Json | undefined): void {
  if (isNode(value)) checkMixed(value)
  else if (Array.isArray(value)) (value as readonly Json[]).forEach(part => checkParts(part))
}

function checkCall(call: Node): void {
  if (!MIXING.has(fold(textAt(call, 'function_name')))) form('count, sum and avg only')
  if (isGiven(call['filter'])) form('aggregates without FILTER')
  if (nodesOf(call['children']).some(child => child['class'] !== 'COLUMN_REF'))
    form('aggregates of plain columns')
}
