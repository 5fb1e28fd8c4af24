/** A process that fills and stops in the middle of a transaction, until it is killed: `testing-filler.ts ENGINE URL`. */
import type { Database } from '../../platform/database/database.ts'
import { openDatabase } from '../../platform/database/database.ts'
import { silent } from '../../testing/postgres.ts'
import { openEngine, type EngineOptions } from '../engine.ts'
import { createFiller } from './fill.ts'
import { sources } from './kinds/index.ts'

const [options = '', url = ''] = process.argv.slice(2)
const engine = await openEngine(JSON.parse(options) as EngineOptions)
const database = openDatabase({ url, connections: 2, log: silent })
await createFiller(
  { engine, database: stoppingAfter(database, 3) },
  { features: [], kinds: [sources.shopMonth] },
).fill()

function stoppingAfter(opened: Database, statements: number): Database {
  return {
    ...opened,
    transaction: work =>
      opened.transaction(tx => {
        let left = statements
        return work({
          ...tx,
          async execute(sql, values) {
            const touched = await tx.execute(sql, values)
            left -= 1
            if (left === 0) {
              process.stdout.write(`in the middle, ${touched} facts\n`)
              await new Promise(() => setInterval(() => undefined, 1_000))
            }
            return touched
          },
        })
      }),
  }
}
