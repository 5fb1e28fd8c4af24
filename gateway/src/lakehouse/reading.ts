/** The lake for a question over HTTP: opened when the first one comes, and closed when none has come for a while. */
import { CodedError } from '../platform/faults.ts'
import type { Config } from '../platform/config.ts'
import type { Engine } from './engine.ts'

export interface LakeReading {
  /** @throws CodedError LAKE_ABSENT where this gateway is not told of a lake; LAKE_UNAVAILABLE where it does not open. */
  ask<T>(question: (engine: Pick<Engine, 'query'>) => Promise<T>): Promise<T>
  /** As if nobody had asked for long. */
  close(): void
}

/** For small questions, such as a page of a table. */
const SMALL = { memoryMb: 96, idleMs: 60_000 } as const

export function createReading(
  { lake, databaseUrl }: Config,
  { memoryMb, idleMs }: { readonly memoryMb: number; readonly idleMs: number } = SMALL,
): LakeReading {
  let opening: Promise<Engine> | undefined
  let asking = 0
  let idle: NodeJS.Timeout | undefined

  async function open(): Promise<Engine> {
    if (!lake) throw new CodedError('LAKE_ABSENT', { status: 404 })
    const { openEngine } = await import('./engine.ts')
    const options = { ...lake, catalogUrl: databaseUrl, memoryMb, threads: 1 }
    return openEngine({ ...options, reading: {} }).catch((cause: unknown) => {
      throw new CodedError('LAKE_UNAVAILABLE', { status: 503, cause })
    })
  }

  function rest(): void {
    if (asking > 0) return
    const closing = opening
    opening = undefined
    void closing?.then(engine => engine.close()).catch(() => undefined)
  }

  return {
    async ask(question) {
      clearTimeout(idle)
      asking += 1
      try {
        opening ??= open()
        return await question(await opening)
      } catch (error) {
        // It may have been opened before the lake was made, or before its catalogue went away.
        asking -= 1
        rest()
        asking += 1
        throw error
      } finally {
        asking -= 1
        clearTimeout(idle)
        idle = setTimeout(rest, idleMs)
        idle.unref()
      }
    },
    close() {
      clearTimeout(idle)
      rest()
    },
  }
}
