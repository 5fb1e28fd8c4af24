import type { Database } from '../platform/database/database.ts'
import { PROJECTED, projectedHeight } from './project.ts'

export interface Height {
  current(): bigint
  /** Resolves when the read model holds the block, or after `timeoutMs`: true or false. */
  reached(block: bigint, timeoutMs?: number): Promise<boolean>
  /** Calls back with each projected block. */
  onBlock(listener: (block: bigint) => void): () => void
}

const PATIENCE_MS = 5_000
const POLL_MS = 500

/** How far the read model is, told by NOTIFY, so that it works in any process of the organisation. */
export async function watchHeight(database: Database): Promise<Height> {
  let height = await projectedHeight(database)
  const listeners = new Set<(block: bigint) => void>()
  const noteHeight = (block: bigint): void => {
    if (block <= height) return
    height = block
    for (const listener of listeners) listener(block)
  }
  await database.listen(PROJECTED, payload => noteHeight(BigInt(payload)))
  return {
    current: () => height,
    onBlock(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async reached(block, timeoutMs = PATIENCE_MS) {
      if (height >= block) return true
      return new Promise(resolve => {
        const finish = (answer: boolean): void => {
          listeners.delete(check)
          clearTimeout(timer)
          clearInterval(poll)
          resolve(answer)
        }
        const check = (): void => {
          if (height >= block) finish(true)
        }
        const timer = setTimeout(() => finish(false), timeoutMs)
        // A notification is lost while the listening connection is renewed: then the table is asked.
        const poll = setInterval(() => {
          projectedHeight(database).then(noteHeight, () => undefined)
        }, POLL_MS)
        listeners.add(check)
      })
    },
  }
}
