/**
 * Where questions about documents are answered: an engine of its own that only reads, beside the one that writes,
 * perhaps in another process. It is opened with the first question and closed when nobody has asked for long.
 */
import { CodedError, isFault } from '../../platform/faults.ts'
import type { Config } from '../../platform/config.ts'
import type { Log } from '../../platform/log.ts'
import type { Engine } from '../engine.ts'
import type { Searcher, SearchOptions, SearchResult } from './search.ts'

export interface Desk {
  search(query: string, options: SearchOptions): Promise<SearchResult>
  close(): Promise<void>
}

export interface DeskOptions {
  readonly catalogUrl: string
  readonly settings: NonNullable<Config['lake']>
  readonly log: Log
  readonly idleMs?: number
}

const IDLE_MS = 300_000
/** Of the engine that only looks words up; what it has read is kept outside of it. */
const MEMORY_MB_MAX = 256

interface Open {
  readonly engine: Engine
  readonly searcher: Searcher
}

export function createDesk({ catalogUrl, settings, log, idleMs = IDLE_MS }: DeskOptions): Desk {
  let opening: Promise<Open> | undefined
  let asking = 0
  let idle: NodeJS.Timeout | undefined

  /** Loaded with the first question: the engine is native code of some size. */
  async function open(): Promise<Open> {
    const { openEngine } = await import('../engine.ts')
    const { createSearcher } = await import('./search.ts')
    const memoryMb = Math.min(settings.memoryMb, MEMORY_MB_MAX)
    const engine = await openEngine({ ...settings, memoryMb, catalogUrl, reading: {} })
    return { engine, searcher: createSearcher(engine) }
  }

  async function close(): Promise<void> {
    clearTimeout(idle)
    const closing = opening
    opening = undefined
    const opened = await closing?.catch(() => undefined)
    await opened?.searcher.close()
    opened?.engine.close()
  }

  function opened(): Promise<Open> {
    opening ??= open().catch((error: unknown) => {
      opening = undefined
      log.warn({ err: error }, 'the lake cannot be opened to be searched')
      // Its words name addresses of the catalogue.
      throw new CodedError('LAKE_UNAVAILABLE', { status: 503, cause: error })
    })
    return opening
  }

  return {
    async search(query, options) {
      clearTimeout(idle)
      asking += 1
      try {
        const { searcher } = await opened()
        return await searcher.search(query, options)
      } catch (error) {
        if (!isFault(error, 'LAKE_QUERY')) throw error
        log.warn({ err: error }, 'the lake could not be searched')
        throw new CodedError('LAKE_UNAVAILABLE', { status: 503, cause: error })
      } finally {
        asking -= 1
        if (asking === 0) idle = setTimeout(() => void close(), idleMs).unref()
      }
    },
    close,
  }
}
