import { expect } from 'chai'
import { bookMigrations } from '../../projection/schema.ts'
import { APP_MIGRATIONS } from '../../schema.ts'
import { emptyDatabase, silent } from '../../testing/postgres.ts'
import { openDatabase } from './database.ts'
import { migrate } from './migrate.ts'

const PROCESSES = [1, 2, 3]

describe('The schema of an organisation', function () {
  this.timeout(60_000)

  it('is made once when all its processes come up at once', async () => {
    const url = await emptyDatabase()
    const databases = PROCESSES.map(() => openDatabase({ url, connections: 2, log: silent }))
    try {
      const applied = await Promise.all(
        databases.map(async database => [
          ...(await migrate(database, 'app', APP_MIGRATIONS)),
          ...(await migrate(database, 'book', bookMigrations)),
        ]),
      )
      const wanted = [...APP_MIGRATIONS, ...bookMigrations].map(({ id }) => id)
      expect(applied.flat().sort()).to.deep.equal(wanted.sort())
    } finally {
      await Promise.all(databases.map(database => database.close()))
    }
  })
})
