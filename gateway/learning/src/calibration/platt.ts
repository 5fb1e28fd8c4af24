/**
 * Platt scaling: a logistic curve over the log-odds of the model, by Newton's method. Two numbers, so a hundred rows
 * are enough; it straightens what is too sure or too timid by the same measure everywhere.
 *
 * The targets are Platt's (1999): not 1 and 0 but what Laplace's rule expects of so many rows, so that no rows, however
 * well they are parted, make the curve a step.
 */
import { log } from '../exact.ts'
import { fitLogistic } from '../logistic.ts'
import { checkChances, sidesOf, type Scored } from '../metrics/scored.ts'
import type { PlattModel } from './model.ts'

/** A chance of 0 or 1 is taken for one that is nearly so: its log-odds would be endless. */
const SURE = 1e-12

export function logOddsOf(chance: number): number {
  const bounded = Math.min(1 - SURE, Math.max(SURE, chance))
  return log(bounded / (1 - bounded))
}

/** So little that it decides only where the rows say nothing of the slope. */
const RIDGE = 1e-9

/** On rows that the model has not learnt from. A model that is worse than chance becomes a constant. */
export function fitPlatt(scored: Scored): PlattModel {
  checkChances(scored)
  const { positive, negative } = sidesOf(scored)
  const [zero, one] = [1 / (negative + 2), (positive + 1) / (positive + 2)]
  const rows = {
    targets: scored.labels.map(label => (label === 1 ? one : zero)),
    weights: scored.weights,
  }
  const logOdds = scored.scores.map(logOddsOf)
  // About their middle, where a slope and an intercept are told apart best.
  const middle = logOdds.reduce((sum, value) => sum + value, 0) / logOdds.length
  const columns = [logOdds.map(value => value - middle)]
  const isConstant = logOdds.every(value => value === logOdds[0])
  const { intercept, coefficients } = fitLogistic(
    { ...rows, columns: isConstant ? [] : columns },
    { l2: RIDGE },
  )
  const [slope = 0] = coefficients
  if (slope > 0) return { schema: 1, kind: 'PLATT', slope, intercept: intercept - slope * middle }
  const flat = fitLogistic({ ...rows, columns: [] }, { l2: RIDGE })
  return { schema: 1, kind: 'PLATT', slope: 0, intercept: flat.intercept }
}
