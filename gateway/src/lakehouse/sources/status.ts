/** What a source says of itself. */
import type { Known } from './pages.ts'
import type { Circuit } from './schedule.ts'
import type { Retelling, Retold, SourceState } from './sink.ts'
import type { Source, SourceName } from './source.ts'

export interface SourceStatus {
  readonly source: SourceName
  /**
   * FAILING: the last attempt failed. NEVER: nothing has come yet. STALE: the newest event is older than the source's
   * limit. FRESH: none of these.
   */
  readonly state: 'FRESH' | 'STALE' | 'FAILING' | 'NEVER'
  readonly lastEventAt?: string
  readonly lastArrivalAt?: string
  readonly records: number
  readonly deadLetters: number
  readonly deadByCode: SourceState['totals']['deadByCode']
  readonly duplicates: number
  readonly withoutConsent: number
  /** Consents given since, for which nothing has been told again yet. */
  readonly lateConsents: number
  readonly retelling?: Pick<Retelling, 'begunAt' | 'read' | 'kept'>
  readonly retold?: Retold
  /** Fields that the schema does not have, and how often each came. */
  readonly drift: Readonly<Record<string, number>>
  readonly nextAttemptAt: string
  readonly circuit: Circuit['state']
  readonly fault?: {
    readonly code: string
    readonly detail: string
    readonly since: string
    readonly failures: number
  }
}

export function statusOf(
  source: Source,
  { stored, late }: Known,
  circuit: Circuit,
  nowMs: number,
): SourceStatus {
  const { totals, retelling, retold } = stored
  const { fault, sinceMs, failures } = circuit
  return {
    source: source.name,
    state: stateOf(source, stored, circuit, nowMs),
    ...(totals.lastEventAt === undefined ? {} : { lastEventAt: totals.lastEventAt }),
    ...(totals.lastArrivalAt === undefined ? {} : { lastArrivalAt: totals.lastArrivalAt }),
    records: totals.records,
    deadLetters: totals.dead,
    deadByCode: totals.deadByCode,
    duplicates: totals.duplicates,
    withoutConsent: totals.withoutConsent,
    lateConsents: late,
    ...(retelling ? { retelling: shown(retelling) } : {}),
    ...(retold ? { retold } : {}),
    drift: totals.drift,
    nextAttemptAt: new Date(circuit.nextAtMs).toISOString(),
    circuit: circuit.state,
    ...(fault && sinceMs !== undefined
      ? { fault: { ...fault, since: new Date(sinceMs).toISOString(), failures } }
      : {}),
  }
}

const shown = ({ begunAt, read, kept }: Retelling) => ({ begunAt, read, kept })

const DAY_MS = 86_400_000

function stateOf(
  source: Source,
  { totals }: SourceState,
  circuit: Circuit,
  nowMs: number,
): SourceStatus['state'] {
  if (circuit.fault) return 'FAILING'
  if (totals.lastEventAt === undefined) return 'NEVER'
  const ageMs = nowMs - Date.parse(totals.lastEventAt)
  return ageMs > source.freshDays * DAY_MS ? 'STALE' : 'FRESH'
}
