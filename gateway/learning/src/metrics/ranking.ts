/** How well scores part ones from zeros, whatever the scores mean. */
import { checkScored, eachStep, type Scored } from './scored.ts'

/** Area under the ROC curve: the chance that a 1 scores above a 0, equals counted by half. */
export function auc(scored: Scored): number | undefined {
  checkScored(scored)
  let pairs = 0
  const { positive, negative } = eachStep(scored, step => {
    pairs += step.positive * (step.negativeBelow + step.negative / 2)
  })
  return positive > 0 && negative > 0 ? pairs / (positive * negative) : undefined
}

/** Gini coefficient, also called accuracy ratio. */
export function gini(scored: Scored): number | undefined {
  const area = auc(scored)
  return area === undefined ? undefined : 2 * area - 1
}

/** Kolmogorov-Smirnov: the largest distance between the distributions of the scores of ones and of zeros. */
export function ks(scored: Scored): number | undefined {
  checkScored(scored)
  const steps: [number, number][] = []
  const { positive, negative } = eachStep(scored, step => {
    steps.push([step.positiveBelow + step.positive, step.negativeBelow + step.negative])
  })
  if (!(positive > 0 && negative > 0)) return undefined
  return steps.reduce((most, [p, n]) => Math.max(most, Math.abs(p / positive - n / negative)), 0)
}
