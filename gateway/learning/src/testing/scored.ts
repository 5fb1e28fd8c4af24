/** Rows for the claims about measures. */
import fc from 'fast-check'
import type { Scored } from '../metrics/scored.ts'

export const scoredOf = (
  labels: readonly number[],
  scores: readonly number[],
  weights?: readonly number[],
): Scored => ({
  labels: Float64Array.from(labels),
  scores: Float64Array.from(scores),
  ...(weights ? { weights: Float64Array.from(weights) } : {}),
})

/** Few different chances, so that many are equal; whole weights, 0 among them. */
const row = fc.record({
  label: fc.integer({ min: 0, max: 1 }),
  score: fc.integer({ min: 0, max: 12 }).map(twelfths => twelfths / 12),
  weight: fc.integer({ min: 0, max: 3 }),
})

export const anyRows = fc
  .array(row, { minLength: 2, maxLength: 40 })
  .filter(rows => rows.some(({ weight }) => weight > 0))
  .map(rows =>
    scoredOf(
      rows.map(({ label }) => label),
      rows.map(({ score }) => score),
      rows.map(({ weight }) => weight),
    ),
  )

/** Each row as often as it weighs. */
export function repeated({ labels, scores, weights }: Scored): Scored {
  const rows = [...labels.keys()].flatMap(at => Array<number>(weights?.[at] ?? 1).fill(at))
  return scoredOf(
    rows.map(at => labels[at] as number),
    rows.map(at => scores[at] as number),
  )
}

export const holds = <T>(given: fc.Arbitrary<T>, claim: (value: T) => void): void =>
  fc.assert(fc.property(given, claim), { seed: 20_261_129, numRuns: 300 })
