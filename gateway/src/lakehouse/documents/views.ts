/**
 * The index as of a moment. A question is answered from one snapshot of the lake; the same snapshot serves all that
 * come within a second, and what was read of one that says the same is not read again.
 */
import type { Engine, LakeReader } from '../engine.ts'
import { createMarks, type Marks } from './marks.ts'
import { createShown, type Shown } from './pieces.ts'
import { isSame, readTally, type Tally } from './tally.ts'
import { createWordsKept, readRecent, type Recent, type WordsKept } from './words.ts'

export interface View {
  readonly reader: LakeReader
  readonly tally: Tally
  readonly recent: readonly Recent[]
  readonly words: WordsKept
  readonly marks: Marks
  readonly shown: Shown
}

export interface Views {
  use<T>(work: (view: View) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** A snapshot that is held keeps a transaction of the catalogue open. */
const HELD_MS = 1_000

interface Held {
  readonly view: View
  users: number
  isOver: boolean
}

/** What outlives a snapshot: tally and recent documents of the last one, and the words of its segments. */
type Kept = Omit<View, 'reader'>

export interface ViewOptions {
  readonly heldMs?: number
}

export function createViews(
  engine: Pick<Engine, 'reader'>,
  { heldMs = HELD_MS }: ViewOptions = {},
): Views {
  const idle: LakeReader[] = []
  const marks = createMarks()
  let kept: Kept | undefined
  let current: Promise<Held> | undefined
  let timer: NodeJS.Timeout | undefined

  async function letGo(held: Held): Promise<void> {
    if (!held.isOver || held.users > 0) return
    await held.view.reader.letGo().then(
      () => idle.push(held.view.reader),
      // A connection that is lost is not used again.
      () => held.view.reader.close(),
    )
  }

  async function end(): Promise<void> {
    const ended = current
    current = undefined
    clearTimeout(timer)
    const held = await ended?.catch(() => undefined)
    if (!held) return
    held.isOver = true
    await letGo(held)
  }

  async function open(): Promise<Held> {
    const reader = idle.pop() ?? (await engine.reader())
    try {
      const now = await refreshed(reader, kept, marks)
      kept = now
      timer = setTimeout(() => void end(), heldMs).unref()
      return { view: { ...now, reader }, users: 0, isOver: false }
    } catch (error) {
      current = undefined
      reader.close()
      throw error
    }
  }

  return {
    async use(work) {
      const held = await (current ??= open())
      held.users += 1
      try {
        return await work(held.view)
      } finally {
        held.users -= 1
        await letGo(held)
      }
    },
    async close() {
      await end()
      for (const reader of idle.splice(0)) reader.close()
    },
  }
}

async function refreshed(reader: LakeReader, kept: Kept | undefined, marks: Marks): Promise<Kept> {
  const tally = await readTally(reader)
  if (kept && isSame(kept.tally, tally)) return kept
  if (kept?.tally.version === tally.version) {
    const recent = await readRecent(reader, kept.tally.next)
    return { ...kept, tally, recent: [...kept.recent, ...recent] }
  }
  const recent = await readRecent(reader, 0)
  return { tally, recent, words: createWordsKept(), marks, shown: createShown() }
}
