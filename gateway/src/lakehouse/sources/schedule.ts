/**
 * When a source is asked again. A function: clock and chance come in.
 *
 * CLOSED: all is well, or only a few attempts failed. OPEN: so many failed in a row that the source is left alone for
 * a while; then one attempt probes it. There is a pause behind every attempt, whatever came of it.
 */
export interface Fault {
  readonly code: string
  readonly detail: string
}

export interface Circuit {
  readonly state: 'CLOSED' | 'OPEN'
  /** Failed attempts in a row. */
  readonly failures: number
  /** What is wrong, and since when: the first of those attempts. */
  readonly fault: Fault | undefined
  readonly sinceMs: number | undefined
  readonly nextAtMs: number
}

export interface Timing {
  /** Between two looks at a source that had no more. */
  readonly everyMs: number
  /** Between two pages of a source that has more. */
  readonly pageMs: number
  readonly backoffMs: number
  readonly backoffMaxMs: number
  /** So many failures in a row open the circuit. */
  readonly openAfter: number
  readonly openMs: number
  /** Between two retellings of a source, at least. */
  readonly retellMs: number
}

export const TIMING: Timing = {
  everyMs: 60_000,
  pageMs: 50,
  backoffMs: 1_000,
  backoffMaxMs: 300_000,
  openAfter: 5,
  openMs: 60_000,
  retellMs: 600_000,
}

/** However long a source asks to be left alone. */
const RETRY_AFTER_MAX_MS = 3_600_000

export type Outcome =
  | { readonly kind: 'MORE' | 'CAUGHT_UP' }
  /** Somebody else moved the sink, or a consent changed meanwhile: nobody's fault, and pulled anew. */
  | { readonly kind: 'ANEW' }
  | {
      readonly kind: 'FAILED'
      readonly fault: Fault
      readonly retryAfterMs?: number
      /** A wrong token does not become right by asking: the circuit opens at once. */
      readonly isFinal?: boolean
    }

export const closed = (nextAtMs: number): Circuit => ({
  state: 'CLOSED',
  failures: 0,
  fault: undefined,
  sinceMs: undefined,
  nextAtMs,
})

export function after(
  before: Circuit,
  outcome: Outcome,
  at: { readonly nowMs: number; readonly chance: number; readonly timing: Timing },
): Circuit {
  const { nowMs, timing } = at
  switch (outcome.kind) {
    case 'MORE':
      return closed(nowMs + timing.pageMs)
    case 'CAUGHT_UP':
      return closed(nowMs + timing.everyMs)
    case 'ANEW':
      return { ...before, nextAtMs: nowMs + jittered(timing.backoffMs, at.chance) }
    case 'FAILED':
      return failed(before, outcome, at)
  }
}

function failed(
  before: Circuit,
  outcome: Extract<Outcome, { kind: 'FAILED' }>,
  at: { readonly nowMs: number; readonly chance: number; readonly timing: Timing },
): Circuit {
  const { timing } = at
  const failures = before.failures + 1
  const isOpen = outcome.isFinal === true || failures >= timing.openAfter
  const grown = Math.min(timing.backoffMaxMs, timing.backoffMs * 2 ** Math.min(failures - 1, 30))
  const asked = Math.min(outcome.retryAfterMs ?? 0, RETRY_AFTER_MAX_MS)
  const waitMs = Math.max(jittered(grown, at.chance), asked, isOpen ? timing.openMs : 0)
  return {
    state: isOpen ? 'OPEN' : 'CLOSED',
    failures,
    fault: outcome.fault,
    sinceMs: before.sinceMs ?? at.nowMs,
    nextAtMs: at.nowMs + waitMs,
  }
}

/** Half to all of it: twelve sources behind one broken line must not come back in one moment. */
const jittered = (ms: number, chance: number): number =>
  Math.max(1, Math.round(ms / 2 + (ms / 2) * chance))
