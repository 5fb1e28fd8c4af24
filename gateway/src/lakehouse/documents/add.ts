/** New documents: text, index and tally in one transaction. */
import { listValue } from '@duckdb/node-api'
import { CodedError } from '../../platform/faults.ts'
import type { Cell, Engine, LakeTransaction } from '../engine.ts'
import { STAGING } from '../names.ts'
import { exclusive } from './exclusive.ts'
import { fold, type Folded } from './fold.ts'
import { piecesOf, type ShownDocument } from './pieces.ts'
import { placesOfFolded, writtenPlaces, type Numbered } from './places.ts'
import { removeNow } from './remove.ts'
import { segmentFor, TIERS, type Segment } from './segments.ts'
import {
  DOCUMENTS,
  PIECES,
  RECENT,
  STAGED_DOCUMENTS,
  STAGED_PIECES,
  STAGED_RECENT,
} from './store.ts'
import { moveTally, readTally, type Tally } from './tally.ts'

export interface NewDocument {
  readonly id: string
  /** Of the document itself, in the vault. */
  readonly cid: string
  readonly kind: string
  readonly name: string
  /** Whose document it is; absent where it is the organisation's own. */
  readonly member?: string
  /** When it was made or received, in milliseconds since 1970. */
  readonly atMs: number
  readonly text: string
  /** Why there is no text. */
  readonly code?: string
  readonly warnings?: readonly string[]
}

/** In UTF-16 units; what a person can read in a day is a tenth of it. */
export const TEXT_MAX = 1_000_000
/** Documents of one transaction. */
const BATCH = TIERS[1]

interface AddOptions {
  /** What becomes of a document whose id is there already: it takes the place of the old one, or is left out. */
  readonly known?: 'REPLACE' | 'LEAVE'
}

/**
 * Puts documents into the lake.
 *
 * @throws CodedError DOCUMENT_TOO_LONG, DOCUMENT_TWICE (the same id twice in one call), DOCUMENTS_MOVED (somebody
 * else has written at the same time: ask again). Batches of 2,048 are whole or not there.
 */
export async function addDocuments(
  engine: Engine,
  documents: readonly NewDocument[],
  { known = 'REPLACE' }: AddOptions = {},
): Promise<void> {
  if (new Set(documents.map(({ id }) => id)).size < documents.length)
    throw new CodedError('DOCUMENT_TWICE')
  const long = documents.find(({ text }) => text.length > TEXT_MAX)
  if (long) throw new CodedError('DOCUMENT_TOO_LONG', { facts: { id: long.id, max: TEXT_MAX } })
  for (let from = 0; from < documents.length; from += BATCH)
    await exclusive(engine, () => addBatch(engine, documents.slice(from, from + BATCH), known))
}

async function addBatch(
  engine: Engine,
  documents: readonly NewDocument[],
  known: 'REPLACE' | 'LEAVE',
): Promise<void> {
  // Before it is asked what is there: the transaction then finds out if somebody has added since.
  const from = await readTally(engine)
  const there = await knownOf(
    engine,
    documents.map(({ id }) => id),
  )
  if (known === 'REPLACE' && there.size > 0) {
    for (const id of there) await removeNow(engine, id)
    return addBatch(engine, documents, known)
  }
  const fresh = documents.filter(({ id }) => !there.has(id))
  if (fresh.length > 0) await insert(engine, numbered(fresh, from.next), from)
}

/** Those of the ids that the lake has. */
export async function knownOf(
  { query }: Pick<Engine, 'query'>,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const rows = await query<{ id: string }>(
    `SELECT id FROM ${DOCUMENTS} WHERE id IN (SELECT unnest($1::VARCHAR[]))`,
    [listValue([...ids])],
  )
  return new Set(rows.map(({ id }) => id))
}

/** Many are a segment at once; few are rows of their own until enough are there for one. */
async function insert(engine: Engine, read: readonly Read[], from: Tally): Promise<void> {
  const index = read.length < TIERS[0] ? recentFor(read) : segmentFor(read)
  const isSegment = read.length >= TIERS[0]
  const staged = {
    [STAGED_DOCUMENTS]: read.map(documentCells),
    [STAGED_PIECES]: read.flatMap(each => piecesOf(each.number, shownOf(each), each)),
    ...index.staged,
  }
  await engine.write(staged, async transaction => {
    await moveTally(transaction, { from, to: grown(from, read, isSegment) })
    await transaction.run(`INSERT INTO ${DOCUMENTS} FROM ${STAGING}.${STAGED_DOCUMENTS}`)
    await insertPieces(transaction)
    await index.insert(transaction)
  })
}

const recentFor = (read: readonly Read[]): Segment => ({
  staged: {
    [STAGED_RECENT]: read.map(each => [BigInt(each.number), each.words, writtenPlaces(each)]),
  },
  insert: ({ run }) => run(`INSERT INTO ${RECENT} FROM ${STAGING}.${STAGED_RECENT}`),
})

type Read = NewDocument & Numbered & { readonly folded: Folded }

const numbered = (documents: readonly NewDocument[], next: number): Read[] =>
  documents.map((document, at) => {
    const text = storable(document.text)
    const folded = fold(text)
    return { ...document, text, folded, ...placesOfFolded(folded), number: next + at }
  })

const grown = (from: Tally, read: readonly Read[], isSegment: boolean): Tally => ({
  ...from,
  next: from.next + read.length,
  documents: from.documents + read.length,
  indexed: from.indexed + read.length,
  words: from.words + read.reduce((sum, each) => sum + each.words, 0),
  version: from.version + (isSegment ? 1 : 0),
})

export const insertPieces = ({ run }: LakeTransaction): Promise<void> =>
  run(`INSERT INTO ${PIECES} SELECT key, from_base64(packed)
    FROM ${STAGING}.${STAGED_PIECES} ORDER BY key`)

const shownOf = ({ id, cid, kind, name, member, atMs }: NewDocument): ShownDocument => ({
  id: storable(id),
  cid: storable(cid),
  kind: storable(kind),
  name: storable(name),
  ...(member === undefined ? {} : { member: storable(member) }),
  atMs: Math.trunc(atMs),
})

/** The catalogue's PostgreSQL takes no NUL and no half of a character. */
const storable = (text: string): string => text.replaceAll('\0', ' ').toWellFormed()
const storableOrNull = (text: string | undefined): string | null =>
  text === undefined ? null : storable(text)

const documentCells = (read: Read): Cell[] => [
  BigInt(read.number),
  storable(read.id),
  storable(read.cid),
  storable(read.kind),
  storable(read.name),
  storableOrNull(read.member),
  // Microseconds since 1970.
  BigInt(Math.trunc(read.atMs)) * 1000n,
  read.words,
  storableOrNull(read.code),
  read.warnings?.length ? read.warnings.join(',') : null,
  read.text,
]
