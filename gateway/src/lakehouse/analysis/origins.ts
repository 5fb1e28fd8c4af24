/**
 * From the tree of a SELECT to the columns of the catalogue that each of its own columns is made
 * from, and to those that decide which rows there are (conditions, joins, groups, order). It
 * resolves names as the engine does: a name that it cannot place is a fault, never an empty
 * lineage.
 */
import { CodedError } from '../../platform/faults.ts'
import {
  commonTables,
  fold,
  isNode,
  listOf,
  nodeAt,
  nodesOf,
  textAt,
  type Json,
  type Node,
} from './ast.ts'

/** `silver.invoices.buyer`. */
export type ColumnName = string
type Names = ReadonlySet<ColumnName>

export interface Output {
  readonly name: string
  readonly from: Names
}

export interface Origins {
  readonly columns: readonly Output[]
  /** What decides which rows there are. */
  readonly decidedBy: Names
}

/** Columns of a table of the catalogue, in order. */
export type TableColumns = (table: string) => readonly string[] | undefined

export function originsOf(node: Node, tableColumns: TableColumns): Origins {
  const decidedBy = new Set<ColumnName>()
  const context: Context = { tableColumns, decidedBy, commons: new Map(), outer: undefined }
  return { columns: outputsOf(node, context), decidedBy }
}

interface Source {
  readonly alias: string
  readonly columns: readonly Output[]
  /** Of a table that is named without an alias: `silver`. */
  readonly schema: string
  /** Columns that a USING has joined to others of that name: without the name of the table those are meant. */
  readonly joined?: Names
}

interface Scope {
  readonly sources: readonly Source[]
  /** Columns of the same SELECT that a later one may name. */
  readonly aliases: Map<string, Names>
  readonly outer: Scope | undefined
}

interface Context {
  readonly tableColumns: TableColumns
  readonly decidedBy: Set<ColumnName>
  readonly commons: ReadonlyMap<string, readonly Output[]>
  readonly outer: Scope | undefined
}

const NONE: Names = new Set()

const unite = (sets: Iterable<Names>): Names => {
  const all = new Set<ColumnName>()
  for (const set of sets) for (const name of set) all.add(name)
  return all
}

const unresolved = (name: string): CodedError =>
  new CodedError('LINEAGE_UNRESOLVED', { status: 422, detail: name })

function outputsOf(node: Node, before: Context): readonly Output[] {
  let context = before
  for (const { name, query, columns } of commonTables(node)) {
    const outputs = outputsOf(query, context).map((output, at) => ({
      ...output,
      name: columns[at] ?? output.name,
    }))
    const commons = new Map(context.commons).set(name, outputs)
    context = { ...context, commons }
  }
  if (node['type'] === 'SET_OPERATION_NODE') return unionOutputs(node, context)
  if (node['type'] !== 'SELECT_NODE') throw unresolved(textAt(node, 'type'))
  return selectOutputs(node, context)
}

function unionOutputs(node: Node, context: Context): readonly Output[] {
  const sides = [nodeAt(node, 'left'), nodeAt(node, 'right'), ...nodesOf(node['children'])]
  const [first = [], ...others] = sides.filter(isNode).map(side => outputsOf(side, context))
  if (textAt(node, 'setop_type').endsWith('BY_NAME')) return unionByName([first, ...others])
  return first.map(({ name, from }, at) => ({
    name,
    from: unite([from, ...others.map(side => side[at]?.from ?? NONE)]),
  }))
}

function unionByName(sides: readonly (readonly Output[])[]): readonly Output[] {
  const byName = new Map<string, Output>()
  for (const { name, from } of sides.flat()) {
    const known = byName.get(fold(name))
    byName.set(fold(name), { name: known?.name ?? name, from: unite([known?.from ?? NONE, from]) })
  }
  return [...byName.values()]
}

const DECIDING = ['where_clause', 'group_expressions', 'having', 'qualify', 'modifiers'] as const

function selectOutputs(node: Node, context: Context): readonly Output[] {
  const sources = sourcesOf(nodeAt(node, 'from_table'), context)
  const scope: Scope = { sources, aliases: new Map(), outer: context.outer }
  const outputs: Output[] = []
  for (const item of nodesOf(node['select_list']))
    for (const output of itemOutputs(item, scope, context)) {
      outputs.push(output)
      scope.aliases.set(fold(output.name), output.from)
    }
  for (const part of DECIDING) note(namesIn(node[part], scope, context), context)
  return outputs
}

const note = (names: Names, { decidedBy }: Context): void =>
  names.forEach(one => decidedBy.add(one))

function itemOutputs(item: Node, scope: Scope, context: Context): readonly Output[] {
  if (item['class'] === 'STAR') return starOutputs(item, scope, context)
  const names = listOf(item['column_names'])
  const name = textAt(item, 'alias') || String(names.at(-1) ?? textAt(item, 'function_name'))
  return [{ name, from: namesIn(item, scope, context) }]
}

function starOutputs(star: Node, scope: Scope, context: Context): readonly Output[] {
  const of = fold(textAt(star, 'relation_name'))
  const sources = scope.sources.filter(({ alias }) => of === '' || alias === of)
  if (sources.length === 0) throw unresolved(`${of}.*`)
  const excluded = new Set(listOf(star['exclude_list']).map(one => fold(lastName(one))))
  const replaced = new Map(pairsOf(star['replace_list']))
  const renamed = new Map(pairsOf(star['rename_list']))
  return sources
    .flatMap(source => (of === '' ? ownColumns(source) : source.columns))
    .filter(({ name }) => !excluded.has(fold(name)))
    .map(({ name, from }) => {
      const value = replaced.get(fold(name))
      const rename = renamed.get(fold(name))
      return {
        name: typeof rename === 'string' ? rename : name,
        from: value === undefined ? from : namesIn(value, scope, context),
      }
    })
}

const lastName = (value: Json): string => (isNode(value) ? textAt(value, 'column') : String(value))

const pairsOf = (value: Json | undefined): [string, Json][] =>
  nodesOf(value).map(({ key, value: given }) => [fold(lastName(key ?? '')), given ?? null])

function sourcesOf(from: Node | undefined, context: Context): readonly Source[] {
  if (!from) return []
  switch (from['type']) {
    case 'EMPTY':
      return []
    case 'BASE_TABLE':
      return [renamedBy(from, tableSource(from, context))]
    case 'SUBQUERY':
      return [renamedBy(from, subquerySource(from, context))]
    case 'EXPRESSION_LIST':
      return [renamedBy(from, valuesSource(from, context))]
    case 'JOIN':
      return joinSources(from, context)
    default:
      throw unresolved(textAt(from, 'type'))
  }
}

function tableSource(table: Node, { commons, tableColumns }: Context): Source {
  const name = fold(textAt(table, 'table_name'))
  const schema = fold(textAt(table, 'schema_name'))
  const common = schema === '' ? commons.get(name) : undefined
  if (common) return { alias: name, columns: common, schema: '' }
  const columns = tableColumns(`${schema}.${name}`)
  if (!columns) throw unresolved(`${schema}.${name}`)
  return {
    alias: name,
    schema,
    columns: columns.map(column => ({
      name: column,
      from: new Set([`${schema}.${name}.${column}`]),
    })),
  }
}

function subquerySource(from: Node, context: Context): Source {
  const query = nodeAt(nodeAt(from, 'subquery') ?? {}, 'node')
  if (!query) throw unresolved('a sub-query')
  return { alias: '', columns: outputsOf(query, context), schema: '' }
}

function valuesSource(from: Node, context: Context): Source {
  const scope: Scope = { sources: [], aliases: new Map(), outer: context.outer }
  const rows = listOf(from['values']).map(row => listOf(row))
  const columns = (rows[0] ?? []).map((_, at) => ({
    name: `col${at}`,
    from: unite(rows.map(row => namesIn(row[at], scope, context))),
  }))
  return { alias: '', columns, schema: '' }
}

/** `FROM silver.invoices i(a, b)`. */
function renamedBy(from: Node, source: Source): Source {
  const names = listOf(from['column_name_alias'])
  const alias = fold(textAt(from, 'alias'))
  const columns = source.columns.map((column, at) => {
    const name = names[at]
    return typeof name === 'string' ? { ...column, name } : column
  })
  return alias === '' ? { ...source, columns } : { alias, columns, schema: '' }
}

function joinSources(join: Node, context: Context): readonly Source[] {
  const left = sourcesOf(nodeAt(join, 'left'), context)
  const scope: Scope = { sources: left, aliases: new Map(), outer: context.outer }
  // What stands on the right may be LATERAL and name what stands on the left.
  const right = sourcesOf(nodeAt(join, 'right'), { ...context, outer: scope })
  const both: Scope = { ...scope, sources: [...left, ...right] }
  note(namesIn(join['condition'], both, context), context)
  const shared = sharedNames(join, left, right)
  for (const name of shared) note(unite(matches(name, both.sources)), context)
  if (['SEMI', 'ANTI'].includes(textAt(join, 'join_type'))) return left
  return joinedBy(shared, { left, right, isFilled: FILLED.has(textAt(join, 'join_type')) })
}

/** In these a row may have its shared columns from the right side alone. */
const FILLED = new Set(['RIGHT', 'FULL'])

/** A column that USING joins is there once; a full join fills it from both sides. */
function joinedBy(
  shared: Names,
  { left, right, isFilled }: Record<'left' | 'right', readonly Source[]> & { isFilled: boolean },
): readonly Source[] {
  if (shared.size === 0) return [...left, ...right]
  const fill = ({ name, from }: Output): Output =>
    isFilled && shared.has(fold(name))
      ? { name, from: unite([from, ...matches(fold(name), right)]) }
      : { name, from }
  return [
    ...left.map(source => ({ ...source, columns: source.columns.map(fill) })),
    ...right.map(source => ({ ...source, joined: unite([source.joined ?? NONE, shared]) })),
  ]
}

const ownColumns = ({ columns, joined = NONE }: Source): readonly Output[] =>
  columns.filter(({ name }) => !joined.has(fold(name)))

function sharedNames(
  join: Node,
  left: readonly Source[],
  right: readonly Source[],
): ReadonlySet<string> {
  const named = listOf(join['using_columns']).map(name => fold(String(name)))
  if (join['ref_type'] !== 'NATURAL') return new Set(named)
  const own = new Set(left.flatMap(({ columns }) => columns.map(({ name }) => fold(name))))
  const others = right.flatMap(({ columns }) => columns.map(({ name }) => fold(name)))
  return new Set(others.filter(name => own.has(name)))
}

const matches = (name: string, sources: readonly Source[]): Names[] =>
  sources.flatMap(source =>
    ownColumns(source)
      .filter(column => fold(column.name) === name)
      .map(({ from }) => from),
  )

function namesIn(value: Json | undefined, scope: Scope, context: Context): Names {
  if (Array.isArray(value))
    return unite((value as readonly Json[]).map(part => namesIn(part, scope, context)))
  if (!isNode(value) || value['class'] === 'CONSTANT') return NONE
  if (value['class'] === 'COLUMN_REF')
    return resolve(
      listOf(value['column_names']).map(name => fold(String(name))),
      scope,
    )
  if (value['class'] === 'STAR') return unite(starOutputs(value, scope, context).map(o => o.from))
  if (value['class'] === 'SUBQUERY') return subqueryNames(value, scope, context)
  return unite(Object.values(value).map(part => namesIn(part, scope, context)))
}

/** Its columns are values here; whether there is a row is all that EXISTS takes of it. */
function subqueryNames(value: Node, scope: Scope, context: Context): Names {
  const query = nodeAt(nodeAt(value, 'subquery') ?? {}, 'node')
  const outputs = query ? outputsOf(query, { ...context, outer: scope }) : []
  const child = namesIn(value['child'], scope, context)
  if (value['subquery_type'] === 'EXISTS' || value['subquery_type'] === 'NOT_EXISTS') return child
  return unite([child, ...outputs.map(({ from }) => from)])
}

/** Values that are written like columns. */
const CONSTANTS = new Set(['current_date', 'current_time', 'current_timestamp', 'localtime'])

function resolve(names: readonly string[], scope: Scope): Names {
  const found = resolveHere(names, scope)
  if (found) return found
  if (scope.outer) return resolve(names, scope.outer)
  if (names.length === 1 && CONSTANTS.has(names[0] ?? '')) return NONE
  throw unresolved(names.join('.'))
}

function resolveHere(names: readonly string[], { sources, aliases }: Scope): Names | undefined {
  const [first = '', second, third] = names
  const plain = matches(first, sources)
  if (plain.length > 0) return unite(plain)
  const row = sources.find(({ alias }) => alias === first)
  if (row && second === undefined) return unite(row.columns.map(({ from }) => from))
  if (row && second !== undefined) return columnOf(row, second)
  const named = sources.find(({ alias, schema }) => schema === first && alias === second)
  if (named && third !== undefined) return columnOf(named, third)
  return aliases.get(first)
}

const columnOf = ({ columns }: Source, name: string): Names | undefined =>
  columns.find(column => fold(column.name) === name)?.from
