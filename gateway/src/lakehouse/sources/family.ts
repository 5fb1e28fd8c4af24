/** Bronze is what sources have told, plain; silver follows from it, masked, and gold has each record once. */
import { inLayer, type Family } from '../family.ts'
import { columnsOf, LAKE } from '../names.ts'
import { DEAD_LETTERS, newestSql, SOURCE_RECORDS, SOURCE_TABLES, sourceRows } from './tables.ts'

export const sourcesFamily: Family = {
  kept: inLayer('bronze', [SOURCE_RECORDS, DEAD_LETTERS]),
  derived: () =>
    SOURCE_TABLES.flatMap(table => [
      `DROP TABLE IF EXISTS ${LAKE}.silver.${table.name}`,
      `CREATE TABLE ${LAKE}.silver.${table.name} (${columnsOf(table)})`,
      `INSERT INTO ${LAKE}.silver.${table.name}
       ${sourceRows(table, `${LAKE}.bronze.${SOURCE_RECORDS.name}`)}`,
      newestSql(table),
    ]),
  staged: [SOURCE_RECORDS, DEAD_LETTERS],
}
