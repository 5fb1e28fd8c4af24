import type { LedgerBlock } from '../platform/ledger/blocks.ts'
import { lastOf, type Blocks } from './project.ts'

export interface GatherOptions {
  /** Somebody of this organisation waits for the block: it is not kept back. */
  readonly isAwaited: (block: LedgerBlock) => boolean
  /** How long a block that nobody waits for is kept back for the next ones to join it. */
  readonly keepBackMs: number
  /** Writes after which a group is not made larger. */
  readonly writesMax?: number
}

/** Beyond it a group takes longer than what it saves, and its values lie in memory. */
const WRITES_MAX = 500

/**
 * Cuts a chain into groups that are written together: what has arrived while the last group was written, and what
 * arrives while a block is kept back. Whoever stops reading ends the source himself.
 */
export async function* gather(
  blocks: AsyncIterable<LedgerBlock>,
  options: GatherOptions,
): AsyncGenerator<Blocks> {
  const source = blocks[Symbol.asyncIterator]()
  let cameAtMs = 0
  const next = (): Promise<IteratorResult<LedgerBlock>> => {
    const step = source.next()
    // A stream that breaks while a group is written is noticed at the next group.
    step.then(
      () => (cameAtMs = Date.now()),
      () => undefined,
    )
    return step
  }
  let coming = next()
  try {
    for (;;) {
      const first = await coming
      if (first.done) return
      const group: [LedgerBlock, ...LedgerBlock[]] = [first.value]
      const wait = createWait(options, first.value, cameAtMs)
      coming = next()
      while (wait.isOpen()) {
        const arrived = await within(coming, wait.leftMs())
        if (!arrived || arrived.done || !follows(arrived.value, group)) break
        group.push(arrived.value)
        wait.note(arrived.value)
        coming = next()
      }
      yield group
    }
  } finally {
    // Not awaited: it comes after the step under way, which waits for a block.
    void source.return?.().catch(() => undefined)
  }
}

/**
 * How long a group still waits for more: not at all for what has an audience, except for what is there already. What
 * came while the last group was written has waited since then.
 */
function createWait(
  { isAwaited, keepBackMs, writesMax = WRITES_MAX }: GatherOptions,
  first: LedgerBlock,
  cameAtMs: number,
) {
  const untilMs = cameAtMs + keepBackMs
  let isUrgent = isAwaited(first)
  let writes = writesIn(first)
  return {
    note(block: LedgerBlock): void {
      isUrgent ||= isAwaited(block)
      writes += writesIn(block)
    },
    isOpen: () => writes < writesMax,
    leftMs: () => (isUrgent ? 0 : untilMs - Date.now()),
  }
}

const follows = ({ number }: LedgerBlock, group: Blocks): boolean =>
  number === lastOf(group).number + 1n

const writesIn = ({ transactions }: LedgerBlock): number =>
  transactions.reduce((sum, one) => sum + one.writes.length + one.privateWrites.length, 1)

/** What comes within a time, at 0 what is there already; undefined when nothing does. */
async function within<T>(coming: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>(resolve => {
    const end = (): void => resolve(undefined)
    if (ms <= 0) setImmediate(end)
    else timer = setTimeout(end, ms)
  })
  try {
    return await Promise.race([coming, late])
  } finally {
    clearTimeout(timer)
  }
}
