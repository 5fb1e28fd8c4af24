/**
 * The files of the lake in order. Asked for the whole lake, DuckLake looks at the statistics of each table once for
 * every table, some thousand questions; so only tables are named that have something to be done.
 */
import type { Engine } from './engine.ts'
import { LAKE, quoted, type Layer } from './names.ts'

interface Place extends Record<string, unknown> {
  readonly schema: string
  readonly name: string
}

/** What DuckLake calls the attached catalogue; the schema in it has the name of the lake. */
const CATALOG = `__ducklake_metadata_${LAKE}`

/** Asks PostgreSQL itself, in one question. */
const asked = (sql: string): string => `FROM postgres_query('${CATALOG}', ${quoted(sql)})`

const PLACE = 's.schema_name AS schema, t.table_name AS name'
const PRESENT = `lake.ducklake_table t
  JOIN lake.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL`

/** Rows, and deletions of rows, that lie in the catalogue. */
const INLINED = `SELECT relname AS name, substring(relname FROM '_([0-9]+)') AS table_id
  FROM pg_class WHERE relnamespace = 'lake'::regnamespace AND relkind = 'r'
  AND relname ~ '^ducklake_inlined_(data_[0-9]+_[0-9]+|delete_[0-9]+)$'`

async function tablesInlined(engine: Engine): Promise<Place[]> {
  const inlined = await engine.query<{ name: string; table_id: string }>(asked(INLINED))
  if (inlined.length === 0) return []
  const filled = inlined.map(
    ({ name, table_id: id }) => `(SELECT ${id}::bigint AS table_id FROM lake."${name}" LIMIT 1)`,
  )
  return engine.query<Place>(
    asked(`SELECT DISTINCT ${PLACE} FROM ${PRESENT}
      JOIN (${filled.join(' UNION ALL ')}) filled ON filled.table_id = t.table_id
      WHERE t.end_snapshot IS NULL ORDER BY 1, 2`),
  )
}

const SEVERAL_FILES = `SELECT ${PLACE} FROM ${PRESENT}
  JOIN lake.ducklake_data_file f ON f.table_id = t.table_id AND f.end_snapshot IS NULL
  WHERE t.end_snapshot IS NULL GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY 1, 2`

/** Rows that lay in the catalogue and lie in Parquet files now. */
export async function flushInlined(engine: Engine): Promise<number> {
  let rows = 0
  for (const { schema, name } of await tablesInlined(engine)) {
    const done = await engine.alone(
      `CALL ducklake_flush_inlined_data('${LAKE}',
         schema_name => ${quoted(schema)}, table_name => ${quoted(name)})`,
    )
    rows += sum(done, 'rows_flushed')
  }
  return rows
}

/** Files that were small and lie in larger ones now. */
export async function mergeFiles(engine: Engine): Promise<number> {
  let files = 0
  for (const { schema, name } of await engine.query<Place>(asked(SEVERAL_FILES))) {
    const done = await engine.alone(
      `CALL ducklake_merge_adjacent_files('${LAKE}', ${quoted(name)}, schema => ${quoted(schema)})`,
    )
    files += sum(done, 'files_processed')
  }
  return files
}

/** A file that cannot be read whole, or is not the one that the catalogue knows. */
export interface BrokenFile {
  readonly table: string
  readonly file: string
  readonly why: string
}

interface KnownFile extends Place {
  /** In the folder of its table. */
  readonly path: string
  readonly rows: string
  readonly bytes: string
}

const FILES = `SELECT ${PLACE}, f.path, f.record_count::text AS rows, f.file_size_bytes::text AS bytes
  FROM ${PRESENT} JOIN lake.ducklake_data_file f ON f.table_id = t.table_id
    AND f.end_snapshot IS NULL
  WHERE t.end_snapshot IS NULL ORDER BY 1, 2, f.data_file_id`

/** Reads every file of the present to its end: each page is unpacked, and no row may be missing. */
export async function brokenFiles(engine: Engine): Promise<BrokenFile[]> {
  const known = await engine.query<KnownFile>(asked(FILES))
  const broken: BrokenFile[] = []
  const places = new Map(known.map(file => [`${file.schema}.${file.name}`, file]))
  for (const [table, { schema, name }] of places) {
    const paths = await engine.query<{ data_file: string }>(
      `SELECT data_file FROM ducklake_list_files('${LAKE}', ${quoted(name)},
         schema => ${quoted(schema)})`,
    )
    for (const { data_file: file } of paths) {
      const wanted = known.find(({ path }) => file.endsWith(path))
      const why = wanted && (await faultOf(engine, file, wanted))
      if (why) broken.push({ table, file, why })
    }
  }
  return broken
}

async function faultOf(
  engine: Engine,
  file: string,
  wanted: KnownFile,
): Promise<string | undefined> {
  try {
    const [blob] = await engine.query<{ size: string }>(
      `SELECT size FROM read_blob(${quoted(file)})`,
    )
    if (blob === undefined) return 'is not there'
    if (String(blob.size) !== wanted.bytes) return `has ${blob.size} bytes, not ${wanted.bytes}`
    // The hash of a row needs every column of it.
    const [read] = await engine.query<{ rows: string }>(
      `SELECT count(*) AS rows, bit_xor(hash(r)) AS all_of_it FROM read_parquet(${quoted(file)}) r`,
    )
    return read?.rows === wanted.rows ? undefined : `has ${read?.rows} rows, not ${wanted.rows}`
  } catch (error) {
    return (error as Error).message
  }
}

/** Rows that a table has at most, by its name: those that were deleted count. Costs nothing beside a count. */
export async function rowsAtMost(
  { query }: Pick<Engine, 'query'>,
  layer: Layer,
): Promise<ReadonlyMap<string, number>> {
  const rows = await query<{ name: string; rows: string }>(
    asked(`SELECT t.table_name AS name, stats.record_count::text AS rows FROM ${PRESENT}
      JOIN lake.ducklake_table_stats stats ON stats.table_id = t.table_id
      WHERE t.end_snapshot IS NULL AND s.schema_name = '${layer}'`),
  )
  return new Map(rows.map(row => [row.name, Number(row.rows)]))
}

const sum = (rows: readonly Readonly<Record<string, unknown>>[], column: string): number =>
  rows.reduce((total, row) => total + Number(row[column] ?? 0), 0)
