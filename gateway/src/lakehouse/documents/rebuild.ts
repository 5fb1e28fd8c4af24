/** The whole index again from the texts: after a change of the words, or to check it. */
import { NO_ROWS, type Engine } from '../engine.ts'
import { exclusive } from './exclusive.ts'
import { insertPieces } from './add.ts'
import { fold } from './fold.ts'
import { piecesOf, type ShownDocument } from './pieces.ts'
import { placesOfFolded } from './places.ts'
import { segmentFor, TIERS } from './segments.ts'
import { DOCUMENTS, PIECES, POSTINGS, RECENT, SEGMENTS, STAGED_PIECES } from './store.ts'
import { moveTally, readTally } from './tally.ts'
import { ANALYSER } from './tokens.ts'

/** Whether the index is of other words, or a process was killed while it made it anew. */
export async function isIndexDue(engine: Engine): Promise<boolean> {
  const { documents, indexed, analyser } = await readTally(engine)
  return indexed !== documents || analyser !== ANALYSER
}

/** While it runs, a question finds only what is already in the index again. */
export function rebuildIndex(engine: Engine): Promise<void> {
  return exclusive(engine, async () => {
    await emptied(engine)
    let last = -1
    for (;;) {
      const batch = await readBatch(engine, last)
      const [end] = batch.slice(-1)
      if (!end) return
      last = end.number
      const from = await readTally(engine)
      const to = {
        ...from,
        indexed: from.indexed + batch.length,
        words: from.words + batch.reduce((sum, each) => sum + each.words, 0),
        version: from.version + 1,
      }
      const segment = segmentFor(batch)
      const pieces = batch.flatMap(each => piecesOf(each.number, each.document, each))
      const staged = { ...segment.staged, [STAGED_PIECES]: pieces }
      await engine.write(staged, async transaction => {
        await moveTally(transaction, { from, to })
        await insertPieces(transaction)
        await segment.insert(transaction)
      })
    }
  })
}

async function emptied(engine: Engine): Promise<void> {
  await engine.write(NO_ROWS, async transaction => {
    const from = await readTally(transaction)
    const to = { ...from, indexed: 0, words: 0, version: from.version + 1, analyser: ANALYSER }
    await moveTally(transaction, { from, to })
    for (const table of [POSTINGS, SEGMENTS, RECENT, PIECES])
      await transaction.run(`DELETE FROM ${table}`)
  })
}

type Row = Omit<ShownDocument, 'member'> & {
  readonly number: string
  readonly member: string | null
  readonly text: string
}

async function readBatch(engine: Engine, after: number) {
  const rows = await engine.query<Row>(
    `SELECT number, id, cid, kind, name, member, epoch_ms("at")::DOUBLE AS "atMs", text
     FROM ${DOCUMENTS} WHERE number > ${after} ORDER BY number LIMIT ${TIERS[1]}`,
  )
  return rows.map(({ number, text, member, ...known }) => {
    const folded = fold(text)
    const document = { ...known, ...(member === null ? {} : { member }) }
    return { number: Number(number), document, text, folded, ...placesOfFolded(folded) }
  })
}
