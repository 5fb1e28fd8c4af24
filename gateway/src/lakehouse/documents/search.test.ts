import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { emptyDatabase } from '../../testing/postgres.ts'
import { openEngine, type Engine } from '../engine.ts'
import { addDocuments, type NewDocument } from './add.ts'
import { fold } from './fold.ts'
import {
  createSearcher,
  rebuildIndex,
  removeDocument,
  tidyIndex,
  type SearchOptions,
} from './index.ts'
import { postingsIn } from './packing.ts'
import { readPlaces } from './places.ts'
import { randomOf, sampleOf } from './samples.ts'
import { DOCUMENTS, POSTINGS, RECENT, SEGMENTS } from './store.ts'
import { STOP_WORDS, tokensOf } from './tokens.ts'

const SEED = Number(process.env['TRIFLOW_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const ALL = { limit: 100 }
const PAGES = 2

const documentOf = (sequence: number): NewDocument => ({
  id: `D${sequence}`,
  cid: `bafy${sequence}`,
  kind: sequence % 3 === 0 ? 'PDF' : 'TEXT',
  ...sampleOf(SEED, sequence),
})

describe(`documents in the lake (TRIFLOW_SEED=${SEED})`, function () {
  this.timeout(120_000)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'triflow-documents-'))
  const random = randomOf(SEED)
  let engine: Engine
  let catalogUrl: string
  let held: NewDocument[] = []

  const open = (): Promise<Engine> =>
    openEngine({
      catalogUrl,
      dataPath: path.join(folder, 'lake'),
      extensionFolder: path.join(
        createRequire(import.meta.url).resolve('@duckdb/node-api/package.json'),
        '../../../.triflow-duckdb',
      ),
      memoryMb: 1_000,
      threads: 2,
    })

  before(async () => {
    catalogUrl = await emptyDatabase()
    engine = await open()
  })
  after(async () => {
    await searcher?.close()
    engine.close()
    rmSync(folder, { recursive: true })
  })

  /** Kept from question to question, as in the gateway; after a write it looks again. */
  let searcher: ReturnType<typeof createSearcher> | undefined
  const search = (query: string, options: SearchOptions) =>
    (searcher ??= createSearcher(engine, { heldMs: 0 })).search(query, options)

  async function add(from: number, to: number): Promise<void> {
    const documents = Array.from({ length: to - from }, (_, at) => documentOf(from + at))
    await addDocuments(engine, documents)
    held = [...held, ...documents]
  }

  /** What a scan of all texts finds: every part of the question, letter for letter. */
  function scanned(query: string): string[] {
    const parts = query.split(' ').map(part => {
      const letters = fold(part).text
      const whole = ['(?<![a-z\\d]|\\d[.,])', '(?![a-z\\d]|[.,]\\d)']
      const ends = /^[a-z\d]/.test(letters) ? whole : ['', '']
      return new RegExp(`${ends[0]}${letters}${ends[1]}`)
    })
    return held
      .filter(({ text }) => parts.every(part => part.test(fold(text).text)))
      .map(({ id }) => id)
      .sort()
  }

  /** The first pages; the total counts the others. */
  async function found(query: string): Promise<string[]> {
    const ids: string[] = []
    let count = 0
    do {
      const { total, hits } = await search(query, { ...ALL, offset: ids.length })
      ids.push(...hits.map(({ id }) => id))
      count = total
    } while (ids.length < Math.min(count, PAGES * ALL.limit))
    expect(new Set(ids).size, query).to.equal(ids.length)
    if (count <= ids.length) return ids.sort()
    const expected = scanned(query)
    expect(count, query).to.equal(expected.length)
    expect(expected).to.include.members(ids)
    return expected
  }

  /** A piece of a text, between stop words: those stand for any character. */
  function pieceOf({ text }: NewDocument, length: number): string {
    const runs = fold(text).text.match(/\p{Script=Han}{2,}|[a-z\d]{3,}/gu) ?? []
    const run = runs[Math.floor(random() * runs.length)] ?? ''
    if (!/\p{Script=Han}/u.test(run)) return run
    const from = Math.floor(random() * Math.max(1, run.length - length))
    const piece = run.slice(from, from + length)
    return [...piece].some(letter => STOP_WORDS.has(letter)) ? '' : piece
  }

  async function expectLikeScan(questions: number): Promise<void> {
    for (let asked = 0; asked < questions;) {
      const document = held[Math.floor(random() * held.length)]
      if (!document) throw new Error('no documents')
      const pieces = Array.from({ length: 1 + Math.floor(random() * 2) }, () =>
        pieceOf(document, 1 + Math.floor(random() * 7)),
      )
      if (pieces.includes('')) continue
      asked++
      const query = pieces.join(' ')
      expect(await found(query), query).to.deep.equal(scanned(query))
    }
  }

  it('are found exactly where a scan of all texts finds them, as soon as they are added', async () => {
    await add(0, 40)
    await add(40, 41)
    await expectLikeScan(10)
    expect(await found('应收账款直接催收')).to.deep.equal(scanned('应收账款直接催收'))
  })

  it('are found so in segments and before them, while small ones become large ones', async () => {
    await add(41, 300)
    await add(300, 420)
    expect(await tidyIndex(engine)).to.equal(0)
    await expectLikeScan(8)
    await add(420, 600)
    expect(await tidyIndex(engine)).to.equal(1)
    const before = await dumped(engine)
    for (let at = 0; at < 6; at++) await add(600 + at * 256, 600 + (at + 1) * 256)
    expect(await tidyIndex(engine)).to.equal(1)
    const tiers = await engine.query(`SELECT DISTINCT tier FROM ${POSTINGS}`)
    expect(tiers).to.deep.equal([{ tier: 1 }])
    const after = await dumped(engine)
    expect(changed(before, after)).to.deep.equal([])
    await expectLikeScan(10)
  })

  it('come by BM25, the newer first where equal', async () => {
    const words = ['深圳', '传感器', '有限公司']
    const { hits, total } = await search(words.join(' '), ALL)
    expect(total).to.equal(scanned(words.join(' ')).length)
    const expected = scores(held, words)
    const got = hits.map(({ score }) => score)
    expect(got).to.deep.equal([...got].sort((a, b) => b - a))
    for (const { id, score } of hits) expect(score).to.be.closeTo(expected.get(id) ?? -1, 1e-9)
  })

  it('are found by page, each once', async () => {
    const whole = (await search('应收账款', { limit: 40 })).hits.map(({ id }) => id)
    const second = await search('应收账款', { limit: 20, offset: 20 })
    expect(second.hits.map(({ id }) => id)).to.deep.equal(whole.slice(20))
  })

  it('are shown with CID, marked in their own words', async () => {
    const [hit] = (await search('应收账款', { limit: 1 })).hits
    if (!hit) throw new Error('no hit')
    const document = held.find(({ id }) => id === hit.id)
    expect(hit).to.deep.include({ cid: document?.cid, member: document?.member })
    expect(hit).to.deep.include({
      kind: document?.kind,
      atMs: document?.atMs,
      name: document?.name,
    })
    const [mark = [0, 0]] = hit.snippet.marks
    expect(hit.snippet.text.slice(...mark)).to.equal('应收账款')
    expect(document?.text).to.include(hit.snippet.text)
  })

  it('are filtered by kind, member and time', async () => {
    const filters = { kind: 'PDF', members: ['member-1', 'member-2'], fromMs: Date.UTC(2025, 0, 1) }
    const { total, hits } = await search('货物', { ...ALL, ...filters })
    const expected = held.filter(
      ({ kind, member, atMs }) =>
        kind === filters.kind && filters.members.includes(member ?? '') && atMs >= filters.fromMs,
    )
    expect(expected).to.not.be.empty
    expect(total).to.equal(expected.length)
    expect(hits.map(({ id }) => id)).to.have.members(expected.map(({ id }) => id))
    expect((await search('货物', { ...ALL, members: [] })).total).to.equal(0)
    expect((await search('货物', { ...ALL, toMs: 0 })).total).to.equal(0)
  })

  it('are not reached by a question that is no question', async () => {
    const hostile = [
      "'; DROP TABLE lake.bronze.documents; --",
      '%',
      '_',
      '*',
      '$1',
      '\0',
      '" OR 1=1',
    ]
    for (const query of [...hostile, '', '的', '\ud800', ")) UNION SELECT '应收"])
      expect((await search(query, ALL)).hits.length, query).to.be.at.most(100)
    const { total } = await search("应收账款' --", ALL)
    expect(total).to.equal(scanned('应收账款').length)
    const [row] = await engine.query(`SELECT count(*) AS count FROM ${DOCUMENTS}`)
    expect(row?.['count']).to.equal(String(held.length))
  })

  it('take the place of the old one of the same id', async () => {
    const old = documentOf(7)
    const changed = { ...old, text: '独一无二的替换文本' }
    await addDocuments(engine, [changed])
    held = [...held.filter(({ id }) => id !== old.id), changed]
    expect(await found('替换文本')).to.deep.equal([old.id])
    expect(await found(numberIn(old))).to.deep.equal([])
    await expectLikeScan(5)
  })

  it('that are removed are in no table, and nothing else is lost', async () => {
    const sealed = documentOf(311)
    const fresh = documentOf(99_000)
    await add(99_000, 99_001)
    for (const gone of [sealed, fresh]) {
      const number = await numberOf(engine, gone.id)
      expect(await found(numberIn(gone))).to.deep.equal([gone.id])
      expect(await removeDocument(engine, gone.id)).to.equal(true)
      held = held.filter(({ id }) => id !== gone.id)
      expect(await found(numberIn(gone))).to.deep.equal([])
      const left = [...(await dumped(engine))].filter(([, places]) =>
        places.some(([document]) => document === number),
      )
      expect(left).to.deep.equal([])
      expect(await numberOf(engine, gone.id)).to.be.NaN
    }
    expect(await removeDocument(engine, sealed.id)).to.equal(false)
    await expectLikeScan(10)
  })

  it('have the same index when it is made again from their texts', async () => {
    const before = await dumped(engine)
    await rebuildIndex(engine)
    const after = await dumped(engine)
    expect([...after.keys()]).to.deep.equal([...before.keys()])
    expect(changed(before, after)).to.deep.equal([])
    expect(changed(after, before)).to.deep.equal([])
    await expectLikeScan(10)
  })

  it('of two who write at once are all there, or one is told', async () => {
    await Promise.all([add(2_200, 2_201), add(2_201, 2_202)])
    const other = await open()
    const [here, there] = [documentOf(2_300), documentOf(2_301)]
    const outcomes = await Promise.allSettled([
      addDocuments(engine, [here]),
      addDocuments(other, [there]),
    ])
    other.close()
    held = [...held, ...[here, there].filter((_, at) => outcomes[at]?.status === 'fulfilled')]
    expect(outcomes.map(({ status }) => status)).to.include('fulfilled')
    const rows = await engine.query(
      `SELECT count(*) AS count, count(DISTINCT number) AS numbers FROM ${DOCUMENTS}`,
    )
    expect(rows[0]).to.deep.equal({ count: String(held.length), numbers: String(held.length) })
    await expectLikeScan(5)
  })

  it('that are too long or twice in one call are refused whole', async () => {
    const [one, two] = [documentOf(3_000), documentOf(3_001)]
    const fails = async (documents: readonly NewDocument[]): Promise<string> =>
      addDocuments(engine, documents).then(
        () => 'added',
        (error: { code?: string }) => error.code ?? 'no code',
      )
    expect(await fails([one, one])).to.equal('DOCUMENT_TWICE')
    expect(await fails([two, { ...one, text: '甲'.repeat(1_000_001) }])).to.equal(
      'DOCUMENT_TOO_LONG',
    )
    expect(await found(numberIn(two))).to.deep.equal([])
  })
})

/** The number of an invoice: in no other document. */
const numberIn = ({ text }: NewDocument): string => /\d{20}/.exec(text)?.[0] ?? 'none'

async function numberOf(engine: Engine, id: string): Promise<number> {
  const [row] = await engine.query(`SELECT number FROM ${DOCUMENTS} WHERE id = $1`, [id])
  return Number(row?.['number'])
}

type Place = readonly [document: number, size: number, positions: readonly number[]]

/** The whole index, whatever lies where. */
async function dumped(engine: Engine): Promise<Map<string, Place[]>> {
  const index = new Map<string, Place[]>()
  const put = (word: string, place: Place): void => {
    const places = index.get(word)
    if (places) places.push(place)
    else index.set(word, [place])
  }
  const rows = await engine.query<{ word: string; documents: number; packed: string }>(
    `SELECT word, documents, to_base64(packed) AS packed FROM ${POSTINGS} ORDER BY word, first`,
  )
  for (const { word, documents, packed } of rows)
    for (const { document, size, positions } of postingsIn(
      Buffer.from(packed, 'base64'),
      documents,
    ))
      put(word, [document, size, positions])
  const recent = await engine.query<{ number: string; words: number; places: string }>(
    `SELECT number, words, places FROM ${RECENT} ORDER BY number`,
  )
  for (const { number, words, places } of recent)
    for (const [word, positions] of readPlaces(places))
      put(word, [Number(number), Math.ceil(words / 8), positions])
  const segments = await engine.query(`SELECT count(*) AS count FROM ${SEGMENTS}`)
  if (rows.length > 0) expect(segments[0]?.['count']).to.not.equal('0')
  return new Map([...index].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Words that do not stand any more where they stood. */
const changed = (
  before: ReadonlyMap<string, readonly Place[]>,
  after: ReadonlyMap<string, readonly Place[]>,
): string[] =>
  [...before]
    .filter(([word, places]) => {
      const now = after.get(word)?.slice(0, places.length)
      return JSON.stringify(now) !== JSON.stringify(places)
    })
    .map(([word]) => word)

/** BM25 as its definition says, over the texts themselves. */
function scores(documents: readonly NewDocument[], words: readonly string[]): Map<string, number> {
  const tokens = new Map(documents.map(({ id, text }) => [id, tokensOf(text)]))
  const mean = [...tokens.values()].reduce((sum, each) => sum + each.length, 0) / documents.length
  const idf = words.map(word => {
    const holding = [...tokens.values()].filter(each => each.includes(word)).length
    return Math.log(1 + (documents.length - holding + 0.5) / (holding + 0.5))
  })
  return new Map(
    [...tokens].map(([id, own]) => {
      const length = (Math.ceil(own.length / 8) * 8) / mean
      const score = words.reduce((sum, word, at) => {
        const times = own.filter(each => each === word).length
        return sum + ((idf[at] ?? 0) * times * 2.2) / (times + 1.2 * (0.25 + 0.75 * length))
      }, 0)
      return [id, score]
    }),
  )
}
