import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import type { LedgerBlock } from '../platform/ledger/blocks.ts'
import { block } from '../testing/ledger.ts'
import { silent } from '../testing/postgres.ts'
import { NO_ROWS, openEngine, type Engine } from './engine.ts'
import { followLedger } from './ledger/follow.ts'
import { lakeHeight } from './ledger/height.ts'
import { keepGold, keepUp, snapshotAtBlock } from './history.ts'
import { createIngest, NotNext } from './ledger/ingest.ts'
import { chainOf, ledgerOf, OWN_MSP } from './testing/chain.ts'
import { freshLake, hasExtensions } from './testing/place.ts'
import { bring, cutOff, until } from './testing/weather.ts'
import { verifyLake } from './ledger/verify.ts'

const SEED = Number(process.env['LAKE_SEED'] ?? Date.now() % 1_000_000)

const verified = (engine: Engine, chain: readonly LedgerBlock[]) =>
  verifyLake({ engine, ledger: ledgerOf(chain), ownMsp: OWN_MSP })

const count = async (engine: Engine, what: string): Promise<number> =>
  Number((await engine.query<{ n: string }>(`SELECT count(*) AS n FROM ${what}`))[0]?.n)

describe(`the lake (LAKE_SEED=${SEED})`, function () {
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

  it('has every block as the ledger has it, however the chain is cut', async () => {
    const chain = chainOf(SEED, 120)
    await bring(engine, chain, 7)
    const report = await verified(engine, chain)
    expect(report).to.deep.include({ blocks: '119', differing: [], unlinked: [], equal: true })
    expect(report.rows).to.be.greaterThan(chain.length)
  })

  it('shows in gold each record once, as its last write left it', async () => {
    const value = (totalFen: string) => ({
      buyer: 'b',
      seller: 's',
      totalFen,
      issuedOn: '2026-01-02',
    })
    const write = (key: string, totalFen: string) => ({ key, value: value(totalFen) })
    await bring(engine, [
      block(0, [{ secrets: [write('I:a', '5'), write('I:b', '7')], writes: [] }]),
      block(1, [{ secrets: [write('I:a', '9007199254740993')], writes: [] }]),
      block(2, [{ secrets: [{ key: 'I:b', value: undefined }], writes: [] }]),
      block(3, [{ code: 11, secrets: [], writes: [] }]),
    ])
    const rows = await engine.query('SELECT id, total_fen, issued_on FROM lake.gold.invoices')
    expect(rows).to.deep.equal([
      { id: 'a', total_fen: '9007199254740993', issued_on: '2026-01-02' },
    ])
  })

  it('keeps what is no JSON, of no known kind, or of the wrong type, and makes no value up for it', async () => {
    const broken = block(0, [{ writes: [], secrets: [{ key: 'I:x', value: {} }] }])
    const [transaction] = broken.transactions
    const odd = [
      { key: 'I:x', value: Buffer.from('{"totalFen": "much", "issuedOn": "31.12.2026"}') },
      { key: 'I:y', value: Buffer.from('no "JSON" at \'all\'; DROP TABLE x') },
      { key: '\u0000strange', value: Buffer.from([255, 254]) },
    ]
    const own = odd.map(each => ({ ...each, collection: `_implicit_org_${OWN_MSP}` }))
    const foreign = { ...own[0], key: 'I:z', collection: '_implicit_org_BankAMSP' }
    const privateWrites = [...own, foreign] as typeof own
    const chain = [
      { ...broken, transactions: [{ ...transaction, privateWrites }] },
    ] as LedgerBlock[]
    await bring(engine, chain)
    expect(
      await engine.query('SELECT id, total_fen, issued_on FROM lake.gold.invoices ORDER BY id'),
    ).to.deep.equal([
      { id: 'x', total_fen: null, issued_on: null },
      { id: 'y', total_fen: null, issued_on: null },
    ])
    expect(await count(engine, 'lake.bronze.writes')).to.equal(3)
    expect((await verified(engine, chain)).equal).to.equal(true)
  })

  it('takes a block once when two write it at the same moment, and nothing of the loser', async () => {
    const chain = chainOf(SEED, 30)
    const other = await openEngine(place)
    const outcomes: string[] = []
    for (const one of chain) {
      const both = [engine, other].map(writer =>
        createIngest(writer, OWN_MSP)
          .take([{ block: one, atMs: 1 }])
          .then(
            () => 'written',
            (error: unknown) => (error instanceof NotNext ? 'late' : 'lost'),
          ),
      )
      outcomes.push((await Promise.all(both)).sort().join(' '))
    }
    other.close()
    expect(new Set(outcomes.map(pair => pair.split(' ').at(-1)))).to.deep.equal(
      new Set(['written']),
    )
    expect(outcomes.filter(pair => pair === 'written written')).to.deep.equal([])
    expect(outcomes, 'the two never met').to.include('lost written')
    expect((await verified(engine, chain)).equal).to.equal(true)
  })

  it('loses and doubles nothing when its writer is killed again and again', async () => {
    const blocks = 400
    const chain = chainOf(SEED, blocks)
    const { remove: _, ...options } = place
    let kills = 0
    for (let height = -1n; height < blocks - 1; height = await lakeHeight(engine)) {
      const isLast = kills >= 5
      await writeUntilKilled([SEED, blocks, isLast ? 0 : 5, JSON.stringify(options)], kills, isLast)
      kills += 1
    }
    expect(kills).to.be.greaterThan(3)
    expect(await verified(engine, chain)).to.deep.include({ blocks: '399', equal: true })
    const [twice] = await engine.query(
      'SELECT count(*) - count(DISTINCT block) AS n FROM lake.bronze.blocks',
    )
    expect(twice).to.deep.equal({ n: '0' })
  })

  it('says which blocks are not those of the ledger, and which silver rows do not follow', async () => {
    const chain = chainOf(SEED, 40)
    await bring(engine, chain)
    const change = (sql: string) => engine.write(NO_ROWS, ({ run }) => run(sql))
    const [row] = await engine.query<{ block: string }>(
      'SELECT block FROM lake.bronze.transactions WHERE block > 5 ORDER BY block LIMIT 1',
    )
    await change(`UPDATE lake.bronze.transactions SET tx_id = 'x' WHERE block = ${row?.block}`)
    await change('INSERT INTO lake.bronze.blocks FROM lake.bronze.blocks WHERE block = 2')
    await change('DELETE FROM lake.bronze.blocks WHERE block = 30')
    await change('INSERT INTO lake.silver.invoices FROM lake.silver.invoices LIMIT 1')
    const report = await verified(engine, chain)
    expect(report.differing).to.deep.equal(['2', String(row?.block), '30'])
    expect(report.silver['invoices']).to.equal(1)
    expect(report.equal).to.equal(false)
    const forked = chain.map(one =>
      one.number === 7n ? { ...one, dataHash: 'ab'.repeat(32) } : one,
    )
    expect((await verified(engine, forked)).unlinked).to.deep.equal(['8'])
  })

  it('shows the past as it was, and its files are put in order without a change of its rows', async () => {
    const chain = chainOf(SEED, 60)
    await bring(engine, chain, 60)
    const before = await engine.query(
      'SELECT * EXCLUDE (arrived_at) FROM lake.bronze.blocks ORDER BY block',
    )
    const snapshot = await snapshotAtBlock(engine, 20n)
    const past = await openEngine({ ...place, reading: { snapshot } })
    expect(await lakeHeight(past)).to.equal(20n)
    expect(await count(past, 'lake.bronze.blocks')).to.equal(21)
    past.close()
    const upkeep = await keepUp(engine, 1)
    expect(upkeep.flushedRows).to.be.greaterThan(0)
    const [inlined] = await engine.alone("CALL ducklake_flush_inlined_data('lake')")
    expect(inlined, 'rows that the upkeep has left in the catalogue').to.equal(undefined)
    await keepUp(engine, 0)
    expect(
      await engine.query('SELECT * EXCLUDE (arrived_at) FROM lake.bronze.blocks ORDER BY block'),
    ).to.deep.equal(before)
    expect((await verified(engine, chain)).equal).to.equal(true)
    const gone = await snapshotAtBlock(engine, 20n).catch((error: { code?: string }) => error.code)
    expect(gone).to.equal('LAKE_SNAPSHOT_UNKNOWN')
  })

  it('shows in gold the same, wherever its last versions are settled in between', async () => {
    const chain = chainOf(SEED, 90)
    const ingest = createIngest(engine, OWN_MSP)
    let settled = 0
    for (let from = 0; from < chain.length; from += 15) {
      await ingest.take(chain.slice(from, from + 15).map(one => ({ block: one, atMs: 1 })))
      // Whole tables and slices of them, in turn.
      const rowsMax = from % 60 === 0 ? 1_000 : 4
      if (from % 30 === 0) settled += await keepGold(engine, { laterRows: 3, rowsMax })
      const report = await verified(engine, chain)
      expect(report.equal, JSON.stringify(report.gold)).to.equal(true)
    }
    expect(settled).to.be.greaterThan(2)
    const all = await engine.query('SELECT id, total_fen FROM lake.gold.invoices ORDER BY id')
    const naive = await engine.query(
      `SELECT id, arg_max(total_fen, (block, tx_index)) AS total_fen FROM lake.silver.invoices
       GROUP BY id HAVING NOT arg_max(deleted, (block, tx_index)) ORDER BY id`,
    )
    expect(all).to.deep.equal(naive)
    const month = `date_trunc('month', issued_on)::DATE AS month`
    expect(await engine.query('FROM lake.gold.invoices_by_month ORDER BY ALL')).to.deep.equal(
      await engine.query(
        `SELECT seller, ${month}, count(*) AS records, sum(total_fen)::BIGINT AS sum_fen
         FROM lake.gold.invoices GROUP BY ALL ORDER BY ALL`,
      ),
    )
    await engine.write(NO_ROWS, async ({ run }) => {
      await run('DELETE FROM lake.settled.invoices WHERE true')
      await run('UPDATE lake.settled.invoices_by_month SET sum_fen = sum_fen + 1')
    })
    const { gold } = await verified(engine, chain)
    expect(gold['invoices']).to.be.greaterThan(0)
    expect(gold['invoices_by_month']).to.be.greaterThan(0)
  })

  it('lies in files that another engine reads', async () => {
    const chain = chainOf(SEED, 60)
    await bring(engine, chain, 3)
    await keepUp(engine, 1)
    const files = await engine.query<{ data_file: string }>(
      `SELECT data_file FROM ducklake_list_files('lake', 'transactions', schema => 'bronze')`,
    )
    const rows: Record<string, unknown>[] = []
    for (const { data_file: file } of files)
      rows.push(...(await parquetReadObjects({ file: await asyncBufferFromFile(file) })))
    const found = rows.map(row => `${row['block']} ${row['tx_id']} ${row['validation_code']}`)
    const wanted = chain.flatMap(({ number, transactions }) =>
      transactions.map(({ txId, validationCode }) => `${number} ${txId} ${validationCode}`),
    )
    expect(found.sort()).to.deep.equal(wanted.sort())
  })

  it('answers a process that only reads, while another one writes', async () => {
    const chain = chainOf(SEED, 150)
    const ledger = ledgerOf(chain, 5)
    const follower = followLedger({ engine, ledger, ownMsp: OWN_MSP, log: silent, keepBackMs: 20 })
    const reading = await openEngine({ ...place, reading: {} })
    const heights: bigint[] = []
    while (heights.at(-1) !== 149n) {
      const [row] = await reading.query<{ block: string | null; blocks: string }>(
        'SELECT max(block) AS block, count(*) AS blocks FROM lake.bronze.blocks',
      )
      // Whole transactions only: as many blocks as the last one's number says.
      expect(Number(row?.blocks)).to.equal(Number(row?.block ?? -1) + 1)
      heights.push(BigInt(row?.block ?? -1))
    }
    await follower.close()
    expect(new Set(heights).size).to.be.greaterThan(2)
    const refused = await reading
      .query('DELETE FROM lake.bronze.blocks')
      .catch((error: { code?: string }) => error.code)
    reading.close()
    expect(refused).to.equal('LAKE_QUERY')
  })

  it('makes silver and gold anew, out of bronze, where they are of another catalogue', async () => {
    const chain = chainOf(SEED, 30)
    await bring(engine, chain)
    await engine.write(NO_ROWS, async ({ run }) => {
      await run('DELETE FROM lake.silver.invoices')
      await run("UPDATE lake.bronze.catalogues SET version = 'of before'")
    })
    expect((await verified(engine, chain)).equal).to.equal(false)
    const again = await openEngine(place)
    expect((await verified(again, chain)).equal).to.equal(true)
    again.close()
  })

  it('stands still and says why while its catalogue is away, and goes on when it is back', async () => {
    const chain = chainOf(SEED, 200)
    const ledger = ledgerOf(chain, 10)
    const follower = followLedger({ engine, ledger, ownMsp: OWN_MSP, log: silent, keepBackMs: 20 })
    try {
      await until(() => follower.height() > 10n)
      await cutOff(place, true)
      await until(() => follower.fault() !== undefined)
      const height = follower.height()
      expect(height < 199n).to.equal(true)
      await cutOff(place, false)
      await until(() => follower.height() === 199n)
      expect(follower.fault()).to.equal(undefined)
    } finally {
      await cutOff(place, false)
      await follower.close()
    }
    expect((await verified(engine, chain)).equal).to.equal(true)
  })

  it('waits for own private values that the peer does not have yet', async () => {
    const whole = chainOf(SEED, 5)
    const lacking = whole.map(one =>
      one.number === 3n
        ? {
            ...one,
            transactions: block(3, [{ withheld: [`_implicit_org_${OWN_MSP}`] }]).transactions,
          }
        : one,
    )
    let asked = 0
    const ledger = {
      ...ledgerOf(whole),
      blocks: (first: bigint, signal: AbortSignal) =>
        ledgerOf((asked += 1) > 1 ? whole : lacking).blocks(first, signal),
    }
    const follower = followLedger({ engine, ledger, ownMsp: OWN_MSP, log: silent, keepBackMs: 20 })
    await until(() => follower.height() === 4n)
    await follower.close()
    expect(asked).to.equal(2)
    expect((await verified(engine, whole)).equal).to.equal(true)
  })
})

describe('the password of the catalogue', () => {
  const PASSWORD = 'one%20that nobody may see'

  it('is in no error, and nowhere a query could look', async function () {
    if (!hasExtensions()) this.skip()
    this.timeout(60_000)
    const place = await freshLake()
    const url = new URL(place.catalogUrl)
    url.password = PASSWORD
    const engine = await openEngine({ ...place, catalogUrl: url.href })
    const seen = await Promise.all(
      ['duckdb_databases()', 'duckdb_secrets()', 'duckdb_settings()'].map(what =>
        engine.query(`FROM ${what}`),
      ),
    )
    expect(JSON.stringify(seen)).to.not.include('nobody may see')
    engine.close()
    url.port = '1'
    const refused = await openEngine({ ...place, catalogUrl: url.href }).catch(String)
    expect(refused).to.include('LAKE_QUERY').and.not.include('nobody may see')
    expect(refused).to.not.include('nobody%20may%20see')
    place.remove()
  })
})

/** Kills the writer some blocks after its first; the last one is let finish. */
async function writeUntilKilled(
  args: readonly (string | number)[],
  kills: number,
  isLast: boolean,
): Promise<void> {
  const file = fileURLToPath(new URL('./testing/writer.ts', import.meta.url))
  const node = ['--conditions=triflow-source', '--import', 'tsx', file, ...args.map(String)]
  const child = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  let first: bigint | undefined
  for await (const chunk of child.stdout) {
    const height = BigInt(String(chunk).trim().split('\n').at(-1) ?? -1)
    if (height >= 0n) first ??= height
    const isEnough = first !== undefined && height > first + BigInt(7 * kills + 3)
    if (isLast ? height === BigInt(Number(args[1]) - 1) : isEnough) child.kill('SIGKILL')
  }
  await ended
}
