/** How the lake stands, read from its catalogue in PostgreSQL: without DuckDB, and whether its process lives or not. */
import type { Database } from '../platform/database/database.ts'
import { CodedError } from '../platform/faults.ts'
import { readJournal, readStreams, type LakeProcess, type StreamRow } from './journal.ts'
import type { LakeStatus } from './api.ts'

/** A block is kept back up to a second, and a transaction takes less: later than this, something is wrong. */
const LATE_MS = 10_000

/** @param projected the last block of the read model. */
export async function lakeStatus(database: Database, projected: bigint): Promise<LakeStatus> {
  const said = {
    ...saidOf(await readJournal(database)),
    streams: (await readStreams(database)).map(streamOf),
  }
  if (!(await isThere(database)))
    return {
      state: 'ABSENT',
      block: '-1',
      behindBlocks: Number(projected) + 1,
      tables: [],
      ...said,
      stale: [],
    }
  const [block, until, history, tables] = [
    await greatest(database, 'blocks', 'block'),
    await greatest(database, 'rebuilds', 'until_block'),
    await historyOf(database),
    await tablesOf(database),
  ]
  const behindBlocks = Math.max(0, Number(projected - block))
  // A clock that was set back makes the last commit one of the future: that too is none of the last seconds.
  const isLate =
    behindBlocks > 0 && Math.abs(Date.now() - Date.parse(history.committedAt)) > LATE_MS
  const state = said.fault || isLate ? 'STANDING' : 'FOLLOWING'
  return {
    state,
    block: block.toString(),
    behindBlocks,
    ...(until > block ? { rebuildingTo: until.toString() } : {}),
    ...history,
    tables,
    ...said,
    stale: staleOf({ isBehind: state === 'STANDING' || until > block, ...said }),
  }
}

/** What is not of today, by name: whoever reads on should know. */
function staleOf(standing: {
  readonly isBehind: boolean
  readonly streams: readonly { readonly name: string; readonly fault?: string }[]
}): string[] {
  const faulty = standing.streams.filter(({ fault }) => fault !== undefined)
  return [...(standing.isBehind ? ['ledger'] : []), ...faulty.map(({ name }) => name)]
}

function saidOf(journal: LakeProcess | undefined) {
  const { fault, fault_since: faultSince, upkeep, upkeep_at: at } = journal ?? {}
  return {
    ...(fault ? { fault } : {}),
    ...(faultSince ? { faultSince } : {}),
    ...(upkeep && at ? { upkeep: { ...upkeep, at } } : {}),
  }
}

const streamOf = ({ name, fault, fault_since: since, facts, said_at: saidAt }: StreamRow) => ({
  name,
  ...(fault ? { fault } : {}),
  ...(since ? { faultSince: since } : {}),
  facts,
  saidAt,
})

async function isThere(database: Database): Promise<boolean> {
  const [row] = await database.query<{ there: boolean }>(
    `SELECT to_regclass('lake.ducklake_snapshot') IS NOT NULL AS there`,
  )
  return row?.there ?? false
}

/** Tables of the present, by their numbers in the catalogue. */
const PRESENT = `lake.ducklake_table t
  JOIN lake.ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
  WHERE t.end_snapshot IS NULL`

/**
 * Of a question about now, asked where no engine runs.
 *
 * @throws CodedError LAKE_REBUILDING: an answer would be out of less than the lake has had.
 */
export async function refuseWhileRebuilt(database: Database): Promise<void> {
  const block = await greatest(database, 'blocks', 'block')
  const until = await greatest(database, 'rebuilds', 'until_block')
  if (until <= block) return
  throw new CodedError('LAKE_REBUILDING', {
    status: 503,
    detail: 'the lake is brought again from block 0; GET /v1/lake says how far it is',
    facts: { block: block.toString(), until: until.toString() },
  })
}

/** The greatest value of a column of bronze that only grows, as the catalogue keeps it; -1 of none. */
async function greatest(database: Database, table: string, column: string): Promise<bigint> {
  const [row] = await database.query<{ value: string | null }>(
    `SELECT max(stats.max_value::bigint)::text AS value
     FROM (SELECT t.table_id, s.schema_name, t.table_name FROM ${PRESENT}) tables
     JOIN lake.ducklake_column c ON c.table_id = tables.table_id
       AND c.column_name = $2 AND c.end_snapshot IS NULL
     JOIN lake.ducklake_table_column_stats stats
       ON stats.table_id = tables.table_id AND stats.column_id = c.column_id
     WHERE tables.schema_name = 'bronze' AND tables.table_name = $1`,
    [table, column],
  )
  return BigInt(row?.value ?? -1)
}

async function historyOf(database: Database) {
  const [row] = await database.query<{ count: number; first: string; last: string }>(
    `SELECT count(*)::int AS count, min(snapshot_time) AS first, max(snapshot_time) AS last
     FROM lake.ducklake_snapshot`,
  )
  return {
    snapshots: row?.count ?? 0,
    oldestAt: row?.first ?? new Date(0).toISOString(),
    committedAt: row?.last ?? new Date(0).toISOString(),
  }
}

async function tablesOf(database: Database): Promise<LakeStatus['tables']> {
  const rows = await database.query<{
    layer: 'bronze' | 'silver' | 'gold' | 'settled'
    name: string
    rows: string
    files: number
    bytes: string
  }>(
    `SELECT tables.schema_name AS layer, tables.table_name AS name,
       coalesce(stats.record_count, 0)::text AS rows,
       count(files.data_file_id)::int AS files,
       coalesce(sum(files.file_size_bytes), 0)::text AS bytes
     FROM (SELECT t.table_id, s.schema_name, t.table_name FROM ${PRESENT}) tables
     LEFT JOIN lake.ducklake_table_stats stats ON stats.table_id = tables.table_id
     LEFT JOIN lake.ducklake_data_file files
       ON files.table_id = tables.table_id AND files.end_snapshot IS NULL
     GROUP BY 1, 2, stats.record_count ORDER BY 1, 2`,
  )
  return rows.map(row => ({ ...row, rows: Number(row.rows), bytes: Number(row.bytes) }))
}
