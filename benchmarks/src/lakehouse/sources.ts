/**
 * `node scripts/run.mjs benchmarks/src/lakehouse/sources.ts [--records 20000]`: how fast records of a source come into
 * the lake, screened, once, with silver beside them; pages of a thousand, as they are pulled.
 */
import { parseArgs } from 'node:util'
import { openEngine } from '@triflow/gateway/lakehouse/engine'
import { createPuller, type Page } from '@triflow/gateway/lakehouse/sources'
import { createConsents } from '@triflow/gateway/lakehouse/sources/consents'
import { createLakeSink } from '@triflow/gateway/lakehouse/sources/lakeSink'
import { customsRecord } from '@triflow/gateway/lakehouse/sources/testing'
import { freshLake } from '@triflow/gateway/lakehouse/testing/place'
import { freshDatabase, silent } from '@triflow/gateway/testing/postgres'

const PAGE = 1_000
const { values } = parseArgs({ options: { records: { type: 'string', default: '20000' } } })
const total = Number(values.records)

function page(after: string | undefined): Page {
  const from = Number(after ?? 0)
  const until = Math.min(from + PAGE, total)
  const records = Array.from({ length: until - from }, (_, at) => customsRecord(`D-${from + at}`))
  return { records, next: String(until), more: until < total }
}

const store = await freshDatabase()
const place = await freshLake()
const engine = await openEngine({ ...place, memoryMb: 512, threads: 2 })
const consents = createConsents(store.database)
const sink = createLakeSink({ engine, consents, gatherMs: 0 })
const puller = createPuller({
  client: { page: (_, after) => Promise.resolve(page(after)) },
  sink,
  consents,
  log: silent,
})
const [beganMs, cpu] = [performance.now(), process.cpuUsage()]
while ((await puller.attempt('customs')).kind === 'MORE');
const seconds = (performance.now() - beganMs) / 1_000
const used = process.cpuUsage(cpu)
const [row] = await engine.query('SELECT count(*) AS rows FROM lake.silver.source_customs')
const perSecond = Math.round(total / seconds)
const cpuSeconds = ((used.user + used.system) / 1e6).toFixed(1)
process.stdout.write(
  `${String(row?.['rows'])} records in ${seconds.toFixed(1)} s, ${perSecond} a second; ` +
    `${cpuSeconds} s of processor in this process\n`,
)
engine.close()
place.remove()
await store.close()
process.exit(0)
