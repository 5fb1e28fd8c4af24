/** The SQL of the tables; everything here is made from what the families say. */
import { createHash } from 'node:crypto'
import type { Described } from './analysis/described.ts'
import { eventsFamily } from './events/family.ts'
import { documentsFamily } from './documents/store.ts'
import { featuresFamily } from './features/family.ts'
import { inLayer, type Family, type Table } from './family.ts'
import { ledgerFamily } from './ledger/family.ts'
import { describedKpis } from './marts/described.ts'
import type { CostParameter } from './marts/kpi.ts'
import { columnsOf, LAKE, LAYERS, STAGING } from './names.ts'
import { POSITIONS } from './positions.ts'
import { behaviourFamily } from './sources/behaviour/tables.ts'
import { privacyFamily } from './privacy/family.ts'
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
  retention: [
    { table: 'bronze.catalogues', keeps: 'NO_PERSONAL_DATA', why: 'versions of the schema' },
    { table: 'bronze.positions', keeps: 'NO_PERSONAL_DATA', why: 'how far each stream is' },
  ],
}

/** In the order in which silver and gold are made. */
export const FAMILIES: readonly Family[] = [
  books,
  privacyFamily,
  ledgerFamily,
  sourcesFamily,
  behaviourFamily,
  documentsFamily,
  eventsFamily,
  featuresFamily,
]

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

const OPTIONS = FAMILIES.flatMap(({ options = [] }) => options)

/** How many of the options of tables hold. */
export const COUNT_OPTIONS = `SELECT count(*) AS count FROM ducklake_options('${LAKE}')
  WHERE scope = 'TABLE' AND (${OPTIONS.map(
    ({ layer, table, option, value }) =>
      `(scope_entry = '${layer}.${table}' AND option_name = '${option}' AND value = '${value}')`,
  ).join(' OR ')})`

/** Statements that make all of them hold; for tables that are there for others to see. */
export const optionStatements = (): string[] =>
  OPTIONS.map(
    ({ layer, table, option, value }) =>
      `CALL ${LAKE}.set_option('${option}', '${value}', schema => '${layer}', table_name => '${table}')`,
  )

/**
 * What the parts tell analysts of their tables, and the figures that are worked out of all of them.
 *
 * @param costs what people do by hand, as this organisation tells.
 */
export const describedTables = (costs: readonly CostParameter[] = []): readonly Described[] => [
  ...FAMILIES.flatMap(({ described = [] }) => described),
  ...describedKpis(costs),
]

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
