import { expect } from 'chai'
import { exportRows, type Exported } from './export.ts'
import { codeOf, CORE, invoice, openTest, person, REGULATOR } from './fixture.ts'
import type { Analysis } from './query.ts'
import { createReleaseBook, type ReleaseBook } from './releases.ts'

/** Beijing 12 people, Shanghai 10, Lhasa 3, and one of them alone was born in 1931. */
const PEOPLE = [
  ...Array.from({ length: 12 }, (_, at) => person(at)),
  ...Array.from({ length: 10 }, (_, at) => person(20 + at, { city: 'Shanghai' })),
  ...Array.from({ length: 3 }, (_, at) => person(40 + at, { city: 'Lhasa' })),
  person(50, { born: 1931, income_fen: 987_654 }),
]
const INVOICES = [
  ...Array.from({ length: 30 }, (_, at) => invoice(`a${at}`, 'S-ONE', 1)),
  ...Array.from({ length: 12 }, (_, at) => invoice(`b${at}`, `S-${at}`, 1, { currency: 'USD' })),
]

describe('lakehouse/analysis: export', function () {
  this.timeout(60_000)
  let analysis: Analysis
  let book: ReleaseBook<Exported>
  before(() => {
    analysis = openTest({ 'silver.people': PEOPLE, 'silver.invoices': INVOICES })
  })
  beforeEach(() => {
    book = createReleaseBook()
  })
  after(() => analysis.close())

  const exported = (sql: string) => exportRows({ analysis, book }, REGULATOR, { sql })

  it('leaves out rows of fewer than k people and says how many', async () => {
    const { rows, suppressed, k, columns } = await exported(
      'SELECT city, born, income_fen FROM silver.people',
    )
    expect([k, suppressed, rows.length]).deep.equal([10, 4, 22])
    expect(columns.map(({ name }) => name)).deep.equal(['city', 'born', 'income_fen'])
    expect(new Set(rows.map(([city]) => city))).deep.equal(new Set(['Beijing', 'Shanghai']))
    expect(JSON.stringify(rows)).not.include('987654')
  })

  it('counts people and not rows: thirty invoices of one supplier are one supplier', async () => {
    const { rows, suppressed } = await exported('SELECT currency, total_fen FROM silver.invoices')
    expect([rows.length, suppressed]).deep.equal([12, 30])
    const grouped = await exported(
      'SELECT currency, count(*) AS n, sum(total_fen) AS s FROM silver.invoices GROUP BY currency',
    )
    expect(grouped.rows).deep.equal([['USD', '12', '12']])
    expect(grouped.suppressed).equal(1)
  })

  it('gives nobody out by a pseudonym: a subject is a quasi-identifier of itself', async () => {
    const { rows, suppressed } = await exported('SELECT person, income_fen FROM silver.people')
    expect([rows.length, suppressed]).deep.equal([0, 26])
    const derived = await exported(`SELECT left(person, 4) || '' AS p FROM silver.people`)
    expect(derived.rows.length).equal(0)
  })

  it('takes a whole answer for one group where no quasi-identifier is in it', async () => {
    const one = await exported(`SELECT income_fen FROM silver.people WHERE born = 1931`)
    expect([one.rows.length, one.suppressed]).deep.equal([0, 1])
    const all = await exported(`SELECT income_fen FROM silver.people`)
    expect(all.rows.length).equal(26)
  })

  it('drops groups of an aggregate below k', async () => {
    const { rows, suppressed } = await exported(
      `SELECT city, avg(income_fen) AS mean, count(DISTINCT person) AS n FROM silver.people
       WHERE born = 1990 GROUP BY city`,
    )
    expect(rows.map(([city, , n]) => [city, n])).deep.equal([
      ['Beijing', '12'],
      ['Shanghai', '10'],
    ])
    expect(suppressed).equal(1)
  })

  it('refuses the second of two answers that differ by one person', async () => {
    const all = `SELECT sum(income_fen) AS s FROM silver.people WHERE city = 'Beijing'`
    expect((await exported(all)).rows.length).equal(1)
    const but = await exported(`${all} AND born <> 1931`)
    expect([but.rows.length, but.tooSimilar]).deep.equal([0, 1])
    const again = await exported(all)
    expect(again.rows.length, 'the same people again tell nothing new').equal(1)
    const other = await exported(
      `SELECT sum(income_fen) AS s FROM silver.people WHERE city = 'Shanghai'`,
    )
    expect(other.rows.length).equal(1)
  })

  it('does so for rows after an aggregate, and by a group of all but one', async () => {
    await exported(`SELECT count(*) AS n FROM silver.people`)
    const split = await exported(
      `SELECT born = 1931 AS old, sum(income_fen) AS s FROM silver.people GROUP BY born = 1931`,
    )
    expect([split.rows.length, split.suppressed, split.tooSimilar]).deep.equal([0, 2, 1])
    const rows = await exported(`SELECT income_fen FROM silver.people WHERE born <> 1931`)
    expect([rows.rows.length, rows.tooSimilar]).deep.equal([0, 25])
  })

  it('does not see through three answers: what the comment says it cannot', async () => {
    const where = (text: string) => `SELECT sum(income_fen) AS s FROM silver.people WHERE ${text}`
    for (const text of [`city = 'Beijing'`, `city <> 'Beijing'`, 'true'])
      expect((await exported(where(text))).rows.length, text).equal(1)
  })

  it('keeps the books of two readers apart', async () => {
    const sql = `SELECT sum(income_fen) AS s FROM silver.people`
    await exported(sql)
    const other = await exportRows({ analysis, book }, CORE, { sql: `${sql} WHERE born <> 1931` })
    expect(other.rows.length).equal(1)
  })

  it('lets of two at once only one through', async () => {
    const all = `SELECT sum(income_fen) AS s FROM silver.people`
    const [one, other] = await Promise.all([exported(all), exported(`${all} WHERE born <> 1931`)])
    expect(one.rows.length + other.rows.length).equal(1)
  })

  it('binds parameters of an export', async () => {
    const sql = `SELECT sum(income_fen) AS s FROM silver.people WHERE city = $city`
    const values = { city: { value: 'Beijing', type: 'VARCHAR' } } as const
    expect((await exportRows({ analysis, book }, REGULATOR, { sql, values })).rows.length).equal(1)
  })

  it('needs the person counted in every table that is joined', async () => {
    const { rows } = await exported(`SELECT p.income_fen FROM silver.people p
      JOIN silver.invoices i ON p.born = 1931`)
    expect(rows).deep.equal([])
    const sums = await exported(`SELECT sum(p.income_fen) AS s FROM silver.people p
      CROSS JOIN silver.invoices i WHERE p.born = 1931`)
    expect(sums.rows).deep.equal([])
  })

  const REFUSED = [
    `SELECT city, max(income_fen) FROM silver.people GROUP BY city`,
    `SELECT city, list(income_fen) FROM silver.people GROUP BY city`,
    `SELECT city, string_agg(city, ',') FROM silver.people GROUP BY city`,
    `SELECT city, any_value(income_fen) FROM silver.people GROUP BY city`,
    `SELECT city, arg_max(income_fen, born) FROM silver.people GROUP BY city`,
    `SELECT city, median(income_fen) FROM silver.people GROUP BY city`,
    `SELECT city, sum(income_fen) FILTER (WHERE born = 1931) FROM silver.people GROUP BY city`,
    `SELECT city, sum(CASE WHEN born = 1931 THEN income_fen END) FROM silver.people GROUP BY city`,
    `SELECT city, count(*) FROM silver.people GROUP BY ROLLUP (city, born)`,
    `SELECT city, count(*) FROM silver.people GROUP BY ALL`,
    `SELECT city, count(*) FROM silver.people GROUP BY 1`,
    `SELECT count(*), (SELECT max(income_fen) FROM silver.people) FROM silver.people`,
    `SELECT income_fen, sum(income_fen) OVER () FROM silver.people`,
    `SELECT city, count(*) FROM silver.people GROUP BY city HAVING sum(income_fen) > 5`,
    `WITH a AS (SELECT 1) SELECT city FROM silver.people`,
    `SELECT q.n FROM (SELECT count(DISTINCT person) AS n FROM silver.people) q`,
    `SELECT income_fen FROM silver.people UNION ALL SELECT total_fen FROM silver.invoices`,
    `SELECT income_fen FROM silver.people LIMIT 1`,
    `SELECT DISTINCT income_fen FROM silver.people`,
    `SELECT p.income_fen FROM silver.people p LEFT JOIN silver.invoices i ON true`,
    `SELECT p.income_fen FROM silver.people p POSITIONAL JOIN silver.invoices i`,
    `SELECT income_fen FROM silver.people p(a, b, c, d, e, f, g, h, i, income_fen)`,
    `SELECT income_fen FROM silver.people WHERE born = (SELECT min(born) FROM silver.people)`,
    `SELECT rate_ppm FROM silver.bids`,
    `SELECT 1`,
    `SELECT n FROM (VALUES (1)) v(n)`,
  ]
  for (const sql of REFUSED)
    it(`EXPORT_FORM: ${sql.slice(0, 85)}`, async () => {
      expect(await codeOf(exported(sql))).equal('EXPORT_FORM')
    })

  it('refuses an export of what may not be asked', async () => {
    expect(await codeOf(exported('SELECT * FROM bronze.writes'))).equal('QUERY_TABLE')
  })
})
