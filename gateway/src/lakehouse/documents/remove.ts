/** A person's deletion: the text, and every place of its words in the index. */
import { listValue, type DuckDBValue } from '@duckdb/node-api'
import type { Engine, LakeRow } from '../engine.ts'
import { exclusive } from './exclusive.ts'
import { postingsIn } from './packing.ts'
import { placesOf, rowOf, type PostingCells } from './places.ts'
import { insertPostings, stagePostings } from './segments.ts'
import { DOCUMENTS, POSTINGS, RECENT } from './store.ts'
import { readTally, withTally } from './tally.ts'

/** Answers whether there was such a document. Older snapshots of the lake have it until they are expired. */
export const removeDocument = (engine: Engine, id: string): Promise<boolean> =>
  exclusive(engine, () => removeNow(engine, id))

/** For a caller that has the turn. */
export async function removeNow(engine: Engine, id: string): Promise<boolean> {
  const [row] = await engine.query<{ number: string; words: number; text: string }>(
    `SELECT number, words, text FROM ${DOCUMENTS} WHERE id = $1`,
    [id],
  )
  if (!row) return false
  const number = BigInt(row.number)
  const from = await readTally(engine)
  const to = { ...from, documents: from.documents - 1, words: from.words - row.words }
  const takeOut = await stageWithout(engine, Number(row.number), row.text)
  await withTally(engine, { from, to }, async () => {
    await engine.query(`DELETE FROM ${DOCUMENTS} WHERE number = $1`, [number])
    await takeOut()
  })
  return true
}

/** Answers what is to be done in the transaction. */
async function stageWithout(
  engine: Engine,
  number: number,
  text: string,
): Promise<() => Promise<void>> {
  const key = BigInt(number)
  const [recent] = await engine.query(`SELECT 1 FROM ${RECENT} WHERE number = $1`, [key])
  if (recent)
    return async () => void (await engine.query(`DELETE FROM ${RECENT} WHERE number = $1`, [key]))
  const words = [...placesOf(text).positions.keys()]
  if (words.length === 0) return async () => undefined
  const where: DuckDBValue[] = [key, listValue(words)]
  const those = '$1 BETWEEN first AND last AND word IN (SELECT unnest($2::VARCHAR[]))'
  const rows = await engine.query<PostingRow>(
    `SELECT tier, word, documents, to_base64(packed) AS packed FROM ${POSTINGS} WHERE ${those}`,
    where,
  )
  await stagePostings(
    engine,
    rows.flatMap(row => without(row, number)),
  )
  return async () => {
    await engine.query(`DELETE FROM ${POSTINGS} WHERE ${those}`, where)
    await insertPostings(engine)
  }
}

interface PostingRow extends LakeRow {
  readonly tier: number
  readonly word: string
  readonly documents: number
  readonly packed: string
}

function without({ tier, word, documents, packed }: PostingRow, number: number): PostingCells[] {
  const postings = postingsIn(Buffer.from(packed, 'base64'), documents)
  const left = postings.filter(({ document }) => document !== number)
  return left.length === 0 ? [] : [rowOf(tier, word, left)]
}
