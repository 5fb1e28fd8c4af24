/** The attached lake, the schemas in it, and the place beside it. */
import type { Table } from './family.ts'

export const LAKE = 'lake'
/** What is settled of gold has a schema of its own: nobody asks it but through gold. */
export const LAYERS = ['bronze', 'silver', 'gold', 'settled'] as const
export type Layer = (typeof LAYERS)[number]

/** Rows wait here, in memory, for the transaction that brings them into the lake. */
export const STAGING = 'memory.main'

/** Author of the commits that bring blocks; their extra information is the last block. */
export const INGESTED_BY = 'ledger'

export const columnsOf = ({ columns }: Table): string =>
  Object.entries(columns)
    .map(([name, type]) => `"${name}" ${type}`)
    .join(', ')

/** The schema of PostgreSQL in which the catalogue lies. */
export const CATALOG_SCHEMA = 'lake'
/** Of DuckDB, in the order in which they are loaded; `storage.ts` names the one for object storage. */
export const EXTENSIONS = ['postgres_scanner', 'ducklake'] as const

/** Of a field, as columns are called: `totalFen` is `total_fen`. */
export const snake = (field: string): string =>
  field.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)

/** A text as SQL writes it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
