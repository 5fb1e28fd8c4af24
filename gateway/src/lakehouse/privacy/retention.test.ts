import { expect } from 'chai'
import { codeOf, testGateway, type TestGateway } from '../../testing/gateway.ts'
import { block } from '../../testing/ledger.ts'
import { freshDatabase, type TestDatabase } from '../../testing/postgres.ts'
import { NO_ROWS, openEngine, type Engine } from '../engine.ts'
import { createIngest } from '../ledger/ingest.ts'
import { verifyLake } from '../ledger/verify.ts'
import { FAMILIES, keptNames } from '../schema.ts'
import { sourceOf } from '../sources/catalogue/index.ts'
import { screen } from '../sources/screen.ts'
import { NOTHING } from '../sources/sink.ts'
import { memoryConsents, memorySink } from '../sources/testing.ts'
import { ledgerOf, linked, OWN_MSP } from '../testing/chain.ts'
import { freshLake, hasExtensions } from '../testing/place.ts'
import { CLASSES, parsePeriod, RULES, rulesWith } from './classes.ts'
import { PERSONAL, RETAINED, TIMED } from './declarations.ts'
import type { Personal } from './declared.ts'
import { ALL, forgottenIn } from './forgotten.ts'
import { redactionsIn } from './marker.ts'
import { isDue, keepTime } from './retention.ts'
import { listTag } from './subject.ts'

const PERSON = { kind: 'PERSON', id: 'p00112233445566aa' } as const
const KEY = Buffer.alloc(32, 3)

describe('what is declared of the tables', () => {
  it('no table of any family is without a word on how long it is kept', () => {
    const silentOnes = keptNames().filter(name => !RETAINED.has(name))
    expect(silentOnes, 'declare them in the `retention` of their family').to.deep.equal([])
  })

  it('no table that is made of others is forgotten, and none is declared that nobody makes', () => {
    const made = FAMILIES.flatMap(({ derived }) => derived())
      .map(sql => /CREATE (?:OR REPLACE )?TABLE lake\.(\w+\.\w+)/.exec(sql)?.[1])
      .filter(name => name !== undefined)
    expect(made.length).to.be.greaterThan(20)
    expect(made.filter(name => !RETAINED.has(name))).to.deep.equal([])
    const all = new Set([...made, ...keptNames()])
    expect([...RETAINED.keys()].filter(name => !all.has(name))).to.deep.equal([])
  })

  it('who is found in a table can be deleted from it: it has a class, a clock, and these columns', () => {
    const columns = new Map(
      FAMILIES.flatMap(({ kept }) => kept).map(one => [`${one.layer}.${one.name}`, one.columns]),
    )
    for (const personal of PERSONAL) {
      expect(RETAINED.get(personal.table)?.keeps, personal.table).to.equal('TIME')
      const known = columns.get(personal.table)
      if (known) expect(Object.keys(known)).to.include.members(columnsUsed(personal))
    }
    const timed = TIMED.filter(({ table }) => columns.has(table))
    expect(timed.length).to.be.greaterThan(2)
    for (const { table, clock } of timed)
      expect(columns.get(table)?.[clock], table).to.equal('TIMESTAMP')
  })
})

const columnsUsed = ({ finds, named = [], source }: Personal): string[] => [
  ...Object.values(finds).flatMap(all => all.map(({ column }) => column)),
  ...named,
  ...(typeof source === 'string' ? [source] : []),
]

describe('the periods', () => {
  it('every class has a ground in two languages, and a period within its own bounds', () => {
    for (const name of CLASSES) {
      const { grounds, keep } = RULES[name]
      expect(grounds.length, name).to.be.greaterThan(0)
      for (const { zh, en } of grounds) expect(zh.length * en.length).to.be.greaterThan(0)
      if (keep) expect(() => rulesWith({ [name]: `P${keep.count}${keep.unit[0]}` })).to.not.throw()
    }
  })

  it('an organisation chooses within the bounds of the law, and not outside', () => {
    expect(rulesWith({ OPERATIONAL: 'P90D' }).OPERATIONAL.keep).to.deep.equal(parsePeriod('P90D'))
    expect(() => rulesWith({ TRANSACTION: 'P9Y' })).to.throw('shorter than the law demands')
    expect(() => rulesWith({ CREDIT: 'P61M' })).to.throw('longer than the law allows')
    expect(() => rulesWith({ WHATEVER: 'P1Y' })).to.throw('RETENTION_CLASS')
    expect(() => rulesWith({ CREDIT: '5 years' })).to.throw('RETENTION_PERIOD')
  })
})

describe('keeping time', function () {
  this.timeout(120_000)
  let store: TestDatabase
  let engine: Engine
  let remove: () => void

  before(async function () {
    if (!hasExtensions()) this.skip()
    store = await freshDatabase()
    const place = await freshLake()
    remove = place.remove
    engine = await openEngine({ ...place, catalogUrl: store.url })
  })
  after(async () => {
    engine?.close()
    remove?.()
    await store?.close()
  })

  const keep = (at: string) =>
    keepTime({ engine, database: store.database, rules: rulesWith(), now: new Date(at) })
  const ids = async (): Promise<unknown[]> =>
    (await engine.query('SELECT id FROM lake.bronze.source_records ORDER BY id')).map(r => r['id'])

  it('deletes a row from the very instant at which its time is over, and nothing a moment earlier', async () => {
    const row = (source: string, id: string, at: string) =>
      `('${source}', '${id}', 1, 'PERSON', '${PERSON.id}', TIMESTAMP '${at}', now(), 0, '{}', 'f')`
    await engine.write(NO_ROWS, ({ run }) =>
      run(
        `INSERT INTO lake.bronze.source_records VALUES ${[
          row('utilities', 'leap', '2024-02-29 10:00:00'),
          row('utilities', 'three-years', '2024-03-01 10:00:00'),
          row('credit_bureau', 'five-years', '2022-03-01 10:00:00'),
          row('social_behaviour', 'opted-in', '2000-01-01 00:00:00'),
          // In China it is 2017 already: the ten years begin a year later than UTC would say.
          row('bank_statements', 'year-2016', '2016-12-31 15:59:59'),
          row('bank_statements', 'year-2017', '2016-12-31 16:00:00'),
        ].join(', ')}`,
      ),
    )
    await keep('2026-12-31T15:59:59.999Z')
    expect(await ids()).to.have.length(6)
    await keep('2026-12-31T16:00:00Z')
    expect(await ids()).to.not.include('year-2016')
    expect(await ids()).to.include('year-2017')
    await keep('2027-02-28T10:00:00Z')
    expect(await ids()).to.not.include('leap')
    await keep('2027-03-01T09:59:59.999Z')
    expect(await ids()).to.include.members(['three-years', 'five-years'])
    await keep('2027-03-01T10:00:00Z')
    expect(await ids()).to.deep.equal(['opted-in', 'year-2017'])
  })

  it('writes into a book what it did, by day, table and class; a day without anything due is done all the same', async () => {
    const book = await store.database.query(
      'SELECT job, table_name, class, rows FROM lake_retention ORDER BY job, class',
    )
    const line = (day: string, name: string) => ({
      job: `retention ${day}`,
      table_name: 'bronze.source_records',
      class: name,
      rows: '1',
    })
    expect(book).to.deep.equal([
      line('2026-12-31', 'TRANSACTION'),
      line('2027-02-28', 'OPERATIONAL'),
      line('2027-03-01', 'CREDIT'),
      line('2027-03-01', 'OPERATIONAL'),
    ])
    const day = new Date('2027-03-02T00:00:00Z')
    expect(await isDue(store.database, day)).to.equal(true)
    const before = await engine.query('FROM lake.current_snapshot()')
    await keep(day.toISOString())
    expect(await engine.query('FROM lake.current_snapshot()')).to.deep.equal(before)
    expect(await isDue(store.database, day)).to.equal(false)
  })

  it('takes values of the ledger out when their time is over, and verify still proves the lake', async () => {
    const secrets = [{ key: 'W:one', value: { text: 'too dear', salt: 'ab' } }]
    const chain = linked([block(0, [{ secrets }]), block(1, [{ secrets }])])
    await createIngest(engine, OWN_MSP).take(chain.map(one => ({ block: one, atMs: 1 })))
    // Block 0 is of midnight, block 1 of a second later.
    await keep('2029-01-01T00:00:00Z')
    const report = await verifyLake({
      engine,
      ledger: ledgerOf(chain),
      ownMsp: OWN_MSP,
      redactions: redactionsIn(store.database),
    })
    expect(report.equal).to.equal(true)
    expect(report.redacted).to.deep.equal({ 'retention 2029-01-01': 1 })
  })

  it('a record that a source sends again of somebody forgotten is not kept, and no letter of it', async () => {
    await store.database.execute('INSERT INTO lake_forgotten VALUES ($1, $2, $3)', [
      listTag(KEY, PERSON),
      ALL,
      'x',
    ])
    const other = { kind: 'PERSON', id: 'pffeeddccbbaa9988' } as const
    const record = (subject: typeof PERSON | typeof other, caseNumber: unknown) => ({
      id: `r-${subject.id}-${String(caseNumber).length}`,
      revision: 1,
      subject,
      eventAt: '2026-01-04T16:00:00.000Z',
      body: {
        caseNumber,
        court: '杭州互联网法院',
        role: 'DEFENDANT',
        cause: 'OTHER',
        stage: 'CLOSED',
        stageOn: '2026-01-05',
        amountFen: 5,
      },
    })
    const records = [PERSON, other].flatMap(one => [record(one, '(2026)1'), record(one, '')])
    const batch = await screen({
      source: sourceOf('court_records'),
      state: NOTHING,
      page: { records, next: '1', more: false },
      arrivedAt: '2026-02-01T00:00:00.000Z',
      sink: memorySink(),
      consents: memoryConsents(),
      forgotten: forgottenIn(store.database, KEY),
    })
    expect(batch.records.map(({ subject }) => subject.id)).to.deep.equal([other.id])
    expect(batch.dead).to.have.length(1)
    expect(batch.next.totals.withoutConsent).to.equal(2)
    expect(JSON.stringify(batch)).to.not.include(PERSON.id)
  })
})

describe('retention and erasures over HTTP', function () {
  this.timeout(60_000)
  let gateway: TestGateway
  before(async () => {
    gateway = await testGateway()
  })
  after(() => gateway.close())

  const asked = { subject: `PERSON/${PERSON.id}`, reason: 'CONSENT_WITHDRAWN' as const }

  it('shows periods with their grounds, tables with their classes', async () => {
    const auditor = await gateway.user({ login: 'auditor', roles: ['auditor'] })
    const { classes, tables, days } = await auditor.call('lake.retention', {})
    expect(classes.map(one => one.class)).to.deep.equal([...CLASSES])
    expect(classes.find(one => one.class === 'CREDIT')).to.include({ keep: 'P5Y', atMost: 'P5Y' })
    expect(tables.find(one => one.table === 'bronze.source_records')?.classes).to.include('TAX')
    expect(days).to.deep.equal([])
  })

  it('who has no right, and who acts for a member, is refused; a malformed subject too', async () => {
    for (const role of ['operator', 'auditor', 'maker', 'checker', 'treasurer'] as const) {
      const user = await gateway.user({ login: `a-${role}`, roles: [role] })
      const code = await codeOf(user.call('lake.erasures.request', { body: asked }))
      expect(code, role).to.equal('ROLE_MISSING')
    }
    await gateway.store.database.execute(
      `INSERT INTO members (member_id, msp_id, kind, name, uscc, own)
       VALUES ('m0123456789abcdef', 'AllianceMSP', 'SUPPLIER', 'A', '91440304MA3476801A', true)`,
    )
    const member = await gateway.user({
      login: 'of-a-member',
      roles: ['compliance'],
      memberId: 'm0123456789abcdef',
    })
    expect(await codeOf(member.call('lake.erasures.request', { body: asked }))).to.equal(
      'ROLE_MISSING',
    )
    expect(await codeOf(member.call('lake.retention', {}))).to.equal('ROLE_MISSING')
    const carl = await gateway.user({ login: 'carl', roles: ['compliance'] })
    const body = { ...asked, subject: 'PERSON/Zhang San' }
    expect(await codeOf(carl.call('lake.erasures.request', { body }))).to.equal('SUBJECT_INVALID')
  })

  it('takes two persons; no answer and no table names whom it is about', async () => {
    const [anna, bert] = [
      await gateway.user({ login: 'anna', roles: ['compliance'] }),
      await gateway.user({ login: 'bert', roles: ['compliance'] }),
    ]
    const request = () => anna.call('lake.erasures.request', { body: asked })
    const { erasureId, step } = await request()
    expect(step).to.equal('REQUESTED')
    const decide = (who: typeof anna, id: string, approve: boolean) =>
      who.call('lake.erasures.decide', { params: { erasureId: id }, body: { approve } })
    expect(await codeOf(decide(anna, erasureId, true))).to.equal('MAKER_IS_CHECKER')
    expect((await decide(bert, erasureId, true)).step).to.equal('APPROVED')
    expect(await codeOf(decide(bert, erasureId, false))).to.equal('ERASURE_DECIDED')
    const refused = (await request()).erasureId
    expect((await decide(bert, refused, false)).step).to.equal('REFUSED')
    const shown = await bert.call('lake.erasures.get', { params: { erasureId } })
    expect(shown).to.not.have.property('proof')
    expect(
      await codeOf(bert.call('lake.erasures.get', { params: { erasureId: 'none' } })),
    ).to.equal('OBJECT_UNKNOWN')
    const rows = await gateway.store.database.query<{ text: string; sealed: Buffer | null }>(
      `SELECT e::text AS text, sealed FROM lake_erasures e ORDER BY requested_at`,
    )
    expect(rows.map(({ sealed }) => sealed === null)).to.deep.equal([false, true])
    expect(JSON.stringify(rows)).to.not.include(PERSON.id)
    const stored = await gateway.store.database.query('SELECT t::text FROM idempotency t')
    expect(JSON.stringify(stored)).to.not.include(PERSON.id)
  })
})
