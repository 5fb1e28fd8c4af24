import type { Engine } from '../engine.ts'

const lasts = new WeakMap<Engine, Promise<unknown>>()

/** One writer of documents at a time in one process: rows wait in staging tables that all of them share. */
export function exclusive<T>(engine: Engine, work: () => Promise<T>): Promise<T> {
  const turn = (lasts.get(engine) ?? Promise.resolve()).then(work)
  lasts.set(
    engine,
    turn.catch(() => undefined),
  )
  return turn
}
