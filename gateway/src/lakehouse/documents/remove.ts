/** A person's deletion: the text, and every place of its words in the index. */
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
  const from = await readTally(engine)
  const [row] = await engine.query<{ number: string; words: number; text: string }>(
    `SELECT number, words, text FROM ${DOCUMENTS} WHERE id = $1`,
    [id],
  )
  if (!row) return false
  const to = {
    ...from,
    documents: from.documents - 1,
    indexed: from.indexed - 1,
    words: from.words - row.words,
    version: from.version + 1,
  }
  const { staged, takeOut } = await without(engine, Number(row.number), row.text)
  await engine.write(staged, async transaction => {
    await moveTally(transaction, { from, to })
    await transaction.run(`DELETE FROM ${DOCUMENTS} WHERE number = ${row.number}`)
    await transaction.run(`DELETE FROM ${RECENT} WHERE number = ${row.number}`)
    await transaction.run(`DELETE FROM ${PIECES} WHERE ${keysOf(Number(row.number))}`)
    await takeOut(transaction)
  })
  return true
}

interface Change {
  readonly staged: Rows
  /** In the transaction. */
  takeOut(transaction: LakeTransaction): Promise<void>
}

const NOTHING: Change = { staged: {}, takeOut: async () => undefined }

/** Rows of the index that hold the document are written anew without it. */
async function without(engine: Engine, number: number, text: string): Promise<Change> {
  const words = [...placesOf(text).positions.keys()]
  if (words.length === 0) return NOTHING
  const where = [BigInt(number), listValue(words)]
  const those = '$1 BETWEEN first AND last AND word IN (SELECT unnest($2::VARCHAR[]))'
  const rows = await engine.query<PostingRow>(
    `SELECT tier, word, documents, to_base64(packed) AS packed FROM ${POSTINGS} WHERE ${those}`,
    where,
  )
  if (rows.length === 0) return NOTHING
  return {
    staged: { [STAGED_POSTINGS]: rows.flatMap(row => rowWithout(row, number)) },
    async takeOut(transaction) {
      await transaction.query(`DELETE FROM ${POSTINGS} WHERE ${those}`, where)
      await insertPostings(transaction)
    },
  }
}

interface PostingRow extends LakeRow {
  readonly tier: number
  readonly word: string
  readonly documents: number
  readonly packed: string
}

function rowWithout({ tier, word, documents, packed }: PostingRow, number: number): PostingCells[] {
  const postings = postingsIn(Buffer.from(packed, 'base64'), documents)
  const left = postings.filter(({ document }) => document !== number)
  return left.length === 0 ? [] : [rowOf(tier, word, left)]
}
