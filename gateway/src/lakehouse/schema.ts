/** The SQL of the tables; everything here is made from the catalogue in tables.ts. */
import { createHash } from 'node:crypto'
import { goldSchema, SETTLED } from './gold.ts'
import { columnsOf, LAKE, LAYERS, STAGING } from './names.ts'
import { BRONZE, GOLD, SILVER, type SilverTable, type Table } from './tables.ts'

const create = (place: string, table: Table): string =>
  `CREATE TABLE IF NOT EXISTS ${place}.${table.name} (${columnsOf(table)})`

/** Which catalogue silver and gold were made from; bronze is what arrived, and does not depend on it. */
const CATALOGUES: Table = {
  name: 'catalogues',
  columns: { version: 'VARCHAR', made_at: 'TIMESTAMP' },
}

const BOOKS = [...Object.values(BRONZE), CATALOGUES, SETTLED]

/** Statements that make what is missing of bronze. */
export const bronzeSchema = (): string[] => [
  ...LAYERS.map(layer => `CREATE SCHEMA IF NOT EXISTS ${LAKE}.${layer}`),
  ...BOOKS.map(table => create(`${LAKE}.bronze`, table)),
]
/** How many tables those are. */
export const BRONZE_TABLES = BOOKS.length

/** Statements that make silver and gold out of what bronze has, in place of those of another catalogue. */
export const derivedSchema = (): string[] => [
  ...GOLD.map(view => `DROP VIEW IF EXISTS ${LAKE}.gold.${view.name}`),
  ...SILVER.flatMap(table => [
    `DROP TABLE IF EXISTS ${LAKE}.silver.${table.name}`,
    create(`${LAKE}.silver`, table),
    `INSERT INTO ${LAKE}.silver.${table.name} ${silverRows(table, `${LAKE}.bronze.writes`)}`,
  ]),
  ...goldSchema(),
]

/** Changes with every change of a column, of a table, or of the way it is filled. */
export const catalogueVersion = (): string =>
  createHash('sha256').update(derivedSchema().join('\n')).digest('hex').slice(0, 16)

export const catalogueNoted = (): string =>
  `INSERT INTO ${LAKE}.bronze.catalogues VALUES ('${catalogueVersion()}', now())`
export const CATALOGUE_IN_USE = `SELECT arg_max(version, made_at) AS version FROM ${LAKE}.bronze.catalogues`

export function stagingSchema(): string[] {
  return Object.values(BRONZE).map(table => create(STAGING, table))
}

/**
 * The rows of a silver table as they follow from writes of bronze; each value is parsed once. What is not of its
 * column's type is NULL, never guessed.
 */
export function silverRows(table: SilverTable, writes: string): string {
  const fields = Object.entries(table.fields)
  const shape = Object.fromEntries(fields.map(([column, field]) => [field, table.columns[column]]))
  const read = fields.map(([column, field]) => `parsed."${field}" AS "${column}"`)
  return `SELECT id, block, tx_index, "at", value IS NULL AS deleted, ${read.join(', ')}
    FROM (SELECT *, json_transform(if(json_valid(value), value, NULL), '${JSON.stringify(shape)}') AS parsed
      FROM ${writes} WHERE kind = '${table.kind}' AND side = '${table.side}')`
}
