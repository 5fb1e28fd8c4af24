/**
 * Platt scaling: a logistic curve over the log-odds of the model, by Newton's method. Two numbers, so a hundred rows
 * are enough; it straightens what is too sure or too timid by the same measure everywhere.
 *
 * The targets are Platt's (1999): not 1 and 0 but what Laplace's rule expects of so many rows, so that no rows, however
 * well they are parted, make the curve a step. Steps are halved where they overshoot (Lin, Lin and Weng 2007).
 */
import { exp, log, logistic } from '../exact.ts'
import { checkChances, sidesOf, weightOf, type Scored } from '../metrics/scored.ts'
import type { PlattModel } from './model.ts'

/** A chance of 0 or 1 is taken for one that is nearly so: its log-odds would be endless. */
const SURE = 1e-12

export function logOddsOf(chance: number): number {
  const bounded = Math.min(1 - SURE, Math.max(SURE, chance))
  return log(bounded / (1 - bounded))
}

interface Row {
  readonly x: number
  readonly target: number
  readonly weight: number
}

interface Curve {
  readonly slope: number
  readonly intercept: number
}

const STEPS_MAX = 100
/** Kept away from zero, so that there is a step where the rows say nothing of the slope. */
const RIDGE = 1e-12

/** On rows that the model has not learnt from. A model that is worse than chance becomes a constant. */
export function fitPlatt(scored: Scored): PlattModel {
  checkChances(scored)
  const rows = rowsOf(scored)
  const weight = rows.reduce((sum, row) => sum + row.weight, 0)
  const mean = rows.reduce((sum, { target, weight }) => sum + target * weight, 0) / weight
  const flat = { slope: 0, intercept: logOddsOf(mean) }
  const isConstant = rows.every(({ x }) => x === rows[0]?.x)
  const curve = isConstant ? flat : newton(rows, flat)
  return { schema: 1, kind: 'PLATT', ...(curve.slope > 0 ? curve : flat) }
}

function rowsOf(scored: Scored): Row[] {
  const { positive, negative } = sidesOf(scored)
  const targets = [1 / (negative + 2), (positive + 1) / (positive + 2)]
  return [...scored.labels]
    .map((label, at) => ({
      x: logOddsOf(scored.scores[at] as number),
      target: targets[label] as number,
      weight: weightOf(scored, at),
    }))
    .filter(({ weight }) => weight > 0)
}

function newton(rows: readonly Row[], start: Curve): Curve {
  let curve = start
  let loss = lossOf(rows, curve)
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const by = stepOf(rows, curve)
    const next = shortened(rows, curve, { by, loss })
    if (!next) return curve
    const isSettled = loss - next.loss <= 1e-15 * loss
    curve = next.curve
    loss = next.loss
    if (isSettled) return curve
  }
  return curve
}

/** The step that Newton's method would take. */
function stepOf(rows: readonly Row[], { slope, intercept }: Curve): Curve {
  let [gradX, grad1, hessXX, hessX1, hess11] = [0, 0, RIDGE, 0, RIDGE]
  for (const { x, target, weight } of rows) {
    const chance = logistic(slope * x + intercept)
    const over = weight * (chance - target)
    const bend = weight * chance * (1 - chance)
    gradX += over * x
    grad1 += over
    hessXX += bend * x * x
    hessX1 += bend * x
    hess11 += bend
  }
  const area = hessXX * hess11 - hessX1 * hessX1
  return {
    slope: (hessX1 * grad1 - hess11 * gradX) / area,
    intercept: (hessX1 * gradX - hessXX * grad1) / area,
  }
}

/** The longest part of the step, by halves, that lowers the loss; none where no part does. */
function shortened(
  rows: readonly Row[],
  { slope, intercept }: Curve,
  { by, loss }: { readonly by: Curve; readonly loss: number },
): { readonly curve: Curve; readonly loss: number } | undefined {
  for (let part = 1; part > 1e-10; part /= 2) {
    const curve = { slope: slope + part * by.slope, intercept: intercept + part * by.intercept }
    const now = lossOf(rows, curve)
    if (now < loss) return { curve, loss: now }
  }
  return undefined
}

function lossOf(rows: readonly Row[], { slope, intercept }: Curve): number {
  return rows.reduce((sum, { x, target, weight }) => {
    const score = slope * x + intercept
    // ln(1 + e^score) without what overflows.
    const softplus = Math.max(0, score) + log(1 + exp(-Math.abs(score)))
    return sum + weight * (softplus - target * score)
  }, 0)
}
