import { expect } from 'chai'
import { freshDatabase, type TestDatabase } from '../../testing/postgres.ts'
import { openEngine, type Engine } from '../engine.ts'
import { freshLake, hasExtensions } from '../testing/place.ts'
import { askKpi, type Value } from './ask.ts'
import { findKpi, KPIS } from './catalogue.ts'
import { tablesOf, type CostParameter } from './kpi.ts'
import { bringWorld } from './world.ts'

const COSTS: readonly CostParameter[] = [
  {
    activity: 'MATCHING',
    pages: ['invoices'],
    manualMinutes: 45,
    fenPerHour: 6_000,
    source: "the test's own wage table",
  },
]

describe('the figures of a small world', function () {
  this.timeout(60_000)
  let store: TestDatabase
  let place: Awaited<ReturnType<typeof freshLake>>
  let engine: Engine

  before(async function () {
    if (!hasExtensions()) this.skip()
    store = await freshDatabase()
    place = await freshLake()
    engine = await openEngine(place)
    await bringWorld(engine, store)
  })
  after(async () => {
    engine?.close()
    place?.remove()
    await store?.close()
  })

  /** Values of the named columns, in the order of the rows. */
  async function figures(name: string, columns: readonly string[]): Promise<Value[][]> {
    const kpi = findKpi(name)
    if (!kpi) throw new Error(`no KPI ${name}`)
    const { rows } = await askKpi(engine, kpi, COSTS)
    return rows.map(row => columns.map(column => row[column] ?? null))
  }

  it('take from each step the time to its end, and keep what waits within the target out of the share', async () => {
    const columns = [
      'month',
      'step',
      'cases',
      'ended',
      'due',
      'within_target',
      'share_within_target',
      'median_minutes',
      'p90_minutes',
      'reason',
    ]
    expect(await figures('approval_time', columns)).to.deep.equal([
      ['2026-01', 'INVOICE_TO_MATCHED', 2, 2, 2, 1, 0.5, 315, 543, null],
      ['2026-01', 'RECEIVABLE_TO_CONFIRMATION', 3, 3, 3, 3, 1, 20, 148, null],
      ['2026-01', 'REQUEST_TO_ACCEPTANCE', 1, 1, 1, 1, 1, 120, 120, null],
      ['2026-01', 'REQUEST_TO_FIRST_BID', 1, 1, 1, 1, 1, 30, 30, null],
      ['2026-02', 'INVOICE_TO_MATCHED', 1, 1, 1, 1, 1, 60, 60, null],
      ['2026-02', 'RECEIVABLE_TO_CONFIRMATION', 2, 1, 2, 1, 0.5, 30, 30, null],
      ['2026-02', 'REQUEST_TO_ACCEPTANCE', 2, 1, 2, 0, 0, 1500, 1500, null],
      ['2026-02', 'REQUEST_TO_FIRST_BID', 2, 1, 2, 0, 0, 360, 360, null],
      ['2026-06', 'INVOICE_TO_MATCHED', 1, 0, 0, 0, null, null, null, 'NONE_ENDED'],
      ['2026-06', 'REQUEST_TO_ACCEPTANCE', 1, 0, 0, 0, null, null, null, 'NONE_ENDED'],
      ['2026-06', 'REQUEST_TO_FIRST_BID', 1, 0, 0, 0, null, null, null, 'NONE_ENDED'],
    ])
  })

  it('call automated what the gateway set going by itself, and unknown what another organisation wrote', async () => {
    const columns = [
      'month',
      'step',
      'decided',
      'automated',
      'by_person',
      'unknown',
      'share_automated',
      'reason',
    ]
    expect(await figures('automated_share', columns)).to.deep.equal([
      ['2026-01', 'APPROVAL', 1, 0, 1, 0, 0, null],
      ['2026-01', 'MATCHING', 2, 1, 1, 0, 0.5, null],
      ['2026-02', 'MATCHING', 1, 0, 0, 1, null, 'NOT_KNOWN_BY_WHOM'],
    ])
  })

  it('cost a case by measured minutes, and name what is not configured or not measured', async () => {
    const columns = [
      'month',
      'activity',
      'cases',
      'people_minutes',
      'share_recorded',
      'cost_fen',
      'manual_cost_fen',
      'saved_fen',
      'reason',
    ]
    expect(await figures('cost_per_case', columns)).to.deep.equal([
      ['2026-01', 'CONFIRMATION', 1, null, 0.5, null, null, null, 'NO_PARAMETERS'],
      ['2026-01', 'FINANCING', 1, null, 0.5, null, null, null, 'NO_PARAMETERS'],
      ['2026-01', 'MATCHING', 2, 10, 0.5, '500', '4500', '4000', null],
      ['2026-02', 'FINANCING', 2, null, 0, null, null, null, 'NO_PARAMETERS'],
      ['2026-02', 'MATCHING', 1, null, 0, null, '4500', null, 'NOT_MEASURED'],
    ])
  })

  it('cover counties and products, and count suppliers of an unknown county as such', async () => {
    const county = '江苏省苏州市吴江区'
    const columns = ['county', 'product', 'financed', 'enrolled', 'share_financed', 'reason']
    expect(await figures('coverage', columns)).to.deep.equal([
      [county, 'ANY', 2, 2, 1, null],
      [county, 'FULL', 1, 2, 0.5, null],
      [county, 'NONE', 1, 2, 0.5, null],
      [null, 'ANY', 0, 1, 0, 'COUNTY_UNKNOWN'],
      [null, 'FULL', 0, 1, 0, 'COUNTY_UNKNOWN'],
      [null, 'NONE', 0, 1, 0, 'COUNTY_UNKNOWN'],
    ])
  })

  it('call bad what is unpaid on the ninety-first day, by month of issue', async () => {
    const columns = [
      'month',
      'receivables',
      'overdue',
      'written_off',
      'face_fen',
      'overdue_fen',
      'written_off_fen',
      'bad_fen',
      'share_bad',
    ]
    expect(await figures('bad_debt', columns)).to.deep.equal([
      ['2026-01', 3, 1, 0, '1800000', '800000', '0', '800000', 0.444444],
      ['2026-02', 1, 0, 1, '400000', '0', '300000', '300000', 0.75],
    ])
  })

  it('say who came back only when the next month is over', async () => {
    const columns = ['month', 'active', 'returned', 'share_returned', 'reason']
    expect(await figures('retention', columns)).to.deep.equal([
      ['2026-01', 3, 1, 0.333333, null],
      ['2026-02', 1, 0, 0, null],
      ['2026-06', 1, null, null, 'NEXT_MONTH_NOT_OVER'],
    ])
  })

  it('sum what was paid out, and say where the terms are not held', async () => {
    const columns = [
      'month',
      'requests',
      'suppliers',
      'unknown',
      'face_fen',
      'net_fen',
      'discount_fen',
      'reason',
    ]
    expect(await figures('funded_volume', columns)).to.deep.equal([
      ['2026-01', 1, 1, 0, '1000000', '990000', '10000', null],
      ['2026-02', 1, 1, 1, '500000', null, null, 'TERMS_NOT_HELD'],
    ])
  })

  it('put a late feedback into the month in which it was given, and make no score up for a silent month', async () => {
    const columns = [
      'month',
      'answers',
      'respondents',
      'logged_in_users',
      'share_answered',
      'mean_score',
      'share_satisfied',
      'reason',
    ]
    expect(await figures('satisfaction', columns)).to.deep.equal([
      ['2026-01', 1, 1, 2, 0.5, 5, 1, null],
      ['2026-02', 0, 0, 1, 0, null, null, 'NOBODY_ANSWERED'],
    ])
    const [late] = await engine.query(
      `SELECT "at"::VARCHAR AS "at", received_at::VARCHAR AS received_at FROM lake.silver.feedback`,
    )
    expect(late).to.deep.equal({ at: '2026-01-31 12:00:00', received_at: '2026-03-03 00:00:00' })
  })

  it('measure an audit by its reads, and show the sample beside what is checked', async () => {
    const columns = [
      'month',
      'reads',
      'cases_read',
      'minutes_per_case',
      'invoices',
      'sampled',
      'checked',
      'share_sampled',
      'share_checked',
      'reason',
    ]
    expect(await figures('audit_effort', columns)).to.deep.equal([
      ['2026-01', 4, 3, 6.666667, 2, 2, 2, 1, 1, null],
      ['2026-02', 0, 0, null, 1, 0, 1, 0, 1, 'NOBODY_READ'],
      ['2026-06', 0, 0, null, 1, 0, 0, 0, 0, 'NOBODY_READ'],
    ])
  })

  it('have words in both languages, a picture of their own columns, and tables that exist', async () => {
    const there = await engine.query<{ name: string }>(
      `SELECT schema_name || '.' || table_name AS name FROM duckdb_tables() WHERE database_name = 'lake'
       UNION SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE database_name = 'lake'`,
    )
    const names = there.map(({ name }) => name)
    for (const kpi of KPIS) {
      const { x, y, series } = kpi.chart
      const shares = Object.values(kpi.columns).flatMap(({ of }) => (of ? Object.values(of) : []))
      expect(Object.keys(kpi.columns)).to.include.members([
        x,
        ...y,
        ...(series ? [series] : []),
        ...shares,
      ])
      const words = [kpi.words, kpi.about, ...Object.values(kpi.columns).map(one => one.words)]
      for (const { zh, en } of words) {
        expect(zh).to.match(/\p{Script=Han}/u)
        expect(en).to.not.match(/\p{Script=Han}/u)
      }
      const tables = tablesOf(kpi.sql(COSTS))
      expect(tables).to.not.be.empty
      expect(names, kpi.name).to.include.members(tables)
    }
  })
})
