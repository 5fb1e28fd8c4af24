import { expect } from 'chai'
import type { GatewayProblem } from '../../client/index.ts'
import { type Client } from '../../client/index.ts'
import { testGateway, type TestGateway } from '../../testing/gateway.ts'
import { createJournal } from '../journal.ts'
import { SOURCE_NAMES } from './source.ts'
import { MEMBER, PERSON } from './testing.ts'

describe('sources and consents over HTTP', function () {
  this.timeout(30_000)
  let gateway: TestGateway
  let operator: Client
  let auditor: Client
  let maker: Client
  let compliance: Client

  before(async () => {
    gateway = await testGateway()
    operator = await gateway.user({ login: 'operator', roles: ['operator'] })
    auditor = await gateway.user({ login: 'auditor', roles: ['auditor'] })
    maker = await gateway.user({ login: 'maker', roles: ['maker'] })
    compliance = await gateway.user({ login: 'compliance', roles: ['compliance'] })
  })
  after(() => gateway?.close())

  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'none',
      (error: GatewayProblem) => error.code ?? '',
    )
  const grantTo = (client: Client) =>
    client.call('consents.grant', {
      body: { subject: PERSON, source: 'social_behaviour', form: 'OPT_IN' },
    })

  it('name all thirteen, with words, grounds and fields, also where nothing has ever come', async () => {
    const { items } = await auditor.call('lake.sources', {})
    expect(items.map(({ source }) => source)).to.deep.equal([...SOURCE_NAMES])
    const bureau = items.find(({ source }) => source === 'credit_bureau')
    expect(bureau).to.deep.include({ state: 'NEVER', records: 0, retention: 'CREDIT' })
    expect(bureau?.consent.PERSON?.kind).to.equal('WRITTEN_CONSENT')
    expect(bureau?.fields.find(({ name }) => name === 'lender')).to.deep.include({
      column: 'lender',
      type: 'VARCHAR',
      masking: 'NAME',
    })
  })

  it('hold what a process has said last against the clock: old events are STALE, and a silent process FAILING', async () => {
    const { database } = gateway.store
    const journal = createJournal(database, error => {
      throw error
    })
    const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()
    const facts = { state: 'FRESH', records: 3, lastEventAt: ago(60), nextAttemptAt: ago(0) }
    journal.stream('source/customs', { facts })
    journal.stream('source/logistics', { facts: { ...facts, lastEventAt: ago(60 * 24 * 30) } })
    journal.stream('source/utilities', { facts: { ...facts, nextAttemptAt: ago(60) } })
    journal.stream('source/ecommerce', {
      fault: 'SOURCE_STATUS: status 503',
      facts: { ...facts, state: 'FAILING' },
    })
    await journal.settled()
    const { items } = await operator.call('lake.sources', {})
    const stateOf = (name: string) => items.find(({ source }) => source === name)
    expect(stateOf('customs')).to.include({ state: 'FRESH', records: 3 })
    expect(stateOf('logistics')).to.include({ state: 'STALE' })
    expect(stateOf('utilities')).to.include({ state: 'FAILING', fault: 'its process is silent' })
    expect(stateOf('ecommerce')).to.include({ fault: 'SOURCE_STATUS: status 503' })
  })

  it('a consent is noted by an operator, read by an auditor, and by nobody else', async () => {
    const { consentId } = await grantTo(operator)
    expect(await codeOf(grantTo(auditor))).to.equal('ROLE_MISSING')
    expect(await codeOf(maker.call('consents.list', { query: {} }))).to.equal('ROLE_MISSING')
    const query = { source: 'social_behaviour', standing: 'true' } as const
    const listed = await auditor.call('consents.list', { query })
    expect(listed.items).to.have.length(1)
    expect(listed.items[0]).to.deep.include({ consentId, subject: PERSON, form: 'OPT_IN' })
    const ended = await operator.call('consents.withdraw', { params: { consentId } })
    expect(Date.parse(ended.withdrawnAt ?? '')).to.be.at.least(Date.parse(ended.grantedAt))
    expect((await auditor.call('consents.list', { query })).items).to.be.empty
    const all = await auditor.call('consents.list', { query: { subjectId: PERSON.id } })
    expect(all.items).to.deep.equal([ended])
  })

  it('a withdrawal asks for the deletion of what rests on it: once, decided, and compliance sees it', async () => {
    const { consentId } = await grantTo(operator)
    const { erasureId } = await operator.call('consents.withdraw', { params: { consentId } })
    if (erasureId === undefined) throw new Error('no deletion was asked for')
    const again = await operator.call('consents.withdraw', { params: { consentId } })
    expect(again.erasureId).to.equal(erasureId)
    const params = { erasureId }
    const erasure = await compliance.call('lake.erasures.get', { params })
    expect(erasure).to.include({
      source: 'social_behaviour',
      reason: 'CONSENT_WITHDRAWN',
      step: 'APPROVED',
      consentId,
    })
    expect(erasure).to.not.have.property('decidedBy')
    expect(JSON.stringify(erasure)).to.not.include(PERSON.id)
    const refused = compliance.call('lake.erasures.decide', { params, body: { approve: false } })
    expect(await codeOf(refused)).to.equal('ERASURE_DECIDED')
  })

  it('lists consents page by page, none of them twice', async () => {
    for (const source of ['utilities', 'ecommerce', 'land_production'] as const)
      await operator.call('consents.grant', {
        body: { subject: PERSON, source, form: 'SEPARATE_CONSENT' },
      })
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const query = { limit: 2, ...(cursor === undefined ? {} : { cursor }) }
      const { items, nextCursor } = await auditor.call('consents.list', { query })
      seen.push(...items.map(({ consentId }) => consentId))
      cursor = nextCursor
    } while (cursor !== undefined)
    expect(seen).to.have.length(5)
    expect(new Set(seen).size).to.equal(5)
  })

  it('refuses a subject that is none, and a form that the law does not know for it', async () => {
    const grant = (subject: { kind: 'MEMBER' | 'PERSON'; id: string }) =>
      codeOf(
        operator.call('consents.grant', {
          body: { subject, source: 'credit_bureau', form: 'OPT_IN' },
        }),
      )
    expect(await grant({ kind: 'PERSON', id: '310101199001011234' })).to.equal('SUBJECT_INVALID')
    expect(await grant({ kind: 'MEMBER', id: '91310115MA1K4ABC4X' })).to.equal('SUBJECT_INVALID')
    expect(await grant(MEMBER)).to.equal('CONSENT_FORM')
    const consentId = 'nobody'
    expect(await codeOf(operator.call('consents.withdraw', { params: { consentId } }))).to.equal(
      'OBJECT_UNKNOWN',
    )
  })

  it('answers about dead letters that this gateway knows no lake', async () => {
    const asked = operator.call('lake.deadLetters', { params: { source: 'customs' }, query: {} })
    expect(await codeOf(asked)).to.equal('LAKE_ABSENT')
  })
})
