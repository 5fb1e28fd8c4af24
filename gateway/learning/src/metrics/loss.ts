/** How far chances are from what came. */
import { log } from '../exact.ts'
import { checkChances, weightOf, type Scored } from './scored.ts'

/** The mean squared distance: 0 is perfect, that of a constant is p (1 - p). */
export function brier(scored: Scored): number {
  return meanOf(scored, (chance, label) => (chance - label) ** 2)
}

/** A chance of 0 or 1 that was wrong would cost without end: none is taken to be surer than this. */
const SURE = 1e-15

/** The mean negative log-likelihood, in nats. */
export function logLoss(scored: Scored): number {
  return meanOf(scored, (chance, label) => {
    const right = label === 1 ? chance : 1 - chance
    return -log(Math.min(1 - SURE, Math.max(SURE, right)))
  })
}

function meanOf(scored: Scored, lossOf: (chance: number, label: number) => number): number {
  checkChances(scored)
  let [sum, weights] = [0, 0]
  for (let row = 0; row < scored.labels.length; row += 1) {
    const weight = weightOf(scored, row)
    sum += weight * lossOf(scored.scores[row] as number, scored.labels[row] as number)
    weights += weight
  }
  return sum / weights
}
