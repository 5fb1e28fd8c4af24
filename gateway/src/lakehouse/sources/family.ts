/** What sources have told, as it was kept; the name of a source is a value here, so that a new one needs no table. */
import { inLayer, type Family } from '../family.ts'
import { ofSubject } from '../privacy/declared.ts'
import { sourceOf } from './catalogue/index.ts'
import { SOURCE_NAMES } from './source.ts'

export const SOURCE_RECORDS = {
  name: 'source_records',
  columns: {
    source: 'VARCHAR',
    id: 'VARCHAR',
    revision: 'BIGINT',
    /** MEMBER, whose id is the unified social credit code, or PERSON. */
    subject_kind: 'VARCHAR',
    subject: 'VARCHAR',
    event_at: 'TIMESTAMP',
    arrived_at: 'TIMESTAMP',
    /** JSON: the fields of the catalogue. */
    body: 'VARCHAR',
    fingerprint: 'VARCHAR',
  },
} as const

export const DEAD_LETTERS = {
  name: 'dead_letters',
  columns: {
    source: 'VARCHAR',
    code: 'VARCHAR',
    path: 'VARCHAR',
    raw: 'VARCHAR',
    is_cut: 'BOOLEAN',
    arrived_at: 'TIMESTAMP',
  },
} as const

export const sourcesFamily: Family = {
  kept: inLayer('bronze', [SOURCE_RECORDS, DEAD_LETTERS]),
  derived: () => [],
  staged: [SOURCE_RECORDS, DEAD_LETTERS],
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
  ],
  personal: [
    ofSubject('bronze.source_records', { source: 'source', named: ['body'] }),
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
