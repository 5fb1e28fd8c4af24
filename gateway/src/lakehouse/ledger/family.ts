import { columnsOf, LAKE } from '../names.ts'
import { inLayer, type Family } from '../family.ts'
import { goldSchema, SETTLED } from './gold.ts'
import { MARTS } from './marts.ts'
import { silverRows } from './silver.ts'
import { BRONZE, GOLD, REBUILDS, SILVER } from './tables.ts'

/** Blocks with the organisation's own private values, and what follows from them. */
export const ledgerFamily: Family = {
  kept: inLayer('bronze', [...Object.values(BRONZE), SETTLED, REBUILDS]),
  derived: () => [
    ...[...GOLD, ...MARTS].map(view => `DROP VIEW IF EXISTS ${LAKE}.gold.${view.name}`),
    ...SILVER.flatMap(table => [
      `DROP TABLE IF EXISTS ${LAKE}.silver.${table.name}`,
      `CREATE TABLE ${LAKE}.silver.${table.name} (${columnsOf(table)})`,
      `INSERT INTO ${LAKE}.silver.${table.name} ${silverRows(table, `${LAKE}.bronze.writes`)}`,
    ]),
    ...goldSchema(),
  ],
  staged: Object.values(BRONZE),
}
