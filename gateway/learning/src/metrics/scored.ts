/**
 * How good a model is, measured on rows that it has not learnt from. What cannot be said of the rows at hand, such as
 * the AUC where all labels are alike, is undefined, never a number that looks like one.
 */
import { required } from '../fault.ts'

/** What came of each row, and what was foretold of it. */
export interface Scored {
  /** 0 or 1. */
  readonly labels: Float64Array
  /** The larger, the likelier a 1: chances in [0, 1] where a measure asks for them, else any order. */
  readonly scores: Float64Array
  /** How often each row counts; once where it is left out. */
  readonly weights?: Float64Array
}

/** undefined where the rows do not say. */
export type Metric = (scored: Scored) => number | undefined

export const weightOf = ({ weights }: Scored, row: number): number =>
  weights ? (weights[row] as number) : 1

/** @throws LearningFault LEARNING_ROWS, LEARNING_LABELS or LEARNING_SCORES. */
export function checkScored({ labels, scores, weights }: Scored): void {
  required(labels.length > 0, 'LEARNING_ROWS', 'there are no rows')
  const isSame = [scores, weights ?? labels].every(({ length }) => length === labels.length)
  required(isSame, 'LEARNING_ROWS', 'labels, scores and weights are of different lengths')
  const isLabel = labels.every(label => label === 0 || label === 1)
  required(isLabel, 'LEARNING_LABELS', 'a label is neither 0 nor 1')
  required(scores.every(isNumber), 'LEARNING_SCORES', 'a score is not a number')
  if (!weights) return
  let sum = 0
  for (const weight of weights) sum += weight >= 0 ? weight : NaN
  required(Number.isFinite(sum), 'LEARNING_LABELS', 'a weight is out of range')
  required(sum > 0, 'LEARNING_LABELS', 'every weight is zero')
}

const isNumber = (value: number): boolean => Number.isFinite(value)

/** @throws LearningFault as checkScored, and where a score is no chance. */
export function checkChances(scored: Scored): void {
  checkScored(scored)
  for (const chance of scored.scores)
    required(chance >= 0 && chance <= 1, 'LEARNING_SCORES', 'a chance is outside [0, 1]')
}

/** Weights of the rows whose label is 1, and of the others. */
export interface Sides {
  readonly positive: number
  readonly negative: number
}

export function sidesOf(scored: Scored): Sides {
  let [positive, negative] = [0, 0]
  for (let row = 0; row < scored.labels.length; row += 1) {
    const weight = weightOf(scored, row)
    if (scored.labels[row] === 1) positive += weight
    else negative += weight
  }
  return { positive, negative }
}

/** The rows from the smallest value to the largest, equal ones as they stand; what is sorted already costs one look. */
export function ascending(values: Float64Array): Int32Array {
  const rows = Int32Array.from(values, (_, row) => row)
  for (let row = 1; row < values.length; row += 1)
    if ((values[row - 1] as number) > (values[row] as number))
      return rows.sort((a, b) => (values[a] as number) - (values[b] as number) || a - b)
  return rows
}

/** Rows of one score, and all that score lower. */
export interface Step extends Sides {
  readonly score: number
  /** Before this step. */
  readonly positiveBelow: number
  readonly negativeBelow: number
}

/** Told of each different score once, the smallest first. */
export function eachStep(scored: Scored, told: (step: Step) => void): Sides {
  const { labels, scores } = scored
  const order = ascending(scores)
  let [positiveBelow, negativeBelow] = [0, 0]
  for (let at = 0; at < order.length;) {
    const score = scores[order[at] as number] as number
    let [positive, negative] = [0, 0]
    for (; at < order.length && scores[order[at] as number] === score; at += 1) {
      const row = order[at] as number
      const weight = weightOf(scored, row)
      if (labels[row] === 1) positive += weight
      else negative += weight
    }
    told({ score, positive, negative, positiveBelow, negativeBelow })
    positiveBelow += positive
    negativeBelow += negative
  }
  return { positive: positiveBelow, negative: negativeBelow }
}
