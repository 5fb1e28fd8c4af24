/**
 * The tables of documents and of their index.
 *
 * `documents` is what everybody may read. `recent_words` and `postings` are made from it and can be made again. A new
 * document is one row of `recent_words`. Every 256 of them become a segment of `postings`: for each of their words one
 * row with all its places, sorted by word, so that a question reads a few row groups. Eight segments of a tier become
 * one of the next, sorted anew; no row is changed by that. Rows are small because a row group has 2,048 of them at
 * least and is read whole: a word's places in one row took ten times as long.
 */
import { LAKE, STAGING } from '../names.ts'
import type { Table } from '../family.ts'

export const DOCUMENTS = `${LAKE}.bronze.documents`
export const RECENT = `${LAKE}.silver.recent_words`
export const POSTINGS = `${LAKE}.silver.postings`
export const SEGMENTS = `${LAKE}.silver.segments`
/** One row: who writes documents changes it, so that of two writers the catalogue lets one. */
export const TALLY = `${LAKE}.silver.document_tally`

export const STAGED_DOCUMENTS = 'staged_documents'
export const STAGED_POSTINGS = 'staged_postings'

export const DOCUMENT_COLUMNS = {
  number: 'BIGINT',
  id: 'VARCHAR',
  cid: 'VARCHAR',
  kind: 'VARCHAR',
  name: 'VARCHAR',
  member: 'VARCHAR',
  at: 'TIMESTAMP',
  words: 'INTEGER',
  text: 'VARCHAR',
}
/** `places` is ` word@1,7 other@3 `: one column that DuckDB cuts one word out of. */
const RECENT_COLUMNS = { number: 'BIGINT', words: 'INTEGER', places: 'VARCHAR' }
/** `first` and `last` are numbers of documents, `documents` says how many of that range have the word. */
const POSTING_COLUMNS = {
  tier: 'TINYINT',
  word: 'VARCHAR',
  first: 'BIGINT',
  last: 'BIGINT',
  documents: 'INTEGER',
  packed: 'BLOB',
}

const columnsOf = (columns: Table['columns']): string =>
  Object.entries(columns)
    .map(([name, type]) => `"${name}" ${type}`)
    .join(', ')

const create = (table: string, columns: Table['columns']): string =>
  `CREATE TABLE IF NOT EXISTS ${table} (${columnsOf(columns)})`

/** The least that DuckDB writes: what is read is a few rows here and there. */
const GROUP_ROWS = 2_048

/** Statements that make what is missing of the tables; each may be run again. */
export function documentSchema(): string[] {
  return [
    create(DOCUMENTS, DOCUMENT_COLUMNS),
    create(RECENT, RECENT_COLUMNS),
    create(POSTINGS, POSTING_COLUMNS),
    create(SEGMENTS, { tier: 'TINYINT', first: 'BIGINT', documents: 'INTEGER' }),
    create(TALLY, { next: 'BIGINT', documents: 'BIGINT', words: 'BIGINT' }),
    `INSERT INTO ${TALLY} SELECT 0, 0, 0 WHERE NOT EXISTS (FROM ${TALLY})`,
  ]
}

/** Statements that say how files are written; only for tables that are there for others to see. */
export const documentOptions = (): string[] => [DOCUMENTS, POSTINGS].map(smallGroups)

/** How many of them hold. */
export const COUNT_OPTIONS = `SELECT count(*) AS count FROM ducklake_options('${LAKE}')
  WHERE option_name = 'parquet_row_group_size' AND scope = 'TABLE' AND value = '${GROUP_ROWS}'`

function smallGroups(table: string): string {
  const [lake, schema, name] = table.split('.')
  return `CALL ${lake}.set_option('parquet_row_group_size', ${GROUP_ROWS},
    schema => '${schema}', table_name => '${name}')`
}

/** What is of this process alone. Staged bytes wait as base64; files never change, so what is in them may be kept. */
export function documentStaging(): string[] {
  return [
    'SET GLOBAL parquet_metadata_cache = true',
    create(`${STAGING}.${STAGED_DOCUMENTS}`, DOCUMENT_COLUMNS),
    create(`${STAGING}.${STAGED_POSTINGS}`, { ...POSTING_COLUMNS, packed: 'VARCHAR' }),
  ]
}
