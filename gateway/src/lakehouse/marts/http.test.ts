import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { runLake } from '../../cli/lake.ts'
import type { Client } from '../../client/index.ts'
import { codeOf, testGateway, type TestGateway } from '../../testing/gateway.ts'
import { openEngine, type Engine } from '../engine.ts'
import { takeEvents } from '../events/follow.ts'
import { freshLake, hasExtensions } from '../testing/place.ts'
import { bringWorld } from './world.ts'

const DAY_MS = 86_400_000
const ago = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString()

const event = (more: object = {}) => ({
  kind: 'click' as const,
  id: randomUUID(),
  at: new Date().toISOString(),
  page: 'invoices',
  control: 'invoices.confirm',
  ...more,
})
const batch = (events: readonly object[], more: object = {}) => ({
  sentAt: new Date().toISOString(),
  language: 'zh',
  viewport: 'WIDE',
  events,
  ...more,
})

describe('portals and figures over HTTP', function () {
  this.timeout(60_000)
  let place: Awaited<ReturnType<typeof freshLake>>
  let gateway: TestGateway
  let maker: Client

  before(async function () {
    if (!hasExtensions()) this.skip()
    place = await freshLake()
    const { dataPath, extensionFolder } = place
    const lake = { dataPath, extensionFolder, memoryMb: 128 }
    gateway = await testGateway({ lake })
    maker = await gateway.user({ login: 'maker', roles: ['maker'] })
  })
  after(async () => {
    await gateway?.close()
    place?.remove()
  })

  const outbox = (kind: string) =>
    gateway.store.database.query<{ body: Record<string, unknown> }>(
      'SELECT body FROM outbox WHERE kind = $1',
      [kind],
    )
  /** As a program sends it that does not keep to the types. */
  async function send(path: string, body: unknown, client = maker): Promise<number> {
    const answer = await fetch(gateway.url + path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${client.session?.accessToken}`,
        'idempotency-key': randomUUID(),
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return answer.status
  }
  const recorded = async (body: object) => maker.call('behaviour.record', { body: body as never })

  describe('where no lake reads', () => {
    it('keep nothing of anybody, and say so', async () => {
      expect(await recorded(batch([event()]))).to.deep.equal({
        taken: 0,
        tooOld: 0,
        isRecording: false,
      })
      const body = { score: 5, topic: 'EASE' } as const
      expect(await codeOf(maker.call('feedback.give', { body }))).to.equal('FEEDBACK_NOT_KEPT')
      const auditor = await gateway.user({ login: 'early', roles: ['auditor'] })
      await auditor.call('kpis.list', {})
      const params = { name: 'bad_debt' }
      expect(await codeOf(auditor.call('kpis.get', { params }))).to.equal('LAKE_ABSENT')
      const rows = await gateway.store.database.query('SELECT 1 FROM outbox')
      expect(rows).to.deep.equal([])
    })
  })

  describe('where a lake reads', () => {
    let engine: Engine

    before(async () => {
      engine = await openEngine({ ...place, catalogUrl: gateway.store.url })
      await bringWorld(engine, gateway.store)
    })
    after(() => engine?.close())

    const take = () => takeEvents({ engine, database: gateway.store.database })

    it('bring what happened days ago with its own time, in the wrong order, each once though sent twice', async () => {
      const events = [event({ at: ago(3) }), event({ at: ago(20) }), event({ at: ago(40) })]
      const answer = await recorded(batch(events))
      expect(answer).to.deep.equal({ taken: 2, tooOld: 1, isRecording: true })
      await take()
      await recorded(batch(events))
      await take()
      const rows = await engine.query<{ event_id: string; late_days: string }>(
        `SELECT event_id, date_diff('day', "at", received_at) AS late_days FROM lake.silver.behaviour
         WHERE control = 'invoices.confirm' ORDER BY "at"`,
      )
      expect(rows.map(row => [row.event_id, Number(row.late_days)])).to.deep.equal([
        [events[1]?.id, 20],
        [events[0]?.id, 3],
      ])
    })

    it('take the error of the browser’s clock out of the times', async () => {
      const wrong = Date.now() - 400 * DAY_MS
      const one = event({ at: new Date(wrong - 60_000).toISOString(), control: 'clock' })
      await recorded(batch([one], { sentAt: new Date(wrong).toISOString() }))
      const row = (await outbox('click')).find(({ body }) => body['control'] === 'clock')
      expect(Date.parse(String(row?.body['at']))).to.be.closeTo(Date.now() - 60_000, 10_000)
      await take()
    })

    it('know whose session it is from the token: no body can name another one', async () => {
      for (const more of [{ session: 'x' }, { userId: 'somebody' }, { sessionId: 'x' }])
        expect(await send('/v1/behaviour', batch([event()], more))).to.equal(400)
      expect(await send('/v1/behaviour', batch([event({ userId: 'somebody' })]))).to.equal(400)
      await recorded(batch([event({ control: 'whose' })]))
      const row = (await outbox('click')).find(({ body }) => body['control'] === 'whose')
      expect(row?.body['userId']).to.equal(maker.session?.user.userId)
      await take()
    })

    it('refuse what is large, of the wrong type, or text that somebody typed', async () => {
      const told = async () => [...(await outbox('click')), ...(await outbox('feedback'))].length
      const before = await told()
      const hostile: unknown[] = [
        batch(Array.from({ length: 101 }, () => event())),
        batch([]),
        batch([event({ control: '<script>alert(1)</script>' })]),
        batch([event({ control: "x'; DROP TABLE outbox; --" })]),
        batch([event({ page: '/invoices/12345?name=张三' })]),
        batch([event({ text: 'what I typed' })]),
        batch([event({ kind: 'keys' })]),
        batch([event({ id: 7 })]),
        batch([event({ at: 'yesterday' })]),
        batch([{ ...event(), kind: 'page', dwellMs: 1e12 }]),
        batch([event()], { language: 'fr' }),
        [event()],
        'null',
        '{"sentAt":',
      ]
      for (const body of hostile)
        expect(await send('/v1/behaviour', body), JSON.stringify(body)).to.equal(400)
      const huge = batch([event({ control: 'x'.repeat(2_000_000) })])
      expect(await send('/v1/behaviour', huge)).to.equal(413)
      const feedbacks: object[] = [
        { score: 6, topic: 'EASE' },
        { score: 4.5, topic: 'EASE' },
        { score: 4, topic: 'EASE', text: 'x'.repeat(501) },
        { score: 4, topic: 'EASE', text: 'a\u0007bell' },
        { score: 4, topic: 'EASE', at: ago(40) },
        { score: 4, topic: 'EASE', userId: 'somebody' },
      ]
      for (const body of feedbacks)
        expect(await send('/v1/feedback', body), JSON.stringify(body)).to.equal(400)
      expect(await told()).to.equal(before)
    })

    it('are paced: one session fills no lake', async () => {
      const eager = await gateway.user({ login: 'eager', roles: ['maker'] })
      const codes: string[] = []
      for (let at = 0; at < 62; at += 1) {
        const body = batch([event({ control: 'eager' })]) as never
        codes.push(await codeOf(eager.call('behaviour.record', { body })))
      }
      // At most two minutes are touched.
      expect(codes.filter(code => code === 'accepted').length).to.be.within(30, 60)
      expect(codes).to.include('RATE_LIMITED')
      expect(await codeOf(recorded(batch([event({ control: 'calm' })])))).to.equal('accepted')
      await take()
    })

    it('stop for whoever refuses, and drop what has not reached the lake', async () => {
      const shy = await gateway.user({ login: 'shy', roles: ['maker'] })
      const tell = () =>
        shy.call('behaviour.record', { body: batch([event({ control: 'shy' })]) as never })
      const choose = (choice: 'ALLOWED' | 'REFUSED', noticeVersion: number) =>
        shy.call('behaviour.choose', { body: { choice, noticeVersion } })
      const before = await shy.call('behaviour.choice', {})
      expect(before).to.include({ choice: 'NONE', isRecording: true })
      expect(before.notice.zh.purpose).to.match(/\p{Script=Han}/u)
      await tell()
      expect(await codeOf(choose('REFUSED', 0))).to.equal('NOTICE_OUTDATED')
      expect(await choose('REFUSED', before.noticeVersion)).to.include({ isRecording: false })
      expect(await tell()).to.deep.equal({ taken: 0, tooOld: 0, isRecording: false })
      await take()
      const kept = () =>
        engine.query(`SELECT 1 AS one FROM lake.silver.behaviour WHERE control = 'shy'`)
      expect(await kept()).to.deep.equal([])
      await choose('ALLOWED', before.noticeVersion)
      expect((await tell()).taken).to.equal(1)
      await take()
      expect(await kept()).to.have.length(1)
    })

    it('take a feedback once for its key, with the time at which it was given', async () => {
      const idempotencyKey = randomUUID()
      const body = { score: 2, topic: 'SPEED', text: '确认按钮太慢 <b>', at: ago(10) } as const
      const first = await maker.call('feedback.give', { body, idempotencyKey })
      expect(await maker.call('feedback.give', { body, idempotencyKey })).to.deep.equal(first)
      await take()
      const rows = await engine.query<Record<string, string>>(
        `SELECT event_id, score, text, date_diff('day', "at", received_at) AS days
         FROM lake.silver.feedback WHERE topic = 'SPEED'`,
      )
      expect(rows).to.deep.equal([
        { event_id: first.feedbackId, score: '2', text: body.text, days: '10' },
      ])
    })

    it('answer figures to the staff of the organisation, with their query and the block they stand at', async () => {
      const operator = await gateway.user({ login: 'operator', roles: ['operator'] })
      expect(await codeOf(maker.call('kpis.list', {}))).to.equal('ROLE_MISSING')
      const nobody = gateway.anonymous().call('kpis.list', {})
      expect(await codeOf(nobody)).to.equal('TOKEN_MISSING')
      const { items } = await operator.call('kpis.list', {})
      expect(items.map(({ name }) => name)).to.include.members(['approval_time', 'satisfaction'])
      const params = { name: 'bad_debt' }
      const debt = await operator.call('kpis.get', { params })
      expect(debt.rows[0]).to.include({ month: '2026-01', bad_fen: '800000', share_bad: 0.444444 })
      expect(debt.asOf).to.deep.equal({ block: '33', at: '2026-06-30T04:00:00Z' })
      expect(debt.tables).to.include('gold.receivables')
      expect(await engine.query(debt.query)).to.have.length(debt.rows.length)
      const unknown = operator.call('kpis.get', { params: { name: 'nothing' } })
      expect(await codeOf(unknown)).to.equal('OBJECT_UNKNOWN')
    })

    it('answer the same on the command line', async () => {
      const file = path.join(gateway.scratch, 'config.json')
      writeFileSync(file, JSON.stringify(gateway.services.config))
      const said: string[] = []
      const kpi = (...words: string[]) =>
        runLake(['--config', file], ['kpi', ...words], {}, line => said.push(line))
      expect(await kpi('bad_debt')).to.equal(true)
      expect(said[0]).to.include('坏账率').and.include('block 33')
      expect(said.join('\n')).to.match(/2026-01 .*800000/)
      await kpi()
      expect(said.join('\n')).to.include('audit_effort')
      const unknown = await kpi('nothing').catch((error: Error) => error.message)
      expect(unknown).to.include('approval_time')
    })

    it('count what an auditor reads, as soon as it is in the lake', async () => {
      const auditor = await gateway.user({ login: 'auditor', roles: ['auditor'] })
      const effort = async () => {
        const { rows } = await auditor.call('kpis.get', { params: { name: 'audit_effort' } })
        return rows.reduce((sum, { reads }) => sum + Number(reads), 0)
      }
      const before = await effort()
      expect(await effort()).to.equal(before)
      await until(async () => (await outbox('read')).length >= 2)
      await take()
      expect(await effort()).to.be.greaterThan(before)
    })
  })
})

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('it did not come to that within ten seconds')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
