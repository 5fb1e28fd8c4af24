/** What deletions write into the lake itself, in the transactions in which they delete. */
import { inLayer, type Family } from '../family.ts'

/** How many rows a job has deleted; with it the count is exact whatever is killed. */
export const ERASED = {
  name: 'erased',
  columns: {
    /** An erasure's id, or `retention` and a day. */
    job: 'VARCHAR',
    table_name: 'VARCHAR',
    class: 'VARCHAR',
    rows: 'BIGINT',
    at: 'TIMESTAMP',
  },
} as const

/** Places on the ledger whose values are being taken out. */
export const REDACTING = {
  name: 'redacting',
  columns: {
    block: 'BIGINT',
    tx_index: 'INTEGER',
    position: 'INTEGER',
    kind: 'VARCHAR',
    id: 'VARCHAR',
    class: 'VARCHAR',
    commitment: 'VARCHAR',
  },
} as const

export const privacyFamily: Family = {
  kept: inLayer('bronze', [ERASED]),
  derived: () => [],
  staged: [REDACTING],
  retention: [{ table: 'bronze.erased', keeps: 'NO_PERSONAL_DATA', why: 'counts of deletions' }],
}
