/** A process that brings events into a lake until it is killed: `testing.ts DATABASE_URL ENGINE_OPTIONS`. */
import { openDatabase } from '../../platform/database/database.ts'
import { silent } from '../../testing/postgres.ts'
import { openEngine, type EngineOptions } from '../engine.ts'
import { takeEvents } from './follow.ts'

const [url, options] = process.argv.slice(2)
const database = openDatabase({ url: url ?? '', connections: 2, log: silent })
const engine = await openEngine(JSON.parse(options ?? '') as EngineOptions)
for (;;) {
  const rows = await takeEvents({ engine, database, rows: 7 })
  process.stdout.write(`${rows}\n`)
}
