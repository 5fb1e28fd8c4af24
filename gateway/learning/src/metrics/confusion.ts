/** What is right and what is wrong where scores are turned into decisions. */
import { checkScored, sidesOf, weightOf, type Scored } from './scored.ts'

/** Weights of rows. Positive is a row whose score reaches the threshold. */
export interface Confusion {
  readonly truePositive: number
  readonly falsePositive: number
  readonly trueNegative: number
  readonly falseNegative: number
}

export function confusionAt(scored: Scored, threshold: number): Confusion {
  checkScored(scored)
  const counts = [0, 0, 0, 0]
  for (let row = 0; row < scored.labels.length; row += 1) {
    const cell = ((scored.scores[row] as number) >= threshold ? 2 : 0) + (scored.labels[row] ?? 0)
    counts[cell] = (counts[cell] as number) + weightOf(scored, row)
  }
  const [trueNegative = 0, falseNegative = 0, falsePositive = 0, truePositive = 0] = counts
  return { truePositive, falsePositive, trueNegative, falseNegative }
}

const shareOf = (part: number, rest: number): number | undefined =>
  part + rest > 0 ? part / (part + rest) : undefined

/** The share of the decisions that are right. */
export function accuracyAt(scored: Scored, threshold: number): number {
  const { truePositive, falsePositive, trueNegative, falseNegative } = confusionAt(
    scored,
    threshold,
  )
  const right = truePositive + trueNegative
  return right / (right + falsePositive + falseNegative)
}

/** Of the rows labelled 1, the share that reaches the threshold. */
export function recallAt(scored: Scored, threshold: number): number | undefined {
  const { truePositive, falseNegative } = confusionAt(scored, threshold)
  return shareOf(truePositive, falseNegative)
}

/** Of the rows that reach the threshold, the share that is labelled 1. */
export function precisionAt(scored: Scored, threshold: number): number | undefined {
  const { truePositive, falsePositive } = confusionAt(scored, threshold)
  return shareOf(truePositive, falsePositive)
}

/** The accuracy of who always says what is more frequent: no accuracy means anything without it. */
export function majority(scored: Scored): number {
  checkScored(scored)
  const { positive, negative } = sidesOf(scored)
  return Math.max(positive, negative) / (positive + negative)
}
