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

/** A text as SQL writes it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
