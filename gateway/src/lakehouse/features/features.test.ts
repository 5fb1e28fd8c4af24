import { expect } from 'chai'
import { silent } from '../../testing/postgres.ts'
import { createJournal, readStreams } from '../journal.ts'
import type { LakeParts } from '../stream.ts'
import { hasExtensions } from '../testing/place.ts'
import { FEATURES } from './catalogue/index.ts'
import type { Kind } from './kind.ts'
import { ledger, sources } from './kinds/index.ts'
import { createFiller } from './fill.ts'
import { ALL, featuresOf, type Featured } from './store.ts'
import { startFeatures } from './stream.ts'
import { featureRows, type Decision } from './table.ts'
import {
  createRandom,
  DAY_MS,
  featureLake,
  randomRecords,
  type FeatureLake,
  type SourceRecord,
} from './testing.ts'

const AT = Date.parse('2026-06-30T04:00:00Z')
type Values = Record<string, number | null>

/** Enough kinds for what is claimed of single facts; the random worlds have all of them. */
const kinds: readonly Kind[] = [
  sources.bankEntry,
  sources.courtCase,
  ledger.paymentIn,
  ledger.paymentOut,
]
const SOME: Featured = {
  kinds,
  features: FEATURES.filter(({ rule }) => rule.is !== 'ratio' && kinds.includes(rule.kind)),
}

describe('features at a moment', function () {
  this.timeout(120_000)
  let lake: FeatureLake
  let people = 0
  let [MEMBER, CODE] = ['', '']

  before(async function () {
    if (!hasExtensions()) this.skip()
    lake = await featureLake()
  })
  after(() => lake?.close())
  /** Of somebody else each time, beside all who were there before. */
  beforeEach(async () => {
    people += 1
    MEMBER = `m0000000000000${people}`
    CODE = `91330000MA27XL0C${people}`
    await lake.member(MEMBER, CODE)
  })

  async function batch(decisions: readonly Decision[], all = SOME): Promise<Values[]> {
    const { engine, store } = lake
    const { features } = all
    const rows = await featureRows({ engine, database: store.database, decisions, features })
    return rows.map(row =>
      Object.fromEntries(
        features.map(({ name }) => [name, row[name] === null ? null : Number(row[name])]),
      ),
    )
  }
  async function online({ member, atMs }: Decision, all = SOME): Promise<Values> {
    const { values } = await featuresOf(lake.store.database, member, atMs, all)
    return Object.fromEntries(values.map(({ feature, value }) => [feature.name, value]))
  }
  const fill = (all = SOME) =>
    createFiller({ engine: lake.engine, database: lake.store.database }, all).fill()

  /** The same answers from the table and from the store as it was filled bit by bit. */
  async function agreed(...decisions: readonly Decision[]): Promise<Values[]> {
    await fill()
    const rows = await batch(decisions)
    for (const [at, decision] of decisions.entries())
      expect(await online(decision)).to.deep.equal(rows[at])
    return rows
  }
  /** Of the test's own member. */
  const at = (...moments: readonly number[]): Promise<Values[]> =>
    agreed(...moments.map(atMs => ({ member: MEMBER, atMs })))
  const moneyIn = (rows: readonly Values[]) => rows.map(row => row['bank_in_30d'])

  const entry = (id: string, eventMs: number, more: Partial<SourceRecord> = {}): SourceRecord => ({
    source: 'bank_statements',
    id: `${CODE}-${id}`,
    subject: `MEMBER/${CODE}`,
    eventMs,
    arrivedMs: eventMs,
    ...more,
    body: { direction: 'CRDT', amountFen: 100, balanceFen: 5_000, purpose: 'TRADE', ...more.body },
  })

  it('has nothing, not zero, of a member of whom nothing is known; zero only where silence is news', async () => {
    const [unknown] = await at(AT)
    expect(Object.values(unknown ?? {}).filter(value => value !== null)).to.deep.equal([])
    await lake.tell({
      source: 'court_records',
      id: `c-${CODE}`,
      subject: `MEMBER/${CODE}9`,
      eventMs: AT - DAY_MS,
      arrivedMs: AT - DAY_MS,
      body: { role: 'DEFENDANT', stage: 'ACCEPTED', cause: 'OTHER', amountFen: 5 },
    })
    const [told, before] = await at(AT, AT - DAY_MS - 1)
    expect(told).to.include({ court_cases_365d: 0, court_dishonest: 0, bank_in_30d: null })
    expect(before?.['court_cases_365d']).to.equal(null)
    // Entries out, and none in: that is known.
    await lake.tell(entry('out', AT - DAY_MS, { body: { direction: 'DBIT' } }))
    const [known] = await at(AT)
    expect(known).to.include({ bank_in_30d: 0, bank_in_mean_90d: null })
  })

  it('never sees a fact too early: one that happened before the decision and arrived after it', async () => {
    await lake.tell(entry('1', AT - 2 * DAY_MS))
    const [before] = await at(AT)
    expect(before?.['bank_in_30d']).to.equal(100)
    // Planted: three days old when it comes.
    await lake.tell(entry('2', AT - 3 * DAY_MS, { arrivedMs: AT + 1 }))
    const [same, later] = await at(AT, AT + 1)
    expect(same).to.deep.equal(before)
    expect(later?.['bank_in_30d']).to.equal(200)
    // A store that is filled anew, long afterwards, sees it no earlier.
    await lake.store.database.execute('TRUNCATE feature_facts, feature_kinds')
    expect(await at(AT, AT + 1)).to.deep.equal([before, later])
  })

  it('counts a window to the very instant: its end belongs to it, its beginning does not', async () => {
    await lake.tell(
      entry('end', AT, { body: { amountFen: 1 } }),
      entry('begin', AT - 30 * DAY_MS, { body: { amountFen: 10 } }),
      entry('inside', AT - 30 * DAY_MS + 1, { body: { amountFen: 100 } }),
      entry('after', AT + 1, { body: { amountFen: 1_000 } }),
    )
    const rows = await at(AT, AT + 1)
    expect(moneyIn(rows)).to.deep.equal([101, 1_001])
    expect(rows[0]?.['bank_in_90d']).to.equal(111)
  })

  it('replaces a record by its revision from the arrival of that on, though it came before the first', async () => {
    const second = { revision: 2, arrivedMs: AT - 5 * DAY_MS, body: { amountFen: 7 } }
    await lake.tell(entry('1', AT - 9 * DAY_MS), entry('1', AT - 9 * DAY_MS, second))
    const arrivesMs = AT - 5 * DAY_MS
    expect(moneyIn(await at(arrivesMs - 1, arrivesMs))).to.deep.equal([100, 7])
    await lake.tell(
      entry('2', AT - 9 * DAY_MS, { revision: 2, body: { amountFen: 1_000 } }),
      entry('2', AT - 9 * DAY_MS, { arrivedMs: AT - DAY_MS, body: { amountFen: 5 } }),
    )
    expect(moneyIn(await at(AT))).to.deep.equal([1_007])
  })

  it('reads nothing of another: not by a like name, nor by a source that calls a person as a member is called', async () => {
    await lake.member(`${MEMBER}9`, `${CODE}9`)
    await lake.tell(entry('1', AT - DAY_MS))
    const [before] = await at(AT)
    await lake.tell(
      entry('2', AT - DAY_MS, { subject: `MEMBER/${CODE}9` }),
      entry('3', AT - DAY_MS, { subject: `PERSON/${CODE}` }),
      entry('4', AT - DAY_MS, { subject: `PERSON/${MEMBER}` }),
      entry('5', AT - DAY_MS, { subject: `MEMBER/${MEMBER}` }),
      entry('6', AT - DAY_MS, { subject: `LEDGER/${MEMBER}` }),
      entry('7', AT - DAY_MS, { subject: `MEMBER/${CODE}' OR true --` }),
    )
    const other = `${MEMBER}') OR true --`
    const [same, strange] = await agreed({ member: MEMBER, atMs: AT }, { member: other, atMs: AT })
    expect(same).to.deep.equal(before)
    expect(strange?.['bank_in_30d']).to.equal(null)
  })

  it('counts the ledger from each side, by the business day, from the arrival of the block on', async () => {
    const buyer = 'm00000000000000b1'
    await lake.member(buyer, `${CODE}9`)
    const payment = { payer: buyer, payee: MEMBER, valueOn: '2025-12-20', amountFen: '500' }
    const firstMs = Date.parse('2026-01-02T00:00:00Z')
    await lake.seal(firstMs, { payments: [{ id: 'y1', ...payment }] })
    await lake.seal(firstMs + 5_000, { payments: [{ id: 'y1', ...payment, amountFen: '700' }] })
    const dayEndsMs = Date.parse('2025-12-20T00:00:00+08:00') + 90 * DAY_MS
    const moments = [firstMs - 1, firstMs, firstMs + 5_000, dayEndsMs - 1, dayEndsMs]
    const [ofBuyer, ...rows] = await agreed(
      { member: buyer, atMs: firstMs },
      ...moments.map(atMs => ({ member: MEMBER, atMs })),
    )
    expect(rows.map(row => row['ledger_paid_in_90d'])).to.deep.equal([null, 500, 700, 700, 0])
    expect(ofBuyer).to.include({ ledger_paid_out_90d: 500, ledger_paid_in_90d: null })
  })

  for (const seed of [1, 2])
    it(`gives every value the same in the table and for one member, in a random world (seed ${seed})`, async () => {
      const random = createRandom(seed)
      const members = ['a', 'b', 'c', 'branch-of-c'].map(id => `${id}-${seed}`)
      for (const [at, id] of members.entries())
        await lake.member(id, `USCC${seed}${Math.min(at, 2)}`)
      const subjects = [...[0, 1, 2].map(at => `MEMBER/USCC${seed}${at}`), `PERSON/p${seed}`]
      const records = randomRecords(random, {
        subjects,
        aroundMs: AT,
        records: 250,
        prefix: `w${seed}`,
      })
      for (let from = 0; from < records.length; from += 150) {
        await lake.tell(...records.slice(from, from + 150))
        await fill(ALL)
      }
      const decisions = Array.from({ length: 60 }, (): Decision => {
        const one = records[random(records.length)] as SourceRecord
        const moments = [
          AT,
          AT + random(20) * DAY_MS,
          one.eventMs,
          one.arrivedMs - 1,
          one.arrivedMs,
        ]
        const all = [...members, `p${seed}`, 'nobody']
        return {
          member: all[random(all.length)] ?? '',
          atMs: moments[random(moments.length)] ?? AT,
        }
      })
      const rows = await batch(decisions, ALL)
      for (const [at, decision] of decisions.entries())
        expect(await online(decision, ALL), JSON.stringify(decision)).to.deep.equal(rows[at])
      const given = rows.flatMap(row => Object.entries(row)).filter(([, value]) => value !== null)
      // A world in which nothing is known would prove nothing.
      expect(new Set(given.map(([name]) => name)).size).to.be.greaterThan(180)
    })

  it('is kept by a stream of the lake: facts copied, and everybody’s present values in gold', async () => {
    const { engine, store } = lake
    await lake.tell(entry('now', Date.now() - DAY_MS, { body: { amountFen: 77 } }))
    const journal = createJournal(store.database, error => {
      throw error
    })
    const parts = { engine, database: store.database, journal, log: silent }
    const stream = startFeatures(parts as LakeParts)
    const facts = async () => (await readStreams(store.database))[0]?.facts['subjects']
    while ((await facts()) === undefined) await new Promise(resolve => setTimeout(resolve, 50))
    await stream.close()
    await journal.settled()
    const [gold] = await engine.query(
      `SELECT value FROM lake.gold.features WHERE member = $1 AND feature = 'bank_in_30d'`,
      [MEMBER],
    )
    expect(Number(gold?.['value'])).to.equal(77)
    expect((await readStreams(store.database))[0]).to.include({ name: 'features', fault: null })
  })
})
