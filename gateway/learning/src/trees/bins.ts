/**
 * Columns cut into bins: a tree looks at the sums of a few hundred bins, never at single values. Bin 0 holds what is
 * missing; bins 1, 2, ... ascend, or are the levels of a category.
 */
import { required } from '../fault.ts'
import { createRandom, choose } from '../random.ts'
import type { Column, Table } from '../table.ts'

export interface Cut {
  readonly kind: Column['kind']
  /**
   * NUMBER: the largest value of each bin but the last, ascending. CATEGORY: the level of each bin; levels that are
   * none of them are as good as missing.
   */
  readonly edges: Float64Array
  /** With the one of what is missing. */
  readonly binCount: number
}

/** More rows than these say nothing new of where a column is to be cut. */
const SAMPLE_ROWS = 50_000

export interface CutOptions {
  readonly binsMax: number
  /** Rows of a bin, or of a level, at least. */
  readonly rowsMin: number
  readonly seed: number
}

export function cutTable(table: Table, options: CutOptions): Cut[] {
  const rows =
    table.rowCount > SAMPLE_ROWS
      ? choose(table.rowCount, SAMPLE_ROWS, createRandom(options.seed))
      : undefined
  return table.columns.map(({ kind }, at) => {
    const column = table.values[at] as Float64Array
    const sample = (rows ? Float64Array.from(rows, row => column[row] as number) : column).filter(
      value => !Number.isNaN(value),
    )
    return kind === 'NUMBER' ? cutNumbers(sample, options) : cutLevels(sample, options)
  })
}

interface Counted {
  readonly values: Float64Array
  readonly counts: Int32Array
}

/** Distinct values, ascending, and how many rows have each. */
function counted(sample: Float64Array): Counted {
  const sorted = sample.slice().sort()
  const values = new Float64Array(sorted.length)
  const counts = new Int32Array(sorted.length)
  let distinct = 0
  for (const value of sorted) {
    if (distinct === 0 || values[distinct - 1] !== value) values[distinct++] = value
    counts[distinct - 1] = (counts[distinct - 1] as number) + 1
  }
  return { values: values.subarray(0, distinct), counts: counts.subarray(0, distinct) }
}

/** Bins of about as many rows each; a value that has more than its share gets a bin of its own. */
function cutNumbers(sample: Float64Array, options: CutOptions): Cut {
  const distinct = counted(sample)
  return cutOf(
    'NUMBER',
    distinct.values.length <= options.binsMax
      ? edgesBetween(distinct, options.rowsMin)
      : edgesOfEqual(distinct, options),
  )
}

const cutOf = (kind: Column['kind'], edges: readonly number[]): Cut => ({
  kind,
  edges: Float64Array.from(edges),
  binCount: edges.length + (kind === 'NUMBER' ? 2 : 1),
})

function edgesBetween({ values, counts }: Counted, rowsMin: number): number[] {
  const edges: number[] = []
  let rows = 0
  for (let at = 0; at + 1 < values.length; at += 1) {
    rows += counts[at] as number
    if (rows < rowsMin) continue
    edges.push(between(values[at] as number, values[at + 1] as number))
    rows = 0
  }
  return edges
}

function edgesOfEqual({ values, counts }: Counted, { binsMax, rowsMin }: CutOptions): number[] {
  const share = counts.reduce((sum, count) => sum + count, 0) / binsMax
  const isLarge = (at: number): boolean => (counts[at] as number) >= share
  const small = [...counts.keys()].filter(at => !isLarge(at))
  let restRows = small.reduce((sum, at) => sum + (counts[at] as number), 0)
  let restBins = binsMax - (counts.length - small.length)
  const aimOf = (): number => Math.max(rowsMin, restRows / Math.max(1, restBins))
  const edges: number[] = []
  let rows = 0
  let aim = aimOf()
  const isFull = (at: number): boolean =>
    isLarge(at) || rows >= aim || (isLarge(at + 1) && rows >= aim / 2)
  for (let at = 0; at + 1 < values.length && edges.length + 1 < binsMax; at += 1) {
    rows += counts[at] as number
    if (!isLarge(at)) restRows -= counts[at] as number
    if (!isFull(at)) continue
    edges.push(between(values[at] as number, values[at + 1] as number))
    rows = 0
    if (isLarge(at)) continue
    restBins -= 1
    aim = aimOf()
  }
  return edges
}

/** Where the middle is not between the two, in the last bit, the lower one itself. */
function between(low: number, high: number): number {
  const middle = low / 2 + high / 2
  return middle >= low && middle < high ? middle : low
}

/** The levels that have most rows. */
function cutLevels(sample: Float64Array, { binsMax, rowsMin }: CutOptions): Cut {
  const { values, counts } = counted(sample)
  for (const value of values)
    required(
      Number.isInteger(value) && value >= 0 && value < 2 ** 31,
      'LEARNING_COLUMNS',
      'a level of a category is a whole number from 0',
    )
  const order = [...values.keys()]
    .filter(at => (counts[at] as number) >= rowsMin)
    .sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b)
    .slice(0, binsMax)
    .sort((a, b) => a - b)
  return cutOf(
    'CATEGORY',
    order.map(at => values[at] as number),
  )
}

/** Columns of one word: their sums are made in one pass over the rows. */
export const PACKED = 4

/** The bins of a table: by four columns a word a row, the first column in its lowest byte. */
export interface Bins {
  readonly rowCount: number
  readonly words: readonly Uint32Array[]
}

/** @param isShared whether other threads read them. */
export function binned(table: Table, cuts: readonly Cut[], isShared: boolean): Bins {
  const { rowCount } = table
  const words = Array.from({ length: Math.ceil(table.columns.length / PACKED) }, () =>
    isShared ? new Uint32Array(new SharedArrayBuffer(4 * rowCount)) : new Uint32Array(rowCount),
  )
  table.values.forEach((column, at) => {
    const word = words[Math.floor(at / PACKED)] as Uint32Array
    const cut = cuts[at] as Cut
    const shift = 8 * (at % PACKED)
    for (let row = 0; row < rowCount; row += 1)
      word[row] = (word[row] as number) | (binOf(cut, column[row] as number) << shift)
  })
  return { rowCount, words }
}

/** The words of a column, and by how much it is shifted in them. */
export const wordsOf = ({ words }: Bins, column: number): readonly [Uint32Array, number] => [
  words[Math.floor(column / PACKED)] as Uint32Array,
  8 * (column % PACKED),
]

export function binOf({ kind, edges }: Cut, value: number): number {
  if (Number.isNaN(value)) return 0
  let low = 0
  let high = edges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (value > (edges[middle] as number)) low = middle + 1
    else high = middle
  }
  if (kind === 'NUMBER') return low + 1
  return edges[low] === value ? low + 1 : 0
}
