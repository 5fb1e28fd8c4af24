/** Where a column comes from, down to the field of a value on the ledger. */
import { CodedError } from '../../platform/faults.ts'
import { fold, isNode, nodeAt, nodesOf, textAt, type Json, type Node } from './ast.ts'
import type { Catalogue, LedgerOrigin, Relation } from './catalogue.ts'
import { originsOf, type ColumnName, type Origins } from './origins.ts'

export interface ColumnLineage {
  readonly name: string
  /** Columns of silver and gold that its value is made from. */
  readonly columns: readonly ColumnName[]
  readonly ledger: readonly LedgerOrigin[]
}

export interface QueryLineage {
  readonly columns: readonly ColumnLineage[]
  /** What decides which rows there are: conditions, joins, groups, order. */
  readonly decidedBy: readonly ColumnLineage[]
}

export interface Lineage {
  /** Of a checked query's tree. */
  of(node: Node): Promise<QueryLineage>
  /** @param table `gold.invoices`. */
  ofColumn(table: string, column: string): Promise<ColumnLineage & Pick<QueryLineage, 'decidedBy'>>
}

export interface LineageOptions {
  readonly catalogue: Catalogue
  /** The engine's tree of a text. */
  readonly parse: (sql: string) => Promise<Node>
}

export function createLineage({ catalogue, parse }: LineageOptions): Lineage {
  const definitions = new Map<string, Promise<Origins>>()
  const { learnNames, namesOf } = createNames(catalogue, definitionOf)

  function definitionOf(table: string, sql: string): Promise<Origins> {
    const known = definitions.get(table) ?? define(sql)
    definitions.set(table, known)
    known.catch(() => definitions.delete(table))
    return known
  }

  async function define(sql: string): Promise<Origins> {
    const [statement] = nodesOf((await parse(sql))['statements'])
    const node = statement && nodeAt(statement, 'node')
    if (!node) throw new CodedError('LINEAGE_UNRESOLVED', { status: 422 })
    await learnNames(node)
    return originsOf(node, namesOf)
  }

  /** A column of a view is followed into the view's own text, one of a table ends at the ledger. */
  async function ledgerOf(name: ColumnName): Promise<readonly LedgerOrigin[]> {
    const [table, column] = splitName(name)
    const relation = catalogue.get(table)
    const origin = relation?.origins?.[column]
    if (origin) return [origin]
    if (relation?.definition === undefined) return []
    return ledgerOfAll(await madeFrom(relation, relation.definition, column))
  }

  async function madeFrom(
    { name, filled }: Relation,
    definition: string,
    column: string,
  ): Promise<Iterable<ColumnName>> {
    const { columns } = await definitionOf(name, definition)
    const place = filled?.indexOf(column) ?? columns.findIndex(each => each.name === column)
    return columns[place]?.from ?? []
  }

  async function ledgerOfAll(names: Iterable<ColumnName>): Promise<readonly LedgerOrigin[]> {
    const lists = await Promise.all([...names].sort().map(ledgerOf))
    const unique = new Map(lists.flat().map(origin => [JSON.stringify(origin), origin]))
    return [...unique.values()]
  }

  const columnLineage = async (
    name: string,
    from: Iterable<ColumnName>,
  ): Promise<ColumnLineage> => ({
    name,
    columns: [...from].sort(),
    ledger: await ledgerOfAll(from),
  })

  const decided = (names: Iterable<ColumnName>): Promise<ColumnLineage[]> =>
    Promise.all([...names].sort().map(name => columnLineage(name, [name])))

  return {
    async of(node) {
      await learnNames(node)
      const { columns, decidedBy } = originsOf(node, namesOf)
      return {
        columns: await Promise.all(columns.map(({ name, from }) => columnLineage(name, from))),
        decidedBy: await decided(decidedBy),
      }
    },
    async ofColumn(table, column) {
      const relation = catalogue.get(table)
      if (!columnNames(catalogue)(table)?.includes(column))
        throw new CodedError('OBJECT_UNKNOWN', { status: 404, detail: 'no such column' })
      const own = await columnLineage(column, [`${table}.${column}`])
      if (relation?.definition === undefined) return { ...own, decidedBy: [] }
      const { decidedBy } = await definitionOf(table, relation.definition)
      const from = await madeFrom(relation, relation.definition, column)
      return { ...own, columns: [...from].sort(), decidedBy: await decided(decidedBy) }
    },
  }
}

/** Columns of what a SELECT makes, open or not: only the SELECT itself names them all. */
function createNames(
  catalogue: Catalogue,
  definitionOf: (table: string, sql: string) => Promise<Origins>,
) {
  const made = new Map<string, readonly string[]>()

  async function learn(table: string): Promise<void> {
    const { definition, filled } = catalogue.get(table) ?? {}
    if (definition === undefined || filled !== undefined || made.has(table)) return
    // What cannot be followed is known by what it is described with.
    const origins = await definitionOf(table, definition).catch(() => undefined)
    const names = origins?.columns.map(({ name }) => name)
    if (names) made.set(table, names)
  }

  return {
    async learnNames(node: Node): Promise<void> {
      for (const table of tablesIn(node)) await learn(table)
    },
    namesOf: (table: string): readonly string[] | undefined =>
      made.get(table) ?? columnNames(catalogue)(table),
  }
}

function tablesIn(value: Json | undefined): ReadonlySet<string> {
  if (Array.isArray(value))
    return new Set((value as readonly Json[]).flatMap(part => [...tablesIn(part)]))
  if (!isNode(value)) return new Set()
  const name = `${fold(textAt(value, 'schema_name'))}.${fold(textAt(value, 'table_name'))}`
  const own = value['type'] === 'BASE_TABLE' ? [name] : []
  return new Set([...own, ...Object.values(value).flatMap(part => [...tablesIn(part)])])
}

const splitName = (name: ColumnName): [table: string, column: string] => {
  const at = name.lastIndexOf('.')
  return [name.slice(0, at), name.slice(at + 1)]
}

/** Of a table all that it has, also what no analyst sees: a view may be made from it. */
const columnNames =
  (catalogue: Catalogue) =>
  (table: string): readonly string[] | undefined => {
    const relation = catalogue.get(table)
    return (
      relation && (relation.filled ?? Object.keys({ ...relation.columns, ...relation.origins }))
    )
  }
