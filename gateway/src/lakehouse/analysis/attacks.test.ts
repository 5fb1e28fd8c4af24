/** What an analyst with bad intent may write, and what each is refused for. */
import { expect } from 'chai'
import { codeOf, invoice, openTest, person, REGULATOR, SUPPLIER, testPolicy } from './fixture.ts'
import type { Analysis } from './query.ts'

const ATTACKS: readonly (readonly [code: string, sql: string])[] = [
  // Files, addresses, other databases.
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM read_csv('/etc/passwd')`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM read_parquet('lake/**/*.parquet')`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM read_json_auto('x.json')`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM read_text('/proc/self/environ')`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM read_blob('/etc/shadow')`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM glob('/**')`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM sniff_csv('/etc/passwd')`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM parquet_metadata('x.parquet')`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM postgres_query('lake', 'SELECT 1')`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM postgres_scan('host=db', 'public', 'users')`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM sqlite_scan('a.db', 't')`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM ducklake_snapshots('lake')`],
  ['QUERY_TABLE', `SELECT * FROM '/etc/passwd'`],
  ['QUERY_TABLE', `SELECT * FROM 'lake/silver/people/a.parquet'`],
  ['QUERY_TABLE', `SELECT * FROM "https://example.org/x.csv"`],
  ['QUERY_TABLE', `SELECT * FROM 's3://bucket/x.parquet' t`],
  // The catalogue behind the views, and the engine's own tables, which hold the views' text and so
  // the key.
  ['QUERY_CATALOG', `SELECT * FROM lake.silver.people`],
  ['QUERY_CATALOG', `SELECT * FROM LAKE."silver".people`],
  ['QUERY_CATALOG', `SELECT * FROM memory.silver.people`],
  ['QUERY_CATALOG', `SELECT * FROM system.information_schema.tables`],
  ['QUERY_TABLE', `SELECT * FROM bronze.writes`],
  ['QUERY_TABLE', `SELECT * FROM lake.people`],
  ['QUERY_TABLE', `SELECT * FROM information_schema.views`],
  ['QUERY_TABLE', `SELECT * FROM pg_catalog.pg_views`],
  ['QUERY_TABLE', `SELECT sql FROM sqlite_master`],
  ['QUERY_TABLE', `SELECT sql FROM duckdb_views`],
  ['QUERY_TABLE', `SELECT * FROM main.duckdb_tables`],
  ['QUERY_TABLE', `SELECT * FROM people`],
  ['QUERY_TABLE', `SELECT * FROM silver.nothing`],
  ['QUERY_TABLE_FUNCTION', `SELECT sql FROM duckdb_views()`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM duckdb_settings()`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM duckdb_secrets()`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM pragma_database_list()`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM pragma_storage_info('lake.silver.people')`],
  // The same by a side door.
  ['QUERY_TABLE', `SELECT (SELECT sql FROM sqlite_master LIMIT 1)`],
  ['QUERY_TABLE', `SELECT 1 WHERE EXISTS (FROM bronze.writes)`],
  ['QUERY_TABLE', `SELECT 1 UNION ALL SELECT count(*) FROM bronze.writes`],
  ['QUERY_TABLE', `SELECT 1 ORDER BY (SELECT max(value) FROM bronze.writes)`],
  ['QUERY_TABLE', `SELECT 1 LIMIT (SELECT count(*) FROM bronze.writes)`],
  ['QUERY_TABLE', `SELECT sum(1) FILTER (WHERE 'a' IN (SELECT value FROM bronze.writes))`],
  ['QUERY_TABLE', `SELECT sum(1) OVER (ORDER BY (SELECT max(value) FROM bronze.writes))`],
  [
    'QUERY_TABLE',
    `SELECT 1 FROM silver.people p JOIN silver.invoices i ON
     p.member IN (SELECT value FROM bronze.writes)`,
  ],
  [
    'QUERY_TABLE',
    `SELECT * REPLACE ((SELECT max(value) FROM bronze.writes) AS id) FROM silver.invoices`,
  ],
  ['QUERY_TABLE', `SELECT 1 GROUP BY ROLLUP ((SELECT max(value) FROM bronze.writes))`],
  ['QUERY_TABLE', `FROM (VALUES ((SELECT max(value) FROM bronze.writes))) v`],
  ['QUERY_TABLE', `SELECT DISTINCT ON ((SELECT max(value) FROM bronze.writes)) 1`],
  ['QUERY_TABLE', `SELECT CASE (SELECT max(value) FROM bronze.writes) WHEN 'a' THEN 1 END`],
  ['QUERY_TABLE', `SELECT string_agg('a', ',' ORDER BY (SELECT max(value) FROM bronze.writes))`],
  // Names that mean one thing here and another there.
  ['QUERY_TABLE', `SELECT * FROM (WITH sqlite_master AS (SELECT 1) SELECT 1) a, sqlite_master`],
  ['QUERY_TABLE', `WITH duckdb_views AS (SELECT 1) SELECT * FROM duckdb_views`],
  ['QUERY_TABLE', `SELECT * FROM (WITH x AS (SELECT 1) FROM x) a, x`],
  ['QUERY_TABLE', `WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a`],
  ['QUERY_TABLE', `WITH people AS (SELECT * FROM people) SELECT * FROM people`],
  ['QUERY_TABLE', `WITH "a.csv" AS (SELECT 1) SELECT * FROM "a.csv"`],
  ['QUERY_RECURSION', `WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) FROM r`],
  // Not a SELECT, or not one.
  ['QUERY_STATEMENTS', `SELECT 1; SELECT 2`],
  ['QUERY_STATEMENTS', ``],
  ['QUERY_STATEMENTS', `-- nothing`],
  ['QUERY_NOT_SELECT', `SELECT 1; DROP VIEW silver.people`],
  ['QUERY_NOT_SELECT', `INSERT INTO silver.people SELECT * FROM silver.people`],
  ['QUERY_NOT_SELECT', `UPDATE lake.silver.people SET name = 'x'`],
  ['QUERY_NOT_SELECT', `DELETE FROM lake.silver.people`],
  ['QUERY_NOT_SELECT', `CREATE TABLE t AS SELECT 1`],
  ['QUERY_NOT_SELECT', `CREATE MACRO m(x) AS (SELECT 1)`],
  ['QUERY_NOT_SELECT', `COPY (SELECT * FROM silver.people) TO '/tmp/x.csv'`],
  ['QUERY_NOT_SELECT', `COPY lake.silver.people FROM '/tmp/x.csv'`],
  ['QUERY_NOT_SELECT', `EXPORT DATABASE 'x'`],
  ['QUERY_NOT_SELECT', `ATTACH 'other.db'`],
  ['QUERY_NOT_SELECT', `INSTALL httpfs`],
  ['QUERY_NOT_SELECT', `LOAD httpfs`],
  ['QUERY_NOT_SELECT', `SET enable_external_access = true`],
  ['QUERY_NOT_SELECT', `RESET lock_configuration`],
  ['QUERY_NOT_SELECT', `PRAGMA database_list`],
  ['QUERY_NOT_SELECT', `CALL pragma_version()`],
  ['QUERY_NOT_SELECT', `USE lake.silver`],
  ['QUERY_NOT_SELECT', `EXPLAIN ANALYZE SELECT * FROM silver.people`],
  ['QUERY_NOT_SELECT', `PREPARE p AS SELECT 1`],
  ['QUERY_NOT_SELECT', `PIVOT silver.people ON city USING count(*)`],
  ['QUERY_NOT_SELECT', `DESCRIBE lake.silver.people`],
  ['QUERY_NOT_SELECT', `SUMMARIZE silver.people`],
  ['QUERY_NOT_SELECT', `SHOW ALL TABLES`],
  ['QUERY_NOT_SELECT', `SELECT * FROM (DESCRIBE lake.silver.people)`],
  ['QUERY_NOT_SELECT', `SELECT * FROM (SUMMARIZE lake.silver.people)`],
  // Functions.
  ['QUERY_FUNCTION', `SELECT getenv('HOME')`],
  ['QUERY_FUNCTION', `SELECT current_setting('memory_limit')`],
  ['QUERY_FUNCTION', `SELECT getvariable('x')`],
  ['QUERY_FUNCTION', `SELECT "main".getenv('HOME')`],
  ['QUERY_FUNCTION', `SELECT lake.main.lower('A')`],
  ['QUERY_FUNCTION', `SELECT nextval('s')`],
  ['QUERY_FUNCTION', `SELECT error('x')`],
  ['QUERY_FUNCTION', `SELECT json_serialize_sql('SELECT 1')`],
  ['QUERY_FUNCTION', `SELECT json_execute_serialized_sql('x')`],
  ['QUERY_FUNCTION', `SELECT txid_current()`],
  ['QUERY_FUNCTION', `SELECT stats(name) FROM silver.people`],
  ['QUERY_FUNCTION', `SELECT sha256(name) FROM silver.people`],
  ['QUERY_FUNCTION', `SELECT repeat('x', 1000000000)`],
  ['QUERY_FUNCTION', `SELECT range(1000000000)`],
  ['QUERY_FUNCTION', `SELECT lpad('x', 1000000000, 'x')`],
  ['QUERY_FUNCTION', `SELECT list_transform([1], lambda x: x + 1)`],
  ['QUERY_FUNCTION', `SELECT random()`],
  ['QUERY_FUNCTION', `SELECT write_log('x')`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM query('SELECT * FROM lake.silver.people')`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM query_table('lake.silver.people')`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM range(1000000000000)`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM json_execute_serialized_sql('{}')`],
  ['QUERY_TABLE_FUNCTION', `SELECT * FROM test_all_types()`],
  // Forms.
  ['QUERY_AT', `SELECT * FROM silver.invoices AT (VERSION => 1)`],
  ['QUERY_AT', `SELECT * FROM silver.invoices AT (TIMESTAMP => DATE '2020-01-01')`],
  ['QUERY_SAMPLE', `SELECT * FROM silver.invoices USING SAMPLE 1`],
  ['QUERY_SAMPLE', `SELECT * FROM silver.invoices TABLESAMPLE 1%`],
  ['QUERY_FORM', `SELECT COLUMNS('na.*') FROM silver.people`],
  ['QUERY_FORM', `SELECT TRY(CAST(name AS INTEGER)) FROM silver.people`],
  ['QUERY_FORM', `SELECT #1 FROM silver.people`],
  ['QUERY_TYPE', `SELECT name::ENUM('a') FROM silver.people`],
  ['QUERY_TYPE', `SELECT 'x'::JSON`],
  ['QUERY_TYPE', `SELECT 'silver.people'::regclass`],
  ['QUERY_TYPE', `SELECT []::lake.silver.secret_type[]`],
  ['QUERY_PARAMETER', `SELECT ?`],
  ['QUERY_PARAMETER', `SELECT $missing`],
  ['QUERY_SYNTAX', `SELEC 1`],
  ['QUERY_SYNTAX', `SELECT 1\0; DROP VIEW silver.people`],
  ['QUERY_SYNTAX', `SELECT 'open`],
  ['QUERY_TOO_DEEP', `SELECT ${'('.repeat(5_000)}1${')'.repeat(5_000)}`],
  ['QUERY_TOO_DEEP', `SELECT ${'NOT '.repeat(900)}true`],
  ['QUERY_TOO_LONG', `SELECT '${'x'.repeat(30_000)}'`],
  ['QUERY_TOO_LONG', `SELECT ${'1,'.repeat(9_990)}1`],
  // What the check lets through and the views have not.
  ['QUERY_INVALID', `SELECT secret_column FROM silver.people`],
  ['QUERY_INVALID', `SELECT salt FROM silver.invoices`],
  ['QUERY_INVALID', `SELECT rowid FROM silver.people`],
  ['QUERY_INVALID', `SELECT lake.silver.people.name FROM silver.people`],
]

describe('lakehouse/analysis: attacks', function () {
  this.timeout(60_000)
  let analysis: Analysis
  before(() => {
    analysis = openTest({
      'silver.people': [person(1)],
      'silver.invoices': [invoice('1', 'S-ONE', 1)],
    })
  })
  after(() => analysis.close())

  for (const [code, sql] of ATTACKS)
    it(`${code}: ${sql.replace(/\s+/g, ' ').slice(0, 80)}`, async () => {
      expect(await codeOf(analysis.runQuery(REGULATOR, { sql }))).equal(code)
    })

  it('a refusal names no table that the reader has not', async () => {
    for (const [, sql] of ATTACKS)
      try {
        await analysis.runQuery(SUPPLIER, { sql })
        expect.fail(`answered: ${sql}`)
      } catch (error) {
        expect(String(error), sql).not.match(/1101|6222|Zhang|unhex/)
      }
  })

  it('a lake that does not open tells nobody its address, and is tried again', async () => {
    const { createSandbox } = await import('./sandbox.ts')
    const attach = [`ATTACH '/nowhere/password=geheim.db' AS lake (READ_ONLY)`]
    const rest = {
      views: [],
      folders: [],
      secrets: ['geheim'],
      memoryMb: 64,
      threads: 1,
      hidesRows: false,
    }
    const sandbox = createSandbox({ attach, ...rest })
    for (let turn = 0; turn < 2; turn++)
      try {
        await sandbox.parse('SELECT 1')
        expect.fail('opened')
      } catch (error) {
        expect(String(error)).equal('CodedError: SANDBOX_BROKEN')
        expect(String((error as Error).cause))
          .include('nowhere')
          .and.not.include('geheim')
      }
    sandbox.close()
  })

  it('the engine itself is shut, should the check ever let something through', async () => {
    const { createSandbox } = await import('./sandbox.ts')
    const sandbox = createSandbox({
      attach: [],
      views: [],
      folders: [],
      secrets: [],
      memoryMb: 64,
      threads: 1,
      hidesRows: true,
    })
    const shut = [
      `SELECT * FROM read_text('/etc/hostname')`,
      `SELECT * FROM glob('/etc/*')`,
      `COPY (SELECT 1) TO '/tmp/never.csv'`,
      `SET memory_limit = '10GB'`,
      `SET enable_external_access = true`,
      `ATTACH '/tmp/never.db'`,
      `CREATE TABLE t (a INTEGER)`,
      `INSTALL httpfs`,
      `LOAD '/tmp/never.duckdb_extension'`,
    ]
    const limits = { values: {}, timeoutMs: 2_000, rowsMax: 10, bytesMax: 1_000 }
    for (const sql of shut)
      expect(await codeOf(sandbox.run({ sql, ...limits })), sql).match(/^QUERY_(INVALID|FAILED)$/)
    const read = await sandbox
      .run({ sql: `SELECT getenv('PATH')`, ...limits })
      .catch(() => undefined)
    expect(read?.rows[0]?.[0] ?? '').equal('')
    sandbox.close()
  })
})

describe('lakehouse/analysis: limits', function () {
  this.timeout(60_000)
  const numbers = Array.from({ length: 300 }, (_, at) => invoice(String(at), 'S-ONE', at))
  let analysis: Analysis
  before(() => {
    const policy = testPolicy({ timeoutMs: 700, memoryMb: 64, bytesMax: 100_000 })
    analysis = openTest({ 'silver.invoices': numbers }, policy)
  })
  after(() => analysis.close())

  const CROSS = 'silver.invoices a, silver.invoices b, silver.invoices c, silver.invoices d'
  const tens = (of: string) => Array(40).fill(of).join(' || ')
  const EXPENSIVE: readonly (readonly [codes: string, sql: string])[] = [
    [
      'QUERY_TIMEOUT',
      `SELECT count(*) FROM ${CROSS} WHERE a.total_fen + b.total_fen = c.total_fen * d.total_fen`,
    ],
    ['QUERY_MEMORY|QUERY_TIMEOUT', `SELECT a.id || b.id || c.id AS x FROM ${CROSS} ORDER BY x`],
    ['QUERY_MEMORY|QUERY_TIMEOUT', `SELECT list(a.number || b.number || c.number) FROM ${CROSS}`],
    [
      'QUERY_MEMORY|QUERY_TIMEOUT',
      `SELECT count(DISTINCT a.id || b.id || c.id || d.id) FROM ${CROSS}`,
    ],
    [
      'QUERY_MEMORY|QUERY_TIMEOUT',
      `WITH a AS (SELECT number AS s FROM silver.invoices), b AS (SELECT ${tens('s')} AS s FROM a),
        c AS (SELECT ${tens('s')} AS s FROM b), d AS (SELECT ${tens('s')} AS s FROM c),
        e AS (SELECT ${tens('s')} AS s FROM d) SELECT max(length(s)) FROM e`,
    ],
    [
      'QUERY_MEMORY|QUERY_TIMEOUT',
      `WITH a AS (SELECT 'xxxxxxxxxx' AS s), b AS (SELECT ${tens('s')} AS s FROM a),
        c AS (SELECT ${tens('s')} AS s FROM b), d AS (SELECT ${tens('s')} AS s FROM c),
        e AS (SELECT ${tens('s')} AS s FROM d), f AS (SELECT ${tens('s')} AS s FROM e)
        SELECT length(s) FROM f`,
    ],
  ]
  for (const [codes, sql] of EXPENSIVE)
    it(`${codes}: ${sql.replace(/\s+/g, ' ').slice(0, 80)}; the next query is answered`, async () => {
      const from = performance.now()
      const code = await codeOf(analysis.runQuery(REGULATOR, { sql }))
      const tookMs = performance.now() - from
      expect(codes.split('|'), String(code)).include(code)
      expect(tookMs).below(6_000)
      const next = await analysis.runQuery(REGULATOR, {
        sql: 'SELECT count(*) FROM silver.invoices',
      })
      expect(next.rows).deep.equal([['300']])
    })

  it('cuts by bytes as well as by rows', async () => {
    const sql = `SELECT a.number, b.number FROM silver.invoices a, silver.invoices b`
    const answer = await analysis.runQuery(REGULATOR, { sql })
    expect(answer.truncated).equal(true)
    expect(JSON.stringify(answer.rows).length).below(200_000)
  })

  it('lets so many of one reader wait and no more', async () => {
    const sql = 'SELECT 1'
    const asked = await Promise.all(
      Array.from({ length: 40 }, () => codeOf(analysis.runQuery(REGULATOR, { sql }))),
    )
    expect(asked).include('QUERY_BUSY').and.include(undefined)
    expect(await codeOf(analysis.runQuery(REGULATOR, { sql }))).equal(undefined)
  })
})
