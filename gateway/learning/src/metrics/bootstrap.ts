/**
 * How far a measure would have come out otherwise by chance: it is measured again on rows drawn with replacement
 * (Efron's bootstrap, percentile intervals). A row that is drawn twice weighs twice.
 */
import { required } from '../fault.ts'
import { numbered, picked } from '../table.ts'
import { createRandom, type Random } from '../random.ts'
import { ascending, checkScored, type Metric, type Scored } from './scored.ts'

export interface BootstrapOptions {
  readonly resamples?: number
  /** Of the interval: 0.95 leaves out as much as 2.5 % on both sides. */
  readonly level?: number
  readonly seed?: number
  /** By row. Rows of one group are drawn together: they do not say more than the group does. */
  readonly groups?: ArrayLike<number | string>
}

export interface Interval {
  /** Of all rows, each once. */
  readonly value: number
  readonly low: number
  readonly high: number
  /** Resamples that the interval rests on: those of which the measure can be told. */
  readonly resamples: number
}

export interface Difference extends Interval {
  /** Share of the resamples where the first model is not better, equals counted by half. */
  readonly notLarger: number
}

/** @throws LearningFault LEARNING_LABELS where the measure cannot be told of the rows. */
export function bootstrapInterval(
  scored: Scored,
  metric: Metric,
  options: BootstrapOptions = {},
): Interval {
  const measure = createMeasure(scored, metric)
  return intervalOf(measure(undefined), resampled(scored, [measure], options), options)
}

/** What the two models have in common, and the scores of each. */
export interface Compared extends Omit<Scored, 'scores'> {
  readonly one: Float64Array
  readonly other: Float64Array
}

/** The measure of `one` less that of `other`, both on the same draws: what is hard for both cancels. */
export function bootstrapDifference(
  { one, other, ...rows }: Compared,
  metric: Metric,
  options: BootstrapOptions = {},
): Difference {
  const measures = [one, other].map(scores => createMeasure({ ...rows, scores }, metric))
  const values = measures.map(measure => measure(undefined)) as [number?, number?]
  const differences = resampled({ ...rows, scores: one }, measures, options)
  const interval = intervalOf(lessOf(values), differences, options)
  const notLarger = differences.reduce((sum, by) => sum + (by < 0 ? 1 : by === 0 ? 0.5 : 0), 0)
  return { ...interval, notLarger: notLarger / differences.length }
}

const lessOf = ([one, other]: readonly (number | undefined)[]): number | undefined =>
  one === undefined || other === undefined ? undefined : one - other

/** Told how often each row was drawn; all rows once where nothing is told. */
type Measure = (draws: Int32Array | undefined) => number | undefined

/** Rows are put in the order of their scores once, so that no resample has to be sorted. */
function createMeasure(scored: Scored, metric: Metric): Measure {
  checkScored(scored)
  const order = ascending(scored.scores)
  const labels = picked(scored.labels, order)
  const scores = picked(scored.scores, order)
  const given = scored.weights ? picked(scored.weights, order) : undefined
  return draws => {
    if (!draws) return metric(scored)
    const weights = new Float64Array(order.length)
    for (let at = 0; at < weights.length; at += 1)
      weights[at] = (draws[order[at] as number] as number) * (given ? (given[at] as number) : 1)
    return weights.some(weight => weight > 0) ? metric({ labels, scores, weights }) : undefined
  }
}

/** Of one measure its values, of two their difference; ascending. */
function resampled(
  { labels }: Scored,
  measures: readonly Measure[],
  { resamples = 1_000, seed = 1, groups }: BootstrapOptions,
): Float64Array {
  const isSound = Number.isInteger(resamples) && resamples > 0
  required(isSound, 'LEARNING_SETTINGS', 'resamples is out of range')
  const random = createRandom(seed)
  const draw = createDraws(labels.length, groups)
  const values: number[] = []
  for (let time = 0; time < resamples; time += 1) {
    const draws = draw(random)
    const measured = measures.map(measure => measure(draws))
    const value = measured.length === 1 ? measured[0] : lessOf(measured)
    if (value !== undefined) values.push(value)
  }
  return Float64Array.from(values).sort()
}

function createDraws(rowCount: number, groups: BootstrapOptions['groups']) {
  const groupOf = groups ? numbered(groups) : Int32Array.from({ length: rowCount }, (_, row) => row)
  required(groupOf.length === rowCount, 'LEARNING_ROWS', 'groups and labels differ in length')
  const groupCount = groupOf.reduce((most, group) => Math.max(most, group), -1) + 1
  return (random: Random): Int32Array => {
    const times = new Int32Array(groupCount)
    for (let drawn = 0; drawn < groupCount; drawn += 1) {
      const group = random.below(groupCount)
      times[group] = (times[group] as number) + 1
    }
    return groupOf.map(group => times[group] as number)
  }
}

function intervalOf(
  value: number | undefined,
  sorted: Float64Array,
  { level = 0.95 }: BootstrapOptions,
): Interval {
  required(level > 0 && level < 1, 'LEARNING_SETTINGS', 'level is out of range')
  const isTold = value !== undefined && sorted.length > 0
  required(isTold, 'LEARNING_LABELS', 'the measure cannot be told of these rows')
  const tail = (1 - level) / 2
  const resamples = sorted.length
  return { value, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail), resamples }
}

/** Between the two that it falls between. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1)
  const at = Math.floor(place)
  const low = sorted[at] as number
  const high = sorted[Math.min(sorted.length - 1, at + 1)] as number
  return low + (high - low) * (place - at)
}
