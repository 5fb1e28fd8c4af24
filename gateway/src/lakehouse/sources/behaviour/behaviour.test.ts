import { expect } from 'chai'
import { block } from '../../../testing/ledger.ts'
import { freshDatabase, type TestDatabase } from '../../../testing/postgres.ts'
import { NO_ROWS, openEngine, type Engine, type EngineOptions } from '../../engine.ts'
import { createIngest } from '../../ledger/ingest.ts'
import { derivedSchema } from '../../schema.ts'
import { OWN_MSP } from '../../testing/chain.ts'
import { freshLake, hasExtensions } from '../../testing/place.ts'
import { createBehaviour } from './stream.ts'

const [BUYER, SELLER, OTHER] = ['m00000000000000cc', 'm00000000000000aa', 'm00000000000000bb']
const CODE = '91310115MA1K4ABC4H'

const balance = (
  seller: string,
  parts: Readonly<Record<string, number>>,
  payableOn = '2026-01-10',
) => ({
  buyer: BUYER,
  seller,
  currency: 'CNY',
  payableOn,
  ...Object.fromEntries(
    ['gross', 'eligible', 'confirmed', 'available', 'locked', 'certified', 'factored']
      .concat(['credited', 'disputed', 'paid'])
      .map(part => [`${part}Fen`, String(parts[part] ?? 0)]),
  ),
})
const payment = (valueOn: string, amountFen: string) => ({
  payer: BUYER,
  payee: SELLER,
  entryReference: `E-${valueOn}`,
  valueOn,
  currency: 'CNY',
  amountFen,
})

const OBLIGOR = 'm00000000000000dd'
const certificate = {
  obligor: OBLIGOR,
  holder: SELLER,
  currency: 'CNY',
  dueOn: '2026-01-20',
  faceFen: '50000',
  collectedFen: '10000',
}

describe('the behaviour of members on the ledger', function () {
  this.timeout(60_000)
  let store: TestDatabase
  let place: EngineOptions & { remove(): void }
  let engine: Engine
  let nowMs = Date.parse('2026-01-25T03:00:00Z')

  before(async function () {
    if (!hasExtensions()) this.skip()
    store = await freshDatabase()
    place = await freshLake()
    engine = await openEngine(place)
    await store.database.execute(
      `INSERT INTO members (member_id, msp_id, kind, name, uscc, own)
       VALUES ($1, 'CoreMSP', 'OBLIGOR', '买方', $2, false)`,
      [BUYER, CODE],
    )
  })
  after(async () => {
    engine?.close()
    place?.remove()
    await store?.close()
  })

  type Secret = { key: string; value: object }
  /** One transaction at an instant, as the next block. */
  async function commit(
    number: number,
    at: string,
    secrets: readonly Secret[],
    writes: readonly Secret[] = [],
  ): Promise<void> {
    const made = block(number, [{ secrets, writes }])
    const transactions = made.transactions.map(one => ({ ...one, timestampMs: Date.parse(at) }))
    await createIngest(engine, OWN_MSP).take([{ block: { ...made, transactions }, atMs: nowMs }])
  }
  /** As a process that has been looking for a while. */
  async function lookUntilDone(): Promise<void> {
    let clockMs = nowMs - 900_000
    const look = createBehaviour({
      engine,
      database: store.database,
      everyMs: 3_600_000,
      now: () => clockMs,
    })
    clockMs = nowMs
    while ((await look()).outcome === 'MORE');
  }
  const rows = (where = 'true') =>
    engine.query(
      `SELECT * FROM lake.silver.source_ledger_behaviour WHERE ${where} ORDER BY arrival, member`,
    )
  const of = async (member: string, asOf: string, column: string) =>
    (await rows(`member = '${member}' AND as_of = DATE '${asOf}'`)).at(-1)?.[column]

  it('is what the ledger knew at the end of each day, and within the present one', async () => {
    await commit(0, '2026-01-02T03:00:00Z', [
      {
        key: 'B:one',
        value: balance(SELLER, { gross: 100_000, confirmed: 90_000, available: 100_000 }),
      },
      {
        key: 'B:two',
        value: balance(
          OTHER,
          { gross: 300_000, available: 250_000, disputed: 50_000 },
          '2026-03-01',
        ),
      },
    ])
    await commit(1, '2026-01-20T03:00:00Z', [
      { key: 'Y:p1', value: payment('2026-01-18', '60000') },
      { key: 'U:p1', value: { usedFen: '60000' } },
      {
        key: 'B:one',
        value: balance(SELLER, {
          gross: 100_000,
          confirmed: 90_000,
          available: 0,
          paid: 60_000,
          credited: 40_000,
        }),
      },
    ])
    await commit(
      2,
      '2026-01-25T02:00:00Z',
      [{ key: 'R:one', value: certificate }],
      [{ key: 'R:one', value: { state: 'OVERDUE' } }],
    )
    await lookUntilDone()
    expect(await of(BUYER, '2026-01-09', 'overdue_fen')).to.equal('0')
    expect(await of(BUYER, '2026-01-09', 'days_beyond_terms')).to.equal(null)
    expect(await of(BUYER, '2026-01-15', 'overdue_fen')).to.equal('100000')
    expect(await of(BUYER, '2026-01-15', 'days_beyond_terms')).to.equal(5)
    // Nobody has told the ledger yet what the bank did on the 18th.
    expect(await of(BUYER, '2026-01-19', 'days_beyond_terms')).to.equal(9)
    expect(await of(BUYER, '2026-01-20', 'days_beyond_terms')).to.equal(8)
    expect(await of(BUYER, '2026-01-20', 'overdue_fen')).to.equal('0')
    expect(await of(BUYER, '2026-01-20', 'largest_partner_ppm')).to.equal(750_000)
    expect(await of(BUYER, '2026-01-20', 'disputes')).to.equal(1)
    expect(await of(SELLER, '2026-01-20', 'dilution_ppm')).to.equal(400_000)
    expect(await of(SELLER, '2026-01-20', 'confirmed_fen')).to.equal('90000')
    expect(await of(BUYER, '2026-01-20', 'subject')).to.equal(CODE)
    // Of whom only a certificate is known.
    expect(await of(OBLIGOR, '2026-01-25', 'overdue_fen')).to.equal('40000')
    expect(await of(OBLIGOR, '2026-01-25', 'days_beyond_terms')).to.equal(5)
    expect(await of(OBLIGOR, '2026-01-25', 'confirmed_fen')).to.equal('50000')
    const [today] = await rows(`member = '${BUYER}' AND as_of = DATE '2026-01-25'`)
    expect(today).to.include({ revision: '1', arrived_at: '2026-01-25 03:00:00' })
  })

  it('does not change for a day when facts of it come later, by date, by timestamp, or by both', async () => {
    const before = await rows()
    await commit(3, '2026-01-26T03:00:00Z', [
      { key: 'Y:p2', value: payment('2026-01-12', '50000') },
      { key: 'U:p2', value: { usedFen: '50000' } },
      {
        key: 'B:two',
        value: balance(OTHER, { gross: 300_000, paid: 50_000, available: 250_000 }, '2026-03-01'),
      },
    ])
    await commit(4, '2026-01-14T03:00:00Z', [
      {
        key: 'B:late',
        value: balance(SELLER, { gross: 900_000, available: 900_000 }, '2026-01-05'),
      },
    ])
    nowMs = Date.parse('2026-01-27T03:00:00Z')
    await lookUntilDone()
    expect(await rows(`as_of < DATE '2026-01-25'`)).to.deep.equal(
      before.filter(row => String(row['as_of']) < '2026-01-25'),
    )
    expect(await of(BUYER, '2026-01-25', 'overdue_fen')).to.equal('0')
    expect(await of(BUYER, '2026-01-26', 'overdue_fen')).to.equal('900000')
  })

  it('is the same when the catalogue makes it anew', async () => {
    const before = await rows()
    await engine.write(NO_ROWS, async ({ run }) => {
      for (const sql of derivedSchema()) await run(sql)
    })
    expect(await rows()).to.be.empty
    await lookUntilDone()
    expect(await rows()).to.deep.equal(before)
  })

  it('ends a day by the clock where no later transaction comes, and looks again within a day only where blocks came', async () => {
    const until = async (now: string) => {
      nowMs = Date.parse(now)
      await lookUntilDone()
      return (await engine.query(`SELECT * FROM lake.bronze.behaviour_cuts ORDER BY number`)).at(-1)
    }
    expect(await until('2026-01-27T09:00:00Z')).to.include({
      as_of: '2026-01-27',
      final: false,
      revision: '1',
    })
    expect(await until('2026-01-27T16:11:00Z')).to.include({ as_of: '2026-01-28', final: false })
    expect(await rows(`as_of = DATE '2026-01-27' AND member = '${BUYER}'`)).to.have.length(2)
    await commit(5, '2026-01-27T17:00:00Z', [])
    expect(await until('2026-01-27T16:30:00Z')).to.include({ as_of: '2026-01-28', revision: '1' })
    expect(await until('2026-01-27T18:00:00Z')).to.include({ as_of: '2026-01-28', revision: '2' })
  })
})
