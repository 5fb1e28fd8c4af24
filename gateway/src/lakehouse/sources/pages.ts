/**
 * One page of a source into the sink: first of what is new, then of what is told again for those who have consented
 * since. All that has to outlive the process is in the sink's state.
 */
import type { Forgotten } from '../privacy/forgotten.ts'
import type { SourceClient } from './client.ts'
import { createLine } from './line.ts'
import { owedOf } from './retelling.ts'
import type { Outcome, Timing } from './schedule.ts'
import { screen, screenAgain, type Screening } from './screen.ts'
import {
  NOTHING,
  type Batch,
  type Consents,
  type Retelling,
  type SourceSink,
  type SourceState,
} from './sink.ts'
import type { Source, SourceName } from './source.ts'

export interface PageParts {
  readonly client: SourceClient
  readonly sink: SourceSink
  readonly consents: Consents
  /** Of them nothing is kept, whatever a source sends. */
  readonly forgotten?: Forgotten
}

/** What is known of a source without asking: its state, and how many consents wait for a retelling. */
export interface Known {
  readonly stored: SourceState
  readonly late: number
}

export interface Pages {
  pull(source: Source): Promise<Outcome>
  known(source: SourceName): Known
}

interface Clocked extends PageParts {
  readonly timing: Timing
  readonly now: () => number
}

export function createPages(options: Clocked, stop?: AbortSignal): Pages {
  const { client, sink, consents, forgotten, timing, now } = options
  const line = createLine(stop)
  const stored = new Map<SourceName, SourceState>()
  const late = new Map<SourceName, number>()
  /** Sources that had more, when they were asked last. */
  const isBehind = new Set<SourceName>()

  /** What the source says for the first time. */
  async function pullNew(source: Source, state: SourceState): Promise<Outcome> {
    const page = await client.page(source.name, state.position, stop)
    if (page.next === state.position) return { kind: 'CAUGHT_UP' }
    await line.pass(page.records.length, () => bring({ source, state, page }, screen))
    return { kind: page.more ? 'MORE' : 'CAUGHT_UP' }
  }

  async function bring<T extends Brought>(
    brought: T,
    screened: (screening: Screening & T) => Promise<Batch>,
  ): Promise<void> {
    const arrivedAt = new Date(now()).toISOString()
    const gate = forgotten ? { forgotten } : {}
    const batch = await screened({ ...brought, arrivedAt, sink, consents, ...gate })
    await sink.deliver(batch)
    stored.set(batch.source, batch.next)
  }

  /** None while there is more that is new. */
  async function retellingOf(source: Source, state: SourceState): Promise<Retelling | undefined> {
    if (isBehind.has(source.name)) return undefined
    const owed = await owedOf({ source, state, consents, nowMs: now(), timing })
    late.set(source.name, owed.late)
    return owed.retelling
  }

  async function pull(source: Source): Promise<Outcome> {
    const { name } = source
    const state = await sink.state(name)
    stored.set(name, state)
    const retelling = await retellingOf(source, state)
    // Read before what is new, so that it cannot hold anything newer; and what is new does not suffer when it fails.
    const again = retelling && (await outcomeOf(client.page(name, retelling.position, stop)))
    const outcome = await pullNew(source, state)
    if (outcome.kind === 'MORE') isBehind.add(name)
    else isBehind.delete(name)
    if (!again || outcome.kind === 'MORE') return outcome
    if ('fault' in again) throw again.fault
    const { page } = again
    // A retelling that somebody else has moved meanwhile is not gone on with.
    const { retelling: _, ...since } = await sink.state(name)
    const at = state.retelling ? { ...since, retelling: state.retelling } : since
    await line.pass(page.records.length, () =>
      bring({ source, state: at, page, retelling }, screenAgain),
    )
    if (page.more) return { kind: 'MORE' }
    // So that the status does not speak of consents that have just been taken up.
    await retellingOf(source, await sink.state(name))
    return { kind: 'CAUGHT_UP' }
  }

  return {
    pull,
    known: name => ({ stored: stored.get(name) ?? NOTHING, late: late.get(name) ?? 0 }),
  }
}

type Brought = Pick<Screening, 'source' | 'state' | 'page'>

const outcomeOf = <T>(page: Promise<T>): Promise<{ page: T } | { fault: unknown }> =>
  page.then(
    came => ({ page: came }),
    (fault: unknown) => ({ fault }),
  )
