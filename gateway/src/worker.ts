import { createMatcher } from './reconciliation/worker.ts'
import type { Importer } from './imports/upload.ts'
import { createClock } from './settlement/clock.ts'
import type { Services } from './services.ts'

const SWEEP_MS = 2_000
const CLOCK_MS = 60_000
const FILES_AT_ONCE = 4

export interface Worker {
  close(): Promise<void>
}

/** Everything that goes on without a request: files, verdicts, clocks, and what a dead process left. */
export async function startWorker(
  services: Services,
  parts: { importer: Importer; serviceUserId: string },
): Promise<Worker> {
  const { engine, queue, log, height } = services
  const matcher = createMatcher(services, parts.serviceUserId)
  const clock = createClock(services, parts.serviceUserId)
  await queue.handle('import', { concurrency: FILES_AT_ONCE }, async ({ importId }) =>
    parts.importer.work(importId),
  )
  await queue.handle('reconcile', { concurrency: 1 }, async () => matcher.work())
  await queue.handle('clock', { concurrency: 1, everyMs: CLOCK_MS }, async () => clock.work())
  const stopWatching = height.onBlock(() => matcher.wake())
  // Not a job of the queue: it must go on while the queue’s server is away.
  const sweep = setInterval(() => {
    engine.sweep().catch((error: unknown) => log.warn({ err: error }, 'sweep'))
  }, SWEEP_MS)
  await parts.importer.resume()
  const again = setInterval(() => {
    parts.importer.resume().catch((error: unknown) => log.warn({ err: error }, 'resume imports'))
  }, CLOCK_MS)
  return {
    async close() {
      clearInterval(sweep)
      clearInterval(again)
      stopWatching()
      matcher.close()
    },
  }
}
