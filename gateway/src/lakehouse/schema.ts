/** The SQL of the tables; everything here is made from what the families say. */
import { createHash } from 'node:crypto'
import { featuresFamily } from './features/family.ts'
import { inLayer, type Family, type Table } from './family.ts'
import { ledgerFamily } from './ledger/family.ts'
import { columnsOf, LAKE, LAYERS, STAGING } from './names.ts'
import { POSITIONS } from './positions.ts'
import { sourcesFamily } from './sources/family.ts'

/** Which catalogue silver and gold were made from; bronze is what arrived, and does not depend on it. */
const CATALOGUES: Table = {
  name: 'catalogues',
  columns: { version: 'VARCHAR', made_at: 'TIMESTAMP' },
}

const books: Family = {
  kept: inLayer('bronze', [CATALOGUES, POSITIONS]),
  derived: () => [],
  staged: [],
}

/** In the order in which silver and gold are made. */
const FAMILIES: readonly Family[] = [books, ledgerFamily, sourcesFamily, featuresFamily]

const KEPT = FAMILIES.flatMap(({ kept }) => kept)

/** Statements that make what is missing of what arrived. */
export const keptSchema = (): string[] => [
  ...LAYERS.map(layer => `CREATE SCHEMA IF NOT EXISTS ${LAKE}.${layer}`),
  ...KEPT.map(
    table =>
      `CREATE TABLE IF NOT EXISTS ${LAKE}.${table.layer}.${table.name} (${columnsOf(table)})`,
  ),
]
export const keptNames = (): string[] => KEPT.map(({ layer, name }) => `${layer}.${name}`)

/** Statements that make silver and gold out of bronze, in place of those of another catalogue. */
export const derivedSchema = (): string[] => FAMILIES.flatMap(({ derived }) => derived())

/** Changes with every change of a column, of a table, or of the way it is filled. */
export const catalogueVersion = (): string =>
  createHash('sha256').update(derivedSchema().join('\n')).digest('hex').slice(0, 16)

export const catalogueNoted = (): string =>
  `INSERT INTO ${LAKE}.bronze.catalogues VALUES ('${catalogueVersion()}', now())`
export const CATALOGUE_IN_USE = `SELECT arg_max(version, made_at) AS version FROM ${LAKE}.bronze.catalogues`

export const stagingSchema = (): string[] =>
  FAMILIES.flatMap(({ staged }) => staged).map(
    table => `CREATE TABLE IF NOT EXISTS ${STAGING}.${table.name} (${columnsOf(table)})`,
  )
