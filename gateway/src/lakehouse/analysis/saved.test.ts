import { expect } from 'chai'
import { isFault } from '../../platform/faults.ts'
import { checkChart, ChartSchema, type Chart } from './charts.ts'
import { codeOf, CORE, invoice, openTest, SUPPLIER } from './fixture.ts'
import type { Analysis } from './query.ts'
import { boundValues, checkSavedQuery, parseSavedQuery, runSavedQuery } from './saved.ts'

const words = (en: string) => ({ zh: en, en })
const GIVEN = {
  name: 'invoices-by-month',
  words: { title: { zh: '按月发票', en: 'Invoices by month' } },
  sql: `SELECT date_trunc('month', issued_on)::DATE AS month, currency, sum(total_fen) AS total_fen,
    count(*) AS n, avg(total_fen) AS mean FROM silver.invoices
    WHERE issued_on >= $since AND total_fen >= $least AND (seller = $seller OR NOT $only)
    GROUP BY month, currency ORDER BY month`,
  parameters: {
    since: { type: 'DAY', words: words('since'), default: '2026-01-01' },
    least: { type: 'FEN', words: words('at least') },
    seller: { type: 'TEXT', words: words('seller'), default: '' },
    only: { type: 'BOOLEAN', words: words('only this one'), default: false },
  },
  chart: {
    kind: 'LINE',
    x: 'month',
    y: [{ column: 'total_fen', unit: 'FEN' }],
    series: 'currency',
  },
}

describe('lakehouse/analysis: saved queries and charts', function () {
  this.timeout(60_000)
  const saved = parseSavedQuery(GIVEN)
  let analysis: Analysis
  before(() => {
    analysis = openTest({
      'silver.invoices': [
        invoice('1', 'S-ONE', 100),
        invoice('2', 'S-ONE', 5, { issued_on: '2025-01-01' }),
        invoice('3', 'S-TWO', 50),
      ],
    })
  })
  after(() => analysis.close())

  it('runs with parameters bound, over the views of whoever runs it', async () => {
    await checkSavedQuery(analysis, CORE, saved)
    const own = await runSavedQuery(analysis, CORE, saved, { least: '1' })
    expect(own.rows.map(row => row.slice(0, 4))).deep.equal([['2026-03-01', 'CNY', '150', '2']])
    const shared = await runSavedQuery(analysis, SUPPLIER, saved, { least: '1' })
    expect(shared.rows.map(row => row[2])).deep.equal(['100'])
    const one = await runSavedQuery(analysis, CORE, saved, {
      least: 1,
      only: true,
      seller: 'S-TWO',
    })
    expect(one.rows.map(row => row[2])).deep.equal(['50'])
    const attack = await runSavedQuery(analysis, CORE, saved, {
      least: 1,
      only: true,
      seller: `' OR true --`,
    })
    expect(attack.rows).deep.equal([])
  })

  const faults = (work: () => unknown): string[] => {
    try {
      work()
      return []
    } catch (error) {
      if (!isFault(error)) throw error
      return error.fields.map(({ path, code }) => `${path} ${code}`)
    }
  }

  it('refuses values that are missing, unknown or of another type', () => {
    expect(faults(() => boundValues(saved, {}))).deep.equal(['least PARAMETER_MISSING'])
    expect(faults(() => boundValues(saved, { least: 1, other: 1 }))).deep.equal([
      'other PARAMETER_UNKNOWN',
    ])
    for (const least of ['1.5', 1.5, '1; DROP', '', null, true, '9'.repeat(30), 2 ** 60])
      expect(faults(() => boundValues(saved, { least }))).deep.equal(['least PARAMETER_TYPE'])
    for (const since of ['2026-02-30', '2026-1-1', 'today', 20260101, null])
      expect(faults(() => boundValues(saved, { least: 1, since }))).deep.equal([
        'since PARAMETER_TYPE',
      ])
    expect(faults(() => boundValues(saved, { least: 1, constructor: 'x' }))).deep.equal([
      'constructor PARAMETER_UNKNOWN',
    ])
  })

  it('refuses what is not a saved query', () => {
    const broken = (more: object) => faults(() => parseSavedQuery({ ...GIVEN, ...more }))
    expect(broken({ name: 'No Name' })).deep.equal(['name invalid_format'])
    expect(broken({ words: { title: { en: 'x' } } })).deep.equal(['words.title.zh invalid_type'])
    expect(broken({ extra: 1 })).not.empty
    expect(broken({ parameters: { 'a b': GIVEN.parameters.least } })).not.empty
    expect(broken({ chart: { kind: 'RADAR' } })).not.empty
    const wrong = { parameters: { since: { ...GIVEN.parameters.since, default: 'x' } } }
    expect(broken(wrong)).deep.equal(['parameters.since.default PARAMETER_TYPE'])
  })

  it('is not saved with a parameter that is not used, an attack or a chart that does not fit', async () => {
    const check = (more: object) =>
      codeOf(checkSavedQuery(analysis, CORE, parseSavedQuery({ ...GIVEN, ...more })))
    expect(await check({ sql: 'SELECT 1 AS month' })).equal('QUERY_PARAMETER')
    expect(await check({ parameters: {} })).equal('QUERY_PARAMETER')
    expect(await check({ sql: 'SELECT * FROM bronze.writes', parameters: {} })).equal('QUERY_TABLE')
    const chart = { ...GIVEN.chart, x: 'nothing' }
    expect(await check({ chart })).equal('CHART_INVALID')
  })

  const COLUMNS = [
    { name: 'month', type: 'DATE' },
    { name: 'currency', type: 'VARCHAR' },
    { name: 'total_fen', type: 'HUGEINT' },
    { name: 'share', type: 'DOUBLE' },
    { name: 'late', type: 'INTEGER' },
    { name: 'list', type: 'VARCHAR[]' },
    { name: 'twice', type: 'BIGINT' },
    { name: 'twice', type: 'BIGINT' },
  ]
  const fen = { column: 'total_fen', unit: 'FEN' }
  const FITTING: readonly unknown[] = [
    {
      kind: 'LINE',
      x: 'month',
      y: [fen, { column: 'share', unit: 'PERCENT' }],
      series: 'currency',
    },
    { kind: 'BAR', x: 'currency', y: [fen] },
    { kind: 'STACKED', x: 'month', y: fen, series: 'currency' },
    { kind: 'PIE', label: 'currency', value: fen },
    { kind: 'HEAT_MAP', x: 'month', y: 'currency', value: { column: 'late', unit: 'DAYS' } },
    { kind: 'TABLE', columns: [{ column: 'currency', unit: 'NONE' }, fen] },
  ]
  const UNFIT: readonly (readonly [fault: string, chart: unknown])[] = [
    ['x COLUMN_UNKNOWN', { kind: 'LINE', x: 'nothing', y: [fen] }],
    ['x COLUMN_TYPE', { kind: 'LINE', x: 'currency', y: [fen] }],
    ['y.0 COLUMN_TYPE', { kind: 'BAR', x: 'month', y: [{ column: 'share', unit: 'FEN' }] }],
    ['y.0 COLUMN_TYPE', { kind: 'BAR', x: 'month', y: [{ column: 'currency', unit: 'NONE' }] }],
    [
      'value COLUMN_TYPE',
      { kind: 'PIE', label: 'currency', value: { column: 'share', unit: 'DAYS' } },
    ],
    ['y COLUMN_TYPE', { kind: 'HEAT_MAP', x: 'month', y: 'list', value: fen }],
    ['series COLUMN_TYPE', { kind: 'STACKED', x: 'month', y: fen, series: 'share' }],
    ['columns.0 COLUMN_TYPE', { kind: 'TABLE', columns: [{ column: 'share', unit: 'COUNT' }] }],
    ['y.0 COLUMN_AMBIGUOUS', { kind: 'BAR', x: 'month', y: [{ column: 'twice', unit: 'COUNT' }] }],
    ['kind COLUMN_TWICE', { kind: 'HEAT_MAP', x: 'month', y: 'month', value: fen }],
  ]
  it('draws what fits', () => {
    for (const chart of FITTING) checkChart(ChartSchema.parse(chart), COLUMNS)
  })
  for (const [fault, chart] of UNFIT)
    it(`refuses a chart: ${fault} of ${(chart as Chart).kind}`, () => {
      expect(faults(() => checkChart(ChartSchema.parse(chart), COLUMNS))).deep.equal([fault])
    })
})
