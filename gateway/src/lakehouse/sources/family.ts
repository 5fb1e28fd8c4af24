/** Bronze is what sources have told, plain; silver follows from it, masked, and gold has each record once. */
import { inLayer, type Family } from '../family.ts'
import { columnsOf, LAKE } from '../names.ts'
import { DEAD_LETTERS, newestSql, SOURCE_RECORDS, SOURCE_TABLES, sourceRows } from './tables.ts'
import { ofSubject, type Retained } from '../privacy/declared.ts'
import { describedSources } from './described.ts'
import { sourceOf } from './catalogue/index.ts'
import { SOURCE_NAMES } from './source.ts'

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
  described: SOURCE_TABLES.flatMap(describedSources),
  retention: [
    {
      table: 'bronze.source_records',
      keeps: 'TIME',
      class: {
        column: 'source',
        of: Object.fromEntries(SOURCE_NAMES.map(name => [name, sourceOf(name).retention])),
        otherwise: 'OPERATIONAL',
      },
      clock: 'event_at',
    },
    { table: 'bronze.dead_letters', keeps: 'TIME', class: 'DIAGNOSTIC', clock: 'arrived_at' },
    ...SOURCE_TABLES.map(({ name, source }): Retained => ({
      table: `silver.${name}`,
      keeps: 'TIME',
      class: source.retention,
      clock: 'event_at',
    })),
  ],
  personal: [
    ofSubject('bronze.source_records', { source: 'source', named: ['body'] }),
    ...SOURCE_TABLES.map(({ name, source }) =>
      ofSubject(`silver.${name}`, { source: { is: source.name } }),
    ),
    {
      table: 'bronze.dead_letters',
      finds: {
        MEMBER: [{ by: 'TEXT', column: 'raw' }],
        PERSON: [{ by: 'TEXT', column: 'raw' }],
      },
      erase: 'DELETE',
      source: 'source',
    },
  ],
}
