import { expect } from 'chai'
import { SILVER, GOLD } from '../ledger/tables.ts'
import { codeOf, CORE, openTest, SUPPLIER } from './fixture.ts'
import { lakeCatalogue } from './catalogue.ts'
import type { Analysis } from './query.ts'

/** Counts of rows, names of steps and what the configuration tells: from no value of any row. */
const VALUELESS = new Set([
  'gold.payments_by_month.records',
  'gold.invoices_by_month.records',
  'gold.kpi_approval_time.step',
  'gold.kpi_approval_time.cases',
  'gold.kpi_automated_share.step',
  'gold.kpi_automated_share.decided',
  'gold.kpi_cost_per_case.activity',
  'gold.kpi_cost_per_case.cases',
  'gold.kpi_cost_per_case.manual_cost_fen',
  'gold.kpi_cost_per_case.source',
  'gold.kpi_coverage.enrolled',
  'gold.kpi_bad_debt.receivables',
  'gold.kpi_retention.active',
  'gold.kpi_funded_volume.requests',
  'gold.kpi_satisfaction.answers',
  'gold.kpi_audit_effort.reads',
  'gold.kpi_audit_effort.invoices',
])

describe('lakehouse/analysis: lineage', function () {
  this.timeout(60_000)
  let analysis: Analysis
  before(() => {
    analysis = openTest({})
  })
  after(() => analysis.close())

  const columnsOf = async (sql: string) => {
    const { columns } = await analysis.lineageOf(CORE, { sql })
    return columns.map(({ name, columns: from }) => [name, from.join(' ')])
  }

  it('ends at a field of a value and a key on the ledger', async () => {
    const { ledger } = await analysis.lineageOfColumn(CORE, 'silver.invoices', 'total_fen')
    expect(ledger).deep.equal([
      { bronze: 'bronze.writes.value', field: 'totalFen', ledgerKey: 'invoice/PRIVATE' },
    ])
  })

  it('follows a column of gold through the text of its view', async () => {
    const state = await analysis.lineageOfColumn(CORE, 'gold.invoices', 'approval')
    expect(state.columns).deep.equal(['silver.invoice_states.approval'])
    expect(state.ledger).deep.equal([
      { bronze: 'bronze.writes.value', field: 'approval', ledgerKey: 'invoice/PUBLIC' },
    ])
    expect(state.decidedBy.map(({ name }) => name)).include.members([
      'silver.invoices.deleted',
      'silver.invoices.block',
      'silver.invoice_states.id',
    ])
    const when = await analysis.lineageOfColumn(CORE, 'gold.invoices', 'state_at')
    expect(when.columns).deep.equal(['silver.invoice_states.at'])
  })

  it('knows every column of silver and gold', async () => {
    for (const [name, { columns }] of lakeCatalogue())
      for (const column of Object.keys(columns)) {
        const { ledger, decidedBy } = await analysis.lineageOfColumn(CORE, name, column)
        const isValueless = VALUELESS.has(`${name}.${column}`)
        expect(ledger.length === 0, `${name}.${column}`).equal(isValueless)
        // Then it says at least what decides which rows there are.
        if (isValueless) expect(decidedBy.flatMap(one => one.ledger)).not.empty
      }
  })

  it('finds every column of the lake classified', () => {
    const catalogue = lakeCatalogue()
    for (const { name, columns } of SILVER)
      expect(Object.keys(catalogue.get(`silver.${name}`)?.columns ?? {}), name).deep.equal(
        Object.keys(columns),
      )
    expect(GOLD.every(({ name }) => catalogue.has(`gold.${name}`))).equal(true)
  })

  const CASES: readonly (readonly [sql: string, columns: readonly string[]])[] = [
    [
      `SELECT total_fen - tax_fen AS net FROM silver.invoices`,
      ['silver.invoices.tax_fen silver.invoices.total_fen'],
    ],
    [
      `SELECT i.id, o.number FROM silver.invoices i JOIN silver.orders o ON i.seller = o.seller`,
      ['silver.invoices.id', 'silver.orders.number'],
    ],
    [
      `WITH a AS (SELECT id AS x FROM silver.invoices), b AS (SELECT x AS y FROM a) SELECT y FROM b`,
      ['silver.invoices.id'],
    ],
    [`SELECT q.n FROM (SELECT number AS n FROM silver.orders) q`, ['silver.orders.number']],
    [
      `SELECT id FROM silver.orders UNION ALL SELECT number FROM silver.invoices`,
      ['silver.invoices.number silver.orders.id'],
    ],
    [
      `SELECT id, number FROM silver.orders UNION ALL BY NAME SELECT number, id FROM silver.invoices`,
      ['silver.invoices.id silver.orders.id', 'silver.invoices.number silver.orders.number'],
    ],
    [
      `SELECT sum(total_fen) OVER (PARTITION BY seller ORDER BY issued_on) FROM silver.invoices`,
      ['silver.invoices.issued_on silver.invoices.seller silver.invoices.total_fen'],
    ],
    [
      `SELECT (SELECT max(net_fen) FROM silver.bids b WHERE b.request_id = r.id) FROM silver.requests r`,
      ['silver.bids.net_fen'],
    ],
    [
      `SELECT total_fen AS t, t * 2 AS u FROM silver.invoices`,
      ['silver.invoices.total_fen', 'silver.invoices.total_fen'],
    ],
    [
      `WITH a(x, y) AS (SELECT id, number FROM silver.orders) SELECT y FROM a`,
      ['silver.orders.number'],
    ],
    [
      `SELECT i.id FROM silver.orders o LEFT JOIN silver.invoices i USING (id)`,
      ['silver.invoices.id'],
    ],
    [
      `SELECT id FROM silver.orders FULL JOIN silver.invoices USING (id)`,
      ['silver.invoices.id silver.orders.id'],
    ],
    [`SELECT x.b FROM silver.members x(a, b)`, ['silver.members.block']],
    [`SELECT v.n FROM (VALUES (1)) v(n)`, ['']],
    [`SELECT count(*) FROM silver.invoices`, ['']],
    [`SELECT l.n FROM silver.orders o, LATERAL (SELECT o.number AS n) l`, ['silver.orders.number']],
    [`SELECT silver.orders.number FROM silver.orders`, ['silver.orders.number']],
    [
      `SELECT CASE WHEN deleted THEN buyer ELSE seller END FROM silver.orders`,
      ['silver.orders.buyer silver.orders.deleted silver.orders.seller'],
    ],
  ]
  for (const [sql, expected] of CASES)
    it(`reads ${sql.slice(0, 80)}`, async () => {
      expect((await columnsOf(sql)).map(([, from]) => from)).deep.equal(expected)
    })

  it('names the columns of a star as the engine answers them', async () => {
    const stars = [
      `SELECT * FROM silver.orders JOIN silver.receipts USING (id, buyer)`,
      `SELECT * EXCLUDE (id) REPLACE (number || code AS number) FROM silver.invoices`,
      `SELECT o.*, 1 AS one FROM silver.orders o NATURAL JOIN silver.members`,
      `SELECT * FROM silver.orders SEMI JOIN silver.receipts USING (id)`,
      `SELECT * FROM gold.bids`,
      `SELECT * RENAME (id AS key) FROM silver.members`,
      `SELECT r.*, r.id AS again FROM silver.orders o JOIN silver.receipts r USING (id, buyer)`,
    ]
    for (const sql of stars) {
      const { columns } = await analysis.runQuery(CORE, { sql })
      expect(
        (await columnsOf(sql)).map(([name]) => name),
        sql,
      ).deep.equal(columns.map(({ name }) => name))
    }
  })

  it('tells what decides about the rows', async () => {
    const { decidedBy } = await analysis.lineageOf(CORE, {
      sql: `SELECT count(*) FROM silver.orders o JOIN silver.invoices i USING (buyer)
        WHERE i.tax_fen > 0 AND EXISTS (SELECT 1 FROM silver.members m WHERE m.id = o.seller)
        GROUP BY o.currency ORDER BY max(i.total_fen)`,
    })
    expect(decidedBy.map(({ name }) => name)).deep.equal([
      'silver.invoices.buyer',
      'silver.invoices.tax_fen',
      'silver.invoices.total_fen',
      'silver.members.id',
      'silver.orders.buyer',
      'silver.orders.currency',
      'silver.orders.seller',
    ])
  })

  it('answers for what the reader may ask and for nothing else', async () => {
    expect(await codeOf(analysis.lineageOf(SUPPLIER, { sql: 'FROM bronze.writes' }))).equal(
      'QUERY_TABLE',
    )
    const column = analysis.lineageOfColumn(SUPPLIER, 'bronze.writes', 'value')
    expect(await codeOf(column)).equal('QUERY_TABLE')
    expect(await codeOf(analysis.lineageOf(CORE, { sql: 'SELECT nope FROM silver.orders' }))).equal(
      'LINEAGE_UNRESOLVED',
    )
  })
})
