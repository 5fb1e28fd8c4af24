/** The analysts' part of the API, over a real lake: what each caller gets, and what an attacker does not. */
import { expect } from 'chai'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Client } from '../../client/index.ts'
import { codeOf, testGateway, type TestGateway } from '../../testing/gateway.ts'
import { openEngine, type Engine } from '../engine.ts'
import { extensionFolder, hasExtensions } from '../testing/place.ts'
import { createAnalysts } from './analysts.ts'

const OWN = 'm0000000000000001'
const RIVAL = 'm0000000000000002'
const INVOICES = 'silver.invoices'

describe('lakehouse/analysis: over HTTP', function () {
  this.timeout(100_000)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'triflow-analysts-'))
  const lake = {
    dataPath: path.join(folder, 'files'),
    extensionFolder,
    memoryMb: 256,
    threads: 1,
    keepDays: 30,
    sandboxes: 3,
    queryMs: 1_500,
  }
  let gateway: TestGateway
  let engine: Engine
  let treasurer: Client
  let auditor: Client
  let member: Client

  before(async function () {
    if (!hasExtensions()) this.skip()
    gateway = await testGateway({ config: { kind: 'ALLIANCE', lake } })
    const { database } = gateway.store
    for (const id of [OWN, RIVAL])
      await database.execute(
        `INSERT INTO members (member_id, msp_id, kind, name, uscc, own)
         VALUES ($1, 'AllianceMSP', 'SUPPLIER', $1, $1, true)`,
        [id],
      )
    treasurer = await gateway.user({ login: 'treasurer', roles: ['treasurer'] })
    auditor = await gateway.user({ login: 'auditor', roles: ['auditor', 'operator'] })
    member = await gateway.user({ login: 'member', roles: ['treasurer'], memberId: OWN })
  })
  after(async () => {
    engine?.close()
    await gateway?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const run = (client: Client, sql: string, more = {}) =>
    client.call('lakeQueries.run', { body: { sql, ...more } })
  const rowsOf = async (client: Client, sql: string, more = {}) =>
    (await run(client, sql, more)).rows

  it('has nothing to ask before a process has made a lake, and says what to do', async () => {
    expect(await codeOf(run(treasurer, 'SELECT 1'))).equal('LAKE_ABSENT')
    expect(await codeOf(treasurer.call('lakeTables.list', {}))).equal('LAKE_ABSENT')
    engine = await openEngine({ ...lake, catalogUrl: gateway.store.url })
    const invoices = (first: number, count: number, seller: string) =>
      `INSERT INTO lake.${INVOICES} (id, block, tx_index, "at", deleted, buyer, seller, number, total_fen, currency)
       SELECT 'i' || i, 1, 0, TIMESTAMP '2026-03-01', false, 'C-CORE', ${seller}, 'INV-' || i, i, 'CNY'
       FROM range(${first}, ${first + count}) r(i)`
    await engine.write({}, async ({ run: write }) => {
      await write(invoices(0, 300, `'m' || lpad((3 + i % 20)::VARCHAR, 16, '0')`))
      await write(invoices(300, 7, `'${OWN}'`))
      await write(invoices(400, 9, `'${RIVAL}'`))
      await write(`CALL lake.set_commit_message('ledger', 'blocks 0 to 1', extra_info => '1')`)
    })
    await engine.write({}, async ({ run: write }) => {
      await write(invoices(900, 1, `'${RIVAL}'`).replace("'i' || i, 1,", "'i' || i, 2,"))
      await write(`CALL lake.set_commit_message('ledger', 'block 2', extra_info => '2')`)
    })
  })

  describe('answers', () => {
    it('with columns, rows, what was read; to staff the whole, to a member its own rows', async () => {
      const answer = await run(
        treasurer,
        `SELECT count(*) AS n, sum(total_fen) AS s FROM ${INVOICES}`,
      )
      expect(answer).to.deep.include({
        columns: [
          { name: 'n', type: 'BIGINT' },
          { name: 's', type: 'HUGEINT' },
        ],
        truncated: false,
        tables: [INVOICES],
      })
      expect(answer.rows[0]?.[0]).equal('317')
      expect(await rowsOf(member, `SELECT DISTINCT seller FROM ${INVOICES}`)).deep.equal([[OWN]])
      expect(await rowsOf(member, 'SELECT count(*) FROM gold.invoices')).deep.equal([['7']])
      expect(
        await rowsOf(member, `SELECT count(*) FROM ${INVOICES} WHERE seller = '${RIVAL}'`),
      ).deep.equal([['0']])
    })

    it('about a block or an instant of the past, to who may', async () => {
      const count = `SELECT count(*) FROM ${INVOICES}`
      const past = await run(treasurer, count, { atBlock: '1' })
      expect(past.rows).deep.equal([['316']])
      expect(past.snapshot).match(/^\d+$/)
      expect(await codeOf(run(treasurer, count, { atBlock: '99' }))).equal('LAKE_SNAPSHOT_UNKNOWN')
      const before = { at: '2020-01-01T00:00:00Z' }
      expect(await codeOf(run(treasurer, count, before))).equal('LAKE_SNAPSHOT_UNKNOWN')
      expect(await codeOf(run(member, count, { atBlock: '1' }))).equal('QUERY_AT')
    })

    it('with values bound to parameters, never spliced', async () => {
      const sql = `SELECT count(*) FROM ${INVOICES} WHERE seller = $seller`
      const values = (value: string) => ({ values: { seller: { type: 'TEXT', value } } })
      expect(await rowsOf(treasurer, sql, values(OWN))).deep.equal([['7']])
      expect(await rowsOf(treasurer, sql, values(`' OR true --`))).deep.equal([['0']])
      const odd = { values: { "seller'; DROP TABLE x --": { type: 'TEXT', value: 'x' } } }
      expect(await codeOf(run(treasurer, sql, odd))).equal('REQUEST_INVALID')
      expect(await codeOf(run(treasurer, sql))).equal('QUERY_PARAMETER')
    })

    it('which tables and columns there are for me, with their words and how I see them', async () => {
      const own = await member.call('lakeTables.list', {})
      expect(own).to.deep.include({ role: 'MEMBER', timeTravel: false })
      const invoices = own.tables.find(({ name }) => name === INVOICES)
      expect(invoices).to.deep.include({ rows: 'PART', words: { zh: '发票', en: 'Invoices' } })
      const seller = invoices?.columns.find(({ name }) => name === 'seller')
      expect(seller).to.deep.include({
        kind: 'NAME',
        mask: 'PLAIN',
        isSubject: true,
        isQuasi: true,
      })
      const staff = await treasurer.call('lakeTables.list', {})
      expect(staff).to.deep.include({ role: 'CORE', timeTravel: true })
      for (const { columns, name } of staff.tables)
        for (const column of columns)
          expect(column.words, `${name}.${column.name}`).not.equal(undefined)
    })

    it('where a column comes from, and each column of a query before it is run', async () => {
      const place = { table: 'gold.invoices', column: 'total_fen' }
      const lineage = await member.call('lakeColumns.lineage', { params: place })
      expect(lineage.ledger).deep.equal([
        { bronze: 'bronze.writes.value', field: 'totalFen', ledgerKey: 'invoice/PRIVATE' },
      ])
      const sql = `SELECT total_fen * 2 AS twice FROM gold.invoices WHERE seller = $s`
      const values = { s: { type: 'TEXT', value: '' } } as const
      const checked = await member.call('lakeQueries.check', { body: { sql, values } })
      expect(checked).to.deep.include({ tables: ['gold.invoices'], parameters: ['s'] })
      expect(checked.columns[0]?.ledger[0]?.field).equal('totalFen')
      expect(checked.decidedBy.map(({ name }) => name)).deep.equal(['gold.invoices.seller'])
    })
  })

  describe('refuses', () => {
    it('who may not ask', async () => {
      const maker = await gateway.user({ login: 'maker', roles: ['maker', 'operator'] })
      expect(await codeOf(run(maker, 'SELECT 1'))).equal('ROLE_MISSING')
      expect(await codeOf(run(gateway.anonymous(), 'SELECT 1'))).equal('TOKEN_MISSING')
      expect(await codeOf(member.call('lakeQueries.list', { query: {} }))).equal('ROLE_MISSING')
    })

    const ATTACKS: readonly (readonly [code: string, sql: string])[] = [
      ['QUERY_TABLE_FUNCTION', `SELECT * FROM read_parquet('FOLDER/**/*.parquet')`],
      ['QUERY_TABLE_FUNCTION', `SELECT * FROM read_text('/etc/passwd')`],
      ['QUERY_TABLE', `SELECT * FROM 'FOLDER/silver/invoices/a.parquet'`],
      ['QUERY_TABLE_FUNCTION', `SELECT * FROM postgres_query('lake', 'SELECT * FROM app.users')`],
      ['QUERY_TABLE_FUNCTION', `SELECT * FROM duckdb_secrets()`],
      ['QUERY_TABLE', `SELECT * FROM pg_catalog.pg_tables`],
      ['QUERY_FUNCTION', `SELECT pg_read_file('/etc/passwd')`],
      ['QUERY_FUNCTION', `SELECT current_setting('secret_directory')`],
      ['QUERY_NOT_SELECT', `COPY (SELECT * FROM ${INVOICES}) TO 'FOLDER/x.csv'`],
      ['QUERY_NOT_SELECT', `PRAGMA database_list`],
      ['QUERY_NOT_SELECT', `ATTACH 'postgres:' AS p (TYPE postgres)`],
      ['QUERY_NOT_SELECT', `SET enable_external_access = true`],
      ['QUERY_CATALOG', `SELECT * FROM lake.${INVOICES}`],
      ['QUERY_TABLE', `SELECT * FROM bronze.writes`],
      ['QUERY_TABLE', `SELECT * FROM bronze.source_records`],
      ['QUERY_TABLE', `SELECT * FROM settled.invoices`],
      ['QUERY_AT', `SELECT * FROM ${INVOICES} AT (VERSION => 1)`],
    ]
    for (const [code, sql] of ATTACKS)
      it(`${code}: ${sql.slice(0, 70)}`, async () => {
        const meant = sql.replace('FOLDER', lake.dataPath)
        for (const client of [member, treasurer])
          expect(await codeOf(run(client, meant))).equal(code)
      })

    it('names to a regulator, and a reader to whom the configuration gives no kind', async () => {
      const { config, database, log } = gateway.services
      const caller = {
        userId: 'r',
        login: 'r',
        roles: ['auditor'],
        memberId: undefined,
        sessionId: 's',
      } as const
      const asking = { sql: `SELECT DISTINCT seller FROM ${INVOICES}`, values: {} }
      const regulator = createAnalysts({ config: { ...config, kind: 'REGULATOR' }, database, log })
      const { rows } = await regulator.run(caller, asking)
      regulator.close()
      expect(rows.length).equal(22)
      for (const [seller] of rows) expect(seller).match(/^[0-9a-f]{24}$/)
      const nobody = createAnalysts({ config: { ...config, kind: undefined }, database, log })
      expect(await codeOf(nobody.run(caller, asking))).equal('LAKE_READER_UNKNOWN')
    })
  })

  describe('with heavy queries', () => {
    const CROSS = `${INVOICES} a, ${INVOICES} b, ${INVOICES} c, ${INVOICES} d`
    const HEAVY = `SELECT a.id || b.id AS x, count(*) FROM ${CROSS} GROUP BY 1 ORDER BY 1`

    it('ends each in time, takes three of one user at once, and answers others meanwhile', async () => {
      const heavy = Array.from({ length: 10 }, () => codeOf(run(treasurer, HEAVY)))
      let slowestMs = 0
      let isOver = false
      const all = Promise.all(heavy).finally(() => (isOver = true))
      while (!isOver) {
        const fromMs = performance.now()
        await auditor.call('lake.get', {})
        slowestMs = Math.max(slowestMs, performance.now() - fromMs)
      }
      const codes = await all
      expect(codes.filter(code => code === 'QUERY_BUSY').length).equal(7)
      for (const code of codes) expect(code).match(/^QUERY_(BUSY|TIMEOUT|MEMORY)$/)
      expect(slowestMs).below(1_000)
      expect(await rowsOf(treasurer, `SELECT count(*) FROM ${INVOICES}`)).deep.equal([['317']])
    })
  })

  describe('saved queries', () => {
    const query = (more = {}) => ({
      name: 'by-seller',
      words: { title: { zh: '按卖方', en: 'By seller' } },
      sql: `SELECT seller, sum(total_fen) AS total FROM ${INVOICES} WHERE total_fen >= $least GROUP BY seller`,
      parameters: { least: { type: 'FEN' as const, words: { zh: '至少', en: 'At least' } } },
      chart: {
        kind: 'BAR' as const,
        x: 'seller',
        y: [{ column: 'total', unit: 'FEN' as const }],
      },
      ...more,
    })

    it('are run over the rows of whoever runs them, with the chart and the data behind it', async () => {
      const saved = await treasurer.call('lakeSaved.create', {
        body: { query: query(), shared: true },
      })
      expect(saved).to.deep.include({ version: 1, mine: true, shared: true })
      const params = { savedId: saved.savedId }
      const body = { values: { least: '0' } }
      const whole = await treasurer.call('lakeSaved.run', { params, body })
      expect(whole.rows.length).equal(22)
      expect(whole.chart).deep.equal(query().chart)
      const own = await member.call('lakeSaved.run', { params, body })
      expect(own.rows).deep.equal([[OWN, '2121']])
      const missing = member.call('lakeSaved.run', { params, body: { values: {} } })
      expect(await codeOf(missing)).equal('REQUEST_INVALID')
    })

    it('are changed and removed by their owner; what is not shared does not exist for others', async () => {
      const body = { query: query({ name: 'mine' }), shared: false }
      const { savedId } = await member.call('lakeSaved.create', { body })
      const params = { savedId }
      expect(await codeOf(member.call('lakeSaved.create', { body }))).equal('SAVED_QUERY_EXISTS')
      for (const stranger of [treasurer, auditor]) {
        expect(await codeOf(stranger.call('lakeSaved.get', { params }))).equal('OBJECT_UNKNOWN')
        const values = { values: { least: '0' } }
        expect(await codeOf(stranger.call('lakeSaved.run', { params, body: values }))).equal(
          'OBJECT_UNKNOWN',
        )
        expect(await codeOf(stranger.call('lakeSaved.remove', { params }))).equal('OBJECT_UNKNOWN')
      }
      const rival = await gateway.user({ login: 'rival', roles: ['treasurer'], memberId: RIVAL })
      await member.call('lakeSaved.revise', { params, body: { ...body, shared: true } })
      expect(await codeOf(rival.call('lakeSaved.get', { params }))).equal('OBJECT_UNKNOWN')
      expect((await member.call('lakeSaved.get', { params })).version).equal(2)
      const { items } = await member.call('lakeSaved.list', {})
      expect(items.map(({ query: { name }, mine }) => [name, mine])).deep.equal([
        ['by-seller', false],
        ['mine', true],
      ])
      const shared = { savedId: items[0]?.savedId ?? '' }
      expect(await codeOf(member.call('lakeSaved.remove', { params: shared }))).equal(
        'ROLE_MISSING',
      )
      await member.call('lakeSaved.remove', { params })
      expect(await codeOf(member.call('lakeSaved.get', { params }))).equal('OBJECT_UNKNOWN')
    })

    it('are not kept when they cannot be asked or their chart does not fit', async () => {
      const create = (more: object) =>
        codeOf(
          treasurer.call('lakeSaved.create', { body: { query: query({ name: 'no', ...more }) } }),
        )
      expect(await create({ sql: 'SELECT $least FROM bronze.writes' })).equal('QUERY_TABLE')
      expect(await create({ chart: { ...query().chart, x: 'nothing' } })).equal('CHART_INVALID')
      expect(await create({ parameters: { "a'b": query().parameters.least } })).equal(
        'REQUEST_INVALID',
      )
    })
  })

  describe('exports', () => {
    const WHOLE = `SELECT currency, sum(total_fen) AS s FROM ${INVOICES} GROUP BY currency`
    const BUT_ONE = WHOLE.replace('GROUP', `WHERE seller <> '${RIVAL}' GROUP`)
    const create = (client: Client, sql: string, format: 'CSV' | 'JSON_LINES' = 'CSV') =>
      client.call('lakeExports.create', { body: { sql, format, purpose: 'a claim' } })

    it('leave as they were released, and the one that differs by one firm does not', async () => {
      const made = await create(treasurer, WHOLE)
      expect(made).to.deep.include({ rows: 1, suppressed: 0, k: 10 })
      const params = { exportId: made.exportId }
      expect(await treasurer.call('lakeExports.file', { params })).match(/^currency,s\nCNY,\d+\n$/)
      const near = await create(auditor, BUT_ONE, 'JSON_LINES')
      expect(near).to.deep.include({ rows: 0, suppressed: 1, tooSimilar: 1 })
      const { items } = await auditor.call('lakeExports.list', {})
      expect(items.map(({ exportId }) => exportId)).deep.equal([near.exportId, made.exportId])
      expect(await codeOf(member.call('lakeExports.file', { params }))).equal('OBJECT_UNKNOWN')
    })

    it('are refused with a reason where nobody can say whom they are about', async () => {
      for (const sql of [`SELECT max(total_fen) FROM ${INVOICES}`, 'SELECT 1'])
        expect(await codeOf(create(treasurer, sql))).equal('EXPORT_FORM')
      const { rows, suppressed } = await create(member, `SELECT number FROM ${INVOICES}`)
      expect([rows, suppressed]).deep.equal([0, 7])
    })

    it('are compared with what another process, or one before a restart, has released', async () => {
      const { config, database, log } = gateway.services
      const user = treasurer.session?.user.userId ?? ''
      const caller = {
        userId: user,
        login: 't',
        roles: ['treasurer'],
        memberId: undefined,
        sessionId: 's',
      } as const
      const [one, other] = [
        createAnalysts({ config, database, log }),
        createAnalysts({ config, database, log }),
      ]
      const asking = { values: {}, format: 'CSV', purpose: 'a claim' } as const
      const split = (sql: string) => ({ ...asking, sql })
      const again = await one.exports.create(caller, split(BUT_ONE))
      expect(again).to.deep.include({ rows: 0, tooSimilar: 1 })
      // Two processes at once, with two halves of a difference that nobody has published yet.
      const narrow = (condition: string) =>
        split(
          `SELECT currency, count(*) AS n FROM ${INVOICES} WHERE total_fen < 200 ${condition} GROUP BY currency`,
        )
      const both = await Promise.all([
        one.exports.create(caller, narrow('')),
        other.exports.create(caller, narrow(`AND seller <> 'm0000000000000003'`)),
      ])
      one.close()
      other.close()
      expect(both.map(({ rows }) => rows).sort()).deep.equal([0, 1])
    })
  })

  // Of all that was asked above.
  describe('the log', () => {
    it('has every question, refusal and export; an auditor reads who asked what', async () => {
      const { items } = await auditor.call('lakeQueries.list', { query: { limit: 500 } })
      const kinds = new Set(items.map(({ kind }) => kind))
      expect(kinds).deep.equal(new Set(['RUN', 'CHECK', 'SAVED', 'EXPORT']))
      const attack = items.find(({ sql }) => sql.includes('postgres_query'))
      expect(attack).to.deep.include({ outcome: 'QUERY_TABLE_FUNCTION', kind: 'RUN' })
      const answered = items.find(({ sql, memberId }) => sql.includes('gold.invoices') && memberId)
      expect(answered).to.deep.include({ memberId: OWN, role: 'MEMBER', outcome: 'ANSWERED' })
      const refused = await auditor.call('lakeQueries.list', {
        query: { outcome: 'QUERY_BUSY', limit: 5 },
      })
      expect(refused.items.length).equal(5)
      const cursor = { cursor: refused.nextCursor, outcome: 'QUERY_BUSY' }
      expect((await auditor.call('lakeQueries.list', { query: cursor })).items.length).equal(2)
      const [lines] = await gateway.store.database.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM audit WHERE route = 'lakeQueries.run'`,
      )
      const runs = items.filter(({ kind }) => kind === 'RUN')
      expect(lines?.n).equal(runs.length)
    })
  })
})
