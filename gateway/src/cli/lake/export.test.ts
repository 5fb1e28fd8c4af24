/** An export at the machine, beside those over HTTP: one door, one book. */
import { DuckDBInstance } from '@duckdb/node-api'
import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Client } from '../../client/index.ts'
import { openEngine } from '../../lakehouse/engine.ts'
import { extensionFolder, hasExtensions } from '../../lakehouse/testing/place.ts'
import { codeOf, testGateway, type TestGateway } from '../../testing/gateway.ts'
import { exportAnswer, type ExportFlags } from './export.ts'

const RIVAL = 'm0000000000000002'
const WHOLE = 'SELECT currency, sum(total_fen) AS s FROM silver.invoices GROUP BY currency'
const BUT_ONE = WHOLE.replace('GROUP', `WHERE seller <> '${RIVAL}' GROUP`)
const PURPOSE = 'a claim'

describe('triflow lake export', function () {
  this.timeout(100_000)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'triflow-export-'))
  const lake = {
    dataPath: path.join(folder, 'files'),
    extensionFolder,
    memoryMb: 256,
    threads: 1,
    keepDays: 30,
    queryMs: 5_000,
  }
  let gateway: TestGateway
  let treasurer: Client

  before(async function () {
    if (!hasExtensions()) this.skip()
    gateway = await testGateway({ config: { kind: 'ALLIANCE', lake } })
    treasurer = await gateway.user({ login: 'treasurer', roles: ['treasurer'] })
    const engine = await openEngine({ ...lake, catalogUrl: gateway.store.url })
    await engine.write({}, ({ run }) =>
      run(`INSERT INTO lake.silver.invoices BY NAME SELECT 'i' || i AS id, 1 AS block, 0 AS tx_index, false AS deleted,
         'm' || lpad((2 + i % 20)::VARCHAR, 16, '0') AS seller, i AS total_fen, 'CNY' AS currency FROM range(300) r(i)`),
    )
    engine.close()
  })
  after(async () => {
    await gateway?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const fileAt = (name: string): string => path.join(folder, name)
  async function exported(sql: string, name: string, flags: ExportFlags = {}): Promise<string[]> {
    const said: string[] = []
    const all = { out: fileAt(name), purpose: PURPOSE, ...flags }
    await exportAnswer(gateway.services.config, sql, all, line => said.push(line))
    return said
  }
  async function parquetRows(content: Uint8Array) {
    const file = fileAt('read.parquet')
    writeFileSync(file, content)
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const reader = await connection.runAndReadAll(`FROM read_parquet('${file}')`)
    return { types: reader.columnTypes().map(String), rows: reader.getRowsJson() }
  }

  it('leaves over HTTP as Parquet, with the rules of every other format', async () => {
    const body = { sql: WHOLE, format: 'PARQUET' as const, purpose: PURPOSE }
    const made = await treasurer.call('lakeExports.create', { body })
    expect(made).to.deep.include({ format: 'PARQUET', rows: 1, suppressed: 0, k: 10 })
    const headers = { authorization: `Bearer ${treasurer.session?.accessToken}` }
    const answer = await fetch(`${gateway.url}/v1/lake/exports/${made.exportId}/file`, { headers })
    expect(answer.headers.get('content-disposition')).include(`${made.exportId}.parquet`)
    const content = new Uint8Array(await answer.arrayBuffer())
    expect(createHash('sha256').update(content).digest('hex')).equal(made.sha256)
    const whole = { types: ['VARCHAR', 'DECIMAL(38,0)'], rows: [['CNY', '44850']] }
    expect(await parquetRows(content)).deep.equal(whole)
    const few = { ...body, sql: 'SELECT seller, total_fen FROM silver.invoices' }
    const none = await treasurer.call('lakeExports.create', { body: few })
    expect(none).to.deep.include({ rows: 0, suppressed: 300 })
    const max = { ...body, sql: 'SELECT max(total_fen) FROM silver.invoices' }
    expect(await codeOf(treasurer.call('lakeExports.create', { body: max }))).equal('EXPORT_FORM')
  })

  it('writes the same at the machine, in the format that is named or that the file is called by', async () => {
    const said = await exported(WHOLE, 'a.parquet')
    expect(said[0]).equal(`1 row: ${fileAt('a.parquet')}`)
    expect((await parquetRows(readFileSync(fileAt('a.parquet')))).rows).deep.equal([
      ['CNY', '44850'],
    ])
    await exported(WHOLE, 'b.txt', { format: 'csv' })
    expect(readFileSync(fileAt('b.txt'), 'utf8')).equal('currency,s\nCNY,44850\n')
    await exported(WHOLE, 'c.jsonl')
    expect(readFileSync(fileAt('c.jsonl'), 'utf8')).equal('{"currency":"CNY","s":"44850"}\n')
    expect(statSync(fileAt('a.parquet')).mode & 0o077).equal(0)
  })

  it('is no way around what was released over HTTP: the difference of one firm does not leave', async () => {
    const said = await exported(BUT_ONE, 'near.parquet')
    expect(said[0]).match(/^0 rows/)
    expect(said[1]).include('1 of these too near')
    expect((await parquetRows(readFileSync(fileAt('near.parquet')))).rows).deep.equal([])
  })

  it('is refused what an analyst is refused, and then writes nothing', async () => {
    const refused = [
      ['QUERY_TABLE', 'SELECT * FROM bronze.writes'],
      ['QUERY_TABLE', 'SELECT * FROM lake_releases'],
      ['QUERY_NOT_SELECT', `COPY (SELECT 1) TO '${fileAt('never')}'`],
      ['QUERY_TABLE_FUNCTION', `SELECT * FROM read_text('/etc/hostname')`],
      ['EXPORT_FORM', 'SELECT 1'],
    ] as const
    for (const [code, sql] of refused) {
      expect(await codeOf(exported(sql, 'never.csv')), sql).equal(code)
      expect(() => statSync(fileAt('never.csv'))).to.throw('ENOENT')
    }
  })

  it('needs a purpose, a file and a format that there is', async () => {
    const named = (flags: ExportFlags) => exported(WHOLE, 'x.csv', flags).catch(String)
    expect(await named({ purpose: ' ' })).include('--purpose')
    expect(await named({ out: '' })).include('--out')
    expect(await named({ format: 'xlsx' })).include('csv, jsonl, parquet')
    expect(await named({ at: 'yesterday' })).include('--at')
  })

  it('is noted with who was at the machine, in the audit and with its text', async () => {
    const { database } = gateway.store
    const login = `command line, ${os.userInfo().username}`
    const lines = await database.query<{ code: string | null }>(
      `SELECT code FROM audit WHERE route = 'lake export' AND user_id = $1`,
      [login],
    )
    expect(lines.map(({ code }) => code)).include.members([null, 'QUERY_TABLE', 'EXPORT_FORM'])
    const [asked] = await database.query<{ reader_role: string; outcome: string }>(
      `SELECT reader_role, outcome FROM lake_queries WHERE kind = 'EXPORT' AND user_id = $1 AND sql = $2`,
      [login, BUT_ONE],
    )
    expect(asked).deep.equal({ reader_role: 'CORE', outcome: 'ANSWERED' })
    const { items } = await treasurer.call('lakeExports.list', {})
    expect(items.filter(({ userId }) => userId === login).length).equal(4)
  })

  it('asks nobody where the configuration does not say what the organisation is', async () => {
    const { kind: _, ...unknown } = gateway.services.config
    const flags = { out: fileAt('never.csv'), purpose: PURPOSE }
    const asked = exportAnswer(unknown, WHOLE, flags, () => undefined)
    expect(await codeOf(asked)).equal('LAKE_READER_UNKNOWN')
  })
})
