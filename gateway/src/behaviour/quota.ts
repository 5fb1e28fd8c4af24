/** So many in a minute for each key, in the memory of this process: a bound on what one session can fill. */
import { CodedError } from '../platform/faults.ts'

const MINUTE_MS = 60_000
const KEYS_MAX = 10_000

export function createQuota(perMinute: number, nowMs: () => number = Date.now) {
  let minute = 0
  const counts = new Map<string, number>()
  return {
    /** @throws CodedError RATE_LIMITED */
    step(key: string): void {
      const current = Math.floor(nowMs() / MINUTE_MS)
      if (current !== minute || counts.size > KEYS_MAX) counts.clear()
      minute = current
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      if (count > perMinute)
        throw new CodedError('RATE_LIMITED', { detail: `at most ${perMinute} a minute` })
    },
  }
}
