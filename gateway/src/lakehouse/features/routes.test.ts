import { expect } from 'chai'
import { codeOf, testGateway, type TestGateway } from '../../testing/gateway.ts'
import { FEATURES } from './catalogue/index.ts'
import { memberSubject } from './kind.ts'
import { DAY_MS } from './testing.ts'

const [MINE, OTHER] = ['m00000000000000aa', 'm00000000000000bb']

describe('the features of a member over HTTP', function () {
  this.timeout(60_000)
  let gateway: TestGateway
  const nowMs = Date.now()

  before(async () => {
    gateway = await testGateway()
    const { database } = gateway.store
    for (const [id, uscc] of [
      [MINE, 'CODE-A'],
      [OTHER, 'CODE-B'],
    ] as const) {
      await database.execute(
        `INSERT INTO members (member_id, msp_id, kind, name, uscc, own)
         VALUES ($1, 'AllianceMSP', 'SUPPLIER', $1, $2, true)`,
        [id, uscc],
      )
      await entry(`late-${id}`, memberSubject(uscc), nowMs - 40 * DAY_MS, nowMs - DAY_MS)
      await entry(`old-${id}`, memberSubject(uscc), nowMs - 50 * DAY_MS, nowMs - 49 * DAY_MS)
    }
  })
  after(() => gateway?.close())

  const entry = (key: string, subject: string, eventMs: number, arrivedMs: number) =>
    gateway.store.database.execute(
      `INSERT INTO feature_facts (kind, key, revision, subject, event_us, arrived_us, cells)
       VALUES ('bank_entry', $1, 1, $2, $3, $4, '[500,500,900,"CRDT","TRADE","abc"]')`,
      [key, subject, eventMs * 1000, arrivedMs * 1000],
    )

  it('answers each value with its version, its source, and the newest facts that it rests on', async () => {
    const staff = await gateway.user({ login: 'auditor', roles: ['auditor'] })
    const answer = await staff.call('features.get', { params: { memberId: MINE } })
    expect(answer.values).to.have.length(FEATURES.length)
    const value = answer.values.find(({ name }) => name === 'bank_in_90d')
    expect(value).to.deep.equal({
      name: 'bank_in_90d',
      version: FEATURES.find(({ name }) => name === 'bank_in_90d')?.version,
      source: 'bank_statements',
      unit: 'FEN',
      value: 1_000,
      newestEventAt: new Date(nowMs - 40 * DAY_MS).toISOString(),
      newestArrivalAt: new Date(nowMs - DAY_MS).toISOString(),
      // Statements are expected every few days.
      isFresh: false,
    })
    const unknown = answer.values.find(({ name }) => name === 'vat_sales_90d')
    expect(unknown).to.include({ value: null }).and.not.have.property('newestEventAt')
  })

  it('answers for a moment of the past with what had arrived by then, and for none that is to come', async () => {
    const staff = await gateway.user({ login: 'operator', roles: ['operator'] })
    const at = new Date(nowMs - 2 * DAY_MS).toISOString()
    const past = await staff.call('features.get', { params: { memberId: MINE }, query: { at } })
    expect(past.values.find(({ name }) => name === 'bank_in_90d')?.value).to.equal(500)
    const ahead = new Date(nowMs + DAY_MS).toISOString()
    const call = { params: { memberId: MINE }, query: { at: ahead } }
    expect(await codeOf(staff.call('features.get', call))).to.equal('MOMENT_AHEAD')
  })

  it('shows a member its own and nobody else’s, and the catalogue to staff of the organisation only', async () => {
    const own = await gateway.user({ login: 'own', roles: ['treasurer'], memberId: MINE })
    const answer = await own.call('features.get', { params: { memberId: MINE } })
    expect(answer.memberId).to.equal(MINE)
    const other = own.call('features.get', { params: { memberId: OTHER } })
    expect(await codeOf(other)).to.equal('OBJECT_UNKNOWN')
    expect(await codeOf(own.call('features.list', {}))).to.equal('ROLE_MISSING')
    const maker = await gateway.user({ login: 'maker', roles: ['maker'] })
    const refused = maker.call('features.get', { params: { memberId: MINE } })
    expect(await codeOf(refused)).to.equal('ROLE_MISSING')
  })

  it('lists every definition with its rule, and how fresh each source is', async () => {
    const staff = await gateway.user({ login: 'compliance', roles: ['compliance'] })
    const { features, sources } = await staff.call('features.list', {})
    const one = features.find(({ name }) => name === 'bank_in_90d')
    expect(one?.words).to.deep.equal({ zh: '近90天入账金额', en: 'money in, last 90 days' })
    expect(one?.rule).to.include({ is: 'sum', value: 'amountFen', days: 90, kind: 'bank_entry' })
    expect(sources).to.have.length(13)
    const bank = sources.find(({ source }) => source === 'bank_statements')
    expect(bank).to.include({ isFresh: false, freshDays: 4 })
    expect(bank?.newestEventAt).to.equal(new Date(nowMs - 40 * DAY_MS).toISOString())
  })
})
