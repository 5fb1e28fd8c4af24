import { expect } from 'chai'
import { migrate } from '../platform/database/migrate.ts'
import { APP_MIGRATIONS } from '../schema.ts'
import { freshDatabase, type TestDatabase } from '../testing/postgres.ts'
import { storedTransactionMigration } from './schema.ts'

describe('A gateway of an earlier version, upgraded', function () {
  this.timeout(60_000)
  let test: TestDatabase

  before(async () => {
    test = await freshDatabase()
  })
  after(() => test?.close())

  it('keeps what it had noted as submitted among the transactions that recovery looks at', async () => {
    const { database } = test
    const earlier = APP_MIGRATIONS.slice(0, APP_MIGRATIONS.indexOf(storedTransactionMigration))
    await migrate(database, 'earlier', earlier)
    await database.execute(`
      INSERT INTO earlier.operations (operation_id, kind, user_id, input, status, lease_owner, lease_until)
      VALUES ('o', 'invoices.import', 'u', '{}', 'running', 'killed', now())`)
    const insert = (txId: string, status: string): Promise<unknown> =>
      database.execute(
        `INSERT INTO earlier.transactions (tx_id, operation_id, step, attempt, items, envelope, result, status)
         VALUES ($1, 'o', $1, 0, '[]', '', '', $2)`,
        [txId, status],
      )
    await insert('noted', 'submitted')
    await insert('ended', 'committed')

    const applied = await migrate(database, 'earlier', APP_MIGRATIONS)

    expect(applied).to.include(storedTransactionMigration.id)
    const rows = await database.query<{ tx_id: string; status: string }>(
      'SELECT tx_id, status FROM earlier.transactions ORDER BY tx_id',
    )
    expect(rows).to.deep.equal([
      { tx_id: 'ended', status: 'committed' },
      { tx_id: 'noted', status: 'stored' },
    ])
    const refused = await insert('late', 'submitted').catch((fault: Error) => fault.message)
    expect(refused).to.match(/transactions_status_check/)
  })
})
