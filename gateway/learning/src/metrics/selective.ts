/**
 * Selective prediction: a case is decided by the model where it is certain enough, and goes to a person where it is
 * not. The certainty of a case is the chance of the class that is foretold, max(p, 1 - p).
 */
import { required } from '../fault.ts'
import { ascending, checkChances, weightOf, type Scored } from './scored.ts'

/** What holds if all cases of at least this certainty are decided. */
export interface CoveragePoint {
  readonly certainty: number
  /** A chance of at most this is decided to be 0, ... */
  readonly low: number
  /** ... one of at least this to be 1, and what is between is not decided. */
  readonly high: number
  /** Share of the cases that are decided. */
  readonly coverage: number
  /** Share of the decided ones that are right. */
  readonly accuracy: number
  /** How many cases the accuracy rests on: (sum of weights)^2 / sum of squared weights. */
  readonly decided: number
}

export const certaintyOf = (chance: number): number => (chance >= 0.5 ? chance : 1 - chance)

export function decisionOf(
  chance: number,
  { low, high }: Pick<CoveragePoint, 'low' | 'high'>,
): 0 | 1 | undefined {
  if (chance >= high) return 1
  return chance <= low ? 0 : undefined
}

/** A point for each different certainty, the most certain first; the last one decides all. */
export function coverageCurve(scored: Scored): CoveragePoint[] {
  checkChances(scored)
  const { labels, scores } = scored
  const certainties = scores.map(certaintyOf)
  const order = ascending(certainties)
  const all = scores.reduce((sum, _, row) => sum + weightOf(scored, row), 0)
  const points: CoveragePoint[] = []
  let [weights, squares, right] = [0, 0, 0]
  let [low, high] = [-Infinity, Infinity]
  for (let at = order.length - 1; at >= 0;) {
    const certainty = certainties[order[at] as number] as number
    for (; at >= 0 && certainties[order[at] as number] === certainty; at -= 1) {
      const row = order[at] as number
      const chance = scores[row] as number
      const weight = weightOf(scored, row)
      if (chance >= 0.5) high = Math.min(high, chance)
      else low = Math.max(low, chance)
      weights += weight
      squares += weight * weight
      if (labels[row] === (chance >= 0.5 ? 1 : 0)) right += weight
    }
    if (weights === 0) continue
    points.push({
      certainty,
      // Where no case of a class is among them, as certain as those of the other.
      low: low === -Infinity ? 1 - high : low,
      high: high === Infinity ? 1 - low : high,
      coverage: weights / all,
      accuracy: right / weights,
      decided: (weights * weights) / squares,
    })
  }
  return points
}

export interface CertainOptions {
  /** Share of the decided cases that must be right. */
  readonly accuracyMin: number
  /**
   * By how many standard errors the accuracy must hold (the lower end of Wilson's interval); 0 asks for no more than
   * what was seen. Thresholds chosen on few cases look better there than they are.
   */
  readonly standardErrors?: number
}

/** The most cases that can be decided so that accuracy holds; undefined where there are none. */
export function certainEnough(
  scored: Scored,
  { accuracyMin, standardErrors = 0 }: CertainOptions,
): CoveragePoint | undefined {
  required(accuracyMin >= 0 && accuracyMin <= 1, 'LEARNING_SETTINGS', 'accuracyMin is out of range')
  const isSound = standardErrors >= 0 && Number.isFinite(standardErrors)
  required(isSound, 'LEARNING_SETTINGS', 'standardErrors is out of range')
  return coverageCurve(scored).findLast(
    ({ accuracy, decided }) => wilsonLow(accuracy, decided, standardErrors) >= accuracyMin,
  )
}

/** The lower end of Wilson's score interval of a share that was seen in so many cases. */
export function wilsonLow(share: number, count: number, standardErrors: number): number {
  if (standardErrors === 0) return share
  const z = standardErrors * standardErrors
  const spread = Math.sqrt((share * (1 - share)) / count + z / (4 * count * count))
  return (share + z / (2 * count) - standardErrors * spread) / (1 + z / count)
}
