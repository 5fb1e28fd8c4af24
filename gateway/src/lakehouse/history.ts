/** The lake as it was, and the jobs that keep its history and its files in bounds. */
import { CodedError } from '../platform/faults.ts'
import { NO_ROWS, type Engine } from './engine.ts'
import { flushInlined, mergeFiles } from './files.ts'
import { tidyPositions } from './positions.ts'
import { settle, tablesToSettle } from './ledger/gold.ts'
import { INGESTED_BY, LAKE } from './names.ts'

export { INGESTED_BY } from './names.ts'

/** Author of the commit that begins again from block 0: what is older is not found by the number of a block. */
export const REBUILT_BY = 'rebuild'

/** The snapshot in which the lake had exactly this block as its last, or more of the same commit. */
export async function snapshotAtBlock(engine: Engine, block: bigint): Promise<bigint> {
  const [row] = await engine.query<{ snapshot: string | null }>(
    `SELECT min(snapshot_id) AS snapshot FROM ${LAKE}.snapshots()
     WHERE author = '${INGESTED_BY}' AND TRY_CAST(commit_extra_info AS BIGINT) >= $1
       AND snapshot_id > (SELECT coalesce(max(snapshot_id), -1) FROM ${LAKE}.snapshots()
         WHERE author = '${REBUILT_BY}')`,
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

/** Rows that can be put in order for each megabyte of memory: of the widest tables one takes half of that. */
const ROWS_PER_MB = 1_000

interface SettleOptions {
  /** Rows behind the settled block that a question may look through. */
  readonly laterRows?: number
  /** Rows that are put in order at a time, about. */
  readonly rowsMax?: number
}

/** Settles what has come to gold behind its settled block, where that has become much. */
export async function keepGold(engine: Engine, options: SettleOptions = {}): Promise<number> {
  const { laterRows, rowsMax = engine.memoryMb * ROWS_PER_MB } = options
  const due = await tablesToSettle(engine, laterRows)
  if (due.length > 0) await engine.write(NO_ROWS, transaction => settle(transaction, due, rowsMax))
  return due.length
}

/** What the upkeep does, in this order; each is a transaction of its own, or one for each table. */
export const UPKEEP_STEPS = ['SETTLE', 'TIDY', 'FLUSH', 'MERGE', 'EXPIRE', 'DELETE'] as const
export type UpkeepStep = (typeof UPKEEP_STEPS)[number]

/**
 * Writes what lies in the catalogue into files, makes large files of small ones, forgets snapshots older than the
 * history that is kept, and deletes the files that no snapshot names any more.
 *
 * @param keepDays how far back one can travel in time.
 * @param onStep is told of each step before it begins.
 */
export async function keepUp(
  engine: Engine,
  keepDays: number,
  onStep: (step: UpkeepStep) => void = () => undefined,
): Promise<Upkeep> {
  const since = `now() - INTERVAL ${Math.floor(keepDays * 86_400)} SECOND`
  const call = async (name: string): Promise<number> =>
    (await engine.alone(`CALL ${name}('${LAKE}', older_than => ${since})`)).length
  const step = <T>(name: UpkeepStep, work: () => Promise<T>): Promise<T> => {
    onStep(name)
    return work()
  }
  const settledTables = await step('SETTLE', () => keepGold(engine))
  await step('TIDY', () => engine.write(NO_ROWS, tidyPositions))
  return {
    settledTables,
    flushedRows: await step('FLUSH', () => flushInlined(engine)),
    mergedFiles: await step('MERGE', () => mergeFiles(engine)),
    expiredSnapshots: await step('EXPIRE', () => call('ducklake_expire_snapshots')),
    deletedFiles: await step('DELETE', () => call('ducklake_cleanup_old_files')),
  }
}
