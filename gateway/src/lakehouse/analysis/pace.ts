import { setImmediate as others } from 'node:timers/promises'

/** Long work in the process that answers requests: called often, it lets them through now and then. */
export function createPace(everyMs = 10): () => Promise<void> | undefined {
  let sinceMs = performance.now()
  return () => {
    if (performance.now() - sinceMs < everyMs) return undefined
    return others().then(() => void (sinceMs = performance.now()))
  }
}
