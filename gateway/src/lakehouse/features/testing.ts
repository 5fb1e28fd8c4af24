/** A lake with facts in it and the store beside it, for tests: what sources and the ledger tell, in any order. */
import { freshDatabase, type TestDatabase } from '../../testing/postgres.ts'
import { block } from '../../testing/ledger.ts'
import { invoiceOf } from '../../testing/records.ts'
import { openEngine, type Engine, type EngineOptions } from '../engine.ts'
import { createIngest } from '../ledger/ingest.ts'
import { OWN_MSP } from '../testing/chain.ts'
import { freshLake } from '../testing/place.ts'
import { CATALOGUE } from '../sources/catalogue/index.ts'
import { SOURCE_NAMES, type SourceName } from '../sources/source.ts'
import { LAKE, STAGING } from '../names.ts'

export interface SourceRecord {
  readonly source: SourceName
  readonly id: string
  readonly revision?: number
  /** `MEMBER/…` or `PERSON/…`. */
  readonly subject: string
  readonly eventMs: number
  readonly arrivedMs: number
  readonly body: Readonly<Record<string, unknown>>
}

export interface Payment {
  readonly id: string
  readonly payer: string
  readonly payee: string
  readonly valueOn: string
  readonly amountFen: string
}

export interface FeatureLake {
  readonly engine: Engine
  /** For another process. */
  readonly options: EngineOptions
  readonly store: TestDatabase
  member(id: string, creditCode: string): Promise<void>
  tell(...records: readonly SourceRecord[]): Promise<void>
  /** One block, of the second after the one before; `block()` of the tests stamps 2026-01-01 and its number in seconds. */
  seal(
    arrivedMs: number,
    content: { readonly payments?: readonly Payment[]; readonly invoices?: readonly object[] },
  ): Promise<void>
  close(): Promise<void>
}

export async function featureLake(): Promise<FeatureLake> {
  const store = await freshDatabase()
  const place = await freshLake()
  const options = { ...place, catalogUrl: store.url }
  const engine = await openEngine(options)
  const ingest = createIngest(engine, OWN_MSP)
  let number = 0
  return {
    engine,
    options,
    store,
    async member(id, creditCode) {
      await store.database.execute(
        `INSERT INTO members (member_id, msp_id, kind, name, uscc, own)
         VALUES ($1, 'AllianceMSP', 'SUPPLIER', $1, $2, true) ON CONFLICT DO NOTHING`,
        [id, creditCode],
      )
    },
    async tell(...records) {
      await engine.write({ source_records: records.map(cellsOf) }, ({ run }) =>
        run(`INSERT INTO ${LAKE}.bronze.source_records FROM ${STAGING}.source_records`),
      )
    },
    async seal(arrivedMs, { payments = [], invoices = [] }) {
      const secrets = [
        ...payments.map(({ id, ...value }) => ({ key: `Y:${id}`, value: { ...value, salt: '' } })),
        ...invoices.map(one => {
          const { id, ...sides } = one as { id: string; buyer: string; seller: string }
          return { key: `I:${id}`, value: { ...invoiceOf(sides, id), ...sides } }
        }),
      ]
      await ingest.take([{ block: block(number, [{ secrets }]), atMs: arrivedMs }])
      number += 1
    },
    async close() {
      engine.close()
      await store.close()
      place.remove()
    },
  }
}

export function cellsOf({ subject, eventMs, arrivedMs, revision = 1, ...one }: SourceRecord) {
  const [kind = '', id = ''] = subject.split('/')
  return [
    one.source,
    one.id,
    BigInt(revision),
    kind,
    id,
    BigInt(eventMs) * 1000n,
    BigInt(arrivedMs) * 1000n,
    // The order of arrival within a source is nobody's business here.
    0n,
    JSON.stringify(one.body),
    'fingerprint',
  ]
}

export type Random = (below: number) => number

/** Small and repeatable; a seed that has failed is printed and fails again. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0 || 1
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)] as T

const LARGE = Number.MAX_SAFE_INTEGER
const AMOUNTS = [0, 1, 99, 12_345, 100_000_000, 7_000_000_000, LARGE, LARGE - 1, -3]
const WORDS = ['甲', 'b', 'ccc']

/** Any body that the catalogue would let through, now and then with a field left out. */
export function randomBody(random: Random, source: SourceName, nearMs: number): object {
  return Object.fromEntries(
    Object.entries(CATALOGUE[source].fields)
      .filter(() => random(12) > 0)
      .map(([name, { column, schema }]) => {
        const { options } = schema as { options?: readonly string[] }
        if (options) return [name, pick(random, options)]
        if (column === 'BOOLEAN') return [name, random(2) === 0]
        if (column === 'DATE') return [name, dayNear(random, nearMs)]
        if (column === 'BIGINT' || column === 'INTEGER') return [name, pick(random, AMOUNTS)]
        return [name, pick(random, WORDS)]
      }),
  )
}

export const DAY_MS = 86_400_000
const dayNear = (random: Random, nearMs: number): string =>
  new Date(nearMs + (random(120) - 60) * DAY_MS).toISOString().slice(0, 10)

export interface RandomWorld {
  readonly subjects: readonly string[]
  readonly aroundMs: number
  readonly records: number
  /** Of the records' ids. */
  readonly prefix: string
}

/** Records with revisions that come out of order, days late, and at the very bounds of windows. */
export function randomRecords(random: Random, world: RandomWorld): SourceRecord[] {
  const { subjects, aroundMs } = world
  const sources = SOURCE_NAMES.filter(name => name !== 'ledger_behaviour')
  return Array.from({ length: world.records }, (_, at) => {
    const source = pick(random, sources)
    const subject = pick(random, subjects)
    const backMs = pick(random, [0, 30, 90, 180, 365, 730, random(800)]) * DAY_MS
    const eventMs = aroundMs - backMs + pick(random, [0, 0, 1, -1, random(DAY_MS)])
    return Array.from({ length: 1 + random(3) }, (_unused, revision): SourceRecord => {
      const movedMs = eventMs + revision * random(3) * DAY_MS
      return {
        source,
        id: `${world.prefix}-${at}`,
        revision: revision + 1,
        subject: random(30) === 0 ? pick(random, subjects) : subject,
        eventMs: movedMs,
        // A later revision may come first.
        arrivedMs: movedMs + pick(random, [0, 1, random(10) * DAY_MS, random(DAY_MS)]),
        body: randomBody(random, source, eventMs) as Record<string, unknown>,
      }
    })
  }).flat()
}
