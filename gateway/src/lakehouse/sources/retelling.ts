/**
 * When a source is made to tell again from its beginning: when somebody has consented since records were passed over.
 * Whose they were is written down nowhere, so all has to be told again; one retelling takes up every consent before it.
 */
import type { Timing } from './schedule.ts'
import type { Consents, Given, Retelling, SourceState } from './sink.ts'
import { asksAnybody, type Source } from './source.ts'

interface Asked {
  readonly source: Source
  readonly state: SourceState
  readonly consents: Consents
  readonly nowMs: number
  readonly timing: Timing
}

export interface Owed {
  /** Consents for which something may have been passed over, and has not been told again yet. */
  readonly late: number
  /** The retelling to go on with, or to begin. */
  readonly retelling: Retelling | undefined
}

export async function owedOf({ source, state, consents, nowMs, timing }: Asked): Promise<Owed> {
  if (!asksAnybody(source) || state.position === undefined) return { late: 0, retelling: undefined }
  const { takenUp: after = 0, retelling, totals } = state
  const given = await consents.given(source.name, after)
  const late = totals.withoutConsent > 0 ? given.count : given.again
  if (retelling) return { late, retelling }
  if (late === 0 || !isRested(state, nowMs, timing)) return { late, retelling: undefined }
  return { late, retelling: begun(after, given, nowMs) }
}

const begun = (after: number, { upTo }: Given, nowMs: number): Retelling => ({
  after,
  upTo,
  begunAt: new Date(nowMs).toISOString(),
  read: 0,
  kept: 0,
})

/** Whoever consents every minute must not have a source tell for ever: at most half of the time goes into it. */
function isRested({ retold }: SourceState, nowMs: number, { retellMs }: Timing): boolean {
  if (!retold) return true
  const endedMs = Date.parse(retold.endedAt)
  const restMs = Math.max(retellMs, endedMs - Date.parse(retold.begunAt))
  // A clock that was set back is no reason to wait.
  return nowMs >= endedMs + restMs || nowMs < endedMs
}
