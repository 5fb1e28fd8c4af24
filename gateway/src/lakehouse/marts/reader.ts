/** Figures for a question over HTTP: worked out once for each state of the lake. */
import type { Config } from '../../platform/config.ts'
import type { Database } from '../../platform/database/database.ts'
import { CodedError } from '../../platform/faults.ts'
import { createReading } from '../reading.ts'
import { refuseWhileRebuilt } from '../status.ts'
import { askKpi, type Figures } from './ask.ts'
import type { Kpi } from './kpi.ts'

const IDLE_MS = 30_000

export interface KpiReader {
  /** @throws CodedError LAKE_ABSENT where this gateway has no lake, or none has been made yet. */
  ask(kpi: Kpi): Promise<Figures>
  close(): void
}

export interface KpiReaderOptions {
  readonly config: Config
  readonly database: Database
  readonly idleMs?: number
}

export function createKpiReader({
  config,
  database,
  idleMs = IDLE_MS,
}: KpiReaderOptions): KpiReader {
  const reading = createReading(config, {
    memoryMb: config.lake?.memoryMb ?? 0,
    idleMs,
  })
  /** By name: the answer, and the snapshot of the lake that it is of. */
  const known = new Map<string, { snapshot: string; figures: Promise<Figures> }>()

  return {
    async ask(kpi) {
      const snapshot = await snapshotNow(database)
      await refuseWhileRebuilt(database)
      const before = known.get(kpi.name)
      if (before?.snapshot === snapshot) return before.figures
      const figures = reading.ask(engine => askKpi(engine, kpi, config.lake?.costs ?? []))
      known.set(kpi.name, { snapshot, figures })
      figures.catch(() => known.delete(kpi.name))
      return figures
    },
    close: reading.close,
  }
}

/** Asked of the catalogue in PostgreSQL: it costs a thousandth of a question to the lake. */
async function snapshotNow(database: Database): Promise<string> {
  const [there] = await database.query<{ is_there: boolean }>(
    `SELECT to_regclass('lake.ducklake_snapshot') IS NOT NULL AS is_there`,
  )
  if (!there?.is_there)
    throw new CodedError('LAKE_ABSENT', { detail: 'no process has made a lake yet' })
  const [row] = await database.query<{ snapshot: string | null }>(
    'SELECT max(snapshot_id)::text AS snapshot FROM lake.ducklake_snapshot',
  )
  return row?.snapshot ?? ''
}
