import type { RequestHandler } from 'express'
import client from 'prom-client'

export interface Metrics {
  readonly observe: RequestHandler
  readonly transactions: client.Counter<'outcome'>
  readonly commitSeconds: client.Histogram
  readonly projectedBlock: client.Gauge
  readonly privateLost: client.Counter
  readonly importRows: client.Counter<'verdict'>
  text(): Promise<string>
}

/** Prometheus metrics of this process. Labels are route names and outcomes, never ids. */
export function createMetrics(): Metrics {
  const registry = new client.Registry()
  client.collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 50 })
  const http = new client.Histogram({
    name: 'gateway_http_seconds',
    help: 'Duration of requests',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  })
  const observe: RequestHandler = (request, response, next) => {
    const stop = http.startTimer({ method: request.method })
    response.on('finish', () => {
      const route: unknown = (request.route as { path?: unknown } | undefined)?.path
      stop({ route: typeof route === 'string' ? route : 'other', status: response.statusCode })
    })
    next()
  }
  return {
    observe,
    transactions: new client.Counter({
      name: 'gateway_ledger_transactions_total',
      help: 'Transactions by how they came out',
      labelNames: ['outcome'],
      registers: [registry],
    }),
    commitSeconds: new client.Histogram({
      name: 'gateway_ledger_commit_seconds',
      help: 'Endorsement to commit',
      buckets: [0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers: [registry],
    }),
    projectedBlock: new client.Gauge({
      name: 'gateway_projected_block',
      help: 'Last block in the read model',
      registers: [registry],
    }),
    privateLost: new client.Counter({
      name: 'gateway_private_values_lost_total',
      help: 'Blocks projected without own private values, which the peer never had',
      registers: [registry],
    }),
    importRows: new client.Counter({
      name: 'gateway_import_rows_total',
      help: 'Rows of uploaded files by verdict',
      labelNames: ['verdict'],
      registers: [registry],
    }),
    text: () => registry.metrics(),
  }
}
