import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { openSecrets, type Secrets } from '../../platform/secrets.ts'
import { freshDatabase, type TestDatabase } from '../../testing/postgres.ts'
import { openEngine, type Engine, type EngineOptions } from '../engine.ts'
import { derivedSchema } from '../schema.ts'
import { freshLake, hasExtensions } from '../testing/place.ts'
import { CATALOGUE } from './catalogue/index.ts'
import { createConsents, grantConsent, withdrawConsent, type ConsentRegister } from './consents.ts'
import { MASKINGS } from './fields.ts'
import { createLakeSink } from './lakeSink.ts'
import { maskText } from './mask.ts'
import { screen, screenAgain } from './screen.ts'
import type { Batch, SourceSink } from './sink.ts'
import type { SourceName, Subject } from './source.ts'
import { maskedSql, SOURCE_TABLES, sourceRows, sourceTable } from './tables.ts'
import { customsRecord, PERSON, socialRecord, type RawRecord } from './testing.ts'

const ARRIVED = '2026-10-20T00:00:00.000Z'

describe('the lake as a sink of sources', function () {
  this.timeout(60_000)
  let store: TestDatabase
  let place: EngineOptions & { remove(): void }
  let engine: Engine
  let consents: ConsentRegister
  let sink: SourceSink
  let secrets: Secrets
  let folder: string

  before(async function () {
    if (!hasExtensions()) this.skip()
    folder = mkdtempSync(path.join(os.tmpdir(), 'secrets-'))
    secrets = openSecrets(path.join(folder, 'secrets.json'))
    store = await freshDatabase()
    place = await freshLake()
    engine = await openEngine(place)
    consents = createConsents(store.database)
    sink = createLakeSink({ engine, consents, gatherMs: 5 })
  })
  after(async () => {
    engine?.close()
    place?.remove()
    if (folder) rmSync(folder, { recursive: true, force: true })
    await store?.close()
  })

  /** A page as it came, screened as the puller does. */
  async function batchOf(source: SourceName, records: readonly RawRecord[]): Promise<Batch> {
    const state = await sink.state(source)
    const next = String(Number(state.position ?? 0) + records.length)
    const page = { records, next, more: false }
    return screen({ source: CATALOGUE[source], state, page, arrivedAt: ARRIVED, sink, consents })
  }
  const deliver = async (source: SourceName, records: readonly RawRecord[]) =>
    sink.deliver(await batchOf(source, records))
  const idsIn = async (table: string, where = 'true'): Promise<string[]> =>
    (
      await engine.query<{ id: string }>(
        `SELECT id || '/' || revision AS id FROM lake.${table} WHERE ${where} ORDER BY arrival`,
      )
    ).map(({ id }) => id)

  const withdraw = (consentId: string, by = 'u1') =>
    withdrawConsent(store.database, secrets, { consentId, by })
  const grantPerson = (source: 'social_behaviour') =>
    grantConsent(store.database, { subject: PERSON, source, form: 'OPT_IN' }, 'u1')

  it('takes a batch once: the second of two finds the position moved, and another process sees the state', async () => {
    const batch = await batchOf('customs', [customsRecord('D-1'), customsRecord('D-2')])
    await sink.deliver(batch)
    const again = await sink.deliver(batch).catch((error: unknown) => error)
    expect(again).to.include({ code: 'POSITION_MOVED' })
    expect(await idsIn('bronze.source_records')).to.deep.equal(['D-1/1', 'D-2/1'])
    const other = createLakeSink({ engine, consents, gatherMs: 0 })
    expect(await other.state('customs')).to.deep.equal(batch.next)
    expect(await other.known('customs', [{ id: 'D-2', revision: 1 }])).to.deep.equal(
      new Map([['D-2/1', batch.records[1]?.fingerprint]]),
    )
  })

  it('takes batches of several sources in one commit; one that is refused leaves the others alone', async () => {
    await grantPerson('social_behaviour')
    const [customs, social] = [
      await batchOf('customs', [customsRecord('D-3')]),
      await batchOf('social_behaviour', [socialRecord('S-1')]),
    ]
    const ecommerce: Batch = { ...customs, source: 'ecommerce', after: 'elsewhere', records: [] }
    const snapshots = async () =>
      (await engine.query('SELECT snapshot_id FROM lake.snapshots()')).length
    const before = await snapshots()
    const outcomes = await Promise.allSettled([customs, social, ecommerce].map(sink.deliver))
    expect(outcomes.map(({ status }) => status)).to.deep.equal([
      'fulfilled',
      'fulfilled',
      'rejected',
    ])
    expect((await snapshots()) - before).to.equal(1)
    expect(await idsIn('bronze.source_records', `id IN ('D-3', 'S-1')`)).to.have.length(2)
  })

  it('shows the newest revision, in whatever order the revisions came, and keeps that order', async () => {
    const revision = (at: number, status: string, on: string): RawRecord => {
      const made = customsRecord('D-9', on)
      return { ...made, revision: at, body: { ...made.body, status } }
    }
    await deliver('customs', [revision(2, 'RELEASED', '2026-10-08')])
    await deliver('customs', [revision(1, 'DECLARED', '2026-10-01')])
    expect(await idsIn('silver.source_customs', `id = 'D-9'`)).to.deep.equal(['D-9/2', 'D-9/1'])
    const [newest, ...further] = await engine.query(
      `SELECT status, status_on, value_fen FROM lake.gold.source_customs WHERE id = 'D-9'`,
    )
    expect(newest).to.deep.equal({
      status: 'RELEASED',
      status_on: '2026-10-08',
      value_fen: '12345600',
    })
    expect(further).to.be.empty
  })

  describe('and a consent that is withdrawn', () => {
    it('within a batch: nothing of the batch is kept, and what is pulled anew goes without the subject', async () => {
      const { consentId } = await grantPerson('social_behaviour')
      const batch = await batchOf('social_behaviour', [socialRecord('S-2')])
      await withdraw(consentId)
      const refusal = await sink.deliver(batch).catch((error: unknown) => error)
      expect(refusal).to.include({ code: 'CONSENT_WITHDRAWN' })
      await deliver('social_behaviour', [socialRecord('S-2')])
      expect(await idsIn('bronze.source_records', `id = 'S-2'`)).to.be.empty
      expect((await sink.state('social_behaviour')).totals.withoutConsent).to.equal(1)
    })

    it('while a batch is written: the withdrawal waits, and counts behind it', async () => {
      const { consentId } = await grantPerson('social_behaviour')
      const batch = await batchOf('social_behaviour', [socialRecord('S-3')])
      const order: string[] = []
      let delivered: Promise<unknown> = Promise.resolve()
      await consents.holding(new Map([['social_behaviour', batch.consentOf]]), async () => {
        delivered = withdraw(consentId).then(() => order.push('withdrawn'))
        // Long enough for a withdrawal that does not wait.
        await new Promise(resolve => setTimeout(resolve, 100))
        order.push('written')
      })
      await delivered
      expect(order).to.deep.equal(['written', 'withdrawn'])
      const refusal = await sink.deliver(batch).catch((error: unknown) => error)
      expect(refusal).to.include({ code: 'CONSENT_WITHDRAWN' })
    })

    it('is given again as a new one, and the old one stays on record', async () => {
      const one = await grantPerson('social_behaviour')
      expect(await grantPerson('social_behaviour')).to.deep.equal(one)
      const ended = await withdraw(one.consentId, 'u2')
      expect(ended.withdrawnBy).to.equal('u2')
      expect((await grantPerson('social_behaviour')).consentId).to.not.equal(one.consentId)
    })

    it('is refused where the law asks for another form, for evidence, or for nothing', async () => {
      const codeOf = (work: Promise<unknown>) =>
        work.then(
          () => 'none',
          (error: { code: string }) => error.code,
        )
      const grant = (source: SourceName, form: 'OPT_IN' | 'WRITTEN_CONSENT') =>
        codeOf(grantConsent(store.database, { subject: PERSON, source, form }, 'u1'))
      expect(await grant('social_behaviour', 'WRITTEN_CONSENT')).to.equal('CONSENT_FORM')
      expect(await grant('credit_bureau', 'WRITTEN_CONSENT')).to.equal('CONSENT_EVIDENCE')
      expect(await grant('court_records', 'OPT_IN')).to.equal('CONSENT_NOT_ASKED')
    })
  })

  describe('and a consent that is given late', () => {
    const person = (at: number) => ({ kind: 'PERSON', id: `p${`${at}`.repeat(16)}` }) as const
    const grant = (at: number) =>
      grantConsent(
        store.database,
        { subject: person(at), source: 'ecommerce', form: 'SEPARATE_CONSENT' },
        'u1',
      )

    it('has a number behind all that are seen, however many are given at once, and again a new one', async () => {
      let isOver = false
      const looks = (async () => {
        while (!isOver) {
          const { count, upTo } = await consents.given('ecommerce', 0)
          // Nobody sees a number before every smaller one: as many stand as the highest says.
          expect(count).to.equal(upTo)
        }
      })()
      await Promise.all(Array.from({ length: 8 }, (_, at) => grant(at)))
      isOver = true
      await looks
      await grant(5)
      expect(await consents.given('ecommerce', 0)).to.deep.equal({ count: 8, again: 0, upTo: 8 })
      expect(await consents.given('ecommerce', 5)).to.deep.equal({ count: 3, again: 0, upTo: 8 })
      await withdraw((await grant(3)).consentId)
      await grant(3)
      expect(await consents.given('ecommerce', 8)).to.deep.equal({ count: 1, again: 1, upTo: 9 })
      expect(await consents.given('ecommerce', 9)).to.deep.equal({ count: 0, again: 0, upTo: 9 })
      const asked = [1, 3, 7].map(person)
      const late = await consents.granted('ecommerce', asked, { after: 8, upTo: 9 })
      expect([...late]).to.deep.equal([`PERSON/${person(3).id}`])
    })

    it('is told again page by page, each page once, with the arrival of the day on which it came', async () => {
      const late: Subject = { kind: 'PERSON', id: 'p99999999aaaaaaaa' }
      const records = [socialRecord('L-1', late), { ...socialRecord('L-2', late), body: {} }]
      await deliver('social_behaviour', records)
      const state = await sink.state('social_behaviour')
      expect(await idsIn('bronze.source_records', `id LIKE 'L-%'`)).to.be.empty
      const { source, after } = { source: 'social_behaviour', after: state.takenUp ?? 0 } as const
      await grantConsent(store.database, { subject: late, source, form: 'OPT_IN' }, 'u1')
      const { upTo } = await consents.given(source, after)
      const begunAt = '2026-11-01T00:00:00.000Z'
      const retelling = { after, upTo, begunAt, read: 0, kept: 0 }
      const again = async (more: boolean) =>
        screenAgain({
          source: CATALOGUE[source],
          state: await sink.state(source),
          page: { records, next: more ? 'p1' : 'p2', more },
          arrivedAt: begunAt,
          sink,
          consents,
          retelling: (await sink.state(source)).retelling ?? retelling,
        })
      const first = await again(true)
      await sink.deliver(first)
      expect(await sink.deliver(first).catch((error: unknown) => error)).to.include({
        code: 'POSITION_MOVED',
      })
      // As a process that was killed does, which comes back and knows what the lake knows.
      const other = createLakeSink({ engine, consents, gatherMs: 0 })
      expect(await other.state(source)).to.deep.equal(first.next)
      await sink.deliver(await again(false))
      const ended = await sink.state(source)
      expect(ended).to.deep.include({ position: state.position, takenUp: upTo })
      expect(ended.retold).to.deep.include({ read: 4, kept: 1 })
      expect(ended).to.not.have.property('retelling')
      expect(ended.totals).to.include({
        records: state.totals.records + 1,
        dead: state.totals.dead + 1,
        duplicates: state.totals.duplicates,
        withoutConsent: state.totals.withoutConsent,
      })
      const rows = await engine.query(
        `SELECT arrived_at::VARCHAR AS at FROM lake.silver.source_social_behaviour WHERE id LIKE 'L-%'`,
      )
      expect(rows).to.deep.equal([{ at: '2026-11-01 00:00:00' }])
    })
  })

  it('has in silver what the catalogue makes anew, masked, and nothing plain of what it hides', async () => {
    await grantPerson('social_behaviour')
    await deliver('social_behaviour', [socialRecord('S-4')])
    const silver = () =>
      engine.query(`SELECT * FROM lake.silver.source_social_behaviour ORDER BY arrival`)
    const before = await silver()
    expect(before.at(-1)).to.include({ phone: '138****1111', contacts: 120, note: null })
    const filled = SOURCE_TABLES.filter(({ source: { name } }) =>
      ['customs', 'social_behaviour', 'ecommerce'].includes(name),
    )
    for (const table of filled) {
      const [have, wanted] = [
        `FROM lake.silver.${table.name}`,
        sourceRows(table, 'lake.bronze.source_records'),
      ]
      expect(await engine.query(`(${have} EXCEPT ALL ${wanted})`)).to.be.empty
      expect(await engine.query(`(${wanted} EXCEPT ALL ${have})`)).to.be.empty
    }
    await engine.write({}, async ({ run }) => {
      for (const sql of derivedSchema()) await run(sql)
    })
    expect(await silver()).to.deep.equal(before)
  })

  it('hides in SQL what the rule hides elsewhere, letter by letter', async () => {
    const text = fc.string({ unit: 'grapheme-composite', minLength: 0, maxLength: 24 })
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 30, maxLength: 30 }), async texts => {
        const shown = MASKINGS.map(rule => `${maskedSql(rule, 't')} AS ${rule}`).join(', ')
        const rows = await engine.query(
          `SELECT ${shown} FROM (SELECT unnest(from_json($1, '["VARCHAR"]')) AS t)`,
          [JSON.stringify(texts)],
        )
        expect(rows).to.deep.equal(
          texts.map(one => Object.fromEntries(MASKINGS.map(rule => [rule, maskText(rule, one)]))),
        )
      }),
      { numRuns: 10 },
    )
  })

  it('gives no column of a source the name of one that every record has', () => {
    for (const { source, columns } of SOURCE_TABLES)
      expect(Object.keys(columns)).to.have.length(Object.keys(source.fields).length + 7)
    expect(sourceTable('ledger_behaviour')).to.equal(undefined)
  })
})
