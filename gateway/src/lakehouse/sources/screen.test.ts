import { expect } from 'chai'
import { CATALOGUE } from './catalogue/index.ts'
import { DRIFT_NAMES_MAX, screen } from './screen.ts'
import { RAW_MAX, type SourceState } from './sink.ts'
import type { Source, Subject } from './source.ts'
import { customsRecord, MEMBER, memoryConsents, memorySink, socialRecord } from './testing.ts'

const OTHER: Subject = { kind: 'PERSON', id: 'pfedcba9876543210' }

describe('the screening of a page', () => {
  const setUp = () => ({ sink: memorySink(), consents: memoryConsents() })

  async function take(
    world: ReturnType<typeof setUp>,
    source: Source,
    records: readonly unknown[],
    arrivedAt = '2026-10-20T00:00:00.000Z',
  ) {
    const state: SourceState = await world.sink.state(source.name)
    const next = `${Number(state.position ?? 0) + 1}`
    const page = { records, next, more: false }
    const batch = await screen({ source, state, page, arrivedAt, ...world })
    await world.sink.deliver(batch)
    return batch
  }

  it('drops what came before with the same content, in this page or another', async () => {
    const world = setUp()
    const record = customsRecord('D-1')
    const first = await take(world, CATALOGUE.customs, [record, record])
    const second = await take(world, CATALOGUE.customs, [record])
    expect(first.records).to.have.length(1)
    expect(second.records).to.be.empty
    expect(second.next.totals).to.include({ records: 1, duplicates: 2, dead: 0 })
  })

  it('makes a dead letter of another content under the same id and revision, and keeps the first', async () => {
    const world = setUp()
    const other = { ...customsRecord('D-1'), body: { ...customsRecord('D-1').body, weightKg: 1 } }
    await take(world, CATALOGUE.customs, [customsRecord('D-1'), other])
    await take(world, CATALOGUE.customs, [other])
    expect(world.sink.dead.map(({ code }) => code)).to.deep.equal(
      Array(2).fill('CONFLICTING_REVISION'),
    )
    expect(world.sink.dead[0]?.raw).to.equal(JSON.stringify(other))
    expect(world.sink.records.map(({ body }) => body['weightKg'])).to.deep.equal([1_200])
  })

  it('keeps a correction beside what it corrects, even when it comes first', async () => {
    const world = setUp()
    const corrected = { ...customsRecord('D-1'), revision: 2 }
    await take(world, CATALOGUE.customs, [corrected])
    await take(world, CATALOGUE.customs, [customsRecord('D-1')])
    expect(world.sink.records.map(({ revision }) => revision)).to.deep.equal([2, 1])
    expect(world.sink.dead).to.be.empty
  })

  it('takes events that come days late, and keeps when each happened and when it came', async () => {
    const world = setUp()
    await take(
      world,
      CATALOGUE.customs,
      [customsRecord('D-2', '2026-10-15')],
      '2026-10-16T00:00:00.000Z',
    )
    await take(
      world,
      CATALOGUE.customs,
      [customsRecord('D-1', '2026-10-05')],
      '2026-10-20T00:00:00.000Z',
    )
    const times = world.sink.records.map(({ eventAt, arrivedAt }) => [eventAt, arrivedAt])
    expect(times).to.deep.equal([
      ['2026-10-15T02:00:00.000Z', '2026-10-16T00:00:00.000Z'],
      ['2026-10-05T02:00:00.000Z', '2026-10-20T00:00:00.000Z'],
    ])
    const { totals } = await world.sink.state('customs')
    expect(totals.lastEventAt).to.equal('2026-10-15T02:00:00.000Z')
    expect(totals.lastArrivalAt).to.equal('2026-10-20T00:00:00.000Z')
  })

  it('keeps the good records of a page that has bad ones', async () => {
    const world = setUp()
    const bad = { ...customsRecord('D-2'), body: {} }
    await take(world, CATALOGUE.customs, [customsRecord('D-1'), bad, null, customsRecord('D-3')])
    expect(world.sink.records.map(({ id }) => id)).to.deep.equal(['D-1', 'D-3'])
    expect(world.sink.dead.map(({ code, path }) => [code, path])).to.deep.equal([
      ['FIELD_MISSING', 'body.declaration'],
      ['NOT_AN_OBJECT', ''],
    ])
  })

  it('cuts a dead letter that is too long, to text that can be stored', async () => {
    const world = setUp()
    // Of two neighbouring lengths one is cut between the halves of a character.
    const long = ['x', 'xx'].map(start => ({ a: '\0', b: `${start}${'😀'.repeat(RAW_MAX)}` }))
    await take(world, CATALOGUE.customs, long)
    expect(world.sink.dead).to.have.length(2)
    for (const { raw, isCut } of world.sink.dead) {
      expect(isCut).to.equal(true)
      expect(raw).to.have.length(RAW_MAX)
      expect(raw?.isWellFormed()).to.equal(true)
      expect(raw).to.not.include('\0')
    }
  })

  it('outlives a record that is nested deeper than the stack', async () => {
    const world = setUp()
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) as unknown
    await take(world, CATALOGUE.customs, [deep, { id: 'D-1', body: deep }, customsRecord('D-2')])
    expect(world.sink.records).to.have.length(1)
    expect(world.sink.dead).to.have.length(2)
  })

  it('counts fields that the schema does not have, by name, and only so many names', async () => {
    const world = setUp()
    const drifting = (id: string, field: string) => ({
      ...customsRecord(id),
      body: { ...customsRecord(id).body, [field]: 1 },
    })
    await take(world, CATALOGUE.customs, [drifting('D-1', 'vessel'), drifting('D-2', 'vessel')])
    expect((await world.sink.state('customs')).totals.drift).to.deep.equal({ vessel: 2 })
    const invented = Array.from({ length: 100 }, (_, at) => drifting(`E-${at}`, `f${at}`))
    await take(world, CATALOGUE.customs, invented)
    const { drift } = (await world.sink.state('customs')).totals
    expect(Object.keys(drift)).to.have.length(DRIFT_NAMES_MAX + 1)
    expect(Object.values(drift).reduce((a, b) => a + b)).to.equal(102)
    expect(world.sink.records).to.have.length(102)
  })

  describe('of a source that asks its subjects', () => {
    const social = CATALOGUE.social_behaviour

    it('keeps nothing of a subject who has not said yes: no record, no letter, no drift, no id', async () => {
      const world = setUp()
      world.consents.grant('social_behaviour', OTHER)
      const broken = { ...socialRecord('S-2'), body: { phone: '13800001111', secret: 1 } }
      await take(world, social, [socialRecord('S-1'), broken, socialRecord('S-3', OTHER)])
      expect(world.sink.records.map(({ id }) => id)).to.deep.equal(['S-3'])
      const [batch] = world.sink.batches
      expect(batch?.dead).to.be.empty
      expect(batch?.drift).to.deep.equal({})
      expect(batch?.next.totals.withoutConsent).to.equal(2)
      expect(JSON.stringify(batch)).to.not.include('p0123456789abcdef')
    })

    it('keeps nothing more once the yes is taken back, and consent to one source is none to another', async () => {
      const world = setUp()
      world.consents.grant('social_behaviour', OTHER)
      world.consents.grant('credit_bureau', socialRecord('S').subject)
      await take(world, social, [socialRecord('S-1', OTHER), socialRecord('S-2')])
      world.consents.withdraw('social_behaviour', OTHER)
      await take(world, social, [socialRecord('S-3', OTHER)])
      expect(world.sink.records.map(({ id }) => id)).to.deep.equal(['S-1'])
    })

    it('keeps no content of a record that does not say whose it is', async () => {
      const world = setUp()
      await take(world, social, [{ ...socialRecord('S-1'), subject: '张小明' }, '张小明'])
      expect(world.sink.dead.map(({ code }) => code)).to.deep.equal([
        'SUBJECT_INVALID',
        'NOT_AN_OBJECT',
      ])
      expect(JSON.stringify(world.sink.batches)).to.not.match(/张小明|13800001111/)
    })

    it('keeps no content of a person from a source that has no ground to speak of persons', async () => {
      const world = setUp()
      await take(world, CATALOGUE.customs, [{ ...customsRecord('D-1'), subject: OTHER }])
      expect(world.sink.dead.map(({ code, raw }) => [code, raw])).to.deep.equal([
        ['SUBJECT_KIND', undefined],
      ])
    })

    it('tells the sink on whose consent the batch rests, dead letters included', async () => {
      const world = setUp()
      world.consents.grant('social_behaviour', OTHER)
      const broken = await take(world, social, [{ ...socialRecord('S-1', OTHER), body: {} }])
      expect(broken.dead[0]?.raw).to.include(OTHER.id)
      expect(broken.consentOf).to.deep.equal([`PERSON/${OTHER.id}`])
    })
  })

  it('asks a member for its credit report but not for its customs declarations', async () => {
    const world = setUp()
    await take(world, CATALOGUE.customs, [customsRecord('D-1')])
    expect(world.sink.records).to.have.length(1)
    const report = { ...customsRecord('R-1'), subject: MEMBER }
    const batch = await take(world, CATALOGUE.credit_bureau, [report])
    expect(batch.next.totals.withoutConsent).to.equal(1)
    expect(batch.dead).to.be.empty
  })
})
