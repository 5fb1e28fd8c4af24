import { expect } from 'chai'
import fc from 'fast-check'
import { block } from '../testing/ledger.ts'
import { emptyBook, freshDatabase, type TestDatabase } from '../testing/postgres.ts'
import {
  balanceOf,
  bidOf,
  bidState,
  invoiceOf,
  invoiceState,
  orderOf,
  receiptOf,
  receivableState,
  requestOf,
  requestState,
  termsOf,
} from '../testing/records.ts'
import { isGroup, projectBlocks } from './project.ts'
import { recount } from './sums.ts'

const [BUYER, SELLER, OTHER, FUNDER] = ['buyer', 'seller', 'other', 'funder'].map(
  name => `m-${name}`,
) as [string, string, string, string]
const named = (letter: string): string => letter.repeat(20)

type Write = { key: string; value: object }
interface Change {
  readonly writes?: readonly Write[]
  readonly secrets?: readonly Write[]
}

const both = (key: string, open: object, secret: object): Change => ({
  writes: [{ key, value: open }],
  secrets: [{ key, value: secret }],
})

const id = fc.constantFrom('a', 'b', 'c').map(named)
const fen = fc.bigInt({ min: 0n, max: 10n ** 20n }).map(String)
const trade = fc.constantFrom({ buyer: BUYER, seller: SELLER }, { buyer: BUYER, seller: OTHER })

const invoice = fc
  .tuple(
    id,
    trade,
    fc.constantFrom('NONE', 'MATCHED', 'WITHIN_TOLERANCE', 'EXCEPTION'),
    fc.constantFrom('SUBMITTED', 'CONFIRMED', 'DISPUTED', 'REJECTED'),
  )
  .map(([key, parties, match, approval]) =>
    both(
      `I:${key}`,
      { ...invoiceState, match, approval, codes: ['PRICE', 'DATES'] },
      invoiceOf(parties, key),
    ),
  )
const balance = fc
  .tuple(
    id,
    trade,
    fc.record({ confirmedFen: fen, creditedFen: fen, paidFen: fen, differenceFen: fen }),
  )
  .map(([key, parties, amounts]) => ({
    secrets: [{ key: `B:${key}`, value: balanceOf(parties, amounts) }],
  }))
const order = fc.tuple(id, trade, fen).map(([key, parties, price]) => ({
  secrets: [{ key: `O:${key}`, value: orderOf(parties, price) }],
}))
const receipt = fc
  .tuple(id, trade, fc.uniqueArray(id, { minLength: 1 }), fc.integer({ min: -9_999, max: 9_999 }))
  .map(([key, parties, orders, quantity]) => ({
    secrets: [{ key: `P:${key}`, value: receiptOf(parties, orders, String(quantity)) }],
  }))
const certificate = fc
  .tuple(
    id,
    id,
    fc.constantFrom('OFFERED', 'ACTIVE', 'CONSUMED', 'PAID_PART', 'REDEEMED'),
    fc.constantFrom(SELLER, OTHER, BUYER),
  )
  .map(([key, root, state, holder]) =>
    both(
      `R:${key}`,
      { ...receivableState(root), state },
      { ...termsOf({ obligor: BUYER, holder }), collectedFen: '400' },
    ),
  )
const request = fc
  .tuple(id, fc.constantFrom('OPEN', 'ACCEPTED', 'CLOSED'), fc.boolean())
  .map(([key, state, isChosen]) =>
    both(
      `F:${key}`,
      requestState(state, isChosen ? key : undefined),
      requestOf({ asker: SELLER, obligor: BUYER }),
    ),
  )
/** The bid of a request bears its id. */
const bid = fc
  .tuple(id, fc.constantFrom(FUNDER, OTHER))
  .map(([key, funder]) => both(`Q:${key}`, bidState(key), bidOf(key, funder)))

/** A change of state alone, as most blocks are to most organisations: nothing private comes with it. */
const stateOnly = fc
  .oneof(invoice, certificate, request)
  .map(({ writes }) => ({ writes: writes ?? [] }))

const change: fc.Arbitrary<Change> = fc.oneof(
  stateOnly,
  invoice,
  balance,
  order,
  receipt,
  certificate,
  request,
  bid,
)

describe('the sums of the read model', function () {
  this.timeout(120_000)
  let store: TestDatabase
  before(async () => {
    store = await freshDatabase()
  })
  after(() => store.close())
  beforeEach(() => emptyBook(store))

  /** Blocks are written in groups of `size`. */
  async function play(changes: readonly (readonly Change[])[], size = 1): Promise<void> {
    const blocks = changes.map((transactions, number) => block(number, transactions))
    while (isGroup(blocks)) {
      const group = blocks.splice(0, size)
      if (isGroup(group)) await projectBlocks(store.database, group, { ownMsp: 'AllianceMSP' })
    }
  }

  const kept = () =>
    store.database.query(`SELECT party, figure, day, count::text, fen::text FROM sums
      WHERE count <> 0 OR fen <> 0 ORDER BY party COLLATE "C", figure COLLATE "C", day COLLATE "C"`)
  const recounted = async () =>
    (await recount(store.database))
      .map(sum => ({ ...sum, count: String(sum.count), fen: String(sum.fen) }))
      .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const keyOf = (sum: { party: string; figure: string; day: string }): string =>
    [sum.party, sum.figure, sum.day].join('\u0000')
  const sumOf = async (party: string, figure: string) => {
    const [row] = await store.database.query<{ count: string; fen: string }>(
      'SELECT sum(count)::text AS count, sum(fen)::text AS fen FROM sums WHERE party = $1 AND figure = $2',
      [party, figure],
    )
    return [row?.count, row?.fen]
  }

  it('after any sequence of blocks are what a recount of all records gives', async () => {
    const blocks = fc.array(fc.array(change, { minLength: 1, maxLength: 6 }), {
      minLength: 1,
      maxLength: 6,
    })
    await fc.assert(
      fc.asyncProperty(blocks, fc.integer({ min: 1, max: 3 }), async (list, size) => {
        await emptyBook(store)
        await play(list, size)
        expect(await kept()).to.deep.equal(await recounted())
      }),
      { numRuns: 60 },
    )
  })

  it('value what was received at the price of its order, also of an order that is read after it', async () => {
    const sides = { buyer: BUYER, seller: SELLER }
    const received = receiptOf(sides, [named('a')], '1500')
    const ordered = { key: `O:${named('a')}`, value: orderOf(sides, '2000000') }
    await play([
      [{ secrets: [{ key: `P:${named('b')}`, value: received }] }],
      [{ secrets: [ordered] }],
    ])
    expect(await sumOf('', 'received')).to.deep.equal(['1', '300'])
    expect(await sumOf(SELLER, 'ordered')).to.deep.equal(['1', '500'])
    expect(await sumOf(OTHER, 'ordered')).to.deep.equal([null, null])
  })

  it('count a confirmed invoice once, however often its balance moves', async () => {
    const key = named('a')
    const sides = { buyer: BUYER, seller: SELLER }
    const paid = (paidFen: string): Change => ({
      secrets: [
        {
          key: `B:${key}`,
          value: balanceOf(sides, {
            confirmedFen: '11300',
            creditedFen: '0',
            paidFen,
            differenceFen: '0',
          }),
        },
      ],
    })
    const confirmed = { ...invoiceState, match: 'MATCHED', approval: 'CONFIRMED' }
    await play([
      [both(`I:${key}`, invoiceState, invoiceOf(sides, key))],
      [{ writes: [{ key: `I:${key}`, value: confirmed }] }, paid('0')],
      [paid('300')],
      [paid('11300')],
    ])
    expect(await sumOf(BUYER, 'match:NONE')).to.deep.equal(['0', '0'])
    expect(await sumOf(BUYER, 'match:MATCHED')).to.deep.equal(['1', '11300'])
    expect(await sumOf(SELLER, 'confirmed')).to.deep.equal(['1', '11300'])
    expect(await sumOf('', 'paidDirectly')).to.deep.equal(['1', '11300'])
  })

  it('show a financing to the parties of it and to no other bank that was asked', async () => {
    const key = named('a')
    await play([
      [both(`Q:${key}`, bidState(key), bidOf(key, FUNDER))],
      [both(`F:${key}`, requestState('CLOSED', key), requestOf({ asker: SELLER, obligor: BUYER }))],
    ])
    for (const party of ['AllianceMSP', 'CoreMSP', 'BankAMSP', SELLER, BUYER, FUNDER])
      expect(await sumOf(party, 'financed'), party).to.deep.equal(['1', '10000'])
    for (const party of ['', 'BankBMSP', OTHER])
      expect(await sumOf(party, 'financed'), party).to.deep.equal([null, null])
  })
})
