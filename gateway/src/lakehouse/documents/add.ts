/** New documents: text, index and tally in one transaction. */
import { DuckDBTimestampValue, listValue, type DuckDBValue } from '@duckdb/node-api'
import { CodedError } from '../../platform/faults.ts'
import type { Engine } from '../engine.ts'
import { STAGING } from '../names.ts'
import { exclusive } from './exclusive.ts'
import { placesOf, writtenPlaces, type Numbered } from './places.ts'
import { removeNow } from './remove.ts'
import { stageSegment, TIERS } from './segments.ts'
import { DOCUMENT_COLUMNS, DOCUMENTS, RECENT, STAGED_DOCUMENTS } from './store.ts'
import { readTally, withTally, writeTally, type Tally } from './tally.ts'

export interface NewDocument {
  readonly id: string
  /** Of the document itself, in the vault. */
  readonly cid: string
  readonly kind: string
  readonly name: string
  /** Whose document it is. */
  readonly member: string
  /** When it was made or received, in milliseconds since 1970. */
  readonly atMs: number
  readonly text: string
}

/** In UTF-16 units; what a person can read in a day is a tenth of it. */
export const TEXT_MAX = 1_000_000
/** Documents of one transaction. */
const BATCH = TIERS[1]

/**
 * Puts documents into the lake. A document whose id is there already takes the place of the old one.
 *
 * @throws CodedError DOCUMENT_TOO_LONG, DOCUMENT_TWICE (the same id twice in one call), DOCUMENTS_MOVED (somebody
 * else has written at the same time: ask again). Batches of 2,048 are whole or not there.
 */
export async function addDocuments(
  engine: Engine,
  documents: readonly NewDocument[],
): Promise<void> {
  if (new Set(documents.map(({ id }) => id)).size < documents.length)
    throw new CodedError('DOCUMENT_TWICE')
  const long = documents.find(({ text }) => text.length > TEXT_MAX)
  if (long) throw new CodedError('DOCUMENT_TOO_LONG', { facts: { id: long.id, max: TEXT_MAX } })
  for (let from = 0; from < documents.length; from += BATCH)
    await exclusive(engine, () => addBatch(engine, documents.slice(from, from + BATCH)))
}

async function addBatch(engine: Engine, documents: readonly NewDocument[]): Promise<void> {
  const known = await engine.query<{ id: string }>(
    `SELECT id FROM ${DOCUMENTS} WHERE id IN (SELECT unnest($1::VARCHAR[]))`,
    [listValue(documents.map(({ id }) => id))],
  )
  for (const { id } of known) await removeNow(engine, id)
  if (documents.length < TIERS[0]) await addFew(engine, documents)
  else await addMany(engine, documents)
}

/** Rows of their own until enough are there for a segment: one document costs no file. */
async function addFew(engine: Engine, documents: readonly NewDocument[]): Promise<void> {
  await engine.transaction(async () => {
    const from = await readTally(engine)
    const read = numbered(documents, from.next)
    await writeTally(engine, grown(from, read))
    await insertRows(
      engine,
      DOCUMENTS,
      read.map(each =>
        (documentCells(each) as DuckDBValue[]).with(AT, new DuckDBTimestampValue(instant(each))),
      ),
    )
    await insertRows(
      engine,
      RECENT,
      read.map(each => [BigInt(each.number), each.words, writtenPlaces(each)]),
    )
  })
}

/** A segment at once. What is staged has its numbers already, and so must be the next when it is written. */
async function addMany(engine: Engine, documents: readonly NewDocument[]): Promise<void> {
  const from = await readTally(engine)
  const read = numbered(documents, from.next)
  await engine.stage(STAGED_DOCUMENTS, read.map(documentCells))
  const insertSegment = await stageSegment(engine, read)
  await withTally(engine, { from, to: grown(from, read) }, async () => {
    await engine.run(`INSERT INTO ${DOCUMENTS} FROM ${STAGING}.${STAGED_DOCUMENTS}`)
    await insertSegment()
  })
}

type Read = NewDocument & Numbered

const numbered = (documents: readonly NewDocument[], next: number): Read[] =>
  documents.map((document, at) => {
    const text = storable(document.text)
    return { ...document, text, ...placesOf(text), number: next + at }
  })

const grown = ({ next, documents, words }: Tally, read: readonly Read[]): Tally => ({
  next: next + read.length,
  documents: documents + read.length,
  words: words + read.reduce((sum, each) => sum + each.words, 0),
})

/** The catalogue's PostgreSQL takes no NUL and no half of a character. */
const storable = (text: string): string => text.replaceAll('\0', ' ').toWellFormed()

const AT = Object.keys(DOCUMENT_COLUMNS).indexOf('at')

/** Microseconds since 1970, as a TIMESTAMP holds them. */
const instant = ({ atMs }: NewDocument): bigint => BigInt(atMs) * 1000n

const documentCells = (read: Read): (bigint | number | string)[] => [
  BigInt(read.number),
  storable(read.id),
  storable(read.cid),
  storable(read.kind),
  storable(read.name),
  storable(read.member),
  instant(read),
  read.words,
  read.text,
]

async function insertRows(
  engine: Engine,
  table: string,
  rows: readonly (readonly DuckDBValue[])[],
): Promise<void> {
  const values: DuckDBValue[] = []
  const tuples = rows.map(row => `(${row.map(cell => `$${values.push(cell)}`).join(', ')})`)
  await engine.query(`INSERT INTO ${table} VALUES ${tuples.join(', ')}`, values)
}
