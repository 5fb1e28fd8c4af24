import { setTimeout as delay } from 'node:timers/promises'

const PATIENCE_MS = 90_000

/**
 * Statuses a gateway answers while it, or something it needs, is coming back. Asking again is safe: every write
 * carries its idempotency key.
 */
const PASSING = new Set([500, 502, 503, 504])

/** The first sending of a write may have died with its server: its key is free again when its lease ends. */
async function isPassing(answer: Response): Promise<boolean> {
  if (PASSING.has(answer.status)) return true
  if (answer.status !== 409) return false
  const problem = (await answer.clone().json()) as { code?: string }
  return problem.code === 'IDEMPOTENCY_IN_PROGRESS'
}

/**
 * `fetch` of a client that expects servers to be killed under it: a refused or broken connection is tried again, with
 * the same headers and so with the same idempotency key, until the server is back or patience ends.
 */
export const patientFetch: typeof fetch = async (input, init) => {
  const deadline = Date.now() + PATIENCE_MS
  let pauseMs = 50
  for (;;) {
    try {
      const answer = await fetch(input, init)
      if (Date.now() > deadline || !(await isPassing(answer))) return answer
      await answer.arrayBuffer()
    } catch (fault) {
      if (init?.signal?.aborted || Date.now() > deadline) throw fault
    }
    await delay(pauseMs)
    pauseMs = Math.min(pauseMs * 2, 1_000)
  }
}

/** Asks again until the answer is there; read models follow the ledger by some milliseconds. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  limitMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + limitMs
  let pauseMs = 20
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${limitMs / 1000} s`)
    await delay(pauseMs)
    pauseMs = Math.min(pauseMs * 1.5, 500)
  }
}

/** Runs the work with at most `width` pieces at a time; the first failure ends it. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++
      results[index] = await work(items[index] as T)
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane))
  return results
}

export function chunks<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = []
  for (let start = 0; start < items.length; start += size)
    parts.push(items.slice(start, start + size))
  return parts
}
