/**
 * DuckDB's own syntax tree of a SELECT, as `json_serialize_sql` writes it. The engine that runs a
 * query is the one that says what the query is: a second parser would be a second opinion, and
 * attackers live where two opinions differ.
 */
export type Json = string | number | boolean | null | readonly Json[] | Node
export interface Node {
  readonly [key: string]: Json | undefined
}

export const isNode = (value: Json | undefined): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const listOf = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : []

export const nodesOf = (value: Json | undefined): readonly Node[] => listOf(value).filter(isNode)

export const nodeAt = (node: Node, key: string): Node | undefined => {
  const value = node[key]
  return isNode(value) ? value : undefined
}

export const textAt = (node: Node, key: string): string => {
  const value = node[key]
  return typeof value === 'string' ? value : ''
}

/** Identifiers are equal as DuckDB compares them: A to Z and nothing else is folded. */
export const fold = (name: string): string => name.replace(/[A-Z]/g, letter => letter.toLowerCase())

export interface CommonTable {
  readonly name: string
  readonly query: Node
  /** `WITH a(x, y) AS`: the names of its columns. */
  readonly columns: readonly string[]
}

/** The WITH clauses of a query node, in the order in which each may name those before it. */
export function commonTables(node: Node): CommonTable[] {
  return nodesOf(nodeAt(node, 'cte_map')?.['map']).flatMap(({ key, value }) => {
    const query = isNode(value) ? nodeAt(value, 'query') : undefined
    const body = query ? nodeAt(query, 'node') : undefined
    const columns = isNode(value) ? listOf(value['aliases']).map(String) : []
    return typeof key === 'string' && body ? [{ name: fold(key), query: body, columns }] : []
  })
}

/** The tree without what says where in the text a node stood, its fields in one order. */
export function withoutPlaces(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(withoutPlaces)
  if (!isNode(value)) return value
  const kept = Object.entries(value)
    .filter(([key]) => key !== 'query_location')
    .sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(kept.map(([key, part]) => [key, withoutPlaces(part ?? null)]))
}

export const quotedName = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Not so a field that the tree has only for form: nothing, an empty list, no common tables. */
export function isGiven(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false) return false
  if (Array.isArray(value)) return value.length > 0
  return !isNode(value) || Object.values(value).some(isGiven)
}
