/**
 * Looks for a subject in what is left, with an engine that is not the one that deleted: every byte and every value of
 * every Parquet file in the folder or bucket, known to the catalogue or not, and every table of the catalogue.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import type { Database } from '../../platform/database/database.ts'
import { CodedError } from '../../platform/faults.ts'
import type { StorageSettings } from '../storage.ts'
import { openBucket, type Bucket } from './bucket.ts'

export interface Scan {
  readonly files: number
  readonly bytes: number
  /** SHA-256 over name, size and hash of each file, in order. */
  readonly filesHash: string
  readonly fileRows: number
  readonly catalogueTables: number
  /** Rows in which an identifier stands, by table of the lake; those of no table under the name of the place. */
  readonly matches: Readonly<Record<string, number>>
}

export interface Scanning {
  readonly database: Database
  /** A folder, or `s3://bucket/prefix`. */
  readonly dataPath: string
  /** How to reach a bucket. */
  readonly storage?: StorageSettings | undefined
  readonly identifiers: readonly string[]
}

/** Rows of one file that are looked through at once. */
const ROWS_AT_ONCE = 50_000

export async function scan(scanning: Scanning): Promise<Scan> {
  const { database, identifiers } = scanning
  const tables = await tablesOfFiles(database)
  const found = new Map<string, number>()
  const all = createHash('sha256')
  let [bytes, fileRows] = [0, 0]
  const place = placeOf(scanning)
  const files = await place.list()
  for (const file of files) {
    const content = await place.read(file)
    const result = await searchFile(content, file, identifiers)
    bytes += content.length
    fileRows += result.rows
    const hash = createHash('sha256').update(content).digest('hex')
    all.update(`${file} ${content.length} ${hash}\n`)
    note(found, tables.get(file) ?? `file ${file}`, result.matches)
  }
  const catalogueTables = await searchCatalogue(database, identifiers, found)
  searchTemporary(identifiers, found)
  return {
    files: files.length,
    bytes,
    filesHash: all.digest('hex'),
    fileRows,
    catalogueTables,
    matches: Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

/** One file at a time is in memory, whole. */
function placeOf({ dataPath, storage }: Scanning): Bucket {
  if (!dataPath.includes('://'))
    return {
      list: async () => filesIn(dataPath),
      read: async file => readFileSync(path.join(dataPath, file)),
    }
  if (!storage)
    throw new CodedError('LAKE_SCAN_STORAGE', { detail: 'nobody has said how to reach the bucket' })
  return openBucket(dataPath, storage)
}

function note(found: Map<string, number>, place: string, matches: number): void {
  if (matches > 0) found.set(place, (found.get(place) ?? 0) + matches)
}

const filesIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter(file => statSync(path.join(folder, file)).isFile())
        .sort()
    : []

/** By path in the folder: the table whose rows a file of the present snapshot holds. */
async function tablesOfFiles(database: Database): Promise<Map<string, string>> {
  const rows = await database.query<{ file: string; name: string }>(
    `SELECT s.schema_name || '.' || t.table_name AS name,
       concat(CASE WHEN f.path_is_relative AND t.path_is_relative THEN s.path END,
         CASE WHEN f.path_is_relative THEN t.path END, f.path) AS file
     FROM lake.ducklake_data_file f
     JOIN lake.ducklake_table t ON t.table_id = f.table_id AND t.end_snapshot IS NULL
     JOIN lake.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
     WHERE f.end_snapshot IS NULL`,
  )
  return new Map(rows.map(({ file, name }) => [file, name]))
}

/** Rows with an identifier in any value; a file that has one in its bytes alone counts as one. */
async function searchFile(
  content: Buffer,
  file: string,
  identifiers: readonly string[],
): Promise<{ rows: number; matches: number }> {
  const inBytes = identifiers.some(one => content.includes(one)) ? 1 : 0
  if (!file.endsWith('.parquet')) return { rows: 0, matches: inBytes }
  const buffer = new Uint8Array(content).buffer
  const rows = Number(parquetMetadata(buffer).num_rows)
  let matches = 0
  for (let rowStart = 0; rowStart < rows; rowStart += ROWS_AT_ONCE) {
    const part = await parquetReadObjects({
      file: buffer,
      rowStart,
      rowEnd: Math.min(rows, rowStart + ROWS_AT_ONCE),
    })
    matches += part.filter(row => names(row, identifiers)).length
  }
  return { rows, matches: Math.max(matches, inBytes) }
}

/** Any text within a value, however deep. */
function names(value: unknown, identifiers: readonly string[]): boolean {
  if (typeof value === 'string') return identifiers.some(one => value.includes(one))
  if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value)
    return identifiers.some(one => bytes.includes(one))
  }
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some(part => names(part, identifiers))
}

const INLINED = /^ducklake_inlined_data_(\d+)_\d+$/

/** All tables of the catalogue, whatever they are for; a value may stand there as text or as bytes. */
async function searchCatalogue(
  database: Database,
  identifiers: readonly string[],
  found: Map<string, number>,
): Promise<number> {
  const like = identifiers.flatMap(one => [`%${one}%`, `%${Buffer.from(one).toString('hex')}%`])
  const tables = await database.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'lake' ORDER BY 1`,
  )
  const named = await database.query<{ id: string; name: string }>(
    `SELECT t.table_id AS id, s.schema_name || '.' || t.table_name AS name
     FROM lake.ducklake_table t JOIN lake.ducklake_schema s ON s.schema_id = t.schema_id
     WHERE t.end_snapshot IS NULL AND s.end_snapshot IS NULL`,
  )
  const byId = new Map(named.map(({ id, name }) => [id, name]))
  for (const { name } of tables) {
    const [row] = await database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM lake."${name}" t WHERE t::text LIKE ANY($1)`,
      [like],
    )
    const table = byId.get(INLINED.exec(name)?.[1] ?? '')
    note(found, table ?? `catalogue ${name}`, row?.n ?? 0)
  }
  return tables.length
}

/** What an engine that ran out of memory has laid down; it goes with its process, or is left by a killed one. */
function searchTemporary(identifiers: readonly string[], found: Map<string, number>): void {
  for (const folder of readdirSync(os.tmpdir()).filter(one => one.startsWith('triflow-lake-'))) {
    const place = path.join(os.tmpdir(), folder)
    if (!/^triflow-lake-\d+$/.test(folder) || !statSync(place).isDirectory()) continue
    for (const file of filesIn(place)) {
      const content = readFileSync(path.join(place, file))
      if (identifiers.some(one => content.includes(one))) note(found, `temporary ${file}`, 1)
    }
  }
}
