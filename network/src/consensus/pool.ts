/**
 * Requests that wait to be ordered, in order of arrival. Every replica keeps a request until a
 * final block holds it; a leader takes from the queue what it proposes and, after a view change,
 * queues everything again.
 */
import { emptyDigestMap, entriesOf, lookUp, withChanges, type DigestMap } from './digestMap.ts'
import { invariant } from './invariant.ts'
import type { Digest, Request } from './model.ts'
import type { Limits } from './protocol.ts'

export interface Pending {
  readonly request: Request
  readonly receivedAt: number
  readonly arrival: number
}

const CHUNK = 64

export interface Pool {
  readonly entries: DigestMap<Pending>
  readonly bytes: number
  readonly arrivals: number
  /** In order of arrival, in chunks; some may have left the pool (and even come back) meanwhile. */
  readonly queue: readonly (readonly Pending[])[]
  /** Upper bound of the requests and bytes still in the queue: what a leader could propose. */
  readonly queued: number
  readonly queuedBytes: number
}

export const emptyPool = (): Pool => ({
  entries: emptyDigestMap(),
  bytes: 0,
  arrivals: 0,
  queue: [],
  queued: 0,
  queuedBytes: 0,
})

export const isPending = (pool: Pool, digest: Digest): boolean =>
  lookUp(pool.entries, digest) !== undefined

export const pendingOf = (pool: Pool, digest: Digest): Pending | undefined =>
  lookUp(pool.entries, digest)

export const hasRoom = (pool: Pool, request: Request, limits: Limits): boolean =>
  pool.entries.size < limits.poolCount && pool.bytes + request.payload.length <= limits.poolBytes

/** An entry of the queue that has not left the pool since it was queued. */
const isLive = (pool: Pool, pending: Pending): boolean =>
  pendingOf(pool, pending.request.digest) === pending

function appended(queue: Pool['queue'], pending: Pending): Pool['queue'] {
  const last = queue[queue.length - 1]
  return last && last.length < CHUNK
    ? [...queue.slice(0, -1), [...last, pending]]
    : [...queue, [pending]]
}

export function withRequest(pool: Pool, request: Request, now: number): Pool {
  invariant(!isPending(pool, request.digest), 'a request enters the pool once')
  const pending = { request, receivedAt: now, arrival: pool.arrivals }
  return {
    entries: withChanges(pool.entries, [[request.digest, pending]]),
    bytes: pool.bytes + request.payload.length,
    arrivals: pool.arrivals + 1,
    queue: appended(pool.queue, pending),
    queued: pool.queued + 1,
    queuedBytes: pool.queuedBytes + request.payload.length,
  }
}

/** Forgets requests that a final block holds. They may still stand in the queue, as dead entries. */
export function without(pool: Pool, digests: readonly Digest[]): Pool {
  const removed = digests.flatMap(digest => pendingOf(pool, digest) ?? [])
  if (removed.length === 0) return pool
  const entries = withChanges(
    pool.entries,
    removed.map(pending => [pending.request.digest, undefined] as const),
  )
  if (entries.size === 0) return { ...emptyPool(), arrivals: pool.arrivals }
  const bytes = removed.reduce((sum, { request }) => sum + request.payload.length, 0)
  return prune({ ...pool, entries, bytes: pool.bytes - bytes })
}

/** Drops dead entries from the head of the queue, so that the head is the oldest that waits. */
function prune(pool: Pool): Pool {
  let chunk = 0
  let index = 0
  let skipped = 0
  for (; chunk < pool.queue.length; chunk += 1, index = 0) {
    const entries = pool.queue[chunk]!
    while (index < entries.length && !isLive(pool, entries[index]!)) index += 1
    skipped += index
    if (index < entries.length) break
  }
  if (skipped === 0) return pool
  const rest = pool.queue.slice(chunk)
  const queue = index === 0 || rest.length === 0 ? rest : [rest[0]!.slice(index), ...rest.slice(1)]
  // Dead entries give back their count here; their bytes are only an upper bound (see Pool).
  const queued = pool.queued - skipped
  return {
    ...pool,
    queue,
    queued,
    queuedBytes: queued === 0 ? 0 : Math.min(pool.queuedBytes, pool.bytes),
  }
}

/** The oldest entries of the queue that still wait. */
export function* oldest(pool: Pool): Generator<Pending> {
  for (const chunk of pool.queue) {
    for (const pending of chunk) if (isLive(pool, pending)) yield pending
  }
}

/** Takes the next batch off the queue: at least one request if any waits, within the limits. */
export function cut(pool: Pool, limits: Limits): { pool: Pool; requests: Request[] } {
  const requests: Request[] = []
  let bytes = 0
  let taken = 0
  for (const chunk of pool.queue) {
    for (const pending of chunk) {
      const size = pending.request.payload.length
      const isFull =
        requests.length >= limits.batchCount ||
        (requests.length > 0 && bytes + size > limits.batchPreferredBytes)
      if (isFull) return { pool: dropHead(pool, taken, bytes), requests }
      taken += 1
      if (!isLive(pool, pending)) continue
      requests.push(pending.request)
      bytes += size
    }
  }
  return { pool: dropHead(pool, taken, bytes), requests }
}

function dropHead(pool: Pool, count: number, bytes: number): Pool {
  let left = count
  let chunk = 0
  while (chunk < pool.queue.length && left >= pool.queue[chunk]!.length) {
    left -= pool.queue[chunk]!.length
    chunk += 1
  }
  const rest = pool.queue.slice(chunk)
  const queue = left === 0 ? rest : [rest[0]!.slice(left), ...rest.slice(1)]
  const queued = pool.queued - count
  return { ...pool, queue, queued, queuedBytes: queued === 0 ? 0 : pool.queuedBytes - bytes }
}

/** Puts everything that waits back into the queue, also what an abandoned view had proposed. */
export function requeued(pool: Pool): Pool {
  const waiting = [...entriesOf(pool.entries)]
    .map(([, pending]) => pending)
    .sort((left, right) => left.arrival - right.arrival)
  const queue: Pending[][] = []
  for (let start = 0; start < waiting.length; start += CHUNK) {
    queue.push(waiting.slice(start, start + CHUNK))
  }
  return { ...pool, queue, queued: waiting.length, queuedBytes: pool.bytes }
}
