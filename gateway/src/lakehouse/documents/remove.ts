/** A deletion of documents: the text, and every place of its words in the index. */
import { listValue } from '@duckdb/node-api'
import type { Engine, LakeRow, LakeTransaction, Rows } from '../engine.ts'
import { exclusive } from './exclusive.ts'
import { postingsIn } from './packing.ts'
import { keysOf } from './pieces.ts'
import { placesOf, rowOf, type PostingCells } from './places.ts'
import { insertPostings } from './segments.ts'
import { DOCUMENTS, PIECES, POSTINGS, RECENT, STAGED_POSTINGS } from './store.ts'
import { moveTally, readTally } from './tally.ts'

/**
 * Answers whether there was such a document. Older snapshots of the lake have it until they are expired.
 *
 * @throws CodedError DOCUMENTS_MOVED when another process has written at the same time: ask again.
 */
export const removeDocument = (engine: Engine, id: string): Promise<boolean> =>
  exclusive(engine, () => removeNow(engine, id))

/** For a caller that has the turn. */
export async function removeNow(engine: Engine, id: string): Promise<boolean> {
  const known = await engine.query<{ number: string }>(
    `SELECT number FROM ${DOCUMENTS} WHERE id = $1`,
    [id],
  )
  if (known.length === 0) return false
  await removeBatch(
    engine,
    known.map(({ number }) => Number(number)),
  )
  return true
}

/** Written by whoever removes many, in the transaction in which these are removed, before they are. */
export type Beside = (transaction: LakeTransaction, whereOfDocuments: string) => Promise<void>

/**
 * Removes documents, those that came one after the other together: a commit costs the same for one as for many.
 * Killed between two commits, it has removed some of them whole and the others not at all.
 */
export function removeDocuments(
  engine: Engine,
  ids: readonly string[],
  beside: Beside,
): Promise<void> {
  return exclusive(engine, async () => {
    const known = await engine.query<Sized>(
      `SELECT number, length(text) AS characters FROM ${DOCUMENTS}
       WHERE id IN (SELECT unnest($1::VARCHAR[])) ORDER BY number`,
      [listValue([...ids])],
    )
    for (const batch of batchesOf(known)) await removeBatch(engine, batch, beside)
  })
}

interface Sized extends LakeRow {
  readonly number: string
  readonly characters: string
}

/** Documents further apart share few rows of the index, and all rows between them would be read. */
const SPAN_MAX = 1_024
const CHARACTERS_MAX = 4_000_000

function batchesOf(documents: readonly Sized[]): number[][] {
  const batches: number[][] = []
  let characters = 0
  for (const each of documents) {
    const number = Number(each.number)
    const batch = batches.at(-1)
    characters += Number(each.characters)
    if (batch && number - Number(batch[0]) < SPAN_MAX && characters <= CHARACTERS_MAX)
      batch.push(number)
    else {
      batches.push([number])
      characters = Number(each.characters)
    }
  }
  return batches
}

/** @param numbers in ascending order. */
async function removeBatch(
  engine: Engine,
  numbers: readonly number[],
  beside?: Beside,
): Promise<void> {
  const from = await readTally(engine)
  const where = `number IN (${numbers.join(', ')})`
  const rows = await engine.query<{ words: number; text: string }>(
    `SELECT words, text FROM ${DOCUMENTS} WHERE ${where}`,
  )
  const to = {
    ...from,
    documents: from.documents - rows.length,
    indexed: from.indexed - rows.length,
    words: from.words - rows.reduce((sum, { words }) => sum + words, 0),
    version: from.version + 1,
  }
  const words = new Set(rows.flatMap(({ text }) => [...placesOf(text).positions.keys()]))
  const { staged, takeOut } = await without(engine, numbers, words)
  await engine.write(staged, async transaction => {
    await moveTally(transaction, { from, to })
    await beside?.(transaction, where)
    await transaction.run(`DELETE FROM ${DOCUMENTS} WHERE ${where}`)
    await transaction.run(`DELETE FROM ${RECENT} WHERE ${where}`)
    const keys = numbers.map(keysOf).join(' OR ')
    await transaction.run(`DELETE FROM ${PIECES} WHERE ${keys}`)
    await takeOut(transaction)
  })
}

interface Change {
  readonly staged: Rows
  /** In the transaction. */
  takeOut(transaction: LakeTransaction): Promise<void>
}

const NOTHING: Change = { staged: {}, takeOut: async () => undefined }

/** Rows of the index that hold one of the documents are written anew without it. */
async function without(
  engine: Engine,
  numbers: readonly number[],
  words: ReadonlySet<string>,
): Promise<Change> {
  if (words.size === 0) return NOTHING
  const near = await engine.query<PostingRow>(
    `SELECT tier, word, first, documents, to_base64(packed) AS packed FROM ${POSTINGS}
     WHERE last >= $1 AND first <= $2 AND word IN (SELECT unnest($3::VARCHAR[]))`,
    [BigInt(numbers[0] ?? 0), BigInt(numbers.at(-1) ?? 0), listValue([...words])],
  )
  const gone = new Set(numbers)
  const changes = near
    .map(row => ({ row, left: leftOf(row, gone) }))
    .filter(({ row, left }) => left.length < row.documents)
  if (changes.length === 0) return NOTHING
  const staged = changes
    .filter(({ left }) => left.length > 0)
    .map(({ row, left }): PostingCells => rowOf(row.tier, row.word, left))
  // Of one word no two rows begin with the same document.
  const those = `(word, first) IN (SELECT (unnest($1::VARCHAR[]), unnest($2::BIGINT[])))`
  const values = [
    listValue(changes.map(({ row }) => row.word)),
    listValue(changes.map(({ row }) => BigInt(row.first))),
  ]
  return {
    staged: { [STAGED_POSTINGS]: staged },
    async takeOut(transaction) {
      await transaction.query(`DELETE FROM ${POSTINGS} WHERE ${those}`, values)
      await insertPostings(transaction)
    },
  }
}

interface PostingRow extends LakeRow {
  readonly tier: number
  readonly word: string
  readonly first: string
  readonly documents: number
  readonly packed: string
}

const leftOf = ({ documents, packed }: PostingRow, gone: ReadonlySet<number>) =>
  postingsIn(Buffer.from(packed, 'base64'), documents).filter(({ document }) => !gone.has(document))
