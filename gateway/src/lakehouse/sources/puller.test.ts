import { expect } from 'chai'
import fc from 'fast-check'
import { CodedError } from '../../platform/faults.ts'
import type { SourceClient } from './client.ts'
import { createPuller, type PullerOptions } from './puller.ts'
import { TIMING } from './schedule.ts'
import type { SourceSink } from './sink.ts'
import { customsRecord, memoryConsents, memorySink, type RawRecord } from './testing.ts'

const NOW = Date.parse('2026-10-20T00:00:00.000Z')
const quiet = { warn: () => undefined, info: () => undefined }

/** Records behind a cursor that counts them, a page of `limit` at a time. */
const clientOf = (records: readonly RawRecord[], limit: number): SourceClient => ({
  async page(_, after) {
    const from = Number(after ?? 0)
    const until = Math.min(from + limit, records.length)
    const part = records.slice(from, until)
    return { records: part, next: String(until), more: until < records.length }
  },
})

const failing = (code: string): SourceClient => ({
  page: () => Promise.reject(new CodedError(code, { detail: 'of the test' })),
})

const many = (count: number): RawRecord[] =>
  Array.from({ length: count }, (_, at) => customsRecord(`D-${at}`))

const pullerOf = (options: Pick<PullerOptions, 'client' | 'sink'> & Partial<PullerOptions>) =>
  createPuller({
    consents: memoryConsents(),
    log: quiet,
    now: () => NOW,
    chance: () => 0,
    ...options,
  })

describe('the puller of sources', () => {
  it('takes page after page until there is no more, then waits', async () => {
    const sink = memorySink()
    const puller = pullerOf({ sink, client: clientOf(many(5), 2) })
    const kinds: string[] = []
    for (let at = 0; at < 4; at += 1) kinds.push((await puller.attempt('customs')).kind)
    expect(kinds).to.deep.equal(['MORE', 'MORE', 'CAUGHT_UP', 'CAUGHT_UP'])
    expect(sink.batches.map(({ after, next }) => [after, next.position])).to.deep.equal([
      [undefined, '2'],
      ['2', '4'],
      ['4', '5'],
    ])
    expect(puller.nextAtMs('customs')).to.equal(NOW + TIMING.everyMs)
  })

  it('brings later what the source has later', async () => {
    const sink = memorySink()
    await pullerOf({ sink, client: clientOf(many(3), 5) }).attempt('customs')
    await pullerOf({ sink, client: clientOf(many(4), 5) }).attempt('customs')
    expect(sink.records.map(({ id }) => id)).to.deep.equal(['D-0', 'D-1', 'D-2', 'D-3'])
  })

  describe('exactly once', () => {
    type Death = 'BEFORE_COMMIT' | 'AFTER_COMMIT' | 'NONE'

    /** A sink whose process dies around the commits: what is committed stays, the caller never hears of it. */
    const mortal = (sink: SourceSink, deaths: Death[]): SourceSink => ({
      ...sink,
      async deliver(batch) {
        const death = deaths.shift() ?? 'NONE'
        if (death === 'BEFORE_COMMIT') throw new Error('killed')
        await sink.deliver(batch)
        if (death === 'AFTER_COMMIT') throw new Error('killed')
      },
    })

    it('keeps every record once, wherever it is killed around a commit and started again', async () => {
      const death = fc.constantFrom<Death>('BEFORE_COMMIT', 'AFTER_COMMIT', 'NONE')
      await fc.assert(
        fc.asyncProperty(
          fc.array(death, { maxLength: 12 }),
          fc.integer({ min: 1, max: 4 }),
          async (deaths, limit) => {
            const sink = memorySink()
            const remaining = [...deaths]
            for (let attempt = 0; attempt < 30; attempt += 1) {
              // A new process each time: it knows nothing but what the sink knows.
              const puller = pullerOf({
                sink: mortal(sink, remaining),
                client: clientOf(many(7), limit),
              })
              await puller.attempt('customs')
            }
            const { totals, position } = await sink.state('customs')
            expect(sink.records.map(({ id }) => id)).to.deep.equal(many(7).map(({ id }) => id))
            expect(totals).to.include({ records: 7, duplicates: 0, dead: 0 })
            expect(position).to.equal('7')
          },
        ),
        { numRuns: 60 },
      )
    })

    it('pulls anew when somebody else has delivered meanwhile, and it is nobody’s fault', async () => {
      const sink = memorySink()
      const client = clientOf(many(4), 2)
      const [one, other] = [pullerOf({ sink, client }), pullerOf({ sink, client })]
      const kinds = await Promise.all([one.attempt('customs'), other.attempt('customs')])
      expect(kinds.map(({ kind }) => kind).sort()).to.deep.equal(['ANEW', 'MORE'])
      await Promise.all([one.attempt('customs'), other.attempt('customs')])
      await one.attempt('customs')
      expect(sink.records.map(({ id }) => id)).to.deep.equal(['D-0', 'D-1', 'D-2', 'D-3'])
      expect(other.status('customs').fault).to.equal(undefined)
    })

    it('is refused by the sink with a code when a batch does not follow', async () => {
      const sink = memorySink()
      await pullerOf({ sink, client: clientOf(many(4), 2) }).attempt('customs')
      const [batch] = sink.batches
      const refusal = await sink.deliver(batch!).catch((error: unknown) => error)
      expect(refusal).to.have.property('code', 'POSITION_MOVED')
      expect(sink.records).to.have.length(2)
    })
  })

  it('is FAILING since the first failure, opens its circuit, and is well again after one good answer', async () => {
    let nowMs = NOW
    let client = failing('SOURCE_TIMEOUT')
    const puller = pullerOf({
      sink: memorySink(),
      client: { page: (...asked) => client.page(...asked) },
      now: () => nowMs,
    })
    for (let at = 0; at < TIMING.openAfter; at += 1) {
      await puller.attempt('customs')
      nowMs = puller.nextAtMs('customs')
    }
    expect(puller.status('customs')).to.deep.include({
      state: 'FAILING',
      circuit: 'OPEN',
      fault: {
        code: 'SOURCE_TIMEOUT',
        detail: 'of the test',
        since: '2026-10-20T00:00:00.000Z',
        failures: 5,
      },
    })
    client = clientOf(many(1), 2)
    await puller.attempt('customs')
    const { fault, circuit, state } = puller.status('customs')
    expect([fault, circuit, state]).to.deep.equal([undefined, 'CLOSED', 'FRESH'])
  })

  it('one source that fails leaves the others alone', async () => {
    const client: SourceClient = {
      page: (source, after) =>
        source === 'logistics'
          ? failing('SOURCE_STATUS').page(source, after)
          : clientOf(many(1), 2).page(source, after),
    }
    const puller = pullerOf({ sink: memorySink(), client })
    await puller.attempt('logistics')
    await puller.attempt('customs')
    expect(puller.status('logistics').state).to.equal('FAILING')
    expect(puller.status('customs').state).to.equal('FRESH')
    expect(puller.status('utilities').state).to.equal('NEVER')
  })

  it('knows after a restart what it had, also while the source cannot be reached', async () => {
    const sink = memorySink()
    await pullerOf({ sink, client: clientOf(many(3), 5) }).attempt('customs')
    const again = pullerOf({ sink, client: failing('SOURCE_UNREACHABLE') })
    await again.attempt('customs')
    expect(again.status('customs')).to.include({ state: 'FAILING', records: 3 })
  })

  it('says that the lake failed when the lake failed, and does not repeat what it said', async () => {
    const sink: SourceSink = {
      ...memorySink(),
      deliver: () => Promise.reject(new Error('a secret of the catalogue')),
    }
    const puller = pullerOf({ sink, client: clientOf(many(1), 2) })
    await puller.attempt('customs')
    expect(puller.status('customs').fault?.code).to.equal('SINK_FAILED')
    expect(JSON.stringify(puller.status('customs'))).to.not.include('secret')
  })
})
