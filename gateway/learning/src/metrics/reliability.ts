/** Whether chances are what they say: of the cases with a chance of 20 %, one in five should come. */
import { required } from '../fault.ts'
import { ascending, checkChances, weightOf, type Scored } from './scored.ts'

export interface CalibrationBin {
  /** The smallest and the largest chance in it. */
  readonly from: number
  readonly to: number
  /** The mean chance. */
  readonly predicted: number
  /** The share of ones. */
  readonly observed: number
  readonly rows: number
  /** Sum of the weights. */
  readonly weight: number
}

export interface CalibrationOptions {
  readonly bins?: number
  /** COUNT: about as many rows each. WIDTH: of equal width; empty ones are left out. */
  readonly by?: 'COUNT' | 'WIDTH'
}

/** Equal chances are never in two bins. */
export function calibrationTable(
  scored: Scored,
  { bins = 10, by = 'COUNT' }: CalibrationOptions = {},
): CalibrationBin[] {
  checkChances(scored)
  required(Number.isInteger(bins) && bins > 0, 'LEARNING_SETTINGS', 'bins is out of range')
  const alike = alikeOf(scored)
  const all = alike.reduce((sum, { weight }) => sum + weight, 0)
  const table: CalibrationBin[] = []
  let [below, binHere] = [0, -1]
  for (const added of alike) {
    const place = by === 'COUNT' ? (below * bins) / all : added.predicted * bins
    const bin = Math.min(bins - 1, Math.floor(place))
    const last = table.at(-1)
    if (bin === binHere && last) table[table.length - 1] = joined(last, added)
    else table.push(added)
    below += added.weight
    binHere = bin
  }
  return table
}

/** A bin for each different chance, the smallest first. */
function alikeOf(scored: Scored): CalibrationBin[] {
  const { scores } = scored
  const order = ascending(scores).filter(row => weightOf(scored, row) > 0)
  const bins: CalibrationBin[] = []
  for (let at = 0, end = 0; at < order.length; at = end) {
    const chance = scores[order[at] as number]
    while (end < order.length && scores[order[end] as number] === chance) end += 1
    bins.push(binOf(scored, order.subarray(at, end)))
  }
  return bins
}

function binOf(scored: Scored, rows: Int32Array): CalibrationBin {
  const chance = scored.scores[rows[0] as number] as number
  let [weight, ones] = [0, 0]
  for (const row of rows) {
    weight += weightOf(scored, row)
    ones += weightOf(scored, row) * (scored.labels[row] as number)
  }
  const place = { from: chance, to: chance, predicted: chance }
  return { ...place, observed: ones / weight, rows: rows.length, weight }
}

function joined(one: CalibrationBin, other: CalibrationBin): CalibrationBin {
  const weight = one.weight + other.weight
  const mean = (a: number, b: number): number => (a * one.weight + b * other.weight) / weight
  return {
    from: one.from,
    to: other.to,
    predicted: mean(one.predicted, other.predicted),
    observed: mean(one.observed, other.observed),
    rows: one.rows + other.rows,
    weight,
  }
}

/** ECE: the mean distance of predicted and observed over the bins of a calibration table, by weight. */
export function expectedCalibrationError(scored: Scored, options: CalibrationOptions = {}): number {
  let [sum, weights] = [0, 0]
  for (const { predicted, observed, weight } of calibrationTable(scored, options)) {
    sum += weight * Math.abs(predicted - observed)
    weights += weight
  }
  return sum / weights
}
