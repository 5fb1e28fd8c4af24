/**
 * What the lake is made by, read from the statements that make it: lineage follows these texts and no copy of them.
 */
import { derivedSchema, keptSchema } from '../schema.ts'
import { LAKE } from '../names.ts'

export interface MadeTable {
  /** `silver.invoices`. */
  readonly name: string
  /** Of a table that is made with its columns; empty where a SELECT makes them. */
  readonly columns: readonly string[]
  /** The SELECT that makes or fills it, where there is one. */
  readonly definition: string | undefined
}

const PLACE = `${LAKE}\\.(\\w+)\\.(\\w+)`
const MADE = new RegExp(
  `^CREATE (?:OR REPLACE )?(?:TABLE|VIEW) (?:IF NOT EXISTS )?${PLACE}\\s+(?:AS\\s+(.*)|\\((.*)\\))$`,
  's',
)
const FILLED = new RegExp(
  `^INSERT INTO ${PLACE}(?: \\([^)]*\\))?\\s+((?:SELECT|WITH|FROM)\\b.*)$`,
  's',
)

/** Every table and view of the lake, whether analysts may ask it or not. */
export const madeTables = (): MadeTables => readMade([...keptSchema(), ...derivedSchema()])

export type MadeTables = ReadonlyMap<string, MadeTable>

export function readMade(statements: readonly string[]): MadeTables {
  const tables = new Map<string, MadeTable>()
  for (const text of statements) {
    const sql = text.trim()
    const [, layer, table, definition, columns] = MADE.exec(sql) ?? []
    if (layer !== undefined && table !== undefined) {
      const name = `${layer}.${table}`
      tables.set(name, { name, columns: namesIn(columns ?? ''), definition })
    }
    const [, into, filled, select] = FILLED.exec(sql) ?? []
    const made = tables.get(`${into}.${filled}`)
    if (made && select !== undefined) tables.set(made.name, { ...made, definition: select })
  }
  return tables
}

/** Names of `"id" VARCHAR, "block" BIGINT`, as `columnsOf` writes them. */
const namesIn = (columns: string): string[] =>
  [...columns.matchAll(/"(\w+)"\s+\w/g)].map(([, name]) => name ?? '')
