/** Asks each source in turn with its own schedule, for ever, and gives the sink what came. */
import { CodedError, isFault } from '../../platform/faults.ts'
import type { Log } from '../../platform/log.ts'
import { PULLED, sourceOf } from './catalogue/index.ts'
import { createClient, type ClientOptions } from './client.ts'
import { pause } from './line.ts'
import { createPages, type PageParts } from './pages.ts'
import { after, closed, TIMING, type Circuit, type Outcome, type Timing } from './schedule.ts'
import type { SourceName } from './source.ts'
import { statusOf, type SourceStatus } from './status.ts'

export interface PullerOptions extends PageParts {
  readonly log: Pick<Log, 'warn' | 'info'>
  readonly timing?: Timing
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** In [0, 1). */
  readonly chance?: () => number
}

export interface Puller {
  /** One attempt at one source, whatever its schedule says; what came of it. */
  attempt(source: SourceName): Promise<Outcome>
  status(source: SourceName): SourceStatus
  nextAtMs(source: SourceName): number
}

/** One attempt at a time for each source; `stop` ends a request under way. Long pages go through one line. */
export function createPuller(options: PullerOptions, stop?: AbortSignal): Puller {
  const now = options.now ?? Date.now
  const chance = options.chance ?? Math.random
  const timing = options.timing ?? TIMING
  const pages = createPages({ ...options, now, timing }, stop)
  const circuits = new Map<SourceName, Circuit>()
  const circuitOf = (name: SourceName): Circuit => circuits.get(name) ?? closed(now())

  function note(name: SourceName, outcome: Outcome): void {
    const before = circuitOf(name)
    const circuit = after(before, outcome, { nowMs: now(), chance: chance(), timing })
    circuits.set(name, circuit)
    const [was, is] = [before.fault?.code, circuit.fault?.code]
    // Said when it changes: the same line at every attempt would say nothing new.
    if (is !== undefined && is !== was)
      options.log.warn({ source: name, code: is }, 'a source fails')
    if (is === undefined && was !== undefined)
      options.log.info({ source: name }, 'a source is back')
  }

  return {
    async attempt(name) {
      const outcome = await pages.pull(sourceOf(name)).catch((error: unknown) => {
        if (!(error instanceof CodedError)) options.log.warn({ source: name, err: error }, DEFECT)
        return failureOf(error)
      })
      // What broke because it was being closed says nothing of the source.
      if (!stop?.aborted) note(name, outcome)
      return outcome
    },
    status: name => statusOf(sourceOf(name), pages.known(name), circuitOf(name), now()),
    nextAtMs: name => circuitOf(name).nextAtMs,
  }
}

const DEFECT = 'a batch of a source could not be delivered'

function failureOf(error: unknown): Outcome {
  if (isFault(error, 'POSITION_MOVED') || isFault(error, 'CONSENT_WITHDRAWN'))
    return { kind: 'ANEW' }
  if (!(error instanceof CodedError)) {
    const fault = { code: 'SINK_FAILED', detail: 'the lake or the register of consents failed' }
    return { kind: 'FAILED', fault }
  }
  const { retryAfterMs } = error.facts
  return {
    kind: 'FAILED',
    fault: { code: error.code, detail: error.detail ?? '' },
    ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
    isFinal: error.code === 'SOURCE_REFUSED',
  }
}

export interface Sources {
  status(): readonly SourceStatus[]
  /** Waits for what is under way. */
  close(): Promise<void>
}

export type SourcesOptions = Omit<PullerOptions, 'client'> &
  Pick<ClientOptions, 'baseUrl' | 'token'> &
  Partial<Pick<ClientOptions, 'limit' | 'timeoutMs' | 'bytesMax'>>

const BOUNDS = { limit: 500, timeoutMs: 20_000, bytesMax: 8 * 1024 * 1024 } as const

/** Pulls all sources until it is closed. */
export function startSources(options: SourcesOptions): Sources {
  const stop = new AbortController()
  const client = createClient({ ...BOUNDS, ...options })
  const puller = createPuller({ ...options, client }, stop.signal)
  const now = options.now ?? Date.now
  const work = PULLED.map(async ({ name }) => {
    while (!stop.signal.aborted) {
      await puller.attempt(name)
      await pause(waitMs(puller.nextAtMs(name) - now()), stop.signal)
    }
  })
  return {
    status: () => PULLED.map(({ name }) => puller.status(name)),
    async close() {
      stop.abort()
      await Promise.all(work)
    },
  }
}

const WAIT_MAX_MS = 3_600_000

/** A clock that was set back must not silence a source for longer than anything else can. */
const waitMs = (ms: number): number => Math.min(WAIT_MAX_MS, Math.max(1, ms))
