/** Tables for tests. */
import { exp } from '../exact.ts'
import { createRandom, type Random } from '../random.ts'
import type { Column, Labelled, Table } from '../table.ts'

export interface Sketch {
  readonly rows: number
  readonly columns: readonly Column[]
  readonly missingShare?: number
  readonly seed: number
  /** The log-odds of a row's label. */
  readonly odds: (values: readonly number[]) => number
}

export const numbers = (count: number): Column[] =>
  Array.from({ length: count }, (_, at) => ({ name: `x${at}`, kind: 'NUMBER' }))

/** Numbers between -1 and 1 in steps of a hundredth, levels from 0 to 11. */
const drawn = ({ kind }: Column, random: Random): number =>
  kind === 'NUMBER' ? Math.round(random.next() * 200 - 100) / 100 : random.below(12)

export function sketched({ rows, columns, seed, odds, missingShare = 0 }: Sketch): Labelled {
  const random = createRandom(seed)
  const values = columns.map(() => new Float64Array(rows))
  const labels = new Float64Array(rows)
  for (let row = 0; row < rows; row += 1) {
    const drawnRow = columns.map(column =>
      random.next() < missingShare ? NaN : drawn(column, random),
    )
    drawnRow.forEach((value, at) => ((values[at] as Float64Array)[row] = value))
    labels[row] = random.next() < 1 / (1 + exp(-odds(drawnRow))) ? 1 : 0
  }
  return { table: { columns, values, rowCount: rows }, labels }
}

export const rowOf = ({ values }: Table, row: number): Float64Array =>
  Float64Array.from(values, column => column[row] as number)
