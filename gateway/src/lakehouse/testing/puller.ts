/** A process that pulls all sources into a lake until it is killed: `puller.ts PLACE`. */
import { openDatabase } from '../../platform/database/database.ts'
import { silent } from '../../testing/postgres.ts'
import { openEngine, type EngineOptions } from '../engine.ts'
import { createConsents } from '../sources/consents.ts'
import { startSources } from '../sources/index.ts'
import { createLakeSink } from '../sources/lakeSink.ts'

export interface PullingPlace {
  readonly engine: EngineOptions
  readonly databaseUrl: string
  readonly baseUrl: string
  readonly token: string
}

const {
  engine: options,
  databaseUrl,
  baseUrl,
  token,
} = JSON.parse(process.argv[2] ?? '') as PullingPlace
const engine = await openEngine(options)
const database = openDatabase({ url: databaseUrl, connections: 2, log: silent })
const consents = createConsents(database)
const sink = createLakeSink({ engine, consents, gatherMs: 20 })
startSources({
  baseUrl,
  token,
  consents,
  log: silent,
  limit: 40,
  timing: {
    everyMs: 200,
    pageMs: 1,
    backoffMs: 50,
    backoffMaxMs: 500,
    openAfter: 9,
    openMs: 500,
    retellMs: 200,
  },
  sink: {
    ...sink,
    async deliver(batch) {
      process.stdout.write('batch\n')
      await sink.deliver(batch)
    },
  },
})
// A source that is waited for keeps no process alive.
setInterval(() => undefined, 1_000)
