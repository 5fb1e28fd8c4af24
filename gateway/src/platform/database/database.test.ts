import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { emptyDatabase, silent } from '../../testing/postgres.ts'
import { openDatabase } from './database.ts'

describe('A connection that is lost', () => {
  it('between two statements of a transaction fails that transaction, and nothing else', async () => {
    const database = openDatabase({ url: await emptyDatabase(), connections: 2, log: silent })
    try {
      const lost = await database
        .transaction(async tx => {
          const [row] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
          await database.execute('SELECT pg_terminate_backend($1)', [row?.pid])
          // The server's word arrives while nobody waits for an answer.
          await delay(200)
          await tx.query('SELECT 1')
        })
        .catch((error: unknown) => error)
      expect(lost).to.be.an.instanceOf(Error)
      expect(await database.query('SELECT 1 AS one')).to.deep.equal([{ one: 1 }])
    } finally {
      await database.close()
    }
  })
})
