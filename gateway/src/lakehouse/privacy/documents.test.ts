import { expect } from 'chai'
import { freshDatabase, type TestDatabase } from '../../testing/postgres.ts'
import { addDocuments, type NewDocument } from '../documents/add.ts'
import { search } from '../documents/index.ts'
import { readOwed } from '../documents/owed.ts'
import { postingsIn } from '../documents/packing.ts'
import { readPlaces } from '../documents/places.ts'
import { rebuildIndex } from '../documents/rebuild.ts'
import { sampleOf } from '../documents/samples.ts'
import { DOCUMENTS, PIECES, POSTINGS, RECENT } from '../documents/store.ts'
import { readTally } from '../documents/tally.ts'
import { openEngine, type Engine } from '../engine.ts'
import { freshLake, hasExtensions } from '../testing/place.ts'
import { rulesWith } from './classes.ts'
import { eraseSubject } from './erase.ts'
import { keepTime } from './retention.ts'
import { scan } from './scan.ts'
import { nameOf, parseSubject } from './subject.ts'

const SEED = Number(process.env['PRIVACY_SEED'] ?? Date.now() % 1_000_000)
/** Stands in every document that goes, and in no other. */
const MARK = 'expired0123456789mark'
const PERSON = 'p00112233445566aa'

const documentOf = (sequence: number, isOld: boolean, more = ''): NewDocument => {
  const { member: _, text, ...sample } = sampleOf(SEED, sequence)
  return {
    ...sample,
    id: `D${sequence}`,
    cid: `bafy${sequence}`,
    kind: 'TEXT',
    text: `${text} ${isOld ? MARK : 'neighbour'} ${more}`,
    atMs: Date.parse(isOld ? '1996-06-01' : '1997-06-01'),
  }
}
const isOld = (sequence: number): boolean => sequence % 3 === 0 || sequence > 390
const SEALED = 300
const COUNT = 400

describe(`documents past their time (PRIVACY_SEED=${SEED})`, function () {
  this.timeout(120_000)
  let store: TestDatabase
  let place: Awaited<ReturnType<typeof freshLake>>
  let engine: Engine

  before(async function () {
    if (!hasExtensions()) this.skip()
    store = await freshDatabase()
    place = { ...(await freshLake()), catalogUrl: store.url }
    engine = await openEngine(place)
  })
  after(async () => {
    engine?.close()
    place?.remove()
    await store?.close()
  })

  const found = async (query: string): Promise<number> =>
    (await search(engine, query, { limit: 5 })).total
  const numbers = async (sql: string): Promise<number[]> =>
    (await engine.query<{ n: string }>(sql)).map(({ n }) => Number(n))

  /** Numbers of the documents that the tables know. */
  async function known(): Promise<Record<'texts' | 'index' | 'pieces', number[]>> {
    const posted = Object.values(await indexOf(engine)).flatMap(list => list.map(([one]) => one))
    return {
      texts: await numbers(`SELECT number AS n FROM ${DOCUMENTS} ORDER BY 1`),
      index: [...new Set(posted)].sort((a, b) => a - b),
      pieces: await numbers(`SELECT DISTINCT key // 1024 AS n FROM ${PIECES} ORDER BY 1`),
    }
  }

  async function owed(documentId: string): Promise<void> {
    await store.database.execute(
      `INSERT INTO documents (document_id, file_name, media_type, bytes, sha256, cid, keys,
         readers, lake_due_at)
       VALUES ($1, 'a', 'text/plain', 1, 'x', 'y', '{}', '{}', NULL)`,
      [documentId],
    )
  }

  it('are in no table, in no file and found by no search; their neighbours are, as before', async () => {
    const documents = Array.from({ length: COUNT }, (_, at) => documentOf(at, isOld(at)))
    await addDocuments(engine, documents.slice(0, SEALED))
    for (let from = SEALED; from < COUNT; from += 50)
      await addDocuments(engine, documents.slice(from, from + 50))
    const old = documents.filter((_, at) => isOld(at)).length
    expect(await found(MARK)).to.equal(old)
    const { texts, index } = await known()
    expect(index).to.deep.equal(texts)
    const keep = (at: string) =>
      keepTime({ engine, database: store.database, rules: rulesWith(), now: new Date(at) })
    await keep('2026-12-31T15:59:59Z')
    expect(await found(MARK), 'a moment before').to.equal(old)

    await keep('2026-12-31T16:00:00Z')
    const left = Array.from({ length: COUNT }, (_, at) => at).filter(at => !isOld(at))
    expect(await known()).to.deep.equal({ texts: left, index: left, pieces: left })
    expect(await found(MARK)).to.equal(0)
    expect(await found('neighbour')).to.equal(left.length)
    const { matches } = await scan({
      database: store.database,
      dataPath: place.dataPath,
      identifiers: [MARK],
    })
    // Without the past: a snapshot of before keeps its files until it is forgotten.
    expect(Object.keys(matches).filter(name => name.startsWith('bronze.'))).to.deep.equal([])
    const [line] = await store.database.query(
      `SELECT class, rows FROM lake_retention WHERE table_name = 'bronze.documents'`,
    )
    expect(line).to.deep.equal({ class: 'ACCOUNTING', rows: String(old) })
  })

  it('leave an index that is the one which would be made of the others alone', async () => {
    const left = await indexOf(engine)
    expect(Object.keys(left).length).to.be.greaterThan(100)
    const { documents, words, indexed } = await readTally(engine)
    await rebuildIndex(engine)
    expect(await indexOf(engine)).to.deep.equal(left)
    expect(await readTally(engine)).to.include({ documents, words, indexed })
  })

  it('are withheld: no stream brings one again', async () => {
    const old = documentOf(1_000, true)
    await addDocuments(engine, [old])
    await owed(old.id)
    await keepTime({
      engine,
      database: store.database,
      rules: rulesWith(),
      now: new Date('2027-01-02T00:00:00Z'),
    })
    const [due] = await readOwed(store.database, 10)
    expect(due).to.include({ document_id: old.id, lake_withheld: true })
  })

  it('a deletion of a person takes them with their index, and leaves those that a law wants kept', async () => {
    await addDocuments(engine, [documentOf(2_000, true, PERSON), documentOf(2_001, false, PERSON)])
    expect(await found(PERSON)).to.equal(2)
    const subject = parseSubject(`PERSON/${PERSON}`)
    await eraseSubject(
      { engine, database: store.database },
      {
        job: 'erasure',
        named: await nameOf(store.database, subject, undefined),
        source: undefined,
        rules: rulesWith(),
        now: new Date('2027-02-01T00:00:00Z'),
      },
    )
    expect(await found(PERSON)).to.equal(1)
    expect(await found(MARK)).to.equal(0)
    const { texts, index, pieces } = await known()
    expect([index, pieces]).to.deep.equal([texts, texts])
  })
})

type Places = [document: number, positions: readonly number[]]

/** By word, wherever its places are kept. */
async function indexOf(engine: Engine): Promise<Record<string, Places[]>> {
  const index: Record<string, Places[]> = Object.create(null) as Record<string, Places[]>
  const note = (word: string, places: Places): void => void (index[word] ??= []).push(places)
  for (const { word, documents, packed } of await engine.query<{
    word: string
    documents: number
    packed: string
  }>(`SELECT word, documents, to_base64(packed) AS packed FROM ${POSTINGS}`))
    for (const { document, positions } of postingsIn(Buffer.from(packed, 'base64'), documents))
      note(word, [document, [...positions]])
  for (const { number, places } of await engine.query<{ number: string; places: string }>(
    `SELECT number, places FROM ${RECENT}`,
  ))
    for (const [word, at] of readPlaces(places)) note(word, [Number(number), at])
  for (const list of Object.values(index)) list.sort(([a], [b]) => a - b)
  return index
}
