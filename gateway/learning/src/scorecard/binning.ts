/** Cuts a column into few bins that differ in their weight of evidence. */
import { required } from '../fault.ts'
import type { Column } from '../table.ts'
import { binOf, cutTable, type Cut } from '../trees/bins.ts'
import { NO_ROWS, together, type Cell, type Evidence } from './evidence.ts'
import type { ScorecardSettings } from './settings.ts'

/** Fine bins that have become one. */
interface Bin {
  readonly fine: readonly number[]
  readonly cell: Cell
}

export interface Binning {
  /** NUMBER: what is not larger than an edge lies in the bin of its place or before. */
  readonly edges: readonly number[]
  /** CATEGORY: the levels of each bin. */
  readonly levels: readonly (readonly number[])[]
  readonly cells: readonly Cell[]
  readonly missing: Cell
  /** CATEGORY: levels with too few rows, all together. */
  readonly rare: Cell
}

export interface Rows {
  readonly labels: Float64Array
  readonly weights?: Float64Array | undefined
}

export interface BinningOptions {
  readonly settings: ScorecardSettings
  readonly evidence: Evidence
}

export function binColumn(
  column: Column,
  values: Float64Array,
  rows: Rows,
  { settings, evidence }: BinningOptions,
): Binning {
  const isSound = values.every(value => Number.isFinite(value) || Number.isNaN(value))
  required(isSound, 'LEARNING_COLUMNS', `${column.name}: a value is endless`)
  const rowsMin = Math.max(1, Math.ceil(settings.rowShareMin * values.length))
  const [cut] = cutTable(
    { columns: [column], values: [values], rowCount: values.length },
    { binsMax: settings.fineBins, rowsMin: 1, seed: 1 },
  ) as [Cut]
  const { fine, missing, rest } = countedCells(cut, values, rows)
  const { binsMax, differenceMin } = settings
  const merge = { rowsMin, binsMax, differenceMin, evidence }
  if (column.kind === 'CATEGORY') {
    const isRare = ({ cell }: Bin): boolean => cell.rows < rowsMin
    const rare = fine.filter(isRare).reduce((sum, { cell }) => together(sum, cell), rest)
    const bins = mergedLevels(
      fine.filter(bin => !isRare(bin)),
      merge,
    )
    const levels = bins.map(bin =>
      bin.fine.map(at => cut.edges[at] as number).sort((a, b) => a - b),
    )
    return { edges: [], levels, cells: bins.map(({ cell }) => cell), missing, rare }
  }
  const bins = mergedRange(fine, { ...merge, monotone: column.monotone ?? 0 })
  const edges = bins.slice(0, -1).map(bin => cut.edges[bin.fine.at(-1) as number] as number)
  return { edges, levels: [], cells: bins.map(({ cell }) => cell), missing, rare: NO_ROWS }
}

/** The rows of each fine bin, of what is missing, and of levels that have none of their own. */
function countedCells(cut: Cut, values: Float64Array, { labels, weights }: Rows) {
  // A category's edges are its levels; a number's lie between bins.
  const count = cut.edges.length + (cut.kind === 'NUMBER' ? 1 : 0)
  const cells = Array.from({ length: count + 2 }, () => ({ ...NO_ROWS }))
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number
    const bin = Number.isNaN(value) ? count + 1 : binOf(cut, value)
    const cell = cells[bin] as { rows: number; ones: number; zeros: number }
    const weight = weights ? (weights[row] as number) : 1
    cell.rows += 1
    if (labels[row] === 1) cell.ones += weight
    else cell.zeros += weight
  }
  const [rest, ...others] = cells as [Cell, ...Cell[]]
  const missing = others.pop() as Cell
  return { fine: others.map((cell, at) => ({ fine: [at], cell })), missing, rest }
}

interface Merging {
  readonly rowsMin: number
  readonly differenceMin: number
  readonly binsMax: number
  readonly evidence: Evidence
}

const joined = (one: Bin, other: Bin): Bin => ({
  fine: [...one.fine, ...other.fine],
  cell: together(one.cell, other.cell),
})

const withJoined = (bins: readonly Bin[], at: number): Bin[] =>
  bins.toSpliced(at, 2, joined(bins[at] as Bin, bins[at + 1] as Bin))

/** Neighbours only; where a column is monotone its weights of evidence are. */
function mergedRange(fine: readonly Bin[], merging: Merging & { monotone: 1 | -1 | 0 }): Bin[] {
  const { evidence, monotone } = merging
  const large = withoutSmall(fine, merging)
  if (monotone === 0) return merged(large, merging)
  const ordered = pooled(large, evidence, monotone)
  // A bin that grew is smoothed less, and may have passed the next one.
  return pooled(merged(ordered, merging), evidence, monotone)
}

/** Levels in the order of their evidence; those that are closest become one bin. */
function mergedLevels(fine: readonly Bin[], merging: Merging): Bin[] {
  const { woe } = merging.evidence
  const placed = fine.map((bin, at) => ({ bin, at, woe: woe(bin.cell) }))
  placed.sort((a, b) => a.woe - b.woe || a.at - b.at)
  return merged(
    placed.map(({ bin }) => bin),
    merging,
  )
}

/** The smallest bin joins the neighbour that is more like it, until all are large enough. */
function withoutSmall(given: readonly Bin[], { rowsMin, evidence }: Merging): Bin[] {
  let bins = [...given]
  while (bins.length > 1) {
    const sizes = bins.map(({ cell }) => cell.rows)
    const at = sizes.indexOf(Math.min(...sizes))
    if ((sizes[at] as number) >= rowsMin) break
    const woeAt = (place: number): number => evidence.woe((bins[place] as Bin).cell)
    const distance = (place: number): number =>
      place < 0 || place >= bins.length ? Infinity : Math.abs(woeAt(place) - woeAt(at))
    bins = withJoined(bins, distance(at - 1) <= distance(at + 1) ? at - 1 : at)
  }
  return bins
}

/** The neighbours that differ least become one, until there are few enough and all differ by more than chance. */
function merged(given: readonly Bin[], { binsMax, differenceMin }: Merging): Bin[] {
  let bins = [...given]
  while (bins.length > 1) {
    const squares = bins.slice(1).map((bin, at) => chiSquare((bins[at] as Bin).cell, bin.cell))
    const least = Math.min(...squares)
    if (bins.length <= binsMax && least >= differenceMin ** 2) break
    bins = withJoined(bins, squares.indexOf(least))
  }
  return bins
}

/** By how many standard errors the shares of ones differ, squared. */
function chiSquare(one: Cell, other: Cell): number {
  const [a, b] = [one.ones + one.zeros, other.ones + other.zeros]
  const { ones, zeros } = together(one, other)
  if (a === 0 || b === 0 || ones === 0 || zeros === 0) return 0
  const by = one.ones / a - other.ones / b
  const spread = ((ones / (a + b)) * zeros) / (a + b)
  return (by * by) / (spread * (1 / a + 1 / b))
}

/** Neighbours that are in the wrong order, or say the same, become one. */
function pooled(given: readonly Bin[], { woe }: Evidence, monotone: 1 | -1): Bin[] {
  const bins: Bin[] = []
  for (let bin of given) {
    const isOver = (last: Bin): boolean => monotone * (woe(last.cell) - woe(bin.cell)) >= 0
    for (let last = bins.at(-1); last && isOver(last); last = bins.at(-1)) {
      bin = joined(last, bin)
      bins.pop()
    }
    bins.push(bin)
  }
  return bins
}
