/** What sources have told, as it was kept; the name of a source is a value here, so that a new one needs no table. */
import { inLayer, type Family } from '../family.ts'

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
}
