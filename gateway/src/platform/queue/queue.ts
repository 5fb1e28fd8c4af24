import Bull from 'bull'
import type { Log } from '../log.ts'

/** Work that goes on after the request that asked for it. */
export interface Jobs {
  /** Reads and posts one uploaded file. */
  readonly import: { readonly importId: string }
  /** Goes on with operations that wait for the ledger or lost their process. */
  readonly sweep: Record<string, never>
  /** Judges what can be judged: new receipts, invoices, payments. */
  readonly reconcile: Record<string, never>
  /** What the calendar asks for: maturity, collection, expiry. */
  readonly clock: Record<string, never>
}
export type JobName = keyof Jobs

/**
 * The queue is a wake-up call, not a record: whatever must not be lost is a row in Postgres that a sweep finds
 * again. So a queue that is down delays work and never refuses a request.
 */
export interface Queue {
  add<N extends JobName>(name: N, payload: Jobs[N], options?: { id?: string }): Promise<void>
  handle<N extends JobName>(
    name: N,
    options: { concurrency: number; everyMs?: number },
    handler: (payload: Jobs[N]) => Promise<void>,
  ): Promise<void>
  connected(): boolean
  close(): Promise<void>
}

const ADD_TIMEOUT_MS = 1_500

export function openQueue(options: { url: string; prefix: string; log: Log }): Queue {
  const { log } = options
  const queue = new Bull('work', options.url, {
    prefix: `triflow-${options.prefix}`,
    redis: {
      // A queue that waits for its server again and again survives a restart of it.
      maxRetriesPerRequest: null,
      enableReadyCheck: false,
      retryStrategy: times => Math.min(times * 200, 2_000),
    },
    defaultJobOptions: {
      // What fails here waits for a server to come back, which takes seconds.
      attempts: 120,
      backoff: { type: 'fixed', delay: 2_000 },
      removeOnComplete: true,
      removeOnFail: 200,
    },
    settings: { lockDuration: 30_000, stalledInterval: 5_000, maxStalledCount: 50 },
  })
  queue.on('error', error => log.warn({ err: error.message }, 'queue'))
  queue.on('failed', (job, error) =>
    log.warn({ job: job.name, id: job.id, attempt: job.attemptsMade, err: error }, 'job failed'),
  )
  return {
    async add(name, payload, extra) {
      const added = queue.add(name, payload, extra?.id ? { jobId: extra.id } : {})
      const late = new Promise<never>((_, reject) =>
        setTimeout(() => reject(new Error('queue does not answer')), ADD_TIMEOUT_MS).unref(),
      )
      await Promise.race([added, late]).catch((error: unknown) =>
        log.warn({ err: error, job: name }, 'not queued; the sweep will find it'),
      )
      added.catch(() => undefined)
    },
    async handle(name, { concurrency, everyMs }, handler) {
      void queue.process(name, concurrency, async job => handler(job.data as never))
      if (everyMs === undefined) return
      const repeated = queue.add(name, {}, { jobId: name, repeat: { every: everyMs }, attempts: 1 })
      repeated.catch((error: unknown) => log.warn({ err: error }, 'repetition not queued'))
    },
    connected: () => queue.client.status === 'ready',
    async close() {
      await Promise.race([
        queue.close(),
        new Promise(resolve => setTimeout(resolve, 3_000).unref()),
      ]).catch(() => undefined)
    },
  }
}
