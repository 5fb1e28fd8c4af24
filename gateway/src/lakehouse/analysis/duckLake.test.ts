import { expect } from 'chai'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { emptyDatabase } from '../../testing/postgres.ts'
import { openEngine, type Engine } from '../engine.ts'
import { lakeCatalogue } from './catalogue.ts'
import { duckLake } from './duckLake.ts'
import { codeOf, REGULATOR, SECRET, SUPPLIER } from './fixture.ts'
import { lakePolicy } from './policy.ts'
import { createAnalysis, type Analysis } from './query.ts'
import { createSandbox } from './sandbox.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))

describe('lakehouse/analysis: over the lake itself', function () {
  this.timeout(100_000)
  const dataPath = mkdtempSync(path.join(os.tmpdir(), 'triflow-analysis-'))
  let engine: Engine
  let analysis: Analysis
  let options: Parameters<typeof openEngine>[0]

  const write = (sql: string) => engine.write({}, ({ run }) => run(sql))

  before(async () => {
    options = {
      catalogUrl: await emptyDatabase(),
      dataPath,
      extensionFolder: path.join(root, 'node_modules/.triflow-duckdb'),
      memoryMb: 256,
      threads: 1,
    }
    engine = await openEngine(options)
    // Enough rows for a Parquet file; three of them changed later.
    await write(`INSERT INTO lake.silver.invoices (id, block, tx_index, deleted, buyer, seller, total_fen)
      SELECT 'i' || i, 1, 0, false, 'C-CORE', CASE WHEN i < 7 THEN 'S-ONE' ELSE 'S-TWO' END, i
      FROM range(500) r(i)`)
    await write(`INSERT INTO lake.silver.invoices (id, block, tx_index, deleted, buyer, seller, total_fen)
      SELECT 'i' || i, 2, 0, i = 0, 'C-CORE', 'S-ONE', 1000 FROM range(3) r(i)`)
    const catalogue = lakeCatalogue()
    analysis = createAnalysis({
      lake: duckLake(options),
      catalogue,
      policy: lakePolicy(catalogue),
      secret: SECRET,
    })
  })
  after(() => {
    analysis.close()
    engine.close()
    rmSync(dataPath, { recursive: true, force: true })
  })

  const rows = async (sql: string, reader = SUPPLIER, more = {}) =>
    (await analysis.runQuery(reader, { sql, ...more })).rows

  it('answers from the files and the catalogue, with every door shut', async () => {
    expect(await rows('SELECT count(*) FROM silver.invoices')).deep.equal([['10']])
    expect(await rows('SELECT count(*), sum(total_fen) FROM gold.invoices')).deep.equal([
      ['6', '2018'],
    ])
    expect(await rows('SELECT count(DISTINCT seller) FROM gold.invoices', REGULATOR)).deep.equal([
      ['2'],
    ])
  })

  it('has a view for every table of the roles that see a part', async () => {
    for (const role of ['MEMBER', 'BANK'] as const) {
      const reader = { ...SUPPLIER, role }
      for (const table of Object.keys(analysis.policyOf(reader).tables))
        expect(await codeOf(rows(`SELECT * FROM ${table}`, reader)), `${role} ${table}`).equal(
          undefined,
        )
    }
  })

  it('sees what is written while it is open, and an earlier version for who may', async () => {
    const count = 'SELECT count(*) FROM silver.invoices'
    const [[before] = []] = await rows(count, REGULATOR)
    const [version] = await engine.query<{ id: string }>(
      `SELECT max(snapshot_id) AS id FROM ducklake_snapshots('lake')`,
    )
    await write(`INSERT INTO lake.silver.invoices (id, seller) VALUES ('late', 'S-ONE')`)
    expect(await rows(count, REGULATOR)).deep.equal([[String(Number(before) + 1)]])
    const past = await rows(count, REGULATOR, { version: Number(version?.id) })
    expect(past).deep.equal([[before]])
  })

  it('cannot be written, nor can files beside it be read, should the check let something through', async () => {
    const { attach, folders, secrets } = duckLake(options)
    const sandbox = createSandbox({
      attach: attach(),
      folders,
      secrets,
      views: [],
      memoryMb: 128,
      threads: 1,
      hidesRows: true,
    })
    const limits = { values: {}, timeoutMs: 5_000, rowsMax: 10, bytesMax: 10_000 }
    const shut = [
      `INSERT INTO lake.silver.invoices (id) VALUES ('x')`,
      `DELETE FROM lake.silver.invoices`,
      `SELECT * FROM read_text('/etc/hostname')`,
      `SELECT * FROM read_text('${path.join(root, 'package.json')}')`,
      `SELECT * FROM read_text('${dataPath}/../../etc/hostname')`,
      `COPY (SELECT 1) TO '${dataPath}/../never.csv'`,
      `SELECT * FROM postgres_scan('${options.catalogUrl}', 'public', 'users')`,
      `ATTACH '${options.catalogUrl}' AS p (TYPE postgres)`,
    ]
    for (const sql of shut)
      expect(await codeOf(sandbox.run({ sql, ...limits })), sql).match(/^QUERY_(INVALID|FAILED)$/)
    sandbox.close()
  })
})
