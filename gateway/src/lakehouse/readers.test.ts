import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { silent } from '../testing/postgres.ts'
import { openEngine, type Engine } from './engine.ts'
import { keepUp } from './history.ts'
import { followLedger } from './ledger/follow.ts'
import { verifyLake } from './ledger/verify.ts'
import { chainOf, ledgerOf, OWN_MSP } from './testing/chain.ts'
import { freshLake, hasExtensions } from './testing/place.ts'
import { bring, until } from './testing/weather.ts'

const SEED = Number(process.env['LAKE_SEED'] ?? Date.now() % 1_000_000)
const KEPT_DAYS = 1

/** As docs/how-to/scale-the-lake.md has it. */
const filesOf = async (engine: Engine, snapshot: bigint): Promise<string[]> =>
  (
    await engine.query<{ data_file: string }>(
      `SELECT data_file FROM ducklake_list_files('lake', 'transactions', schema => 'bronze',
         snapshot_version => ${snapshot})`,
    )
  ).map(({ data_file: file }) => file)

const lastSnapshot = async (engine: Engine): Promise<bigint> => {
  const [row] = await engine.query<{ id: string }>('FROM lake.current_snapshot()')
  return BigInt(row?.id ?? -1)
}

/** By an implementation of Parquet that is none of DuckDB's. */
async function transactionsIn(files: readonly string[]): Promise<string[]> {
  const rows: Record<string, unknown>[] = []
  for (const file of files)
    rows.push(...(await parquetReadObjects({ file: await asyncBufferFromFile(file) })))
  return rows.map(row => `${row['block']} ${row['tx_id']} ${row['validation_code']}`).sort()
}

describe(`who reads the lake while it is written (LAKE_SEED=${SEED})`, function () {
  this.timeout(120_000)
  let place: Awaited<ReturnType<typeof freshLake>>
  let engine: Engine

  before(function () {
    if (!hasExtensions()) this.skip()
  })
  beforeEach(async () => {
    place = await freshLake()
    engine = await openEngine(place)
  })
  afterEach(() => {
    engine?.close()
    place?.remove()
  })

  it('finds in a list of files the same rows to the end, with another engine', async () => {
    const chain = chainOf(SEED, 100)
    await bring(engine, chain.slice(0, 60), 3)
    await keepUp(engine, KEPT_DAYS)
    const pinned = await lastSnapshot(engine)
    const files = await filesOf(engine, pinned)
    const wanted = chain
      .slice(0, 60)
      .flatMap(({ number, transactions }) =>
        transactions.map(({ txId, validationCode }) => `${number} ${txId} ${validationCode}`),
      )
      .sort()
    const follower = followLedger({
      engine,
      ledger: ledgerOf(chain, 20),
      ownMsp: OWN_MSP,
      log: silent,
      keepBackMs: 200,
      between: async () => {
        if (follower.height() % 3n === 0n) await keepUp(engine, KEPT_DAYS)
      },
    })
    const reading = await openEngine({ ...place, reading: {} })
    let times = 0
    while (follower.height() < 99n) {
      expect(await transactionsIn(files)).to.deep.equal(wanted)
      times += 1
      await delay(50)
    }
    await follower.close()
    await keepUp(engine, KEPT_DAYS)
    // Other files since then: those of before have been merged into them.
    const now = await filesOf(reading, await lastSnapshot(reading))
    reading.close()
    const past = await openEngine({ ...place, reading: { snapshot: pinned } })
    const [then] = await past.query('SELECT count(*) AS n FROM lake.bronze.transactions')
    past.close()
    expect(then).to.deep.equal({ n: String(wanted.length) })
    expect(times).to.be.greaterThan(2)
    expect(now).to.not.include.members(files)
    expect(await transactionsIn(files)).to.deep.equal(wanted)
    expect(await transactionsIn(now)).to.have.length.greaterThan(wanted.length)
  })

  it('sees whole transactions from several readers at once, each at its own moment', async () => {
    const chain = chainOf(SEED, 120)
    const follower = followLedger({
      engine,
      ledger: ledgerOf(chain, 10),
      ownMsp: OWN_MSP,
      log: silent,
      keepBackMs: 50,
    })
    const readers = await Promise.all([1, 2].map(() => openEngine({ ...place, reading: {} })))
    const seen = await Promise.all(
      readers.map(async reader => {
        const blocks = new Set<string>()
        await until(async () => {
          const [row] = await reader.query<{ blocks: string; missing: string }>(
            `SELECT count(*) AS blocks, sum(writes) - (SELECT count(*) FROM lake.bronze.writes)
               AS missing FROM lake.bronze.blocks`,
          )
          if (row?.blocks !== '0') expect(row?.missing).to.equal('0')
          blocks.add(String(row?.blocks))
          return row?.blocks === '120'
        })
        return blocks.size
      }),
    )
    await follower.close()
    for (const reader of readers) reader.close()
    expect(Math.min(...seen)).to.be.greaterThan(2)
    const report = await verifyLake({ engine, ledger: ledgerOf(chain), ownMsp: OWN_MSP })
    expect(report.equal).to.equal(true)
  })
})
