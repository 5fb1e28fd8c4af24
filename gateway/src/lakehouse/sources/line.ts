/**
 * Where long pages of all sources pass, one at a time, each followed by a rest that is longer than it took: what
 * sources have to tell at first is years old, and must not take the machine from the blocks of now.
 */
import { createTurns } from '../turns.ts'
import { FEW } from './sink.ts'

export interface Line {
  /** Few records go by at once; whoever brings many waits for the others. */
  pass(records: number, bring: () => Promise<void>): Promise<void>
}

/** Times what the last page took: of a busy machine a long history takes a fifth of one worker. */
const REST = 4

/** @param stop whoever waits then is turned away. */
export function createLine(stop: AbortSignal = new AbortController().signal): Line {
  const turns = createTurns()
  let restsUntilMs = 0

  const rested = (bring: () => Promise<void>) => async (): Promise<void> => {
    await pause(restsUntilMs - performance.now(), stop)
    stop.throwIfAborted()
    const beganMs = performance.now()
    await bring().finally(() => {
      const endedMs = performance.now()
      restsUntilMs = endedMs + REST * (endedMs - beganMs)
    })
  }

  return {
    pass: (records, bring) => (records > FEW ? turns.take(rested(bring)) : bring()),
  }
}

/** Ends early, and quietly, at the signal. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return Promise.resolve()
  return new Promise(resolve => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    timer.unref()
    signal.addEventListener('abort', end)
  })
}
