/** What the parts of the lake describe, against the lake itself, and against whoever wants more of it than is theirs. */
import { expect } from 'chai'
import { openEngine, type Engine } from '../engine.ts'
import { describedTables } from '../schema.ts'
import { askKpi } from '../marts/ask.ts'
import { KPIS } from '../marts/catalogue.ts'
import { freshLake, hasExtensions } from '../testing/place.ts'
import { lakeCatalogue } from './catalogue.ts'
import { duckLake } from './duckLake.ts'
import { exportRows, type Exported } from './export.ts'
import { BANK, codeOf, CORE, REGULATOR, SECRET, SUPPLIER } from './fixture.ts'
import { lakePolicy, type Reader } from './policy.ts'
import { createAnalysis, type Analysis } from './query.ts'
import { createReleaseBook } from './releases.ts'

const READERS = { CORE, BANK, REGULATOR, SUPPLIER } as const
/** What stands in the lake, and in no answer to the roles that it is held back from. */
const PERSON = 'planted-user-77'
const NEIGHBOUR = 'S-NEIGHBOUR'
const CODE = '91330100PLANTED77X'
const STREET = '幸福路77号花园小区'
const SAID = 'planted words 77'

const COSTS = [
  { activity: 'MATCHING', pages: ['invoices'], manualMinutes: 45, fenPerHour: 6_000, source: 'x' },
] as const

const EVENT = `1 AS xid, 1 AS number, TIMESTAMP '2026-03-01' AS "at"`
const PLANTS = [
  `INSERT INTO lake.silver.payments BY NAME SELECT 'p1' AS id, 1 AS block, 0 AS tx_index, false AS deleted,
     'S-ONE' AS payer, '${NEIGHBOUR}' AS payee, 100 AS amount_fen, DATE '2026-03-05' AS value_on, 'BankBMSP' AS bank_msp
   UNION ALL BY NAME SELECT 'p2' AS id, 1 AS block, 0 AS tx_index, false AS deleted,
     '${NEIGHBOUR}' AS payer, 'S-ONE' AS payee, 4242 AS amount_fen, DATE '2026-03-06' AS value_on, 'BankBMSP' AS bank_msp`,
  ...['S-ONE', NEIGHBOUR].flatMap(member => [
    `INSERT INTO lake.silver.operation_events BY NAME SELECT ${EVENT}, '${member}-op' AS operation_id,
       '${PERSON}' AS user_id, '${member}' AS member_id, 'DONE' AS status, "at" AS created_at, "at" AS finished_at`,
    `INSERT INTO lake.silver.import_events BY NAME SELECT ${EVENT}, '${member}-im' AS import_id,
       '${PERSON}' AS user_id, '${member}' AS member_id, "at" AS created_at`,
    `INSERT INTO lake.bronze.documents BY NAME SELECT 1 AS number, '${member}-doc' AS id, 'bafy' AS cid, 'PDF' AS kind,
       '${SAID}' AS name, '${member}' AS member, TIMESTAMP '2026-03-01' AS "at", '${SAID} ${STREET}' AS text`,
    `INSERT INTO lake.silver.member_events BY NAME SELECT ${EVENT}, '${member}' AS member_id, 'SUPPLIER' AS kind,
       '${CODE}' || '${member}' AS uscc, true AS is_own`,
  ]),
  `INSERT INTO lake.silver.session_events BY NAME SELECT ${EVENT}, '${PERSON}' AS "session", '${PERSON}' AS user_id,
     "at" AS opened_at`,
  `INSERT INTO lake.silver.login_failures BY NAME SELECT ${EVENT}, '${PERSON}' AS user_id, 3 AS failures`,
  `INSERT INTO lake.silver.user_events BY NAME SELECT ${EVENT}, '${PERSON}' AS user_id, '${NEIGHBOUR}' AS member_id`,
  `INSERT INTO lake.silver.audit_lines BY NAME SELECT ${EVENT}, '${PERSON}' AS user_id, '${NEIGHBOUR}' AS member_id,
     'users.export' AS route, 'auditor' AS role, '${PERSON}' AS object_id`,
  `INSERT INTO lake.silver.behaviour BY NAME SELECT ${EVENT}, '${PERSON}' AS user_id, '${PERSON}' AS "session",
     'page' AS kind, 'invoices' AS page, 60000 AS dwell_ms`,
  `INSERT INTO lake.silver.feedback BY NAME SELECT ${EVENT}, '${PERSON}' AS user_id, '${SAID}' AS text, 5 AS score`,
  `INSERT INTO lake.bronze.source_records BY NAME SELECT 'business_registry' AS source, 'MEMBER' AS subject_kind,
     '${CODE}${NEIGHBOUR}' AS subject, TIMESTAMP '2026-01-01' AS event_at, 1 AS revision,
     '{"registeredAddress": "${STREET}"}' AS body`,
]

describe('lakehouse/analysis: what the parts describe', function () {
  this.timeout(100_000)
  let place: Awaited<ReturnType<typeof freshLake>>
  let engine: Engine
  let analysis: Analysis
  const catalogue = lakeCatalogue(describedTables(COSTS))
  const isNew = (name: string): boolean =>
    describedTables().some(table => table.name === name) && !/source_|gold\.features/.test(name)

  before(async function () {
    if (!hasExtensions()) this.skip()
    place = await freshLake()
    engine = await openEngine(place)
    for (const sql of PLANTS) await engine.write({}, ({ run }) => run(sql))
    analysis = createAnalysis({
      lake: duckLake(place),
      catalogue,
      policy: lakePolicy(catalogue),
      secret: SECRET,
    })
  })
  after(() => {
    analysis?.close()
    engine?.close()
    place?.remove()
  })

  const rows = async (reader: Reader, sql: string) =>
    (await analysis.runQuery(reader, { sql })).rows
  const tablesOf = (reader: Reader): string[] =>
    Object.keys(analysis.policyOf(reader).tables).filter(isNew)

  it('has each column that is described, and no column of such a table that is not', async () => {
    for (const [name, { columns, rows: who, asked }] of catalogue) {
      if (who === undefined) continue
      const there = await engine.query<{ column_name: string; column_type: string }>(
        `SELECT column_name, column_type FROM (DESCRIBE ${asked ?? `FROM lake.${name}`})`,
      )
      const found = Object.fromEntries(there.map(one => [one.column_name, one.column_type]))
      const told = Object.entries(columns).map(([column, { type }]) => [column, type] as const)
      expect(found, name).deep.equal(Object.fromEntries(told))
    }
  })

  it('says every described table and column in both languages', () => {
    for (const { name, words, columns } of catalogue.values())
      if (isNew(name))
        for (const each of [{ words }, ...Object.values(columns)]) {
          expect(each.words?.zh, name).match(/[\u4e00-\u9fff]/)
          expect(each.words?.en, name).match(/[A-Za-z]/)
        }
  })

  it('tells where a figure and what is known of a document come from', async () => {
    const mean = await analysis.lineageOfColumn(CORE, 'gold.kpi_satisfaction', 'mean_score')
    expect(mean.columns).deep.equal(['silver.feedback.score'])
    expect(mean.ledger).deep.equal([{ bronze: 'bronze.behaviour.body', field: '', ledgerKey: '' }])
    const name = await analysis.lineageOfColumn(CORE, 'silver.documents', 'name')
    expect(name.ledger.map(({ bronze }) => bronze)).deep.equal(['bronze.documents.name'])
  })

  it('shows nobody a user, a session or what somebody opened, and counts them all the same', async () => {
    let met = 0
    for (const [name, reader] of Object.entries(READERS))
      for (const table of tablesOf(reader)) {
        const shown = JSON.stringify(await rows(reader, `FROM ${table}`))
        expect(shown, `${name} ${table}`).not.include(PERSON)
        met += shown.length > 2 ? 1 : 0
      }
    expect(met).above(40)
    expect(await rows(CORE, `SELECT count(DISTINCT user_id) FROM silver.logins`)).deep.equal([
      ['1'],
    ])
    const found = `SELECT count(*) FROM silver.logins WHERE user_id = '${PERSON}'`
    expect(await rows(CORE, found)).deep.equal([['0']])
    const joined = `SELECT count(*) FROM silver.logins l JOIN silver.behaviour b USING (user_id, "session")`
    expect(await rows(CORE, joined)).deep.equal([['1']])
  })

  it('shows a regulator no member, code, address or free word, and a bank no free word', async () => {
    const hidden: Readonly<Record<string, readonly string[]>> = {
      REGULATOR: ['S-ONE"', NEIGHBOUR + '"', CODE, STREET, SAID, '幸福路'],
      BANK: [STREET, SAID],
      CORE: [STREET],
    }
    for (const [name, words] of Object.entries(hidden)) {
      const reader = READERS[name as keyof typeof READERS]
      for (const table of tablesOf(reader)) {
        const shown = JSON.stringify(await rows(reader, `FROM ${table}`))
        for (const word of words) expect(shown, `${name} ${table}`).not.include(word)
      }
    }
    // What was looked for is there to be found.
    const counties = await rows(
      CORE,
      'SELECT county FROM gold.kpi_coverage WHERE county IS NOT NULL',
    )
    expect(counties).not.deep.equal([])
    expect(JSON.stringify(await rows(CORE, 'FROM silver.firms'))).include(CODE)
    expect(JSON.stringify(await rows(CORE, 'FROM silver.documents'))).include(SAID)
    const same = `SELECT count(*) FROM silver.firms f JOIN gold.payments_by_month p ON p.payer = f.member_id`
    expect(await rows(REGULATOR, same)).deep.equal([['2']])
  })

  it('shows who acts for a member what is its own, and nothing of the staff or the whole', async () => {
    const own = tablesOf(SUPPLIER)
    expect(own.sort()).deep.equal([
      'gold.invoices_by_month',
      'gold.payments_by_month',
      'silver.documents',
      'silver.firms',
      'silver.import_events',
      'silver.imports',
      'silver.member_events',
      'silver.operation_events',
      'silver.operations',
    ])
    for (const table of own) {
      const shown = JSON.stringify(await rows(SUPPLIER, `FROM ${table}`))
      expect(shown, table).not.include(NEIGHBOUR)
      if (table !== 'gold.invoices_by_month') expect(shown, table).include('S-ONE')
    }
    for (const table of ['silver.logins', 'silver.audit_lines', 'gold.kpi_bad_debt'])
      expect(await codeOf(rows(SUPPLIER, `FROM ${table}`)), table).equal('QUERY_TABLE')
  })

  it('gives no bank the sums of payments that do not go through it', async () => {
    for (const table of ['gold.payments_by_month', 'gold.invoices_by_month'])
      expect(await codeOf(rows(BANK, `FROM ${table}`)), table).equal('QUERY_TABLE')
    expect(await rows(BANK, 'SELECT count(*) FROM gold.payments')).deep.equal([['0']])
  })

  it('has no text of a document for anybody', async () => {
    for (const reader of [CORE, BANK, REGULATOR, SUPPLIER])
      expect(await codeOf(rows(reader, 'SELECT text FROM silver.documents'))).equal('QUERY_INVALID')
  })

  it('lets no sum leave the house, and none of two tables that tell the same', async () => {
    const book = createReleaseBook<Exported>()
    const tables = tablesOf(CORE).filter(name => catalogue.get(name)?.staysInHouse)
    expect(tables).include.members([
      'gold.payments_by_month',
      'gold.kpi_coverage',
      'silver.exports',
    ])
    for (const table of tables) {
      const column = Object.keys(catalogue.get(table)?.columns ?? {})[0]
      for (const sql of [
        `SELECT "${column}" FROM ${table}`,
        `SELECT count(*) AS n FROM ${table} t JOIN silver.users u ON true`,
      ])
        expect(await codeOf(exportRows({ analysis, book }, CORE, { sql })), sql).equal(
          'EXPORT_FORM',
        )
    }
  })

  it('answers an analyst the figures that the portal shows', async () => {
    for (const kpi of KPIS) {
      const { rows: shown } = await askKpi(engine, kpi, COSTS)
      const asked = await rows(CORE, `FROM gold.kpi_${kpi.name}`)
      expect(asked.length, kpi.name).equal(shown.length)
    }
    const costs = await rows(CORE, 'SELECT source FROM gold.kpi_cost_per_case')
    expect(costs.every(([source]) => source === 'x')).equal(true)
  })
})
