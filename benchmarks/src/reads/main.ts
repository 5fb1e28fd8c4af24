/**
 * `npm run bench:reads [-- --sizes 1,10,100] [--requests 200]`: how the API reads of a gateway grow with its read
 * model, counted in pilots. One client asks one question at a time, over HTTP, of the handlers and a PostgreSQL of
 * this process; its own work is part of each figure, as it is in `bench:pilot`.
 */
import { parseArgs } from 'node:util'
import type { Client } from '@triflow/gateway/client'
import { atSignal } from '../ground/index.ts'
import { figure, percentile, publish, type Figure } from '../report/index.ts'
import { grow, openModel, requireWhole, sizeOf, type TestGateway } from './model.ts'
import { CORE } from './records.ts'

/** Requests of each kind that are not counted: before the first size the programs are cold, later the plans. */
const WARM_UP = { first: 150, later: 20 }

interface Read {
  readonly name: string
  readonly ask: () => Promise<unknown>
}

interface Settings {
  /** In pilots, ascending from 1. */
  readonly sizes: readonly number[]
  /** Of each kind at each size. */
  readonly requests: number
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      sizes: { type: 'string', default: '1,10,100' },
      requests: { type: 'string', default: '200' },
    },
  })
  const sizes = values.sizes.split(',').map(Number)
  const isAscending = sizes.every((size, index) => size > (sizes[index - 1] ?? 0))
  const isCount = sizes.every(size => Number.isInteger(size) && size < 1000)
  if (sizes[0] !== 1 || !isAscending || !isCount)
    throw new Error('--sizes takes whole numbers that ascend from 1 and stay below 1000')
  return { sizes, requests: Number(values.requests) }
}

/** What the pilot's sampler asks, as its operator; and the work list of somebody whom most work waits for. */
async function readsOf(gateway: TestGateway): Promise<Read[]> {
  const operator = await gateway.user({ login: 'operator', roles: ['operator'] })
  const maker = await gateway.user({ login: 'maker', roles: ['maker'], memberId: CORE })
  const worklist = (client: Client): Promise<unknown> =>
    client.call('worklist.get', { query: { limit: 100 } })
  return [
    { name: 'worklist.get', ask: () => worklist(operator) },
    { name: 'worklist.get, maker', ask: () => worklist(maker) },
    {
      name: 'invoices.list',
      ask: () => operator.call('invoices.list', { query: { limit: 50 } }),
    },
    {
      name: 'certificates.list',
      ask: () => operator.call('certificates.list', { query: { limit: 50 } }),
    },
    {
      name: 'reports.reconciliation',
      ask: () => operator.call('reports.reconciliation', { query: {} }),
    },
  ]
}

/** Milliseconds of each request by read; the reads take turns. */
async function measure(
  reads: readonly Read[],
  { requests, warmUp }: { requests: number; warmUp: number },
): Promise<Map<string, readonly number[]>> {
  const taken = new Map(reads.map(({ name }) => [name, [] as number[]]))
  for (let round = -warmUp; round < requests; round++)
    for (const { name, ask } of reads) {
      const beganMs = performance.now()
      await ask()
      if (round >= 0) taken.get(name)?.push(performance.now() - beganMs)
    }
  return taken
}

interface Sized {
  readonly size: number
  readonly records: number
  readonly rows: number
  readonly bytes: number
  readonly taken: ReadonlyMap<string, readonly number[]>
}

const P = [0.5, 0.95] as const

function figuresOf({ size, records, rows, bytes, taken }: Sized, first: Sized): Figure[] {
  const one = (what: string, unit: string, value: number): Figure =>
    figure(`${size}x: ${what}`, unit, [value])
  const beside = (peerRuns: number[]) => (size === first.size ? {} : { peer: '1x', peerRuns })
  const times = [...taken].flatMap(([name, ms]) =>
    P.map(share => {
      const peer = percentile(first.taken.get(name) ?? [], share)
      const what = `${size}x: ${name}, p${share * 100}`
      return figure(what, 'ms', [percentile(ms, share)], beside([peer]))
    }),
  )
  return [
    one('records', 'rows', records),
    one('all rows of the read model', 'rows', rows),
    one('read model on disk', 'MiB', bytes / 2 ** 20),
    ...times,
  ]
}

const said = (text: string, sinceMs: number): void =>
  void process.stderr.write(`${text}: ${((performance.now() - sinceMs) / 1000).toFixed(1)} s\n`)

const { sizes, requests } = readSettings()
let startedMs = performance.now()
const gateway = await openModel()
const takeBack = atSignal(() => gateway.close())
try {
  const reads = await readsOf(gateway)
  const measured: Sized[] = []
  for (const size of sizes) {
    const before = measured.at(-1)
    if (before) await grow(gateway, before.size, size)
    said(`${size}x loaded`, startedMs)
    startedMs = performance.now()
    await requireWhole(gateway, size)
    said(`${size}x recounted`, startedMs)
    startedMs = performance.now()
    const taken = await measure(reads, {
      requests,
      warmUp: before ? WARM_UP.later : WARM_UP.first,
    })
    measured.push({ size, ...(await sizeOf(gateway)), taken })
    said(`${size}x read`, startedMs)
    startedMs = performance.now()
  }
  const [first] = measured
  if (first)
    publish(
      'reads',
      measured.flatMap(each => figuresOf(each, first)),
    )
} finally {
  await gateway.close()
  takeBack()
}
