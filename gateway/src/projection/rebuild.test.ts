import { expect } from 'chai'
import { freshDatabase, silent, type TestDatabase } from '../testing/postgres.ts'
import { block, scriptedLedger } from '../testing/ledger.ts'
import { invoiceOf, invoiceState } from '../testing/records.ts'
import { projectBlocks } from './project.ts'
import { rebuild } from './rebuild.ts'

const SIDES = { buyer: 'm00000000000000cc', seller: 'm00000000000000aa' }

describe('a rebuild of the read model', function () {
  this.timeout(60_000)
  let store: TestDatabase
  const chain = ['a', 'b', 'a'].map((id, number) =>
    block(number, [
      {
        writes: [
          { key: `I:${id}`, value: { ...invoiceState, match: number ? 'MATCHED' : 'NONE' } },
        ],
        secrets: [{ key: `I:${id}`, value: invoiceOf(SIDES, id) }],
      },
    ]),
  )
  const ledger = {
    ...scriptedLedger({}),
    async *blocks(first: bigint) {
      yield* chain.slice(Number(first))
    },
  }
  const again = () =>
    rebuild({ url: store.url, live: store.database, ledger, ownMsp: 'AllianceMSP', log: silent })

  before(async () => {
    store = await freshDatabase()
    for (const one of chain) await projectBlocks(store.database, [one], { ownMsp: 'AllianceMSP' })
  })
  after(() => store.close())

  it('of an untouched one is equal in every row, and leaves nothing behind', async () => {
    const { blocks, rows, equal } = await again()
    expect([blocks, rows, equal]).to.deep.equal([
      '2',
      { records: 2, changes: 3, checkpoint: 1, sums: 6 },
      true,
    ])
    const left = await store.database.query(
      `SELECT 1 FROM information_schema.schemata WHERE schema_name = 'book_rebuild'`,
    )
    expect(left).to.deep.equal([])
  })

  it('finds the row that somebody has changed, the one that is missing, and the sum that is wrong', async () => {
    await store.database.execute(
      `UPDATE book.records SET open = open || '{"approval": "CONFIRMED"}' WHERE id = 'a'`,
    )
    await store.database.execute(`DELETE FROM book.changes WHERE id = 'b'`)
    await store.database.execute(
      `UPDATE book.sums SET fen = fen + 1 WHERE party = '' AND figure = 'invoiced'`,
    )
    const { different, equal } = await again()
    expect([different, equal]).to.deep.equal([
      { records: 2, changes: 1, checkpoint: 0, sums: 2 },
      false,
    ])
  })
})
