import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { keepUp } from '../history.ts'
import { hasExtensions } from '../testing/place.ts'
import { NO_ROWS } from '../engine.ts'
import { featuresOf as definitionsOf, words } from './catalogue/family.ts'
import { versioned } from './definition.ts'
import { createFiller } from './fill.ts'
import { number, sourceKind, text, type Kind } from './kind.ts'
import { remakePresent } from './present.ts'
import { featuresOf, type Featured } from './store.ts'
import { writeFeatureTable } from './table.ts'
import { createRandom, DAY_MS, featureLake, randomRecords, type FeatureLake } from './testing.ts'

const AT = Date.parse('2026-06-30T04:00:00Z')

const shopKind = (cells: Kind['cells']): Kind =>
  sourceKind('shop_month', 'ecommerce', {
    shape: { shop: 'VARCHAR', salesFen: 'BIGINT', orders: 'BIGINT' },
    cells: { salesFen: number('"salesFen"'), shop: text('shop'), ...cells },
  })

const setOf = (kind: Kind, value = 'salesFen'): Featured => ({
  kinds: [kind],
  features: versioned(
    definitionsOf(kind, {
      shop_size: { is: 'sum', value, words: words('规模', 'size'), unit: 'FEN' },
      shop_months: { is: 'count', words: words('月数', 'months'), unit: 'COUNT' },
    }),
  ),
})

describe('the copy of facts beside the lake', function () {
  this.timeout(120_000)
  let lake: FeatureLake
  const first = setOf(shopKind({}))

  before(async function () {
    if (!hasExtensions()) this.skip()
    lake = await featureLake()
    await lake.member('m1', 'CODE1')
    await lake.member('m2', 'CODE2')
  })
  after(() => lake?.close())
  beforeEach(() => lake.store.database.execute('TRUNCATE feature_facts, feature_kinds'))

  const fillerOf = (featured = first, database = lake.store.database) =>
    createFiller({ engine: lake.engine, database }, featured)
  const copied = async (): Promise<number> => {
    const [row] = await lake.store.database.query<{ facts: string }>(
      'SELECT count(*) AS facts FROM feature_facts',
    )
    return Number(row?.facts)
  }
  const inLake = async (): Promise<number> => {
    const [row] = await lake.engine.query<{ facts: string }>(
      `SELECT count(*) AS facts FROM lake.bronze.source_records WHERE source = 'ecommerce'`,
    )
    return Number(row?.facts)
  }
  const month = (id: string, subject: string, salesFen: number) => ({
    source: 'ecommerce' as const,
    id,
    subject,
    eventMs: AT - 5 * DAY_MS,
    arrivedMs: AT - 4 * DAY_MS,
    body: { shop: 'S1', salesFen, orders: salesFen / 10 },
  })
  const valueOf = async (name: string, member = 'm1', featured = first) =>
    (await featuresOf(lake.store.database, member, AT, featured)).values.find(
      ({ feature }) => feature.name === name,
    )?.value

  it('is killed in the middle of a batch and has nothing of it, and each fact once in the end', async () => {
    const random = createRandom(5)
    const subjects = ['MEMBER/CODE1', 'MEMBER/CODE2', 'PERSON/p1']
    const shop = randomRecords(random, { subjects, aroundMs: AT, records: 120, prefix: 'k' })
    await lake.tell(...shop.map(one => ({ ...one, source: 'ecommerce' as const })))
    expect(await killedFiller(lake)).to.match(/^in the middle, [1-9]\d* facts/)
    expect(await copied()).to.equal(0)
    await fillerOf().fill()
    expect(await copied()).to.equal(await inLake())
    expect(await inLake()).to.be.greaterThan(100)
  })

  it('is filled by two at once and through the upkeep of the files, and has each fact once', async () => {
    const rivals = [fillerOf(), fillerOf()]
    await Promise.allSettled(rivals.map(({ fill }) => fill()))
    for (const round of [1, 2, 3]) {
      await lake.tell(month(`r${round}`, 'MEMBER/CODE1', 10))
      if (round === 2) await keepUp(lake.engine, 1)
      const outcomes = await Promise.allSettled(rivals.map(({ fill }) => fill()))
      expect(outcomes.some(({ status }) => status === 'fulfilled')).to.equal(true)
      expect(await copied()).to.equal(await inLake())
    }
    expect(await rivals[0]?.fill()).to.deep.equal({ facts: 0, anew: [] })
    expect(await rivals[0]?.compare()).to.deep.equal({ facts: 0, anew: [] })
  })

  it('is made anew for a definition that reads more, whose version is new; the old one stays explained', async () => {
    await lake.member('m3', 'CODE3')
    await lake.tell(month('v1', 'MEMBER/CODE3', 500), month('v2', 'MEMBER/CODE3', 300))
    await fillerOf().fill()
    expect(await valueOf('shop_size', 'm3')).to.equal(800)
    const changed = setOf(shopKind({ orders: number('orders') }), 'orders')
    const [before, after] = [first.features[0], changed.features[0]]
    expect(after?.version).to.not.equal(before?.version)
    expect((await fillerOf(changed).fill()).anew).to.deep.equal(['shop_month'])
    expect(await valueOf('shop_size', 'm3', changed)).to.equal(80)
    const kept = await lake.store.database.query<{ version: string; rule: { value: string } }>(
      `SELECT version, definition->'rule' AS rule FROM feature_definitions
       WHERE name = 'shop_size' ORDER BY since`,
    )
    expect(kept.map(({ version, rule }) => [version, rule.value])).to.deep.equal([
      [before?.version, 'salesFen'],
      [after?.version, 'orders'],
    ])
  })

  it('gives a definition the version of its meaning: its words may change, its window may not', () => {
    const kind = shopKind({})
    const versionOf = (over: number, zh: string) =>
      versioned(
        definitionsOf(kind, {
          one: { is: 'count', over: [over], words: words(zh, zh), unit: 'COUNT' },
        }),
      )[0]?.version
    expect(versionOf(30, 'a')).to.equal(versionOf(30, 'b'))
    expect(versionOf(30, 'a')).to.not.equal(versionOf(31, 'a'))
  })

  it('forgets who was deleted from the lake at the next comparison', async () => {
    await lake.tell(month('d1', 'PERSON/gone', 900))
    await fillerOf().fill()
    expect(await valueOf('shop_size', 'gone')).to.equal(900)
    await lake.engine.write(NO_ROWS, ({ run }) =>
      run(`DELETE FROM lake.bronze.source_records WHERE subject = 'gone'`),
    )
    expect((await fillerOf().compare()).anew).to.deep.equal(['shop_month'])
    expect(await valueOf('shop_size', 'gone')).to.equal(null)
    expect(await copied()).to.equal(await inLake())
  })

  it('stands in gold as it is now, with its version, and says of how many each feature is known', async () => {
    await fillerOf().fill()
    await remakePresent({ ...lake, database: lake.store.database }, AT, first)
    await remakePresent({ ...lake, database: lake.store.database }, AT, first)
    const rows = await lake.engine.query<{ member: string; value: string; version: string }>(
      `SELECT member, value, version FROM lake.gold.features WHERE feature = 'shop_size'`,
    )
    expect(rows.length).to.be.greaterThan(2)
    for (const { member, value, version } of rows) {
      expect(Number(value)).to.equal(await valueOf('shop_size', member))
      expect(version).to.equal(first.features[0]?.version)
    }
    const [coverage] = await lake.store.database.query(
      `SELECT subjects, with_value FROM feature_coverage WHERE name = 'shop_size'`,
    )
    // m1, m2, m3 and the one person who is left.
    expect(coverage).to.deep.equal({ subjects: 4, with_value: rows.length })
  })

  it('writes no table into a file whose kind nobody has named', async () => {
    const options = { ...lake, database: lake.store.database, decisions: [], ...first }
    const fault = await writeFeatureTable(options, '/tmp/x.xls').catch((error: unknown) => error)
    expect(fault).to.include({ code: 'FILE_KIND' })
  })
})

/** What the process said before it was killed, with its transaction open. */
async function killedFiller({ options, store }: FeatureLake): Promise<string> {
  const file = fileURLToPath(new URL('testing-filler.ts', import.meta.url))
  const flags = ['--conditions=triflow-source', '--import=tsx', file]
  const child = spawn(process.execPath, [...flags, JSON.stringify(options), store.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  child.kill('SIGKILL')
  await once(child, 'exit')
  return said.toString()
}
