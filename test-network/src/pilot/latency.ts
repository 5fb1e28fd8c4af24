import type { Client } from '@triflow/gateway/client'
import { patientFetch } from './patience.ts'

export interface LatencyFigure {
  readonly count: number
  readonly p50Ms: number
  readonly p95Ms: number
}

/** How quickly the gateways answered while the pilot used them. */
export interface ApiLatency {
  /** GET requests that were not asked to wait. */
  readonly reads: LatencyFigure
  /** From the request of a write that needs one transaction to its commit. */
  readonly writes: LatencyFigure
}

export interface LatencyMeter {
  readonly fetch: typeof fetch
  /** Measures the client's writes from now on. */
  watch(client: Client): Client
  figures(): ApiLatency
}

export function createLatencyMeter(): LatencyMeter {
  const reads: number[] = []
  const writes: number[] = []
  return {
    async fetch(input, init) {
      const startedMs = performance.now()
      const answer = await patientFetch(input, init)
      const isRead = init?.method === 'GET' && !String(input).includes('waitMs=')
      if (isRead) reads.push(performance.now() - startedMs)
      return answer
    },
    watch(client) {
      const perform = client.perform.bind(client)
      client.perform = async (name, input, options) => {
        const startedMs = performance.now()
        const operation = await perform(name, input, options)
        if (operation.transactions.length === 1) writes.push(performance.now() - startedMs)
        return operation
      }
      return client
    },
    figures: () => ({ reads: figureOf(reads), writes: figureOf(writes) }),
  }
}

function figureOf(durations: readonly number[]): LatencyFigure {
  const sorted = [...durations].sort((a, b) => a - b)
  const at = (share: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
  return { count: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95) }
}
