import { expect } from 'chai'
import fc from 'fast-check'
import { emptyBook, freshDatabase, type TestDatabase } from '../testing/postgres.ts'
import { block } from '../testing/ledger.ts'
import { invoiceOf, invoiceState, usageOf } from '../testing/records.ts'
import type { LedgerBlock } from '../platform/ledger/blocks.ts'
import { projectBlocks, projectedHeight, type Blocks } from './project.ts'

const SIDES = { buyer: 'm00000000000000cc', seller: 'm00000000000000aa' }

describe('the projector', function () {
  this.timeout(60_000)
  let store: TestDatabase
  before(async () => {
    store = await freshDatabase()
  })
  after(() => store.close())
  beforeEach(() => emptyBook(store))

  const apply = (...blocks: Blocks): Promise<boolean> =>
    projectBlocks(store.database, blocks, { ownMsp: 'AllianceMSP' })
  const dump = (): Promise<unknown[]> =>
    store.database.query(
      `SELECT kind, id, open, secret_text, block_number, tx_index, tx_id FROM records ORDER BY kind, id`,
    )

  const everything = async (): Promise<unknown[]> => [
    await store.database.query(
      'SELECT kind, id, open, secret_text, happened_on, block_number, tx_index, tx_id, updated_at FROM records ORDER BY kind, id',
    ),
    await store.database.query('SELECT * FROM changes ORDER BY kind, id, block_number, tx_index'),
    await store.database.query('SELECT * FROM checkpoint'),
    await store.database.query(
      'SELECT * FROM sums WHERE count <> 0 OR fen <> 0 ORDER BY party, figure, day',
    ),
  ]

  it('a block applied twice changes nothing', async () => {
    const one = block(0, [{ writes: [{ key: 'I:x', value: invoiceState }] }])
    expect(await apply(one)).to.equal(true)
    const before = await dump()
    expect(await apply(one)).to.equal(false)
    expect(await dump()).to.deep.equal(before)
  })

  it('a block that leaves a gap is not applied', async () => {
    await apply(block(0, []))
    expect(await apply(block(2, [{ writes: [{ key: 'I:x', value: {} }] }]))).to.equal(false)
    expect(await projectedHeight(store.database)).to.equal(0n)
    expect(await dump()).to.deep.equal([])
  })

  it('an opening is kept byte for byte, and only the own organisation’s', async () => {
    const text = usageOf('5')
    await apply(
      block(0, [
        { secrets: [{ key: 'U:own', value: text }] },
        { secrets: [{ key: 'U:foreign', value: text }], msp: 'CoreMSP' },
      ]),
    )
    const rows = (await dump()) as { id: string; secret_text: string }[]
    expect(rows.map(row => [row.id, row.secret_text])).to.deep.equal([
      ['own', JSON.stringify(text)],
    ])
  })

  it('an invalid transaction writes nothing but is counted', async () => {
    await apply(block(0, [{ code: 11 }, { writes: [{ key: 'M:m1', value: { mspId: 'X' } }] }]))
    const [point] = await store.database.query<{ transactions: string; invalid: string }>(
      'SELECT transactions, invalid FROM checkpoint',
    )
    expect(point).to.deep.equal({ transactions: '2', invalid: '1' })
  })

  it('of two writes to one key in a block the later one stands, and both are in the history', async () => {
    await apply(
      block(0, [
        { writes: [{ key: 'I:x', value: invoiceState }] },
        { writes: [{ key: 'I:x', value: { ...invoiceState, match: 'MATCHED' } }] },
      ]),
    )
    const [row] = (await dump()) as { open: { match: string }; tx_index: number }[]
    expect([row?.open.match, row?.tx_index]).to.deep.equal(['MATCHED', 1])
    expect(await store.database.query('SELECT 1 FROM changes')).to.have.length(2)
  })

  it('any sequence of blocks, with crashes and repetitions in between, gives the same rows', async () => {
    const write = fc.record({
      key: fc.constantFrom('I:a', 'I:b', 'I:c'),
      value: fc
        .constantFrom('NONE', 'MATCHED', 'EXCEPTION')
        .map(match => ({ ...invoiceState, match })),
    })
    const blocks = fc.array(fc.array(write, { maxLength: 3 }), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(blocks, fc.array(fc.nat(4), { maxLength: 5 }), async (list, repeats) => {
        await emptyBook(store)
        const made = list.map((writes, number) =>
          block(
            number,
            writes.map(w => ({ writes: [w] })),
          ),
        )
        for (const one of made) await apply(one)
        const straight = await dump()
        await emptyBook(store)
        for (const one of made) {
          await apply(one)
          for (const again of repeats) if (made[again]) await apply(made[again])
        }
        expect(await dump()).to.deep.equal(straight)
      }),
      { numRuns: 15 },
    )
  })

  it('however a chain is cut into groups, every table has the same rows', async () => {
    const key = fc.constantFrom('a', 'b')
    const open = fc
      .tuple(key, fc.constantFrom('NONE', 'MATCHED', 'EXCEPTION'))
      .map(([id, match]) => ({ writes: [{ key: `I:${id}`, value: { ...invoiceState, match } }] }))
    const secret = fc.tuple(key, fc.constantFrom('1', '2')).map(([id, number]) => ({
      secrets: [{ key: `I:${id}`, value: invoiceOf(SIDES, number) }],
    }))
    const invalid = fc.constant({ code: 11 })
    const transactions = fc.array(fc.oneof(open, secret, invalid), { maxLength: 3 })
    const chains = fc.array(transactions, { minLength: 2, maxLength: 6 })
    const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 6, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(chains, sizes, async (list, cuts) => {
        const made = list.map((one, number) => block(number, one))
        await emptyBook(store)
        for (const one of made) await apply(one)
        const straight = await everything()
        await emptyBook(store)
        const left = [...made]
        for (const size of cuts) {
          const [first, ...others] = left.splice(0, size)
          if (first) expect(await apply(first, ...others)).to.equal(true)
        }
        expect(await everything()).to.deep.equal(straight)
      }),
      { numRuns: 40 },
    )
  })

  it('of a group that does not follow the checkpoint nothing is applied', async () => {
    await apply(block(0, []))
    const group = [0, 1].map(number =>
      block(number, [{ writes: [{ key: 'I:x', value: invoiceState }] }]),
    ) as [LedgerBlock]
    expect(await apply(...group)).to.equal(false)
    expect(await projectedHeight(store.database)).to.equal(0n)
    expect(await dump()).to.deep.equal([])
  })

  it('what colluding organisations wrote with a contract of their own is left out, and the chain goes on', async () => {
    await apply(
      block(0, [
        { writes: [{ key: 'I:bad', value: { match: 'WONDERFUL' } }] },
        { writes: [{ key: 'ZZ:other', value: {} }] },
        { secrets: [{ key: 'U:bad', value: { usedFen: '-1' } }] },
        { writes: [{ key: 'I:good', value: invoiceState }] },
      ]),
    )
    expect((await dump()).map(row => (row as { id: string }).id)).to.deep.equal(['good'])
  })
})
