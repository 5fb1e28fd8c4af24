/**
 * What a text of SQL may be: one SELECT over tables that the caller may read. Everything that is
 * not known to be harmless is refused, down to the names of the fields in the tree, so that a
 * construct of a later DuckDB is closed until read.
 */
import { CodedError } from '../../platform/faults.ts'
import {
  commonTables,
  fold,
  isGiven,
  isNode,
  nodeAt,
  nodesOf,
  textAt,
  type Json,
  type Node,
} from './ast.ts'
import { CAST_TYPES, FUNCTIONS } from './functions.ts'

export interface Permitted {
  /** `silver.invoices`, `gold.bids`. */
  readonly tables: ReadonlySet<string>
  /** Names of the engine's own tables and views, which a common table must not borrow. */
  readonly reserved: ReadonlySet<string>
}

export interface CheckedQuery {
  readonly node: Node
  readonly tables: ReadonlySet<string>
  readonly parameters: ReadonlySet<string>
}

export const TEXT_MAX = 20_000
const PARENTHESES_MAX = 60
const DEPTH_MAX = 200
const NODES_MAX = 5_000

export const refusal = (code: string, detail: string, status = 400): CodedError =>
  new CodedError(code, { status, detail })

/**
 * Before any parser sees it: length, nesting, and the byte at which a C library would stop reading.
 */
export function checkText(sql: string): void {
  if (sql.length > TEXT_MAX) throw refusal('QUERY_TOO_LONG', `at most ${TEXT_MAX} characters`, 413)
  if (sql.includes('\0')) throw refusal('QUERY_SYNTAX', 'the text holds a NUL')
  let depth = 0
  for (const letter of sql) {
    if ('([{'.includes(letter)) depth++
    if (')]}'.includes(letter)) depth--
    if (depth > PARENTHESES_MAX) throw refusal('QUERY_TOO_DEEP', `${PARENTHESES_MAX} levels`)
  }
}

/** @param tree what `json_serialize_sql` answered. */
export function checkTree(tree: Node, permitted: Permitted): CheckedQuery {
  if (tree['error'] === true) throw syntaxRefusal(tree)
  const statements = nodesOf(tree['statements'])
  const node = statements[0] && nodeAt(statements[0], 'node')
  if (statements.length !== 1 || !node)
    throw refusal('QUERY_STATEMENTS', 'exactly one SELECT is answered')
  const walk: Walk = { permitted, tables: new Set(), parameters: new Set(), nodes: 0 }
  checkFields(statements[0] as Node)
  visit(node, { walk, known: new Set(), depth: 0 })
  return { node, tables: walk.tables, parameters: walk.parameters }
}

/** The parser's message speaks of the caller's own text only: nothing is bound yet. */
function syntaxRefusal(tree: Node): CodedError {
  if (textAt(tree, 'error_type') === 'not implemented')
    return refusal('QUERY_NOT_SELECT', 'only a SELECT is answered')
  return refusal('QUERY_SYNTAX', textAt(tree, 'error_message'))
}

interface Walk {
  readonly permitted: Permitted
  readonly tables: Set<string>
  readonly parameters: Set<string>
  nodes: number
}

interface Place {
  readonly walk: Walk
  /** Common tables that may be named here. */
  readonly known: ReadonlySet<string>
  readonly depth: number
}

const FIELDS = new Set(
  `class type alias query_location column_names select_list from_table where_clause
   group_expressions group_sets aggregate_handling having qualify modifiers cte_map map key
   value query node materialized setop_type setop_all left right children function_name
   schema catalog order_bys orders null_order expression is_operator distinct filter
   filter_expr partitions start end start_expr end_expr exclude_clause offset_expr
   default_expr ignore_nulls limit offset distinct_on_targets child cast_type try_cast id
   type_info width scale child_type subquery_type subquery comparison_type case_checks
   when_expr then_expr else_expr input lower upper relation_name exclude_list replace_list
   rename_list qualified_exclude_list column table_name schema_name catalog_name
   column_name_alias column_aliases join_type ref_type condition using_columns values
   identifier expected_names arg_orders aliases named_param_map statements error`
    .split(/\s+/)
    .filter(word => word !== ''),
)

function checkFields(node: Node): void {
  for (const field of Object.keys(node))
    if (!FIELDS.has(field) && isGiven(node[field]))
      throw refusal(FORM_CODES[field] ?? 'QUERY_FORM', `not here: ${field}`)
}

/** Fields that have a name of their own in a refusal. */
const FORM_CODES: Readonly<Record<string, string>> = {
  at_clause: 'QUERY_AT',
  sample: 'QUERY_SAMPLE',
}

function visit(value: Json | undefined, place: Place): void {
  if (Array.isArray(value)) for (const part of value as readonly Json[]) visit(part, place)
  else if (isNode(value)) visitNode(value, place)
}

function visitNode(node: Node, place: Place): void {
  const { walk } = place
  if (++walk.nodes > NODES_MAX) throw refusal('QUERY_TOO_LONG', `${NODES_MAX} parts`, 413)
  if (place.depth > DEPTH_MAX) throw refusal('QUERY_TOO_DEEP', `${DEPTH_MAX} levels`)
  const kind = node['class'] ?? node['type']
  if (kind === 'CONSTANT') return
  if (typeof kind === 'string') checkKind(kind, node, place)
  checkFields(node)
  let known = place.known
  for (const common of commonTables(node)) {
    checkCommonName(common.name, walk.permitted)
    visit(common.query, { ...place, known, depth: place.depth + 1 })
    known = new Set([...known, common.name])
  }
  for (const [key, part] of Object.entries(node)) {
    if (key === 'cte_map') checkMap(part)
    else if (key !== 'cast_type') visit(part, { walk, known, depth: place.depth + 1 })
  }
}

function checkMap(map: Json | undefined): void {
  if (!isNode(map)) return
  checkFields(map)
  for (const entry of nodesOf(map['map'])) {
    checkFields(entry)
    if (isNode(entry['value'])) checkFields(entry['value'])
  }
}

/**
 * A common table that is called like one of the engine's views would hide from this check what a
 * name means.
 */
function checkCommonName(name: string, { reserved }: Permitted): void {
  if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) || reserved.has(name))
    throw refusal('QUERY_TABLE', `choose another name than ${name}`)
}

type Check = (node: Node, place: Place) => void
const pass: Check = () => undefined
const refuse =
  (code: string, detail: string): Check =>
  () => {
    throw refusal(code, detail)
  }

const CHECKS: Readonly<Record<string, Check>> = {
  SELECT_NODE: pass,
  SET_OPERATION_NODE: pass,
  CTE_NODE: refuse('QUERY_FORM', 'CTE_NODE'),
  RECURSIVE_CTE_NODE: refuse('QUERY_RECURSION', 'a query that calls itself'),
  BASE_TABLE: checkTable,
  JOIN: pass,
  SUBQUERY: pass,
  EMPTY: pass,
  EXPRESSION_LIST: pass,
  TABLE_FUNCTION: refuse('QUERY_TABLE_FUNCTION', 'tables of the lake, no function that makes one'),
  SHOW_REF: refuse('QUERY_NOT_SELECT', 'DESCRIBE, SHOW and SUMMARIZE'),
  COLUMN_REF: pass,
  FUNCTION: checkFunction,
  WINDOW: checkFunction,
  OPERATOR: checkOperator,
  COMPARISON: pass,
  CONJUNCTION: pass,
  BETWEEN: pass,
  CASE: pass,
  CAST: checkCast,
  STAR: checkStar,
  PARAMETER: checkParameter,
  ORDER_MODIFIER: pass,
  LIMIT_MODIFIER: pass,
  DISTINCT_MODIFIER: pass,
  ORDER_DEFAULT: pass,
  ASCENDING: pass,
  DESCENDING: pass,
}

function checkKind(kind: string, node: Node, place: Place): void {
  const check = Object.hasOwn(CHECKS, kind) ? CHECKS[kind] : undefined
  if (!check) throw refusal('QUERY_FORM', `not here: ${kind}`)
  check(node, place)
}

/**
 * A catalogue is never named: it is where the tables without masks are. Unknown and forbidden are
 * one answer.
 */
function checkTable(node: Node, { walk, known }: Place): void {
  const schema = fold(textAt(node, 'schema_name'))
  const table = fold(textAt(node, 'table_name'))
  if (isGiven(node['at_clause']))
    throw refusal('QUERY_AT', 'the version is named beside the query, not in it')
  if (textAt(node, 'catalog_name') !== '')
    throw refusal('QUERY_CATALOG', 'write schema.table, for example gold.invoices')
  if (schema === '' && known.has(table)) return
  const name = schema === '' ? table : `${schema}.${table}`
  if (!walk.permitted.tables.has(name))
    throw refusal('QUERY_TABLE', 'no such table, or not yours; write gold.invoices', 403)
  walk.tables.add(name)
}

/** The parser itself writes `main` before what it makes of EXTRACT and AT TIME ZONE. */
function checkFunction(node: Node): void {
  const name = fold(textAt(node, 'function_name'))
  const schema = textAt(node, 'schema')
  if ((schema !== '' && schema !== 'main') || textAt(node, 'catalog') !== '')
    throw refusal('QUERY_FUNCTION', 'a function has no schema')
  if (!FUNCTIONS.has(name)) throw refusal('QUERY_FUNCTION', `not among the functions: ${name}`)
}

/**
 * TRY would make of every failing row a bit that can be selected; failing rows are not told apart.
 */
function checkOperator(node: Node): void {
  if (textAt(node, 'type') === 'OPERATOR_TRY') throw refusal('QUERY_FORM', 'not here: TRY')
}

function checkCast(node: Node): void {
  if (!isPlainType(nodeAt(node, 'cast_type')))
    throw refusal('QUERY_TYPE', 'not among the types to cast to')
}

function isPlainType(type: Node | undefined): boolean {
  if (!type) return false
  if (CAST_TYPES.has(textAt(type, 'id'))) return true
  const info = nodeAt(type, 'type_info')
  return textAt(type, 'id') === 'LIST' && isPlainType(info && nodeAt(info, 'child_type'))
}

/** COLUMNS('...') chooses columns by a pattern; nobody reads from the text what it asks for. */
function checkStar(node: Node): void {
  if (isGiven(node['columns']) || isGiven(node['expr']))
    throw refusal('QUERY_FORM', 'name the columns, or *')
}

function checkParameter(node: Node, { walk }: Place): void {
  const name = textAt(node, 'identifier')
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw refusal('QUERY_PARAMETER', 'write $name')
  walk.parameters.add(name)
}
