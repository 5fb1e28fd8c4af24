import { expect } from 'chai'
import fc from 'fast-check'
import { CodedError } from '../../platform/faults.ts'
import type { SourceClient } from './client.ts'
import { createPuller, type PullerOptions } from './puller.ts'
import type { SourceSink } from './sink.ts'
import type { Subject } from './source.ts'
import { memoryConsents, memorySink, socialRecord, type RawRecord } from './testing.ts'

const NOW = Date.parse('2026-10-20T00:00:00.000Z')
const DAY_MS = 86_400_000
const SOURCE = 'social_behaviour'
const personOf = (digit: number): Subject => ({ kind: 'PERSON', id: `p${`${digit}`.repeat(16)}` })
const [ANNA, BERT, CARL] = [personOf(1), personOf(2), personOf(3)]
const PERSONS = [ANNA, BERT, CARL]
const quiet = { warn: () => undefined, info: () => undefined }

/** A source with a memory, pages of two, and a clock that goes on a minute with every attempt. */
function worldOf(told: RawRecord[] = []) {
  const sink = memorySink()
  const consents = memoryConsents()
  const asked: (string | undefined)[] = []
  const world = { nowMs: NOW, faultAt: (_: string | undefined): boolean => false }
  const client: SourceClient = {
    async page(_, after) {
      asked.push(after)
      if (world.faultAt(after)) throw new CodedError('SOURCE_STATUS', { detail: 'of the test' })
      const from = Number(after ?? 0)
      const until = Math.min(from + 2, told.length)
      return { records: told.slice(from, until), next: `${until}`, more: until < told.length }
    },
  }
  const pullerWith = (more: Partial<PullerOptions> = {}) =>
    createPuller({
      client,
      sink,
      consents,
      log: quiet,
      now: () => (world.nowMs += 60_000),
      chance: () => 0,
      ...more,
    })
  return { world, sink, consents, asked, told, pullerWith, puller: pullerWith() }
}

async function settle({ puller }: Pick<ReturnType<typeof worldOf>, 'puller'>): Promise<void> {
  while ((await puller.attempt(SOURCE)).kind === 'MORE');
}

const ids = (records: readonly { readonly id: string }[]) => records.map(({ id }) => id).sort()
const said = (count: number, of: readonly Subject[] = PERSONS): RawRecord[] =>
  Array.from({ length: count }, (_, at) => socialRecord(`S-${at}`, of[at % of.length]))

describe('a consent that is given late', () => {
  it('brings what was said before it, once, as of the moment it came, and moves no other total', async () => {
    const it = worldOf(said(9))
    it.consents.grant(SOURCE, BERT)
    await settle(it)
    const before = it.puller.status(SOURCE)
    expect(ids(it.sink.records)).to.deep.equal(['S-1', 'S-4', 'S-7'])
    it.consents.grant(SOURCE, ANNA)
    const grantedMs = it.world.nowMs
    await settle(it)
    await settle(it)
    expect(ids(it.sink.records)).to.deep.equal(['S-0', 'S-1', 'S-3', 'S-4', 'S-6', 'S-7'])
    const late = it.sink.records.filter(({ subject }) => subject.id === ANNA.id)
    for (const { arrivedAt } of late) expect(Date.parse(arrivedAt)).to.be.above(grantedMs)
    const { records, duplicates, withoutConsent, drift, retold } = it.puller.status(SOURCE)
    expect({ records, duplicates, withoutConsent, drift }).to.deep.equal({
      records: 6,
      duplicates: 0,
      withoutConsent: before.withoutConsent,
      drift: {},
    })
    expect(retold).to.include({ read: 9, kept: 3 })
  })

  it('is taken up with all others before it in one retelling, and one given meanwhile in the next', async () => {
    const it = worldOf(said(12))
    await settle(it)
    for (const person of [ANNA, BERT]) it.consents.grant(SOURCE, person)
    const from = it.asked.length
    await it.puller.attempt(SOURCE)
    expect(it.puller.status(SOURCE)).to.deep.include({ lateConsents: 2 })
    expect(it.puller.status(SOURCE).retelling).to.include({ read: 2, kept: 2 })
    it.consents.grant(SOURCE, CARL)
    await settle(it)
    expect(it.asked.slice(from).filter(after => after === undefined)).to.have.length(1)
    expect(it.sink.records).to.have.length(8)
    expect(it.puller.status(SOURCE).retelling).to.equal(undefined)
    await it.puller.attempt(SOURCE)
    expect(it.puller.status(SOURCE)).to.include({ lateConsents: 1 })
    it.world.nowMs += DAY_MS
    await settle(it)
    expect(ids(it.sink.records)).to.deep.equal(ids(it.told))
    expect(it.puller.status(SOURCE)).to.include({ lateConsents: 0, duplicates: 0 })
  })

  it('cannot make a source tell for ever: between two retellings it rests as long as the last one took', async () => {
    const it = worldOf(said(60))
    await settle(it)
    let [told, quietly] = [0, 0]
    for (let at = 0; at < 600; at += 1) {
      const id = `p${at.toString(16).padStart(16, '0')}`
      it.consents.grant(SOURCE, at === 0 ? ANNA : { kind: 'PERSON', id })
      await it.puller.attempt(SOURCE)
      if (it.puller.status(SOURCE).retelling) told += 1
      else quietly += 1
    }
    expect(told).to.be.above(0)
    expect(quietly).to.be.at.least(told)
    expect(it.sink.records).to.have.length(20)
  })

  it('makes nobody tell again where nobody was passed over: who consents first has missed nothing', async () => {
    const it = worldOf(said(3, [ANNA]))
    it.consents.grant(SOURCE, ANNA)
    await settle(it)
    it.consents.grant(SOURCE, BERT)
    it.told.push(socialRecord('S-10', BERT))
    await settle(it)
    it.told.push(socialRecord('S-11', CARL))
    await settle(it)
    expect(it.puller.status(SOURCE)).to.include({ records: 4, withoutConsent: 1, lateConsents: 0 })
    expect(it.puller.status(SOURCE).retold).to.equal(undefined)
    expect(it.asked.filter(after => after === undefined)).to.have.length(1)
  })

  it('brings nothing once it is withdrawn, in the middle of a retelling', async () => {
    const it = worldOf(said(9, [ANNA]))
    await settle(it)
    it.consents.grant(SOURCE, ANNA)
    await it.puller.attempt(SOURCE)
    it.consents.withdraw(SOURCE, ANNA)
    await settle(it)
    expect(it.sink.records).to.have.length(2)
    expect(it.puller.status(SOURCE)).to.include({ lateConsents: 0, withoutConsent: 9 })
    // A new yes is a new consent: what was told again under the first is known, the rest comes.
    it.consents.grant(SOURCE, ANNA)
    it.world.nowMs += DAY_MS
    await settle(it)
    expect(ids(it.sink.records)).to.deep.equal(ids(it.told))
  })

  it('has its dead letters written once, and those of others not again', async () => {
    const broken = (id: string, subject: Subject) => ({ ...socialRecord(id, subject), body: {} })
    const it = worldOf([broken('S-0', BERT), broken('S-1', ANNA), socialRecord('S-2', ANNA)])
    it.consents.grant(SOURCE, BERT)
    await settle(it)
    it.consents.grant(SOURCE, ANNA)
    it.told.push(broken('S-3', ANNA))
    await settle(it)
    await settle(it)
    expect(it.sink.dead.map(({ raw }) => raw)).to.have.members(
      [0, 3, 1].map(at => JSON.stringify(it.told[at])),
    )
    expect(it.puller.status(SOURCE)).to.include({ deadLetters: 3, records: 1 })
  })

  it('does not keep new records waiting when a page of the past is refused, and the status says so', async () => {
    const it = worldOf(said(5, [ANNA]))
    await settle(it)
    it.consents.grant(SOURCE, ANNA)
    await it.puller.attempt(SOURCE)
    it.world.faultAt = after => after === '2'
    it.told.push(socialRecord('S-9', ANNA))
    await it.puller.attempt(SOURCE)
    expect(ids(it.sink.records)).to.deep.equal(['S-0', 'S-1', 'S-9'])
    expect(it.puller.status(SOURCE)).to.include({ state: 'FAILING', lateConsents: 1 })
    it.world.faultAt = () => false
    await settle(it)
    expect(ids(it.sink.records)).to.deep.equal(ids(it.told))
    expect(it.puller.status(SOURCE)).to.include({ state: 'FRESH', duplicates: 0 })
  })

  it('of two processes that have a source tell again, one brings each page', async () => {
    const it = worldOf(said(8))
    await settle(it)
    it.consents.grant(SOURCE, ANNA)
    const both = [it.pullerWith(), it.pullerWith()]
    for (let at = 0; at < 12; at += 1) await Promise.all(both.map(one => one.attempt(SOURCE)))
    expect(ids(it.sink.records)).to.deep.equal(['S-0', 'S-3', 'S-6'])
    expect((await it.sink.state(SOURCE)).totals).to.include({ records: 3, duplicates: 0 })
  })

  type Step = 'GRANT' | 'WITHDRAW' | 'TELL' | 'PULL' | 'DIE_BEFORE' | 'DIE_AFTER'
  interface Happening {
    readonly what: Step
    readonly whom: Subject
  }

  /** Lets it all happen; who stands in the end, and when each consented first. */
  async function live(it: ReturnType<typeof worldOf>, happenings: readonly Happening[]) {
    const standing = new Set<string>()
    const firstMs = new Map<string, number>()
    const mortal = (death: Step): SourceSink => ({
      ...it.sink,
      async deliver(batch) {
        if (death === 'DIE_BEFORE') throw new Error('killed')
        await it.sink.deliver(batch)
        if (death === 'DIE_AFTER') throw new Error('killed')
      },
    })
    for (const { what, whom } of happenings)
      switch (what) {
        case 'TELL':
          it.told.push(socialRecord(`S-${it.told.length}`, whom))
          break
        case 'GRANT':
          it.consents.grant(SOURCE, whom)
          standing.add(whom.id)
          firstMs.set(whom.id, firstMs.get(whom.id) ?? it.world.nowMs)
          break
        case 'WITHDRAW':
          it.consents.withdraw(SOURCE, whom)
          standing.delete(whom.id)
          break
        default:
          // A new process each time: it knows nothing but what the sink knows.
          await it.pullerWith({ sink: mortal(what) }).attempt(SOURCE)
      }
    return { standing, firstMs }
  }

  it('brings each record once, whatever is granted, withdrawn, told and killed in between', async () => {
    const steps = ['GRANT', 'WITHDRAW', 'TELL', 'PULL', 'PULL', 'DIE_BEFORE', 'DIE_AFTER'] as const
    const happening = fc.record({
      what: fc.constantFrom<Step>(...steps),
      whom: fc.constantFrom(...PERSONS),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 40 }), async happenings => {
        const it = worldOf()
        const { standing, firstMs } = await live(it, happenings)
        for (let at = 0; at < 120; at += 1) await it.puller.attempt(SOURCE)
        const kept = ids(it.sink.records)
        expect(new Set(kept).size).to.equal(kept.length)
        const wanted = it.told.filter(({ subject }) => standing.has(subject.id))
        expect(kept).to.include.members(ids(wanted))
        for (const { subject, arrivedAt } of it.sink.records)
          expect(Date.parse(arrivedAt)).to.be.above(firstMs.get(subject.id) ?? Infinity)
        const { totals, position } = await it.sink.state(SOURCE)
        expect(totals).to.include({ records: kept.length, duplicates: 0 })
        expect(totals.withoutConsent).to.be.at.most(it.told.length)
        expect(Number(position ?? 0)).to.equal(it.told.length)
      }),
      { numRuns: 150 },
    )
  })
})
