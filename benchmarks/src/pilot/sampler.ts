/** What a user of the core enterprise would feel at the API while the pilot runs. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createClient, type Client } from '@triflow/gateway/client'

/** Latencies in milliseconds by route. */
export type Reads = ReadonlyMap<string, readonly number[]>

interface Access {
  readonly organizations: Readonly<
    Record<
      string,
      {
        readonly url: string
        readonly users: readonly { readonly login: string; readonly password: string }[]
      }
    >
  >
}

const PAUSE_MS = 100
const ASK_AGAIN_MS = 250

const READS: readonly (readonly [string, (client: Client) => Promise<unknown>])[] = [
  ['worklist.get', client => client.call('worklist.get', { query: { limit: 100 } })],
  ['invoices.list', client => client.call('invoices.list', { query: { limit: 50 } })],
  ['certificates.list', client => client.call('certificates.list', { query: { limit: 50 } })],
  ['reports.reconciliation', client => client.call('reports.reconciliation', { query: {} })],
]

function accessOf(dir: string): Access | undefined {
  const file = path.join(dir, 'pilot-access.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Access) : undefined
}

/** A client of the organisation's operator, who can log in from the first moment; undefined when aborted before. */
async function logIn(dir: string, signal: AbortSignal): Promise<Client | undefined> {
  while (!signal.aborted) {
    const core = accessOf(dir)?.organizations['core']
    const operator = core?.users.find(({ login }) => login === 'operator')
    if (core && operator) {
      const client = createClient({ url: core.url })
      const isIn = await client.logIn(operator.login, operator.password).then(
        () => true,
        () => false,
      )
      if (isIn) return client
    }
    await delay(ASK_AGAIN_MS)
  }
  return undefined
}

/** Reads in turn until the signal; a read that fails while the network comes up is not counted. */
export async function sampleReads(dir: string, signal: AbortSignal): Promise<Reads> {
  const taken = new Map<string, number[]>(READS.map(([name]) => [name, []]))
  const client = await logIn(dir, signal)
  while (client && !signal.aborted) {
    for (const [name, read] of READS) {
      if (signal.aborted) break
      const began = performance.now()
      const answered = await read(client).then(
        () => true,
        () => false,
      )
      if (answered) taken.get(name)?.push(performance.now() - began)
      await delay(PAUSE_MS)
    }
  }
  return taken
}
