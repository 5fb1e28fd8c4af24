/**
 * Logistic regression: the log-odds of a label as a sum over columns, by Newton's method (iteratively reweighted least
 * squares), with a ridge. It finds what there is to find in a few steps, the same on every machine.
 */
import { exp, log, logistic } from './exact.ts'
import { required } from './fault.ts'

export interface Regression {
  readonly columns: readonly Float64Array[]
  /** From 0 to 1. */
  readonly targets: Float64Array
  readonly weights?: Float64Array | undefined
}

export interface RegressionOptions {
  /** Half of it times the squared coefficients is added to the loss; the intercept is free. */
  readonly l2: number
}

export interface Coefficients {
  readonly intercept: number
  readonly coefficients: readonly number[]
}

const STEPS_MAX = 100
/** A step that gains less of the loss is the last one: the one after it would gain its square. */
const SETTLED = 1e-11

/** @throws LearningFault LEARNING_LABELS where all targets are 0 or all 1, LEARNING_ROWS where no sum is best. */
export function fitLogistic(rows: Regression, options: RegressionOptions): Coefficients {
  required(
    options.l2 >= 0 && Number.isFinite(options.l2),
    'LEARNING_SETTINGS',
    'l2 is out of range',
  )
  checkRegression(rows)
  let at = startOf(rows)
  let loss = lossOf(rows, at, options)
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const { by, gain } = stepOf(rows, at, options)
    if (gain <= SETTLED * loss) return coefficientsOf(moved(at, by, 1))
    const next = shortened(rows, at, { by, loss, ...options })
    if (!next) return coefficientsOf(at)
    at = next.at
    loss = next.loss
  }
  required(false, 'LEARNING_ROWS', 'the columns part the labels entirely: no l2, no end')
  return coefficientsOf(at)
}

/** The intercept first. */
type Point = Float64Array

const coefficientsOf = ([intercept = 0, ...coefficients]: Point): Coefficients => ({
  intercept,
  coefficients,
})

const moved = (at: Point, by: Point, part: number): Point =>
  at.map((value, place) => value + part * (by[place] as number))

function checkRegression({ columns, targets, weights }: Regression): void {
  const lists = [...columns, ...(weights ? [weights] : [])]
  const isSame = lists.every(({ length }) => length === targets.length)
  required(isSame, 'LEARNING_ROWS', 'columns, targets and weights are of different lengths')
  const isFinite = columns.every(column => column.every(value => Number.isFinite(value)))
  required(isFinite, 'LEARNING_COLUMNS', 'a value is not a number')
  const isTarget = targets.every(target => target >= 0 && target <= 1)
  required(isTarget, 'LEARNING_LABELS', 'a target is outside [0, 1]')
  const isWeight = (weights ?? []).every(weight => weight >= 0 && Number.isFinite(weight))
  required(isWeight, 'LEARNING_LABELS', 'a weight is out of range')
}

/** All rows alike: the log-odds of their mean. */
function startOf({ columns, targets, weights }: Regression): Point {
  let [sum, all] = [0, 0]
  for (let row = 0; row < targets.length; row += 1) {
    const weight = weights ? (weights[row] as number) : 1
    sum += weight * (targets[row] as number)
    all += weight
  }
  required(sum > 0 && sum < all, 'LEARNING_LABELS', 'all labels are alike')
  const start = new Float64Array(columns.length + 1)
  start[0] = log(sum / (all - sum))
  return start
}

function scoreOf({ columns }: Regression, at: Point, row: number): number {
  let score = at[0] as number
  for (let column = 0; column < columns.length; column += 1)
    score += (at[column + 1] as number) * ((columns[column] as Float64Array)[row] as number)
  return score
}

function lossOf(rows: Regression, at: Point, { l2 }: RegressionOptions): number {
  const { targets, weights } = rows
  let loss = 0
  for (let row = 0; row < targets.length; row += 1) {
    const score = scoreOf(rows, at, row)
    // ln(1 + e^score) without what overflows.
    const softplus = Math.max(0, score) + log(1 + exp(-Math.abs(score)))
    loss += (weights ? (weights[row] as number) : 1) * (softplus - (targets[row] as number) * score)
  }
  return at.subarray(1).reduce((sum, value) => sum + (l2 / 2) * value * value, loss)
}

/** Newton's step, and twice what it would gain if the loss were a parabola. */
function stepOf(
  rows: Regression,
  at: Point,
  { l2 }: RegressionOptions,
): { readonly by: Point; readonly gain: number } {
  const size = at.length
  const slope = at.map((value, place) => (place > 0 ? l2 * value : 0))
  const bend = Array.from({ length: size }, (_, place) => {
    const line = new Float64Array(size)
    line[place] = place > 0 ? l2 : 0
    return line
  })
  addRows(rows, at, { slope, bend })
  const by = solved(bend, slope).map(value => -value)
  const gain = by.reduce((sum, value, place) => sum - value * (slope[place] as number), 0)
  return { by, gain }
}

interface Sums {
  readonly slope: Float64Array
  /** The lower triangle. */
  readonly bend: readonly Float64Array[]
}

function addRows(rows: Regression, at: Point, { slope, bend }: Sums): void {
  const { columns, targets, weights } = rows
  const values = new Float64Array(at.length).fill(1)
  for (let row = 0; row < targets.length; row += 1) {
    for (let column = 0; column < columns.length; column += 1)
      values[column + 1] = (columns[column] as Float64Array)[row] as number
    const weight = weights ? (weights[row] as number) : 1
    const chance = logistic(scoreOf(rows, at, row))
    const over = weight * (chance - (targets[row] as number))
    const curved = weight * chance * (1 - chance)
    for (let a = 0; a < values.length; a += 1) {
      const value = values[a] as number
      const line = bend[a] as Float64Array
      slope[a] = (slope[a] as number) + over * value
      for (let b = 0; b <= a; b += 1)
        line[b] = (line[b] as number) + curved * value * (values[b] as number)
    }
  }
}

/** By Cholesky's two triangles, the first of which takes the place of `bend`. */
function solved(bend: readonly Float64Array[], right: Float64Array): Float64Array {
  const get = (a: number, b: number): number => bend[a]?.[b] as number
  const solution = right.slice()
  for (let a = 0; a < right.length; a += 1) {
    const line = bend[a] as Float64Array
    for (let b = 0; b <= a; b += 1) {
      let rest = get(a, b)
      for (let c = 0; c < b; c += 1) rest -= get(a, c) * get(b, c)
      if (b < a) line[b] = rest / get(b, b)
      else {
        required(rest > 0, 'LEARNING_ROWS', 'columns say the same as others: no l2, no one answer')
        line[a] = Math.sqrt(rest)
      }
    }
    let rest = solution[a] as number
    for (let b = 0; b < a; b += 1) rest -= get(a, b) * (solution[b] as number)
    solution[a] = rest / get(a, a)
  }
  for (let a = right.length - 1; a >= 0; a -= 1) {
    let rest = solution[a] as number
    for (let b = a + 1; b < right.length; b += 1) rest -= get(b, a) * (solution[b] as number)
    solution[a] = rest / get(a, a)
  }
  return solution
}

/** The longest part of the step, by halves, that lowers the loss; none where no part does. */
function shortened(
  rows: Regression,
  at: Point,
  { by, loss, l2 }: { readonly by: Point; readonly loss: number; readonly l2: number },
): { readonly at: Point; readonly loss: number } | undefined {
  for (let part = 1; part > 1e-10; part /= 2) {
    const next = moved(at, by, part)
    const now = lossOf(rows, next, { l2 })
    if (now < loss) return { at: next, loss: now }
  }
  return undefined
}
