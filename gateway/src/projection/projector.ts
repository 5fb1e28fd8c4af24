import { collectionOf } from '@triflow/chaincode/model'
import type { Database } from '../platform/database/database.ts'
import type { LedgerBlock } from '../platform/ledger/blocks.ts'
import type { Ledger } from '../platform/ledger/ledger.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import { gather } from './gathering.ts'
import { createPatience, PATIENCE_MS, ValuesMissing } from './patience.ts'
import { isGroup, lastOf, projectBlocks, projectedHeight } from './project.ts'

export interface ProjectorOptions {
  /** With `PROJECTION_SETTINGS`. */
  readonly database: Database
  readonly ledger: Ledger
  readonly ownMsp: string
  readonly log: Log
  readonly metrics: Metrics
  /** How long a block waits for own private values that the peer does not have yet. */
  readonly patienceMs?: number
}

export interface Projector {
  /** Blocks arrive, and those that the peer had when this process came up are in the read model. */
  readonly running: () => boolean
  close(): Promise<void>
}

const PAUSE_MS = 500

/** Blocks of other organisations alone are written together: at ten blocks a second, one or two more come meanwhile. */
const KEEP_BACK_MS = 150

/**
 * What its connections run with. The ledger holds every block: what a crash takes from the read model, checkpoint
 * and rows together, is projected again, so the commit does not wait for the disk. Its statements are the same for
 * every block: they are planned once, not by the lists of each.
 */
export const PROJECTION_SETTINGS = {
  synchronous_commit: 'off',
  plan_cache_mode: 'force_generic_plan',
} as const

/** PostgreSQL died and lost its last commits, which did not wait for the disk: the checkpoint went back. */
class Gap extends Error {
  constructor(block: bigint) {
    super(`block ${block} does not follow the checkpoint`)
  }
}

/** Blocks that come without the own private values. */
function createGaps({ ownMsp, patienceMs = PATIENCE_MS, log, metrics }: ProjectorOptions) {
  const own = collectionOf(ownMsp)
  const patience = createPatience(patienceMs)
  return {
    /** Of a block that the read model does not have: its values are still to come. */
    isWorthWaiting({ number, transactions }: LedgerBlock): boolean {
      if (!transactions.some(({ withheld }) => withheld.includes(own))) return false
      if (patience.holds(number)) return true
      log.error(
        { block: number.toString() },
        'own private values are lost: rebuild when the peer has them',
      )
      metrics.privateLost.inc()
      return false
    },
  }
}

/** The last block that the peer had when this process came up. */
function createGoal(ledger: Ledger) {
  let last: bigint | undefined
  let isReached = false
  return {
    async set(): Promise<void> {
      last ??= (await ledger.height()) - 1n
    },
    note(block: bigint): void {
      if (last !== undefined && block >= last) isReached = true
    },
    reached: () => isReached,
  }
}

/** Follows the ledger from the checkpoint on, for ever; a broken stream is taken up again where it broke. */
export function startProjector(options: ProjectorOptions): Projector {
  const { database, ledger, log, metrics } = options
  const stop = new AbortController()
  const gaps = createGaps(options)
  const goal = createGoal(ledger)
  let alive = false

  async function write(blocks: readonly LedgerBlock[]): Promise<void> {
    if (!isGroup(blocks)) return
    const last = lastOf(blocks).number
    const isNew = await projectBlocks(database, blocks, { ownMsp: options.ownMsp, announce: true })
    if (!isNew && (await projectedHeight(database)) < last) throw new Gap(blocks[0].number)
    metrics.projectedBlock.set(Number(last))
    goal.note(last)
  }

  /** The blocks before one that is still incomplete are written. */
  async function take(blocks: readonly LedgerBlock[]): Promise<void> {
    const incomplete = blocks.findIndex(block => gaps.isWorthWaiting(block))
    await write(incomplete < 0 ? blocks : blocks.slice(0, incomplete))
    const block = blocks[incomplete]
    if (block) throw new ValuesMissing(block.number)
  }

  async function followOnce(): Promise<void> {
    await goal.set()
    // The last block once more: it is skipped, and its arrival shows that the stream stands.
    const height = await projectedHeight(database)
    goal.note(height)
    const ending = new AbortController()
    const signal = AbortSignal.any([stop.signal, ending.signal])
    const groups = gather(ledger.blocks(height < 0n ? 0n : height, signal), {
      isAwaited: ({ transactions }) =>
        !alive || transactions.some(({ creatorMsp }) => creatorMsp === options.ownMsp),
      keepBackMs: KEEP_BACK_MS,
    })
    try {
      for await (const blocks of groups) {
        alive = true
        await take(blocks.filter(({ number }) => number > height))
        if (stop.signal.aborted) return
      }
    } finally {
      ending.abort()
    }
  }

  async function loop(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await followOnce()
      } catch (error) {
        if (stop.signal.aborted) return
        log.warn({ err: error }, 'block stream broke; taken up again at the checkpoint')
      }
      alive = false
      await new Promise(resolve => setTimeout(resolve, PAUSE_MS).unref())
    }
  }

  const work = loop()
  return {
    running: () => alive && goal.reached(),
    async close() {
      stop.abort()
      await work
    },
  }
}
