/**
 * The tables of documents and of their index.
 *
 * `documents` is what everybody may read. The others are made from it and can be made again. A new document is one
 * row of `document_recent`. Every 256 of them become a segment of `document_postings`: for each of their words one row
 * with all its places, sorted by word, so that a question reads a few row groups. Eight segments of a tier become one
 * of the next, sorted anew; no row is changed by that. Rows are small because a row group has 2,048 of them at least
 * and is read whole: a word's places in one row took ten times as long.
 */
import { inLayer, type Family } from '../family.ts'
import { LAKE } from '../names.ts'
import type { Finding, Retained } from '../privacy/declared.ts'
import { DESCRIBED_DOCUMENTS } from './described.ts'
import { DOCUMENT_TABLE } from './tables.ts'

/** `places` is ` word@1,7 other@3 `: as one text a document costs the catalogue one cell. */
const RECENT_TABLE = {
  name: 'document_recent',
  columns: { number: 'BIGINT', words: 'INTEGER', places: 'VARCHAR' },
} as const

/** `first` and `last` are numbers of documents, `documents` says how many of that range have the word. */
const POSTING_TABLE = {
  name: 'document_postings',
  columns: {
    tier: 'TINYINT',
    word: 'VARCHAR',
    first: 'BIGINT',
    last: 'BIGINT',
    documents: 'INTEGER',
    packed: 'BLOB',
  },
} as const

/** For what is shown beside a hit; see pieces.ts. */
const PIECE_TABLE = {
  name: 'document_pieces',
  columns: { key: 'BIGINT', packed: 'BLOB' },
} as const

const SEGMENT_TABLE = {
  name: 'document_segments',
  columns: { tier: 'TINYINT', first: 'BIGINT', documents: 'INTEGER' },
} as const

/** One row: who writes documents changes it, so what was prepared from an older state is refused. */
const TALLY_TABLE = {
  name: 'document_tally',
  columns: {
    next: 'BIGINT',
    documents: 'BIGINT',
    words: 'BIGINT',
    indexed: 'BIGINT',
    version: 'BIGINT',
    analyser: 'INTEGER',
  },
} as const

export const DOCUMENTS = `${LAKE}.bronze.${DOCUMENT_TABLE.name}`
export const RECENT = `${LAKE}.silver.${RECENT_TABLE.name}`
export const POSTINGS = `${LAKE}.silver.${POSTING_TABLE.name}`
export const PIECES = `${LAKE}.silver.${PIECE_TABLE.name}`
export const SEGMENTS = `${LAKE}.silver.${SEGMENT_TABLE.name}`
export const TALLY = `${LAKE}.silver.${TALLY_TABLE.name}`

export const STAGED_DOCUMENTS = 'staged_documents'
export const STAGED_RECENT = 'staged_document_recent'
export const STAGED_PIECES = 'staged_document_pieces'
export const STAGED_POSTINGS = 'staged_document_postings'

/** The least that DuckDB writes: what is read is a few rows here and there. */
const SMALL_GROUPS = { option: 'parquet_row_group_size', value: '2048' }

const NAMING: readonly Finding[] = [
  { by: 'TEXT', column: 'name' },
  { by: 'TEXT', column: 'text' },
]

export const documentsFamily: Family = {
  kept: [
    ...inLayer('bronze', [DOCUMENT_TABLE]),
    ...inLayer('silver', [RECENT_TABLE, POSTING_TABLE, PIECE_TABLE, SEGMENT_TABLE, TALLY_TABLE]),
  ],
  derived: () => [],
  // Staged bytes wait as base64: a cell is a text or a number.
  staged: [
    { name: STAGED_DOCUMENTS, columns: DOCUMENT_TABLE.columns },
    { name: STAGED_RECENT, columns: RECENT_TABLE.columns },
    { name: STAGED_PIECES, columns: { ...PIECE_TABLE.columns, packed: 'VARCHAR' } },
    { name: STAGED_POSTINGS, columns: { ...POSTING_TABLE.columns, packed: 'VARCHAR' } },
  ],
  described: [DESCRIBED_DOCUMENTS],
  // Every one is a voucher or stands behind one. The index goes with what it was made of.
  retention: [
    {
      table: `bronze.${DOCUMENT_TABLE.name}`,
      keeps: 'TIME',
      class: 'ACCOUNTING',
      clock: 'at',
    },
    ...[RECENT_TABLE, POSTING_TABLE, PIECE_TABLE].map(({ name }): Retained => ({
      table: `silver.${name}`,
      keeps: 'FOLLOWS',
      of: `bronze.${DOCUMENT_TABLE.name}`,
    })),
    ...[SEGMENT_TABLE, TALLY_TABLE].map(({ name }): Retained => ({
      table: `silver.${name}`,
      keeps: 'NO_PERSONAL_DATA',
      why: 'numbers of documents and of words',
    })),
  ],
  personal: [
    {
      table: `bronze.${DOCUMENT_TABLE.name}`,
      // The law wants them kept as they are for exactly as long as they are kept at all. So one that may be touched
      // is past its time, and goes whole also where it only names the subject.
      finds: { MEMBER: [{ by: 'COLUMN', column: 'member' }, ...NAMING], PERSON: NAMING },
      erase: 'DELETE',
    },
  ],
  options: [
    { layer: 'bronze', table: DOCUMENT_TABLE.name, ...SMALL_GROUPS },
    { layer: 'silver', table: POSTING_TABLE.name, ...SMALL_GROUPS },
    { layer: 'silver', table: PIECE_TABLE.name, ...SMALL_GROUPS },
  ],
}
