/** The lake as it was, and the jobs that keep its history and its files in bounds. */
import { CodedError } from '../platform/faults.ts'
import { NO_ROWS, type Engine } from './engine.ts'
import { tidyPositions } from './positions.ts'
import { settle, tablesToSettle } from './ledger/gold.ts'
import { INGESTED_BY, LAKE } from './names.ts'

export { INGESTED_BY } from './names.ts'

/** The snapshot in which the lake had exactly this block as its last, or more of the same commit. */
export async function snapshotAtBlock(engine: Engine, block: bigint): Promise<bigint> {
  const [row] = await engine.query<{ snapshot: string | null }>(
    `SELECT min(snapshot_id) AS snapshot FROM ${LAKE}.snapshots()
     WHERE author = '${INGESTED_BY}' AND TRY_CAST(commit_extra_info AS BIGINT) >= $1`,
    [block],
  )
  if (!row?.snapshot) throw new CodedError('LAKE_SNAPSHOT_UNKNOWN', { status: 404 })
  return BigInt(row.snapshot)
}

/** The snapshot that was the last at an instant. */
export async function snapshotAtTime(engine: Engine, at: Date): Promise<bigint> {
  const [row] = await engine.query<{ snapshot: string | null }>(
    `SELECT max(snapshot_id) AS snapshot FROM ${LAKE}.snapshots()
     WHERE snapshot_time <= $1::TIMESTAMPTZ`,
    [at.toISOString()],
  )
  if (!row?.snapshot) throw new CodedError('LAKE_SNAPSHOT_UNKNOWN', { status: 404 })
  return BigInt(row.snapshot)
}

export interface Upkeep {
  /** Rows that lay in the catalogue and lie in Parquet files now. */
  readonly flushedRows: number
  readonly mergedFiles: number
  readonly expiredSnapshots: number
  readonly deletedFiles: number
  /** Tables whose last versions were settled. */
  readonly settledTables: number
}

/** Settles what has come to gold behind its settled block, where that has become much. */
export async function keepGold(engine: Engine, laterRows?: number): Promise<number> {
  const due = await tablesToSettle(engine, laterRows)
  if (due.length > 0) await engine.write(NO_ROWS, transaction => settle(transaction, due))
  return due.length
}

/**
 * Writes what lies in the catalogue into files, makes large files of small ones, forgets snapshots older than the
 * history that is kept, and deletes the files that no snapshot names any more.
 *
 * @param keepDays how far back one can travel in time.
 */
export async function keepUp(engine: Engine, keepDays: number): Promise<Upkeep> {
  const settledTables = await keepGold(engine)
  await engine.write(NO_ROWS, tidyPositions)
  const since = `now() - INTERVAL ${Math.floor(keepDays * 86_400)} SECOND`
  const flushed = await engine.alone(`CALL ducklake_flush_inlined_data('${LAKE}')`)
  const merged = await engine.alone(`CALL ducklake_merge_adjacent_files('${LAKE}')`)
  const expired = await engine.alone(
    `CALL ducklake_expire_snapshots('${LAKE}', older_than => ${since})`,
  )
  const deleted = await engine.alone(
    `CALL ducklake_cleanup_old_files('${LAKE}', older_than => ${since})`,
  )
  return {
    flushedRows: flushed.reduce((sum, row) => sum + Number(row['rows_flushed'] ?? 0), 0),
    mergedFiles: merged.reduce((sum, row) => sum + Number(row['files_processed'] ?? 0), 0),
    expiredSnapshots: expired.length,
    deletedFiles: deleted.length,
    settledTables,
  }
}
