/** Whether scores of today are spread as those a model was made on. */
import { log } from '../exact.ts'
import { required } from '../fault.ts'

export interface StabilityBin {
  /** Scores up to this, and above that of the bin before; none in the last bin, which holds all others. */
  readonly upTo: number | undefined
  /** Shares of the base and of the sample. */
  readonly base: number
  readonly sample: number
  /** What the bin adds to the index. */
  readonly index: number
}

export interface Stability {
  /** Population stability index: below 0.1 it is usually called stable, above 0.25 shifted. */
  readonly psi: number
  readonly bins: readonly StabilityBin[]
}

export interface StabilityOptions {
  /** Bins of about as many rows of the base each, at most. */
  readonly bins?: number
}

/** An empty bin is counted as half a row, since a share of zero would be infinitely far from any other. */
const EMPTY_ROWS = 0.5

export function populationStability(
  base: Float64Array,
  sample: Float64Array,
  { bins = 10 }: StabilityOptions = {},
): Stability {
  required(Number.isInteger(bins) && bins > 1, 'LEARNING_SETTINGS', 'bins is out of range')
  for (const scores of [base, sample]) {
    required(scores.length > 0, 'LEARNING_ROWS', 'there are no rows')
    required(scores.every(Number.isFinite), 'LEARNING_SCORES', 'a score is not a number')
  }
  const edges = edgesOf(base.slice().sort(), bins)
  const [baseShares, sampleShares] = [sharesOf(base, edges), sharesOf(sample, edges)]
  const table = baseShares.map((share, at) => {
    const now = sampleShares[at] as number
    const [one, other] = [seen(share, base.length), seen(now, sample.length)]
    return { upTo: edges[at], base: share, sample: now, index: (other - one) * log(other / one) }
  })
  return { psi: table.reduce((sum, { index }) => sum + index, 0), bins: table }
}

const seen = (share: number, rows: number): number => (share > 0 ? share : EMPTY_ROWS / rows)

/** Quantiles. A score that fills whole bins gets one of its own: scores move away from it to both sides. */
function edgesOf(sorted: Float64Array, bins: number): number[] {
  const edges = new Set<number>()
  let before: number | undefined
  for (let bin = 1; bin < bins; bin += 1) {
    const at = Math.ceil((bin * sorted.length) / bins) - 1
    const edge = sorted[Math.max(0, at)] as number
    if (edge === before) edges.add(below(sorted, edge))
    edges.add(edge)
    before = edge
  }
  return [...edges].sort((a, b) => a - b)
}

function below(sorted: Float64Array, value: number): number {
  const lower = sorted[sorted.indexOf(value) - 1]
  return lower ?? value - Math.max(Number.MIN_VALUE, Math.abs(value) * Number.EPSILON)
}

function sharesOf(scores: Float64Array, edges: readonly number[]): number[] {
  const counts = Array.from({ length: edges.length + 1 }, () => 0)
  for (const score of scores) {
    let [low, high] = [0, edges.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (score > (edges[middle] as number)) low = middle + 1
      else high = middle
    }
    counts[low] = (counts[low] as number) + 1
  }
  return counts.map(count => count / scores.length)
}
