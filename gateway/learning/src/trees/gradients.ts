/**
 * What each row asks of the next tree, in whole numbers. Sums of whole numbers below 2^53 are exact in whatever order
 * they are made: one thread or ten, one bank or five, the trees are the same to the last bit.
 *
 * A row is two numbers that lie beside each other: its gradient, and its second derivative with a one for the row
 * itself on top, so that the rows of a bin are counted by the same addition.
 */
import { required } from '../fault.ts'
import { logistic, rounded } from '../exact.ts'
import type { TreeSettings } from './settings.ts'

/** How many units one is, by powers of two. */
export interface Scales {
  readonly gradient: number
  readonly hessian: number
  /** What a row adds to the second number for itself; sums of second derivatives stay below it. */
  readonly row: number
}

/** Beyond it the second derivatives of single rows would have too few bits. */
const ROWS_MAX = 2 ** 21

/** What the scales follow from: parties that sum together must take the same. */
export interface Extent {
  readonly rowCount: number
  readonly weightMax: number
  /** Largest |label - score| that can come; 1 for LOGISTIC. */
  readonly residualMax: number
}

const powerBelow = (value: number): number => 2 ** Math.floor(Math.log2(value))

export function scalesOf(
  objective: TreeSettings['objective'],
  { rowCount, weightMax, residualMax }: Extent,
): Scales {
  required(rowCount > 0 && rowCount <= ROWS_MAX, 'LEARNING_ROWS', `1 to ${ROWS_MAX} rows`)
  const rows = 2 ** Math.ceil(Math.log2(rowCount + 1))
  const row = 2 ** 53 / rows
  const hessianMax = objective === 'LOGISTIC' ? weightMax / 4 : weightMax
  return {
    row,
    // Rounding up by half a unit a row must not reach the next row's one.
    hessian: powerBelow(row / rows / 2 / hessianMax),
    gradient: Math.min(2 ** 40, powerBelow(2 ** 52 / rows / (weightMax * residualMax))),
  }
}

export interface Learning {
  readonly objective: TreeSettings['objective']
  readonly labels: Float64Array
  readonly weights: Float64Array | undefined
  readonly scales: Scales
}

/** Writes the two numbers of the rows [from, to). */
export function writeGradients(
  { objective, labels, weights, scales }: Learning,
  scores: Float64Array,
  gradients: Float64Array,
  [from, to]: readonly [number, number],
): void {
  const isLogistic = objective === 'LOGISTIC'
  for (let row = from; row < to; row += 1) {
    const score = scores[row] as number
    const weight = weights ? (weights[row] as number) : 1
    const mean = isLogistic ? logistic(score) : score
    const slope = isLogistic ? mean * (1 - mean) : 1
    gradients[2 * row] = rounded(weight * (mean - (labels[row] as number)) * scales.gradient)
    gradients[2 * row + 1] = rounded(weight * slope * scales.hessian) + scales.row
  }
}

/** Sums over the rows of a leaf or a bin. */
export interface Sums {
  readonly gradient: number
  readonly hessian: number
  readonly rows: number
}

export function sumsOf(first: number, second: number, scales: Scales): Sums {
  const rows = Math.floor(second / scales.row)
  return {
    gradient: first / scales.gradient,
    hessian: (second - rows * scales.row) / scales.hessian,
    rows,
  }
}
