import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import {
  createClient,
  createPuller,
  PULLED,
  startSources,
  type SourceName,
} from '@triflow/gateway/lakehouse/sources'
import {
  memoryConsents,
  memorySink,
  type MemoryConsents,
  type MemorySink,
} from '@triflow/gateway/lakehouse/sources/testing'
import {
  startSourcesSimulator,
  VOICES,
  type Faults,
  type SourcesSimulator,
  type VoiceName,
} from './index.ts'

const SEED = 'pulling-1'
const TOKEN = 'token-of-the-test'
const OPTIONS = {
  seed: SEED,
  first: '2025-11-01',
  population: { firms: 6, shopkeepers: 8, farmers: 6 },
  port: 0,
  token: TOKEN,
  now: '2026-05-01T00:00:00Z',
}
const quiet = { warn: () => undefined, info: () => undefined }
const names = Object.keys(VOICES) as VoiceName[]

describe(`sources pulled from their simulator (seed ${SEED})`, function () {
  this.timeout(60_000)
  let simulator: SourcesSimulator
  let nowMs: number
  beforeEach(async () => {
    simulator = await startSourcesSimulator(OPTIONS)
    nowMs = Date.parse(OPTIONS.now)
  })
  afterEach(() => simulator.close())

  const baseUrl = (): string => `http://127.0.0.1:${simulator.port}`

  /** Everybody has said yes, except those whom `except` names. */
  function consented(except: (id: string) => boolean = () => false): MemoryConsents {
    const consents = memoryConsents()
    for (const { subject } of simulator.world.actors)
      for (const { name } of PULLED) if (!except(subject.id)) consents.grant(name, subject)
    return consents
  }

  const pullerOver = (sink: MemorySink, consents = consented(), limit = 500) =>
    createPuller({
      client: createClient({
        baseUrl: baseUrl(),
        token: TOKEN,
        limit,
        timeoutMs: 2_000,
        bytesMax: 8_000_000,
      }),
      sink,
      consents,
      log: quiet,
      now: () => nowMs,
      chance: () => 0,
    })

  async function pullAll(puller: ReturnType<typeof pullerOver>, sources: readonly VoiceName[]) {
    for (const source of sources) while ((await puller.attempt(source)).kind === 'MORE');
  }

  const told = (source: VoiceName) =>
    simulator.world.said(source, nowMs).map(({ id, revision }) => `${id}/${revision}`)
  const kept = (sink: MemorySink, source: SourceName) =>
    sink.records.filter(one => one.source === source).map(({ id, revision }) => `${id}/${revision}`)

  it('all come through as the catalogue says, each record once, none dead and none drifting', async () => {
    const sink = memorySink()
    const puller = pullerOver(sink)
    await pullAll(puller, names)
    for (const source of names) {
      const { deadLetters, drift, duplicates, state } = puller.status(source)
      expect({ deadLetters, drift, duplicates }, source).to.deep.equal({
        deadLetters: 0,
        drift: {},
        duplicates: 0,
      })
      expect(kept(sink, source), source).to.deep.equal(told(source))
      expect(kept(sink, source), source).to.not.be.empty
      expect(state, source).to.equal('FRESH')
    }
  })

  it('bring what is new when the clock has gone on, and go stale when it goes on without them', async () => {
    const sink = memorySink()
    const puller = pullerOver(sink)
    await pullAll(puller, ['logistics'])
    const before = kept(sink, 'logistics').length
    nowMs = Date.parse('2026-05-20T00:00:00Z')
    expect(puller.status('logistics').state).to.equal('STALE')
    simulator.moveTo('2026-05-20T00:00:00Z')
    await pullAll(puller, ['logistics'])
    expect(kept(sink, 'logistics')).to.deep.equal(told('logistics'))
    expect(kept(sink, 'logistics').length).to.be.above(before)
    expect(puller.status('logistics').state).to.equal('FRESH')
  })

  it('keep nothing of who has opted in elsewhere but not here', async () => {
    const sink = memorySink()
    const [refusing] = simulator.world.actors.filter(({ optedIn }) => optedIn)
    const id = refusing?.subject.id ?? ''
    const puller = pullerOver(
      sink,
      consented(one => one === id),
    )
    await pullAll(puller, names)
    // Courts publish what they say; everybody else has to ask first.
    const asked: SourceName[] = names.filter(name => name !== 'court_records')
    expect(puller.status('social_behaviour').withoutConsent).to.be.above(0)
    expect(puller.status('social_behaviour').records).to.be.above(0)
    const about = sink.batches.filter(({ source }) => asked.includes(source))
    expect(JSON.stringify(about)).to.not.include(id)
  })

  describe('when they misbehave', () => {
    const source = 'vat_invoices'

    async function pulledWith(faults: Faults) {
      const sink = memorySink()
      const puller = pullerOver(sink, consented(), 50)
      simulator.setFaults(source, faults)
      await pullAll(puller, [source])
      const during = puller.status(source)
      const codes = [...new Set(sink.dead.map(({ code }) => code))]
      simulator.setFaults(source, {})
      await pullAll(puller, [source])
      // Whatever went wrong, every record has come, once.
      expect(kept(sink, source)).to.deep.equal(told(source))
      return { during, after: puller.status(source), codes }
    }

    it('a field that the schema does not have is named, and the record kept without it', async () => {
      const { during } = await pulledWith({ drift: true })
      expect(during.drift).to.deep.equal({ sourceField2: told(source).length })
      expect(during.deadLetters).to.equal(0)
    })

    it('duplicates are dropped', async () => {
      const { during } = await pulledWith({ duplicates: true })
      expect(during.duplicates).to.be.above(1)
      expect(during.deadLetters).to.equal(0)
    })

    it('a revision that contradicts itself is a dead letter, and the first one stands', async () => {
      const { codes, during } = await pulledWith({ conflicts: true })
      expect(codes).to.deep.equal(['CONFLICTING_REVISION'])
      expect(during.deadLetters).to.be.above(1)
    })

    it('garbage is dead letters beside the good records', async () => {
      const { codes } = await pulledWith({ garbage: true })
      expect(codes).to.have.members(['NOT_AN_OBJECT', 'FIELD_MISSING'])
    })

    for (const [faults, code] of [
      [{ status: 500 }, 'SOURCE_STATUS'],
      [{ truncated: true }, 'SOURCE_NOT_JSON'],
      [{ slowMs: 2_500 }, 'SOURCE_TIMEOUT'],
    ] as const)
      it(`${JSON.stringify(faults)} is ${code} until it is over, and then nothing is missing`, async () => {
        const { during, after } = await pulledWith(faults)
        expect(during.state).to.equal('FAILING')
        expect(during.fault?.code).to.equal(code)
        expect(after.state).to.equal('FRESH')
      })

    it('a wrong token is refused', async () => {
      const client = createClient({
        baseUrl: baseUrl(),
        token: 'another',
        limit: 5,
        timeoutMs: 2_000,
        bytesMax: 10_000,
      })
      const error = await client.page('customs', undefined).catch((fault: unknown) => fault)
      expect(error).to.have.property('code', 'SOURCE_REFUSED')
    })
  })

  it('are switched over HTTP too, and their clock does not go back', async () => {
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
    const put = async (place: string, body: object) =>
      (await fetch(baseUrl() + place, { method: 'PUT', headers, body: JSON.stringify(body) }))
        .status
    const get = async (place: string) => (await fetch(baseUrl() + place, { headers })).status
    expect(await put('/clock', { now: '2026-06-01T00:00:00Z' })).to.equal(200)
    expect(await put('/clock', { now: '2026-05-31T00:00:00Z' })).to.equal(422)
    expect(await get('/sources/customs/records?limit=1')).to.equal(200)
    expect(await put('/sources/customs/faults', { status: 503 })).to.equal(200)
    expect(await get('/sources/customs/records?limit=1')).to.equal(503)
    expect(await get('/sources/customs/records?after=elsewhere')).to.equal(400)
    expect(await get('/sources/ledger_behaviour/records')).to.equal(404)
  })

  it('run by themselves until they are closed, and close in the middle of it', async () => {
    const sink = memorySink()
    const sources = startSources({
      baseUrl: baseUrl(),
      token: TOKEN,
      sink,
      consents: consented(),
      log: quiet,
      now: () => nowMs + 1,
      limit: 100,
      timing: {
        everyMs: 20,
        pageMs: 1,
        backoffMs: 10,
        backoffMaxMs: 100,
        openAfter: 5,
        openMs: 100,
        retellMs: 100,
      },
    })
    const until = Date.now() + 20_000
    while (sources.status().some(({ records }) => records === 0) && Date.now() < until)
      await new Promise(resolve => setTimeout(resolve, 20))
    await sources.close()
    for (const status of sources.status()) {
      expect(status.records, status.source).to.be.above(0)
      expect(status.fault, status.source).to.equal(undefined)
      const came = kept(sink, status.source)
      expect(came).to.deep.equal(told(status.source as VoiceName).slice(0, came.length))
    }
  })
})

describe('the simulator of sources as a process', function () {
  this.timeout(30_000)
  it('says in its first line, in its header and on its page that it is one', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'triflow-sources-'))
    const config = path.join(folder, 'config.json')
    writeFileSync(config, JSON.stringify(OPTIONS))
    const main = path.join(import.meta.dirname, 'main.ts')
    const child = spawn(process.execPath, [...process.execArgv, main, config])
    try {
      const line = await new Promise<string>((resolve, reject) => {
        child.stdout.once('data', (text: Buffer) => resolve(text.toString()))
        child.once('exit', () => reject(new Error('it ended')))
      })
      expect(line).to.match(/^sources simulator \(invented records\) on port \d+\n$/)
      const url = `http://127.0.0.1:${/\d+/.exec(line)?.[0]}`
      const answer = await fetch(url)
      expect(answer.headers.get('x-simulator')).to.match(/simulator/i)
      expect(await answer.text()).to.match(/Simulator of twelve data sources/)
      expect((await fetch(`${url}/sources/customs/records`)).status).to.equal(401)
    } finally {
      child.kill()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
