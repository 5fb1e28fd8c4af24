import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../platform/database/database.ts'
import { IMPORT_ENDED } from './store.ts'

export interface Endings {
  /** Resolves when the import ends from now on, or after `timeoutMs`. */
  next(importId: string, timeoutMs: number): Promise<void>
}

/** The ends of imports, told by NOTIFY, so that who waits need not be the process that works. */
export function watchEndings(database: Database): Endings {
  const told = new EventEmitter().setMaxListeners(0)
  let listening: Promise<void> | undefined
  return {
    async next(importId, timeoutMs) {
      // Without a connection to listen on, the time alone ends it; the next one tries again.
      listening ??= database
        .listen(IMPORT_ENDED, ended => void told.emit(ended))
        .catch(() => (listening = undefined))
      const timer = new AbortController()
      const end = (): void => timer.abort()
      told.once(importId, end)
      try {
        await sleep(timeoutMs, undefined, { signal: timer.signal, ref: false })
      } catch {
        // Told before the time was over.
      } finally {
        told.off(importId, end)
      }
    },
  }
}
