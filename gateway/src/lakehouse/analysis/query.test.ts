import { expect } from 'chai'
import {
  BANK,
  codeOf,
  CORE,
  invoice,
  memoryLake,
  openTest,
  person,
  REGULATOR,
  SECRET,
  SUPPLIER,
  testCatalogue,
  testPolicy,
} from './fixture.ts'
import { pseudonymOf, readerKey } from './masks.ts'
import { createAnalysis, type Analysis } from './query.ts'

const ROWS = {
  'silver.invoices': [
    invoice('1', 'S-ONE', 100),
    invoice('2', 'S-ONE', 250),
    invoice('3', 'S-TWO', 999, { number: 'HIDDEN-77', block: 5 }),
  ],
  'silver.orders': [
    { id: 'o1', buyer: 'C-CORE', seller: 'S-ONE', number: 'PO-1' },
    { id: 'o2', buyer: 'C-CORE', seller: 'S-TWO', number: 'PO-2' },
  ],
  'silver.people': [person(1), person(2, { member: 'S-TWO' })],
  'silver.request_states': [
    { id: 'r1', state: 'OPEN', receivable_id: 'c1', asker_msp: 'AllianceMSP' },
    { id: 'r2', state: 'OPEN', receivable_id: 'c2', asker_msp: 'AllianceMSP' },
  ],
  'silver.bid_states': [
    { id: 'b1', request_id: 'r1', bank_msp: 'BankAMSP' },
    { id: 'b2', request_id: 'r2', bank_msp: 'BankBMSP' },
  ],
  'silver.bids': [
    { id: 'b1', request_id: 'r1', rate_ppm: 40000 },
    { id: 'b2', request_id: 'r2', rate_ppm: 31337 },
  ],
}

describe('lakehouse/analysis: queries', function () {
  this.timeout(60_000)
  let analysis: Analysis
  before(() => {
    analysis = openTest(ROWS)
  })
  after(() => analysis.close())

  const rows = async (reader: typeof SUPPLIER, sql: string) =>
    (await analysis.runQuery(reader, { sql })).rows

  const GOOD = [
    `SELECT seller, sum(total_fen) AS total FROM silver.invoices GROUP BY seller ORDER BY total DESC`,
    `FROM silver.invoices`,
    `WITH a AS (SELECT * FROM silver.invoices), b AS (SELECT * FROM a) SELECT count(*) FROM b`,
    `SELECT * EXCLUDE (id) REPLACE (total_fen / 100 AS total_fen) FROM silver.invoices i`,
    `SELECT id FROM silver.invoices UNION ALL SELECT id FROM silver.orders ORDER BY 1 LIMIT 3 OFFSET 1`,
    `SELECT i.id, o.number FROM silver.invoices i LEFT JOIN silver.orders o USING (seller)`,
    `SELECT sum(total_fen) FILTER (WHERE id <> '1') OVER (PARTITION BY seller ORDER BY id
       ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM silver.invoices`,
    `SELECT id FROM silver.invoices QUALIFY row_number() OVER (PARTITION BY seller ORDER BY id DESC) = 1`,
    `SELECT CASE WHEN total_fen > 100 THEN 'big' ELSE 'small' END, count(DISTINCT id)
       FROM silver.invoices GROUP BY ALL HAVING count(*) > 0`,
    `SELECT date_trunc('month', issued_on), extract(year FROM issued_on), issued_on + INTERVAL 3 DAY,
       DATE '2026-01-01', "at" AT TIME ZONE 'Asia/Shanghai' FROM silver.invoices`,
    `SELECT * FROM silver.invoices WHERE seller IN (SELECT seller FROM silver.orders)
       AND EXISTS (FROM silver.orders o WHERE o.seller = silver.invoices.seller) AND number LIKE 'INV%'
       AND number NOT ILIKE '%x%' AND total_fen BETWEEN 1 AND 1000 AND NOT deleted AND code IS NULL`,
    `SELECT (SELECT max(total_fen) FROM silver.invoices), TRY_CAST(number AS BIGINT), total_fen::DECIMAL(18,2),
       coalesce(code, '-'), nullif(id, '1'), -total_fen, [id, number] FROM silver.invoices`,
    `SELECT currency, seller, grouping(currency), sum(total_fen) FROM silver.invoices
       GROUP BY ROLLUP (currency, seller)`,
    `SELECT x.n FROM (VALUES (1), (2)) x(n)`,
    `SELECT DISTINCT ON (seller) seller, id FROM silver.invoices ORDER BY seller, id`,
    `SELECT i.id FROM silver.invoices i, LATERAL (SELECT o.id FROM silver.orders o WHERE o.seller = i.seller) q`,
    `SELECT 'a;b' AS text, "number" FROM silver.invoices -- a comment; DROP TABLE x`,
    `SELECT lag(total_fen) OVER w FROM silver.invoices WINDOW w AS (ORDER BY id)`,
    `SELECT quantile_cont(total_fen, 0.5), median(total_fen), string_agg(id, ',' ORDER BY id) FROM silver.invoices`,
    `SELECT id FROM silver.invoices EXCEPT SELECT id FROM silver.orders`,
    `SELECT * FROM silver.invoices SEMI JOIN silver.orders USING (seller)`,
    `WITH a AS MATERIALIZED (SELECT 1 AS n) SELECT a.n FROM a`,
  ]
  for (const sql of GOOD)
    it(`answers: ${sql.replace(/\s+/g, ' ').slice(0, 90)}`, async () => {
      expect((await analysis.runQuery(CORE, { sql })).columns).to.not.be.empty
    })

  it('shows a supplier the rows of its own member and no others', async () => {
    expect(await rows(SUPPLIER, 'SELECT id FROM silver.invoices ORDER BY id')).deep.equal([
      ['1'],
      ['2'],
    ])
    expect(await rows(SUPPLIER, 'SELECT count(*) FROM silver.people')).deep.equal([['1']])
  })

  it('shows a bank what it bid on, and not the price of another bank', async () => {
    expect(await rows(BANK, 'SELECT id FROM silver.request_states')).deep.equal([['r1']])
    expect(await rows(BANK, 'SELECT rate_ppm FROM silver.bids')).deep.equal([['40000']])
    expect(await codeOf(rows(BANK, 'SELECT * FROM silver.invoices'))).equal('QUERY_TABLE')
  })

  it('gives a supplier without a member nothing', async () => {
    const nobody = { role: 'MEMBER', mspId: 'AllianceMSP' } as const
    expect(await codeOf(rows(nobody, 'SELECT 1'))).equal('MEMBER_MISMATCH')
  })

  it('takes a member whose id is an attack for a text', async () => {
    const odd = { ...SUPPLIER, memberId: `x' OR '1'='1` }
    expect(await rows(odd, 'SELECT id FROM silver.invoices')).deep.equal([])
  })

  it('gives the regulator pseudonyms that join, and that only the key explains', async () => {
    const sql = `SELECT i.seller, o.seller FROM silver.invoices i JOIN silver.orders o USING (seller)
      WHERE i.id = '1'`
    const key = readerKey(SECRET, JSON.stringify(['REGULATOR', '']))
    const expected = pseudonymOf('S-ONE', 'NAME', key)
    expect(await rows(REGULATOR, sql)).deep.equal([[expected, expected]])
    expect(expected).match(/^[0-9a-f]{24}$/)
  })

  it('masks in part for display', async () => {
    const [row] = await rows(
      SUPPLIER,
      'SELECT name, phone, account, address, note FROM silver.people',
    )
    expect(row).deep.equal(['Zhang Wei 1', '138****01', '****1001', 'Cha****', 'said that 1'])
    const [other] = await rows(REGULATOR, 'SELECT phone, address, note FROM silver.people')
    expect(other).deep.equal([null, null, null])
  })

  it('masks below WHERE, LIKE, ORDER BY, GROUP BY, JOIN and aggregates', async () => {
    const none = [
      `SELECT count(*) FROM silver.people WHERE account LIKE '6222%'`,
      `SELECT count(*) FROM silver.people WHERE name = 'Zhang Wei 1'`,
      `SELECT count(*) FROM silver.people p JOIN (VALUES ('Zhang Wei 1')) v(n) ON p.name = v.n`,
      `SELECT count(*) FROM silver.people WHERE phone IS NOT NULL`,
      `SELECT count(*) FILTER (WHERE contains(lower(name), 'zhang')) FROM silver.people`,
    ]
    for (const sql of none) expect(await rows(REGULATOR, sql), sql).deep.equal([['0']])
    const shown = await rows(
      REGULATOR,
      `SELECT max(name), min(account), string_agg(person, ','),
      max(note) FROM silver.people`,
    )
    expect(JSON.stringify(shown)).not.match(/Zhang|6222|1101|said/)
  })

  it('says nothing of a hidden row by a cast that fails on it', async () => {
    const sql = `SELECT count(*) FROM silver.invoices
      WHERE CAST(replace(number, 'INV-', '') AS INTEGER) > 0`
    expect(await rows(SUPPLIER, sql)).deep.equal([['2']])
    expect(await codeOf(rows(CORE, sql))).equal('QUERY_FAILED')
  })

  it('says nothing of a hidden row by a condition that the optimizer runs before a row rule', async () => {
    // DuckDB holds back a condition that it knows to fail at times. It does not know it of this
    // one: without the wall it runs first, meets the neighbour's amount and fails.
    const sql = `SELECT count(*) FROM silver.invoices
      WHERE NOT 'a' LIKE 'b' ESCAPE (CASE WHEN total_fen = 999 THEN 'zz' ELSE 'z' END)`
    expect(await rows(SUPPLIER, sql)).deep.equal([['2']])
    expect(await codeOf(rows(CORE, sql))).equal('QUERY_FAILED')
  })

  it('says nothing of a row that a figure leaves out by a condition that the optimizer runs first', async () => {
    const asked = `SELECT total_fen FROM lake.silver.invoices
      WHERE buyer IS NOT DISTINCT FROM 'S-ONE' OR seller IS NOT DISTINCT FROM 'S-ONE'`
    const total_fen = { type: 'BIGINT', kind: 'PLAIN', isQuasi: false, isSubject: false } as const
    const figure = { name: 'gold.figure', key: [], columns: { total_fen }, asked }
    const { BANK: part, ...others } = testPolicy()
    const sketch = createAnalysis({
      lake: memoryLake(ROWS),
      catalogue: new Map([...testCatalogue(), [figure.name, figure]]),
      policy: { ...others, BANK: { ...part, tables: { ...part.tables, [figure.name]: 'ALL' } } },
      secret: SECRET,
    })
    const sql = `SELECT count(*) FROM gold.figure
      WHERE NOT 'a' LIKE 'b' ESCAPE (CASE WHEN total_fen = 999 THEN 'zz' ELSE 'z' END)`
    const answered = await sketch.runQuery(BANK, { sql }).finally(() => sketch.close())
    expect(answered.rows).deep.equal([['2']])
  })

  it('gives a failing query no words of the engine: the same advice, whatever failed', async () => {
    const said = async (sql: string): Promise<string> => {
      try {
        await rows(CORE, sql)
        return 'answered'
      } catch (error) {
        return String(error)
      }
    }
    const one = await said(`SELECT CAST(number AS INTEGER) FROM silver.invoices`)
    expect(one)
      .match(/^CodedError: QUERY_FAILED: a value did not fit/)
      .and.not.match(/INV|HIDDEN/)
    expect(await said(`SELECT total_fen * 9000000000000000000 FROM silver.invoices`)).equal(one)
  })

  it('binds parameters and never splices them', async () => {
    const sql = `SELECT id FROM silver.invoices WHERE number = $number AND total_fen >= $least`
    const values = (number: string) =>
      ({
        number: { value: number, type: 'VARCHAR' },
        least: { value: '10', type: 'BIGINT' },
      }) as const
    const found = await analysis.runQuery(CORE, { sql, values: values('INV-1') })
    expect(found.rows).deep.equal([['1']])
    const attack = await analysis.runQuery(CORE, { sql, values: values(`' OR 1=1 --`) })
    expect(attack.rows).deep.equal([])
    expect(await codeOf(analysis.runQuery(CORE, { sql }))).equal('QUERY_PARAMETER')
  })

  it('cuts an answer that is too long and says so', async () => {
    const small = openTest(ROWS, testPolicy({ rowsMax: 1 }))
    const answer = await small.runQuery(CORE, { sql: 'SELECT id FROM silver.invoices' })
    small.close()
    expect([answer.rows.length, answer.truncated]).deep.equal([1, true])
  })

  it('answers everybody while readers push each other off the shelf', async () => {
    const small = createAnalysis({
      lake: memoryLake(ROWS),
      catalogue: testCatalogue(),
      policy: testPolicy(),
      secret: SECRET,
      sandboxesMax: 2,
    })
    const readers = ['S-ONE', 'S-TWO', 'S-THREE', 'S-ONE'].map(memberId => ({
      ...SUPPLIER,
      memberId,
    }))
    const counts = await Promise.all(
      readers.map(async reader => {
        const sql = 'SELECT count(*) FROM silver.invoices'
        return (await small.runQuery(reader, { sql })).rows[0]?.[0]
      }),
    )
    small.close()
    expect(counts).deep.equal(['2', '1', '0', '2'])
  })

  it('travels in time for the roles that may', async () => {
    const question = { sql: 'SELECT count(*) FROM silver.invoices', version: 3 }
    expect((await analysis.runQuery(REGULATOR, question)).rows).deep.equal([['2']])
    expect(await codeOf(analysis.runQuery(SUPPLIER, question))).equal('QUERY_AT')
  })
})
