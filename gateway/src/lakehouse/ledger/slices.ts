/** What is sorted must fit into the memory: a large table is gone through in ranges of its ids. */
import type { LakeTransaction } from '../engine.ts'
import { quoted } from '../names.ts'

/** A condition on the id of a row. */
export type Slice = string

export const WHOLE: Slice = 'true'

/** Ids from which the bounds are taken. */
const SAMPLE = 20_000

/**
 * Ranges that have about `rowsMax` rows each, ascending; together they are the whole table.
 *
 * @param rows of the table, about.
 */
export async function slicesOf(
  { query }: Pick<LakeTransaction, 'query'>,
  table: string,
  { rows, rowsMax }: { readonly rows: number; readonly rowsMax: number },
): Promise<readonly Slice[]> {
  const count = Math.ceil(rows / rowsMax)
  if (count <= 1) return [WHOLE]
  const every = Math.max(1, Math.floor(rows / SAMPLE))
  const found = await query<{ id: string }>(
    `SELECT DISTINCT min(id) AS id FROM (
       SELECT id, ntile(${count}) OVER (ORDER BY id) AS part FROM ${table}
       WHERE hash(id) % ${every} = 0)
     WHERE part > 1 GROUP BY part ORDER BY id`,
  )
  const bounds = found.map(({ id }) => quoted(id))
  return [...bounds, undefined].map((end, at) => between(bounds[at - 1], end))
}

function between(begin: string | undefined, end: string | undefined): Slice {
  const isBefore = end === undefined ? 'true' : `id < ${end}`
  return begin === undefined ? `(${isBefore} OR id IS NULL)` : `id >= ${begin} AND ${isBefore}`
}
