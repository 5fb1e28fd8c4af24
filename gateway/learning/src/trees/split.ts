/** The best way to part the rows of a leaf by one column, found among the sums of its bins. */
import type { Cut } from './bins.ts'
import { sumsOf, type Scales, type Sums } from './gradients.ts'
import type { TreeSettings } from './settings.ts'

/** What a value of a leaf must not fall below or rise above, so that it keeps the order of a monotone column. */
export interface Bounds {
  readonly low: number
  readonly high: number
}

export interface Split {
  readonly gain: number
  /** Of the table. */
  readonly column: number
  /** NUMBER: the last bin that goes left. */
  readonly bin: number
  /** CATEGORY: the bins that go left. */
  readonly levels: readonly number[] | undefined
  readonly missingLeft: boolean
  readonly left: Sums
  readonly right: Sums
  readonly leftValue: number
  readonly rightValue: number
}

export interface Looking {
  readonly settings: TreeSettings
  readonly scales: Scales
}

/** The sums of one leaf by the bins of one column. */
export interface ColumnSums {
  readonly sums: Float64Array
  readonly offset: number
  readonly cut: Cut
  readonly column: number
  readonly monotone: 1 | -1 | 0
}

export interface Leaf {
  /** The two numbers of all its rows. */
  readonly first: number
  readonly second: number
  readonly bounds: Bounds
}

const valueOf = ({ gradient, hessian }: Sums, l2: number, { low, high }: Bounds): number =>
  Math.min(high, Math.max(low, -gradient / (hessian + l2)))

/** Twice what the loss falls by when the rows get this value. */
const fall = ({ gradient, hessian }: Sums, l2: number, value: number): number =>
  -(2 * gradient + (hessian + l2) * value) * value

/** Where the best part so far was found. */
interface Best {
  gain: number
  at: number
  first: number
  second: number
  missingLeft: boolean
}

export function bestSplit(looking: Looking, leaf: Leaf, bins: ColumnSums): Split | undefined {
  return bins.cut.kind === 'NUMBER'
    ? splitNumbers(looking, leaf, bins)
    : splitLevels(looking, leaf, bins)
}

function splitNumbers(looking: Looking, leaf: Leaf, bins: ColumnSums): Split | undefined {
  const { sums, offset } = bins
  const hasMissing = (sums[offset + 1] as number) >= looking.scales.row
  const { low, high } = leaf.bounds
  const scan = bins.monotone === 0 && low === -Infinity && high === Infinity ? scanFree : scanBound
  const least = looking.settings.gainMin + fallOfAll(looking, leaf)
  const best: Best = { gain: least, at: -1, first: 0, second: 0, missingLeft: false }
  scan(looking, leaf, bins, { best, missingLeft: false })
  if (hasMissing) scan(looking, leaf, bins, { best, missingLeft: true })
  if (best.at < 0) return undefined
  // Where none was missing, what will be missing goes the way of most.
  const isMostLeft = best.second * 2 > leaf.second
  const missingLeft = hasMissing ? best.missingLeft : isMostLeft
  return splitOf(looking, leaf, bins, {
    ...best,
    missingLeft,
    gain: best.gain - least + looking.settings.gainMin,
    l2: looking.settings.l2,
    levels: undefined,
  })
}

function fallOfAll({ settings, scales }: Looking, { first, second, bounds }: Leaf): number {
  const all = sumsOf(first, second, scales)
  return fall(all, settings.l2, valueOf(all, settings.l2, bounds))
}

interface Scan {
  readonly best: Best
  readonly missingLeft: boolean
}

type Scanning = (looking: Looking, leaf: Leaf, bins: ColumnSums, scan: Scan) => void

/** No bound and no order to keep: the loop that takes the time. */
const scanFree: Scanning = ({ settings, scales }, leaf, { sums, offset, cut }, scan) => {
  const { best, missingLeft } = scan
  const { rowsMin, hessianMin, l2 } = settings
  const [perRow, perHessian, perGradient] = [
    1 / scales.row,
    1 / scales.hessian,
    1 / scales.gradient,
  ]
  const rowsAll = Math.floor(leaf.second * perRow)
  const hessianAll = (leaf.second - rowsAll * scales.row) * perHessian
  const gradientAll = leaf.first * perGradient
  // Sums of second derivatives stay below a row's own one: the rows can be compared without being counted.
  const { row } = scales
  const [secondMin, secondEnd] = [rowsMin * row, (rowsAll - rowsMin + 1) * row]
  let first = missingLeft ? (sums[offset] as number) : 0
  let second = missingLeft ? (sums[offset + 1] as number) : 0
  for (let bin = 1; bin + 1 < cut.binCount; bin += 1) {
    first += sums[offset + 2 * bin] as number
    const ofBin = sums[offset + 2 * bin + 1] as number
    if (ofBin === 0) continue
    second += ofBin
    if (second < secondMin) continue
    if (second >= secondEnd) break
    const hessian = (second - Math.floor(second * perRow) * row) * perHessian
    const rest = hessianAll - hessian
    if (hessian < hessianMin || rest < hessianMin) continue
    const gradient = first * perGradient
    const other = gradientAll - gradient
    const one = hessian + l2
    const two = rest + l2
    const gain = (gradient * gradient * two + other * other * one) / (one * two)
    if (gain > best.gain) note(best, gain, bin, first, second, missingLeft)
  }
}

function note(
  best: Best,
  gain: number,
  at: number,
  first: number,
  second: number,
  missingLeft: boolean,
): void {
  best.gain = gain
  best.at = at
  best.first = first
  best.second = second
  best.missingLeft = missingLeft
}

const scanBound: Scanning = (looking, leaf, bins, { best, missingLeft }) => {
  const { sums, offset, cut } = bins
  let first = missingLeft ? (sums[offset] as number) : 0
  let second = missingLeft ? (sums[offset + 1] as number) : 0
  for (let bin = 1; bin + 1 < cut.binCount; bin += 1) {
    first += sums[offset + 2 * bin] as number
    second += sums[offset + 2 * bin + 1] as number
    const gain = boundGain(looking, leaf, { first, second, l2: looking.settings.l2, ...bins })
    if (gain > best.gain) note(best, gain, bin, first, second, missingLeft)
  }
}

interface Part {
  readonly first: number
  readonly second: number
  readonly l2: number
  readonly monotone: 1 | -1 | 0
}

/** -Infinity where the halves are too small or in the wrong order. */
function boundGain({ settings, scales }: Looking, leaf: Leaf, part: Part): number {
  const left = sumsOf(part.first, part.second, scales)
  const right = sumsOf(leaf.first - part.first, leaf.second - part.second, scales)
  const { rowsMin, hessianMin } = settings
  if (left.rows < rowsMin || right.rows < rowsMin) return -Infinity
  if (left.hessian < hessianMin || right.hessian < hessianMin) return -Infinity
  const leftValue = valueOf(left, part.l2, leaf.bounds)
  const rightValue = valueOf(right, part.l2, leaf.bounds)
  if (part.monotone * (rightValue - leftValue) < 0) return -Infinity
  return fall(left, part.l2, leftValue) + fall(right, part.l2, rightValue)
}

/** Sets of more levels than these, from either end of their order, are not looked at. */
const LEVELS_MAX = 32

/** Levels in the order of what they ask for; those at either end go left. */
function splitLevels(looking: Looking, leaf: Leaf, bins: ColumnSums): Split | undefined {
  const { settings } = looking
  const order = levelsInOrder(looking, bins)
  const l2 = settings.l2 + settings.levelSmoothing
  const least = settings.gainMin + fallOfAll(looking, leaf)
  const best: Best = { gain: least, at: -1, first: 0, second: 0, missingLeft: false }
  let found: readonly number[] = []
  for (const way of [order, order.toReversed()]) {
    let [first, second] = [0, 0]
    for (let taken = 1; taken <= Math.min(LEVELS_MAX, way.length - 1); taken += 1) {
      const place = bins.offset + 2 * (way[taken - 1] as number)
      first += bins.sums[place] as number
      second += bins.sums[place + 1] as number
      const gain = boundGain(looking, leaf, { first, second, l2, monotone: 0 })
      if (gain <= best.gain) continue
      note(best, gain, taken, first, second, false)
      found = way.slice(0, taken)
    }
  }
  if (best.at < 0) return undefined
  const gain = best.gain - least + settings.gainMin
  const levels = [...found].sort((a, b) => a - b)
  const missingLeft = levels[0] === 0
  return splitOf(looking, leaf, bins, { ...best, gain, l2, levels, missingLeft })
}

/** What is missing is a level like others. */
function levelsInOrder(
  { settings, scales }: Looking,
  { sums, offset, cut }: ColumnSums,
): readonly number[] {
  const asked: { bin: number; value: number }[] = []
  for (let bin = 0; bin < cut.binCount; bin += 1) {
    const place = offset + 2 * bin
    const level = sumsOf(sums[place] as number, sums[place + 1] as number, scales)
    if (level.rows >= settings.levelRowsMin)
      asked.push({ bin, value: level.gradient / (level.hessian + settings.levelSmoothing) })
  }
  return asked.sort((a, b) => a.value - b.value || a.bin - b.bin).map(({ bin }) => bin)
}

interface Found extends Best {
  readonly l2: number
  readonly levels: readonly number[] | undefined
}

function splitOf({ scales }: Looking, leaf: Leaf, { column }: ColumnSums, found: Found): Split {
  const left = sumsOf(found.first, found.second, scales)
  const right = sumsOf(leaf.first - found.first, leaf.second - found.second, scales)
  return {
    gain: found.gain,
    column,
    bin: found.at,
    levels: found.levels,
    missingLeft: found.missingLeft,
    left,
    right,
    leftValue: valueOf(left, found.l2, leaf.bounds),
    rightValue: valueOf(right, found.l2, leaf.bounds),
  }
}

/** Of two the one that gains more; of equals that of the earlier column. */
export function better(one: Split | undefined, other: Split | undefined): Split | undefined {
  if (!one || !other) return one ?? other
  if (one.gain !== other.gain) return one.gain > other.gain ? one : other
  return one.column <= other.column ? one : other
}

/** 1 for each bin whose rows go left. */
export function sidesOf({
  bin,
  levels,
  missingLeft,
}: Pick<Split, 'bin' | 'levels' | 'missingLeft'>): Uint8Array {
  const goesLeft = new Uint8Array(256)
  if (levels) for (const level of levels) goesLeft[level] = 1
  else {
    goesLeft.fill(1, 1, bin + 1)
    goesLeft[0] = missingLeft ? 1 : 0
  }
  return goesLeft
}
