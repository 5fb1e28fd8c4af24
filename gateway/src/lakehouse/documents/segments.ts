/** Segments of the index: how they come to be, and how many small ones become a large one. */
import { NO_ROWS, type Engine, type LakeTransaction, type Rows } from '../engine.ts'
import { STAGING } from '../names.ts'
import { exclusive } from './exclusive.ts'
import { readPlaces, segmentOf, type Numbered } from './places.ts'
import { POSTINGS, RECENT, SEGMENTS, STAGED_POSTINGS } from './store.ts'
import { moveTally, readTally } from './tally.ts'

/** From so many documents on a segment is of this tier: a question opens a few files of each. */
export const TIERS = [256, 2_048, 16_384] as const
/** Segments of a tier that become one of the next. */
const FAN_IN = 8
const TOP = TIERS.length - 1

const tierOf = (documents: number): number =>
  Math.max(
    0,
    TIERS.findLastIndex(from => documents >= from),
  )

export interface Segment {
  readonly staged: Rows
  /** In the transaction. */
  insert(transaction: LakeTransaction): Promise<void>
}

export function segmentFor(documents: readonly Numbered[]): Segment {
  const tier = tierOf(documents.length)
  const first = documents[0]?.number ?? 0
  return {
    staged: { [STAGED_POSTINGS]: segmentOf(documents, tier) },
    async insert(transaction) {
      await insertPostings(transaction)
      await transaction.run(
        `INSERT INTO ${SEGMENTS} VALUES (${tier}, ${first}, ${documents.length})`,
      )
    },
  }
}

/** Sorted by word: what is asked for lies in a few row groups. */
export const insertPostings = ({ run }: LakeTransaction): Promise<void> =>
  run(`INSERT INTO ${POSTINGS} SELECT * REPLACE (from_base64(packed) AS packed)
    FROM ${STAGING}.${STAGED_POSTINGS} ORDER BY word, first`)

/**
 * Makes a segment of the documents that came last, and large segments of small ones, until nothing is due. Searching
 * finds the same before and after, and is slower the longer this is put off. Answers how many steps there were.
 */
export function tidyIndex(engine: Engine): Promise<number> {
  return exclusive(engine, async () => {
    let steps = 0
    while ((await sealed(engine)) || (await merged(engine))) steps++
    return steps
  })
}

async function sealed(engine: Engine): Promise<boolean> {
  const from = await readTally(engine)
  const rows = await engine.query<{ number: string; words: number; places: string }>(
    `SELECT number, words, places FROM ${RECENT} ORDER BY number LIMIT ${TIERS[1]}`,
  )
  if (rows.length < TIERS[0]) return false
  const documents = rows.map(({ number, words, places }) => ({
    number: Number(number),
    words,
    positions: readPlaces(places),
  }))
  const segment = segmentFor(documents)
  const last = documents.at(-1)?.number ?? 0
  await engine.write(segment.staged, async transaction => {
    await moveTally(transaction, { from, to: { ...from, version: from.version + 1 } })
    await transaction.run(`DELETE FROM ${RECENT} WHERE number <= ${last}`)
    await segment.insert(transaction)
  })
  return true
}

async function merged(engine: Engine): Promise<boolean> {
  const tiers = await engine.query<{ tier: number; count: string }>(
    `SELECT tier, count(*) AS count FROM ${SEGMENTS} WHERE tier < ${TOP} GROUP BY tier ORDER BY tier`,
  )
  const due = tiers.find(({ count }) => Number(count) >= FAN_IN)
  if (!due) return false
  const [from, to] = [due.tier, due.tier + 1]
  await engine.write(NO_ROWS, async ({ run }) => {
    // The rows as they are, in a new order; a file whose rows are all deleted is not read any more.
    await run(`CREATE OR REPLACE TEMP TABLE merging AS
      SELECT * REPLACE (${to} AS tier) FROM ${POSTINGS} WHERE tier = ${from}`)
    await run(`DELETE FROM ${POSTINGS} WHERE tier = ${from}`)
    await run(`INSERT INTO ${POSTINGS} FROM merging ORDER BY word, first`)
    await run(`DROP TABLE merging`)
    await run(`CREATE OR REPLACE TEMP TABLE merging_segment AS
      SELECT ${to} AS tier, min(first) AS first, sum(documents)::INTEGER AS documents
      FROM ${SEGMENTS} WHERE tier = ${from}`)
    await run(`DELETE FROM ${SEGMENTS} WHERE tier = ${from}`)
    await run(`INSERT INTO ${SEGMENTS} FROM merging_segment`)
    await run(`DROP TABLE merging_segment`)
  })
  return true
}
