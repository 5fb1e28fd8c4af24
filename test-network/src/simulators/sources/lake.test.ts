import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { openEngine, type Engine } from '@triflow/gateway/lakehouse/engine'
import { createJournal } from '@triflow/gateway/lakehouse/journal'
import {
  needsConsent,
  PULLED,
  type SourceName,
  type Subject,
} from '@triflow/gateway/lakehouse/sources'
import { grantConsent } from '@triflow/gateway/lakehouse/sources/consents'
import { deadLetters } from '@triflow/gateway/lakehouse/sources/deadLetters'
import { startPulling } from '@triflow/gateway/lakehouse/sources/start'
import { sourcesView } from '@triflow/gateway/lakehouse/sources/view'
import type { LakeParts } from '@triflow/gateway/lakehouse/stream'
import { freshLake, hasExtensions } from '@triflow/gateway/lakehouse/testing/place'
import type { PullingPlace } from '@triflow/gateway/lakehouse/testing/puller'
import { freshDatabase, silent, type TestDatabase } from '@triflow/gateway/testing/postgres'
import { addDays } from '../../generator/index.ts'
import { seeded } from '../../generator/random.ts'
import { startSourcesSimulator, VOICES, type SourcesSimulator, type VoiceName } from './index.ts'

const SEED = 'lake-7'
const TOKEN = 'token-of-the-test'
const KILLS = 4
const PULLER = fileURLToPath(import.meta.resolve('@triflow/gateway/lakehouse/testing/puller'))
const names = Object.keys(VOICES) as VoiceName[]
const today = new Date().toISOString().slice(0, 10)

describe(`sources that flow into a lake (seed ${SEED}, until ${today})`, function () {
  this.timeout(180_000)
  let simulator: SourcesSimulator
  let nowMs: number
  before(async function () {
    if (!hasExtensions()) this.skip()
    nowMs = Date.now()
    simulator = await startSourcesSimulator({
      seed: SEED,
      first: addDays(today, -70),
      population: { firms: 0, shopkeepers: 4, farmers: 2 },
      port: 0,
      token: TOKEN,
      now: new Date(nowMs).toISOString(),
    })
  })
  after(() => simulator?.close())

  interface Place {
    readonly store: TestDatabase
    readonly lake: Awaited<ReturnType<typeof freshLake>>
  }
  const places: Place[] = []
  async function consentOf({ database }: TestDatabase, subject: Subject): Promise<void> {
    for (const { name, consent } of PULLED) {
      const form = consent[subject.kind]?.kind
      if (form !== undefined && form !== 'CONTRACT' && form !== 'PUBLIC_RECORD')
        await grantConsent(
          database,
          { subject, source: name, form, evidenceDocumentId: 'paper-1' },
          'u1',
        )
    }
  }
  /** A lake with nothing in it, and the yes of everybody, or of those who are asked. */
  async function freshPlace(isAsked: (id: string) => boolean = () => true): Promise<Place> {
    const place = { store: await freshDatabase(), lake: await freshLake() }
    places.push(place)
    for (const { subject } of simulator.world.actors)
      if (isAsked(subject.id)) await consentOf(place.store, subject)
    return place
  }
  afterEach(async () => {
    for (const { store, lake } of places.splice(0)) {
      lake.remove()
      await store.close()
    }
  })
  const baseUrl = (): string => `http://127.0.0.1:${simulator.port}`

  interface One {
    readonly id: string
    readonly revision: number
    readonly body: Readonly<Record<string, unknown>>
  }
  /** How many, in which order, and a hash over every field. */
  function digest(records: readonly One[]): { count: number; hash: string } {
    const lines = records.map(({ id, revision, body }) =>
      JSON.stringify([id, revision, Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1))]),
    )
    const hash = createHash('sha256').update(lines.join('\n')).digest('hex')
    return { count: lines.length, hash }
  }
  const told = (source: VoiceName) => digest(simulator.world.said(source, nowMs))
  async function kept(engine: Engine, source: SourceName) {
    const rows = await engine.query<{ id: string; revision: string; body: string }>(
      `SELECT id, revision, body FROM lake.bronze.source_records WHERE source = $1 ORDER BY arrival`,
      [source],
    )
    return digest(
      rows.map(({ id, revision, body }) => ({
        id,
        revision: Number(revision),
        body: JSON.parse(body) as One['body'],
      })),
    )
  }
  const countOf = async (engine: Engine): Promise<number> =>
    Number(
      (await engine.query(`SELECT count(*) AS n FROM lake.bronze.source_records`))[0]?.['n'] ?? 0,
    )
  const wanted = () => names.reduce((sum, name) => sum + told(name).count, 0)

  const startChild = (place: PullingPlace) =>
    spawn(process.execPath, [...process.execArgv, PULLER, JSON.stringify(place)])

  /** Runs the child until it has begun so many batches, and kills it a moment later. */
  async function pullAndDie(
    place: PullingPlace,
    { batches, afterMs }: { readonly batches: number; readonly afterMs: number },
  ): Promise<void> {
    const child = startChild(place)
    let seen = 0
    const text: string[] = []
    child.stderr.on('data', (part: Buffer) => text.push(part.toString()))
    await new Promise<void>((resolve, reject) => {
      const enough = (part: Buffer): void => {
        seen += part.toString().split('\n').length - 1
        if (seen >= batches) resolve()
      }
      child.stdout.on('data', enough)
      child.once('exit', code => reject(new Error(`it ended with ${code}: ${text.join('')}`)))
    })
    await pause(afterMs)
    await new Promise(resolve => {
      child.removeAllListeners('exit')
      child.once('exit', resolve)
      child.kill('SIGKILL')
    })
  }

  it(`keep every record once, in the order in which it was told, though the process is killed ${KILLS} times`, async () => {
    const { store, lake } = await freshPlace()
    const engine = await openEngine(lake)
    const { remove: _, ...options } = lake
    const place = { engine: options, databaseUrl: store.url, baseUrl: baseUrl(), token: TOKEN }
    const random = seeded(SEED).fork('kills')
    const counts: number[] = []
    for (let kill = 0; kill < KILLS; kill += 1) {
      // All twelve begin at once; later it is the long ones that go on.
      const batches = kill === 0 ? 13 : random.whole(3, 6)
      await pullAndDie(place, { batches, afterMs: random.whole(0, 150) })
      counts.push(await countOf(engine))
    }
    // The kills have hit it at work: something was there, and something was missing.
    expect(counts.at(-1), `counts ${counts.join(' ')}`).to.be.within(1, wanted() - 1)
    const last = startChild(place)
    while ((await countOf(engine)) < wanted()) await pause(200)
    last.kill('SIGKILL')
    for (const name of names) {
      expect(await kept(engine, name), name).to.deep.equal(told(name))
      const silver = await engine.query(`SELECT id FROM lake.silver.source_${name}`)
      expect(silver, name).to.have.length(told(name).count)
    }
    engine.close()
  })

  it('bring what was said of somebody who consents late, once, though the process is killed while it is told again', async () => {
    const late = simulator.world.actors.find(({ subject: one }) => one.kind === 'PERSON')
    if (!late) throw new Error('nobody lives in this world')
    const { subject } = late
    const { store, lake } = await freshPlace(one => one !== subject.id)
    const engine = await openEngine(lake)
    const { remove: _, ...options } = lake
    const place = { engine: options, databaseUrl: store.url, baseUrl: baseUrl(), token: TOKEN }
    const asked = PULLED.filter(source => needsConsent(source, subject.kind)).map(one => one.name)
    const ofLate = (source: SourceName) =>
      simulator.world
        .said(source as VoiceName, nowMs)
        .filter(one => one.subject.id === subject.id)
        .map(({ id, revision }) => `${id}/${revision}`)
    const owed = asked.reduce((sum, source) => sum + ofLate(source).length, 0)
    expect(owed).to.be.above(0)
    const first = startChild(place)
    while ((await countOf(engine)) < wanted() - owed) await pause(200)
    await pause(1_000)
    expect(await countOf(engine), 'nothing of who has not consented').to.equal(wanted() - owed)
    const grantedAt = new Date()
    await consentOf(store, subject)
    first.kill('SIGKILL')
    const random = seeded(SEED).fork('late')
    for (let kill = 0; kill < KILLS; kill += 1)
      await pullAndDie(place, { batches: random.whole(2, 6), afterMs: random.whole(0, 80) })
    const last = startChild(place)
    while ((await countOf(engine)) < wanted()) await pause(200)
    await pause(1_000)
    last.kill('SIGKILL')
    expect(await countOf(engine)).to.equal(wanted())
    for (const source of asked) {
      const rows = await engine.query<{ key: string; early: boolean }>(
        `SELECT id || '/' || revision AS key, arrived_at < $2::TIMESTAMP AS early
         FROM lake.silver.source_${source} WHERE subject = $1 ORDER BY arrival`,
        [subject.id, grantedAt.toISOString().slice(0, -1)],
      )
      expect(
        rows.map(({ key }) => key),
        source,
      ).to.deep.equal(ofLate(source))
      expect(
        rows.some(({ early }) => early),
        source,
      ).to.equal(false)
    }
    engine.close()
  })

  describe('say how they stand', () => {
    let engine: Engine
    let store: TestDatabase
    let close: () => Promise<void>

    const view = async (source: SourceName) => {
      const found = (await sourcesView(store.database)).find(one => one.source === source)
      if (!found) throw new Error(`no source ${source}`)
      return found
    }
    const until = async (isSo: () => Promise<boolean>): Promise<void> => {
      while (!(await isSo())) await pause(300)
    }

    before(async () => {
      const place = await freshPlace()
      places.pop()
      store = place.store
      engine = await openEngine(place.lake)
      const journal = createJournal(store.database, error => {
        throw error
      })
      const folder = mkdtempSync(path.join(os.tmpdir(), 'triflow-token-'))
      const tokenFile = path.join(folder, 'token')
      simulator.setFaults('vat_invoices', { drift: true })
      simulator.setFaults('logistics', { duplicates: true })
      simulator.setFaults('utilities', { garbage: true, conflicts: true })
      simulator.setFaults('customs', { status: 503 })
      const settings = { sources: { baseUrl: baseUrl(), tokenFile } }
      const stream = startPulling({
        engine,
        database: store.database,
        settings: settings as LakeParts['settings'],
        config: { secretsFile: path.join(folder, 'secrets.json') } as LakeParts['config'],
        vault: {} as LakeParts['vault'],
        journal,
        log: silent,
      })
      expect(await view('customs')).to.include({ state: 'NEVER', records: 0 })
      writeFileSync(tokenFile, `${TOKEN}\n`)
      close = async () => {
        for (const name of names) simulator.setFaults(name, {})
        await stream?.close()
        await journal.settled()
        engine.close()
        place.lake.remove()
        await store.close()
        rmSync(folder, { recursive: true, force: true })
      }
    })
    after(() => close?.())

    it('one that is away is FAILING and named, the others go on, and nothing is missing when it is back', async () => {
      const rest = wanted() - told('customs').count
      await until(async () => (await countOf(engine)) === rest)
      await until(async () => (await view('customs')).state === 'FAILING')
      const away = await view('customs')
      expect(away.fault).to.equal('SOURCE_STATUS: status 503')
      expect(away.failures).to.be.above(0)
      simulator.setFaults('customs', {})
      await until(async () => (await view('customs')).records === told('customs').count)
      const back = await view('customs')
      expect(back).to.include({ state: 'FRESH', circuit: 'CLOSED' })
      expect(back).to.not.have.property('fault')
    })

    it('everything that was told is there once, whatever came with it', async () => {
      for (const name of names) expect(await kept(engine, name), name).to.deep.equal(told(name))
    })

    it('fields that nobody knows are named, duplicates counted, garbage and contradictions told apart', async () => {
      const count = told('vat_invoices').count
      await until(async () => (await view('vat_invoices')).records === count)
      const vat = await view('vat_invoices')
      expect(vat.drift).to.deep.equal({ sourceField2: count })
      expect(vat.deadLetters).to.equal(0)
      expect((await view('logistics')).duplicates).to.be.above(0)
      expect(Object.keys((await view('utilities')).deadByCode)).to.have.members([
        'NOT_AN_OBJECT',
        'FIELD_MISSING',
        'CONFLICTING_REVISION',
      ])
    })

    it('dead letters are told one by one, and what came is shown to those alone who may see it', async () => {
      const count = (await view('utilities')).deadLetters
      const asked = { source: 'utilities', before: undefined, limit: 100, isPlain: true } as const
      const letters = await deadLetters(engine, asked)
      expect(letters.map(({ number }) => number)).to.deep.equal(
        Array.from({ length: count }, (_, at) => count - at),
      )
      expect(letters.some(({ raw }) => raw?.includes('junk'))).to.equal(true)
      // Nobody can say of whom a text speaks, and this source has to ask persons: its content is not kept.
      const unknown = letters.filter(({ code }) => code === 'NOT_AN_OBJECT')
      expect(unknown.every(({ raw }) => raw === undefined)).to.equal(true)
      const veiled = await deadLetters(engine, { ...asked, isPlain: false })
      expect(veiled).to.have.length(letters.length)
      expect(veiled.every(({ raw }) => raw === undefined)).to.equal(true)
    })

    it('records that came days after younger ones are in their place by event, and keep their place by arrival', async () => {
      const [late] = await engine.query<{ rows: string }>(
        `SELECT count(*) AS rows FROM (SELECT event_at, max(event_at) OVER (
           ORDER BY arrival ROWS UNBOUNDED PRECEDING) AS newest FROM lake.silver.source_logistics)
         WHERE event_at < newest - INTERVAL 3 DAY`,
      )
      expect(Number(late?.rows)).to.be.above(0)
      const newest = new Map<string, number>()
      for (const { id, revision } of simulator.world.said('logistics', nowMs))
        newest.set(id, Math.max(revision, newest.get(id) ?? 0))
      const shown = await engine.query<{ id: string; revision: string }>(
        'SELECT id, revision FROM lake.gold.source_logistics',
      )
      expect(shown.length).to.equal(newest.size)
      for (const { id, revision } of shown) expect(newest.get(id), id).to.equal(Number(revision))
    })
  })
})

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
