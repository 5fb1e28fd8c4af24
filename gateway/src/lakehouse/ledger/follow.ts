/** Follows the ledger into the lake, for ever: a broken stream or a lost catalogue is taken up again where it broke. */
import { setTimeout as delay } from 'node:timers/promises'
import { collectionOf } from '@triflow/chaincode/model'
import type { LedgerBlock } from '../../platform/ledger/blocks.ts'
import type { Ledger } from '../../platform/ledger/ledger.ts'
import type { Log } from '../../platform/log.ts'
import { gather } from '../../projection/gathering.ts'
import { createPatience, PATIENCE_MS, ValuesMissing } from '../../projection/patience.ts'
import type { Engine } from '../engine.ts'
import type { RedactionsOf } from '../privacy/marker.ts'
import { lakeHeight } from './height.ts'
import { createIngest, NotNext, type Arrived, type Ingest } from './ingest.ts'

export interface FollowOptions {
  readonly engine: Engine
  readonly ledger: Ledger
  readonly ownMsp: string
  readonly log: Log
  /** How long a block waits for own private values that the peer does not have yet. */
  readonly patienceMs?: number
  /** How long a block is kept back for others to join its transaction. */
  readonly keepBackMs?: number
  /** How often it is looked whether the lake still has what it had. */
  readonly lookMs?: number
  /** Values that were taken out of the lake and stay out. */
  readonly redactions?: RedactionsOf
  /** After every transaction: the jobs between them. */
  readonly between?: () => Promise<void>
  /** Why nothing moves; undefined when it moves again. */
  readonly onFault?: (said: string | undefined) => void
}

export interface Follower {
  /** The last block in the lake; -1 before block 0. */
  readonly height: () => bigint
  /** Why nothing moves; undefined while blocks flow. */
  readonly fault: () => string | undefined
  close(): Promise<void>
}

const PAUSE_MS = 500
const LOOK_MS = 10_000
/** A transaction costs the same for one block as for thirty, and people who ask a lake wait longer than this. */
const KEEP_BACK_MS = 800
/** Until a block that is no longer kept back stands at the lake's door. */
const EXPECTED_MS = 200
/** A lake that catches up writes files of thousands of rows, not of hundreds. */
const WRITES_MAX = 20_000

export function followLedger(options: FollowOptions): Follower {
  const {
    engine,
    ledger,
    log,
    between = async () => undefined,
    onFault = () => undefined,
    lookMs = LOOK_MS,
  } = options
  const stop = new AbortController()
  const isWhole = createGaps(options)
  let height = -1n
  let fault: string | undefined

  function setFault(said: string | undefined): void {
    fault = said
    onFault(said)
  }

  async function take(ingest: Ingest, arrived: readonly Arrived[]): Promise<void> {
    const missing = arrived.findIndex(({ block }) => !isWhole(block))
    const whole = missing < 0 ? arrived : arrived.slice(0, missing)
    const last = whole.at(-1)
    if (last) {
      await ingest.take(whole)
      height = last.block.number
      setFault(undefined)
    }
    const block = arrived[missing]?.block
    if (block) throw new ValuesMissing(block.number)
  }

  async function followOnce(): Promise<void> {
    const ingest = createIngest(engine, options.ownMsp, options.redactions)
    height = await lakeHeight(engine)
    setFault(undefined)
    const ending = new AbortController()
    const signal = AbortSignal.any([stop.signal, ending.signal])
    // While no block comes nothing would show that the lake is to be brought from block 0 again.
    const looking = setInterval(() => {
      lakeHeight(engine).then(
        found => {
          if (found < height) ending.abort()
        },
        () => undefined,
      )
    }, lookMs)
    looking.unref()
    try {
      for await (const arrived of arrivals(ledger.blocks(height + 1n, signal), options)) {
        await take(ingest, arrived)
        await between()
      }
    } finally {
      clearInterval(looking)
      ending.abort()
    }
  }

  function onFailure(error: unknown): void {
    if (error instanceof NotNext) return
    const said = (error as Error).message
    // The same line twice a second would say nothing new.
    if (said !== fault) log.warn({ err: error }, 'the lake stands still')
    setFault(said)
  }

  const work = again(followOnce, stop.signal, onFailure)
  return {
    height: () => height,
    fault: () => fault,
    async close() {
      stop.abort()
      await work
    },
  }
}

/** Until the signal: whatever ends the work, it begins again after a pause. */
async function again(
  work: () => Promise<void>,
  stop: AbortSignal,
  onFailure: (error: unknown) => void,
): Promise<void> {
  while (!stop.aborted) {
    try {
      await work()
    } catch (error) {
      if (stop.aborted) return
      onFailure(error)
    }
    await delay(PAUSE_MS, undefined, { ref: false })
  }
}

/** Blocks in the groups that are written together, each with the moment of its arrival. */
async function* arrivals(
  blocks: AsyncIterable<LedgerBlock>,
  { engine, keepBackMs = KEEP_BACK_MS }: Pick<FollowOptions, 'engine' | 'keepBackMs'>,
): AsyncGenerator<readonly Arrived[]> {
  const moments = new WeakMap<LedgerBlock, number>()
  async function* noted(): AsyncGenerator<LedgerBlock> {
    for await (const block of blocks) {
      moments.set(block, Date.now())
      engine.expectUrgent(keepBackMs + EXPECTED_MS)
      yield block
    }
  }
  const options = { isAwaited: () => false, keepBackMs, writesMax: WRITES_MAX }
  for await (const group of gather(noted(), options))
    yield group.map(block => ({ block, atMs: moments.get(block) ?? Date.now() }))
}

/** Whether a block has the own private values, or has been waited for long enough. */
function createGaps({ ownMsp, log, patienceMs = PATIENCE_MS }: FollowOptions) {
  const own = collectionOf(ownMsp)
  const patience = createPatience(patienceMs)
  return ({ number, transactions }: LedgerBlock): boolean => {
    if (!transactions.some(({ withheld }) => withheld.includes(own))) return true
    if (patience.holds(number)) return false
    log.error({ block: number.toString() }, 'own private values are lost to the lake')
    return true
  }
}
