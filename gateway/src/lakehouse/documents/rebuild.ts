/** The whole index again from the texts: after a change of the words, or to check it. */
import type { Engine } from '../engine.ts'
import { exclusive } from './exclusive.ts'
import { placesOf } from './places.ts'
import { stageSegment, TIERS } from './segments.ts'
import { DOCUMENTS, POSTINGS, RECENT, SEGMENTS } from './store.ts'
import { readTally, withTally } from './tally.ts'

/** While it runs, a question finds only what is already in the index again. */
export function rebuildIndex(engine: Engine): Promise<void> {
  return exclusive(engine, async () => {
    await engine.transaction(async () => {
      for (const table of [POSTINGS, SEGMENTS, RECENT]) await engine.run(`DELETE FROM ${table}`)
    })
    let words = 0
    let last = -1n
    for (;;) {
      const batch = await readBatch(engine, last)
      const [end] = batch.slice(-1)
      if (!end) break
      words += batch.reduce((sum, each) => sum + each.words, 0)
      last = BigInt(end.number)
      const insert = await stageSegment(engine, batch)
      await engine.transaction(insert)
    }
    const from = await readTally(engine)
    await withTally(engine, { from, to: { ...from, words } }, async () => undefined)
  })
}

async function readBatch(engine: Engine, after: bigint) {
  const rows = await engine.query<{ number: string; text: string }>(
    `SELECT number, text FROM ${DOCUMENTS} WHERE number > $1 ORDER BY number LIMIT ${TIERS[1]}`,
    [after],
  )
  return rows.map(({ number, text }) => ({ number: Number(number), ...placesOf(text) }))
}
