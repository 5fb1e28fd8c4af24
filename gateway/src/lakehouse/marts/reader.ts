/**
 * The lake as the API reads it: opened by the first question, in a process that need not play the role `lake`, and
 * closed when nobody asks any more. Nothing of DuckDB is loaded before that.
 */
import type { Config } from '../../platform/config.ts'
import type { Database } from '../../platform/database/database.ts'
import { CodedError } from '../../platform/faults.ts'
import type { Engine } from '../engine.ts'
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
  let opening: Promise<Engine> | undefined
  let asking = 0
  let timer: NodeJS.Timeout | undefined
  /** By name: the answer, and the snapshot of the lake that it is of. */
  const known = new Map<string, { snapshot: string; figures: Promise<Figures> }>()

  async function open(): Promise<Engine> {
    const { lake } = config
    if (!lake) throw new CodedError('LAKE_ABSENT', { detail: 'this gateway has no lake' })
    const { openEngine } = await import('../engine.ts')
    return openEngine({ catalogUrl: config.databaseUrl, ...lake, reading: {} })
  }

  async function fresh(kpi: Kpi): Promise<Figures> {
    clearTimeout(timer)
    asking += 1
    try {
      opening ??= open()
      return await askKpi(await opening, kpi, config.lake?.costs ?? [])
    } catch (error) {
      // What is broken is opened anew by the next question.
      if (asking === 1) closeNow()
      throw error
    } finally {
      asking -= 1
      if (asking === 0) timer = setTimeout(closeNow, idleMs).unref()
    }
  }

  function closeNow(): void {
    clearTimeout(timer)
    opening?.then(
      engine => engine.close(),
      () => undefined,
    )
    opening = undefined
  }

  return {
    async ask(kpi) {
      const snapshot = await snapshotNow(database)
      const before = known.get(kpi.name)
      if (before?.snapshot === snapshot) return before.figures
      const figures = fresh(kpi)
      known.set(kpi.name, { snapshot, figures })
      figures.catch(() => known.delete(kpi.name))
      return figures
    },
    close: closeNow,
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
