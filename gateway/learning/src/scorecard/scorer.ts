/** What a scorecard says of a row, and why. */
import { logistic } from '../exact.ts'
import { required } from '../fault.ts'
import type { Table } from '../table.ts'
import { type ScorecardBin, type ScorecardColumn, type ScorecardModel } from './model.ts'

export interface Reason {
  /** Its place among the columns. */
  readonly column: number
  readonly name: string
  /** MISSING: nothing was known. RARE: a level that had too few rows, or none. */
  readonly bin: number | 'MISSING' | 'RARE'
  readonly points: number
  /** Points that the best bin of the column would have given more. */
  readonly lost: number
}

export interface Scorecard {
  readonly model: ScorecardModel
  /** Log-odds of a one. `values` in the order of the model's columns, NaN where missing. */
  score(values: ArrayLike<number>): number
  /** The chance of a one. */
  predict(values: ArrayLike<number>): number
  predictAll(table: Table): Float64Array
  /** Whole points, the more the less likely a one: the sum of those of all columns and of the start. */
  points(values: ArrayLike<number>): number
  /** Every column that has a say, the one that cost most points first. */
  reasons(values: ArrayLike<number>): Reason[]
}

export function createScorecard(model: ScorecardModel): Scorecard {
  const { columns } = model
  const lookups = columns.map(lookupOf)
  const best = columns.map(({ bins }) =>
    bins.reduce((most, { points }) => Math.max(most, points), -Infinity),
  )
  const binFor = (values: ArrayLike<number>, at: number): ScorecardBin =>
    binAt(columns[at] as ScorecardColumn, lookups[at] as Lookup, values[at] as number)

  function checkLength(values: ArrayLike<number>): void {
    required(values.length === columns.length, 'LEARNING_COLUMNS', 'not one value a column')
  }

  function score(values: ArrayLike<number>): number {
    checkLength(values)
    return columns.reduce(
      (sum, { coefficient }, at) => sum + coefficient * binFor(values, at).woe,
      model.intercept,
    )
  }

  return {
    model,
    score,
    predict: values => logistic(score(values)),
    predictAll(table) {
      const isSame =
        table.columns.length === columns.length &&
        table.columns.every(({ name }, at) => name === columns[at]?.name)
      required(isSame, 'LEARNING_COLUMNS', 'the table has other columns than the scorecard')
      return Float64Array.from({ length: table.rowCount }, (_, row) =>
        logistic(score(table.values.map(column => column[row] as number))),
      )
    },
    points(values) {
      checkLength(values)
      return columns.reduce((sum, _, at) => sum + binFor(values, at).points, model.points)
    },
    reasons(values) {
      checkLength(values)
      return columns
        .map((column, at) => {
          const { points } = binFor(values, at)
          const bin = placeOf(column, lookups[at] as Lookup, values[at] as number)
          const lost = Math.max(0, (best[at] as number) - points)
          return { column: at, name: column.name, bin, points, lost }
        })
        .filter(({ column }) => columns[column]?.coefficient !== 0)
        .sort((a, b) => b.lost - a.lost || a.column - b.column)
    },
  }
}

/** CATEGORY: the bin of each level. */
export type Lookup = ReadonlyMap<number, number>

export const lookupOf = (column: ScorecardColumn): Lookup =>
  new Map(
    column.kind === 'CATEGORY'
      ? column.levels.flatMap((levels, at) => levels.map(level => [level, at] as const))
      : [],
  )

function placeOf(column: ScorecardColumn, lookup: Lookup, value: number): Reason['bin'] {
  if (Number.isNaN(value)) return 'MISSING'
  if (column.kind === 'CATEGORY') return lookup.get(value) ?? 'RARE'
  const { edges } = column
  let [low, high] = [0, edges.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (value > (edges[middle] as number)) low = middle + 1
    else high = middle
  }
  return low
}

export function binAt(column: ScorecardColumn, lookup: Lookup, value: number): ScorecardBin {
  const place = placeOf(column, lookup, value)
  if (place === 'MISSING') return column.missing
  if (place === 'RARE') return column.kind === 'CATEGORY' ? column.rare : column.missing
  return column.bins[place] as ScorecardBin
}
