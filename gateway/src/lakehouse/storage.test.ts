import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { LedgerBlock } from '../platform/ledger/blocks.ts'
import { isFault } from '../platform/faults.ts'
import { silent } from '../testing/postgres.ts'
import { createAnalysis, duckLake, lakeCatalogue, lakePolicy } from './analysis/index.ts'
import { openEngine, NO_ROWS, type Engine } from './engine.ts'
import { keepUp } from './history.ts'
import { followLedger } from './ledger/follow.ts'
import { lakeHeight } from './ledger/height.ts'
import { verifyLake } from './ledger/verify.ts'
import { chainOf, ledgerOf, OWN_MSP } from './testing/chain.ts'
import { hasExtensions } from './testing/place.ts'
import {
  freshStorage,
  hasStorage,
  lakeOn,
  storageServer,
  type StorageServer,
} from './testing/storage.ts'
import { bring, until } from './testing/weather.ts'

const SEED = Number(process.env['LAKE_SEED'] ?? Date.now() % 1_000_000)

const verified = (engine: Engine, chain: readonly LedgerBlock[]) =>
  verifyLake({ engine, ledger: ledgerOf(chain), ownMsp: OWN_MSP })

const filesOf = async (engine: Engine, table: string): Promise<string[]> =>
  (
    await engine.query<{ data_file: string }>(
      `SELECT data_file FROM ducklake_list_files('lake', '${table}', schema => 'bronze')`,
    )
  ).map(row => row.data_file)

describe(`a lake on storage that speaks S3 (${storageServer()}, LAKE_SEED=${SEED})`, function () {
  this.timeout(120_000)
  let server: StorageServer
  let place: Awaited<ReturnType<typeof lakeOn>>
  let engine: Engine

  before(async function () {
    if (!hasExtensions() || !hasStorage()) return this.skip()
    server = await freshStorage()
  })
  beforeEach(async () => {
    place = await lakeOn(server)
    engine = await openEngine(place)
  })
  afterEach(() => {
    engine?.close()
    place?.remove()
  })
  after(() => server?.remove())

  it('is filled, put in order, thinned out and opened again, and has every block as the ledger has it', async () => {
    const chain = chainOf(SEED, 90)
    await bring(engine, chain.slice(0, 60), 3)
    await keepUp(engine, 1)
    await bring(engine, chain.slice(60), 3)
    const upkeep = await keepUp(engine, 1)
    expect(upkeep.flushedRows).to.be.greaterThan(0)
    expect(upkeep.mergedFiles).to.be.greaterThan(0)
    const files = await filesOf(engine, 'writes')
    expect(files[0]).to.match(/^s3:\/\/lake\/banka\/bronze\/writes\//)
    const { deletedFiles } = await keepUp(engine, 0)
    expect(deletedFiles).to.be.greaterThan(0)
    await engine.write(NO_ROWS, ({ run }) =>
      run('DELETE FROM lake.bronze.positions WHERE stream IS NULL'),
    )
    engine.close()
    engine = await openEngine(place)
    expect(await verified(engine, chain)).to.deep.include({ blocks: '89', broken: [], equal: true })
  })

  it('loses and doubles nothing when its writer is killed', async () => {
    const blocks = 120
    const chain = chainOf(SEED, blocks)
    const { remove: _, ...options } = place
    for (const enough of [10n, 50n, BigInt(blocks - 1)])
      await writeUntil(enough, [SEED, blocks, 5, JSON.stringify(options)])
    expect(await lakeHeight(engine)).to.equal(BigInt(blocks - 1))
    expect(await verified(engine, chain)).to.deep.include({ equal: true })
  })

  it('is asked by an analyst over the storage, in a process that reaches nothing else there', async () => {
    await bring(engine, chainOf(SEED, 60))
    await keepUp(engine, 1)
    const catalogue = lakeCatalogue()
    const analysis = createAnalysis({
      lake: duckLake(place),
      catalogue,
      policy: lakePolicy(catalogue),
      secret: Buffer.alloc(32, 7),
    })
    try {
      const reader = { role: 'CORE', mspId: OWN_MSP } as const
      const asked = await analysis.runQuery(reader, { sql: 'SELECT count(*) FROM gold.invoices' })
      const [known] = await engine.query<{ n: string }>(
        'SELECT count(*) AS n FROM lake.gold.invoices',
      )
      expect(asked.rows).to.deep.equal([[known?.n]])
      const files = await analysis
        .runQuery(reader, { sql: `SELECT * FROM read_parquet('s3://lake/**')` })
        .catch((error: unknown) => error)
      expect(files).to.include({ code: 'QUERY_TABLE_FUNCTION' })
    } finally {
      analysis.close()
    }
  })

  it('stands still and says why while the storage is away, and goes on when it is back', async () => {
    const chain = chainOf(SEED, 400)
    await bring(engine, chain.slice(0, 60))
    const follower = followLedger({
      engine,
      ledger: ledgerOf(chain, 2),
      ownMsp: OWN_MSP,
      log: silent,
      // Enough for a file.
      keepBackMs: 400,
    })
    await server.stop()
    await until(() => follower.fault() !== undefined)
    expect(follower.fault())
      .to.match(/LAKE_QUERY/)
      .and.not.include(server.key)
    const asked = await engine
      .query('SELECT max(value) FROM lake.bronze.writes')
      .catch((error: unknown) => error)
    expect(isFault(asked, 'LAKE_QUERY')).to.equal(true)
    await server.start()
    await until(() => follower.height() === 399n)
    await follower.close()
    expect(follower.fault()).to.equal(undefined)
    expect((await verified(engine, chain)).equal).to.equal(true)
  })

  it('names a file of its key that is not there', async () => {
    const storage = { ...place.storage, secretFile: `${place.storage.secretFile}.not-there` }
    const missing = await openEngine({ ...place, storage }).catch((error: unknown) => error)
    expect(isFault(missing, 'LAKE_STORAGE_SECRET')).to.equal(true)
  })

  // The server for tests looks at no key, and its key is the name of the key.
  if (storageServer() === 'versitygw')
    it('shows its key in no table, and is refused with another one, which no error shows', async () => {
      await bring(engine, chainOf(SEED, 30))
      const seen = await Promise.all(
        ['duckdb_databases()', 'duckdb_secrets()', 'duckdb_settings()', 'duckdb_logs'].map(what =>
          engine.query(`FROM ${what}`),
        ),
      )
      expect(JSON.stringify(seen)).to.not.include(server.key)
      const secret = 'another key, of nobody'
      writeFileSync(place.storage.secretFile, secret)
      try {
        const other = await openEngine(place)
        const refused = await bring(other, chainOf(SEED, 120).slice(30)).catch(String)
        other.close()
        expect(refused).to.include('LAKE_QUERY').and.not.include(secret)
        expect(refused).to.not.include(encodeURIComponent(secret))
      } finally {
        writeFileSync(place.storage.secretFile, server.key)
      }
    })
})

/** Kills the writer when it has come so far. */
async function writeUntil(enough: bigint, args: readonly (string | number)[]): Promise<void> {
  const file = fileURLToPath(new URL('./testing/writer.ts', import.meta.url))
  const node = ['--conditions=triflow-source', '--import', 'tsx', file, ...args.map(String)]
  const child = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  for await (const chunk of child.stdout)
    if (BigInt(String(chunk).trim().split('\n').at(-1) ?? -1) >= enough) child.kill('SIGKILL')
  await ended
}
