/**
 * One tree, leaf by leaf, always where most is gained. A generator: what it needs of others it asks for, so the same
 * code grows a tree in one thread, in several that share the columns, and at several parties that share the rows.
 */
import type { Column } from '../table.ts'
import { PACKED, wordsOf, type Bins, type Cut } from './bins.ts'
import { sumsOf, type Scales, type Sums } from './gradients.ts'
import {
  COLUMN_WIDTH,
  createMemory,
  takeAway,
  WORD_WIDTH,
  type LeafSums,
  type Memory,
} from './memory.ts'
import type { TreeSettings } from './settings.ts'
import { bestSplit, better, sidesOf, type Bounds, type Leaf, type Split } from './split.ts'

/** SUMS: of the rows here; wanted are those of all parties, in place. BEST: of the columns here, of all wanted. */
export type Ask =
  | { readonly kind: 'SUMS'; readonly sums: Float64Array }
  | { readonly kind: 'BEST'; readonly splits: (Split | undefined)[] }
  /** All have written their share of what is shared. */
  | { readonly kind: 'MEET' }

export type Asking<T> = Generator<Ask, T, undefined>

export interface Ground {
  readonly settings: TreeSettings
  readonly scales: Scales
  readonly columns: readonly Column[]
  readonly cuts: readonly Cut[]
  readonly bins: Bins
  /** The words whose columns' sums are made here. */
  readonly own: readonly number[]
}

/** A leaf and its rows, which lie beside each other in `order`. */
export interface GrownLeaf {
  readonly node: number
  readonly value: number
  readonly begin: number
  readonly size: number
}

export interface GrownNode {
  readonly split: Split | undefined
  /** Places of the two nodes below; -1 at a leaf. */
  readonly left: number
  readonly right: number
  readonly value: number
  readonly sums: Sums
}

export interface Grown {
  readonly nodes: readonly GrownNode[]
  readonly leaves: readonly GrownLeaf[]
}

interface OpenLeaf extends Leaf {
  readonly node: number
  readonly depth: number
  readonly value: number
  readonly rows: number
  readonly begin: number
  readonly size: number
  readonly sums: LeafSums
  readonly split: Split | undefined
}

const FREE: Bounds = { low: -Infinity, high: Infinity }

/** Keeps its memory from one tree to the next. */
export interface Grower {
  /** The rows; `grow` puts those that it grows from in the order of the leaves. */
  readonly order: Int32Array
  /**
   * @param rows how many of `order`, from its beginning, to grow from; they stand there in ascending order.
   * @param chosen the columns of this tree.
   */
  grow(gradients: Float64Array, rows: number, chosen: ReadonlySet<number>): Asking<Grown>
}

export function createGrower(ground: Ground): Grower {
  const { settings, own, bins, columns } = ground
  const memory = createMemory(bins, own, settings.leaves)
  const parts = {
    ...ground,
    memory,
    ownColumns: columns.map((_, at) => at).filter(at => own.includes(wordOf(at))),
    offsets: columns.map(
      (_, at) => own.indexOf(wordOf(at)) * WORD_WIDTH + (at % PACKED) * COLUMN_WIDTH,
    ),
    parting: new Int32Array(bins.rowCount),
  }
  return {
    order: memory.order,
    grow(gradients, rows, chosen) {
      const asked = parts.ownColumns.filter(column => chosen.has(column))
      return growTree({ ...parts, gradients, asked, spare: [...memory.leaves] }, rows)
    },
  }
}

interface Growing extends Ground {
  readonly memory: Memory
  readonly offsets: readonly number[]
  readonly parting: Int32Array
  readonly gradients: Float64Array
  /** Of the columns here those that this tree may part by. */
  readonly asked: readonly number[]
  /** Room for sums that no leaf has. */
  readonly spare: LeafSums[]
}

function* growTree(growing: Growing, rows: number): Asking<Grown> {
  const { settings } = growing
  const nodes: GrownNode[] = []
  const leaves: OpenLeaf[] = [yield* rootOf(growing, rows, nodes)]
  while (leaves.length < settings.leaves) {
    const at = mostGained(leaves)
    const leaf = leaves[at]
    if (!leaf?.split) break
    const halves = halvesOf(growing, nodes, leaf, leaf.split)
    const isLast = leaves.length + 1 === settings.leaves
    const [left, right] = isLast
      ? halves.map(half => ({ ...half, sums: leaf.sums, split: undefined }))
      : yield* looked(growing, leaf, halves)
    leaves[at] = left as OpenLeaf
    leaves.push(right as OpenLeaf)
  }
  return {
    nodes,
    leaves: leaves.map(({ node, value, begin, size }) => ({ node, value, begin, size })),
  }
}

function* rootOf(growing: Growing, rows: number, nodes: GrownNode[]): Asking<OpenLeaf> {
  const { settings, scales, own } = growing
  const whole = { begin: 0, size: rows }
  const sums = sumsHere(growing, whole)
  const last = own.length * WORD_WIDTH
  sums.numbers.set(totalOf(growing, rows), last)
  yield { kind: 'SUMS', sums: sums.numbers }
  const [first = 0, second = 0] = sums.numbers.subarray(last)
  const all = sumsOf(first, second, scales)
  const value = -all.gradient / (all.hessian + settings.l2) || 0
  nodes.push({ split: undefined, left: -1, right: -1, value, sums: all })
  const place = { node: 0, depth: 0, ...whole, bounds: FREE }
  const root = { ...place, first, second, value, rows: all.rows, sums }
  const splits = [bestHere(growing, root)]
  yield { kind: 'BEST', splits }
  return { ...root, split: splits[0] }
}

function totalOf({ gradients, memory }: Growing, rows: number): [number, number] {
  let [first, second] = [0, 0]
  for (let at = 0; at < rows; at += 1) {
    const row = 2 * (memory.order[at] as number)
    first += gradients[row] as number
    second += gradients[row + 1] as number
  }
  return [first, second]
}

/** Of the rows here, by the words that have one of the columns. */
function sumsHere(
  { memory, gradients, own, asked, spare }: Growing,
  { begin, size }: Pick<OpenLeaf, 'begin' | 'size'>,
): LeafSums {
  const sums = spare.pop() as LeafSums
  sums.numbers.fill(0)
  memory.gather(gradients, begin, size)
  for (const [at, word] of own.entries())
    if (asked.some(column => wordOf(column) === word)) memory.add(at, sums, begin, size)
  return sums
}

function bestHere(growing: Growing, leaf: Omit<OpenLeaf, 'split'>): Split | undefined {
  const { settings, offsets, cuts, columns } = growing
  if (leaf.depth >= settings.depthMax || leaf.rows < 2 * settings.rowsMin) return undefined
  let best: Split | undefined
  for (const column of growing.asked)
    best = better(
      best,
      bestSplit(growing, leaf, {
        sums: leaf.sums.numbers,
        offset: offsets[column] as number,
        cut: cuts[column] as Cut,
        column,
        monotone: columns[column]?.monotone ?? 0,
      }),
    )
  return best
}

/** The sums of both halves, those of the larger by taking the smaller away, and their best splits. */
function* looked(
  growing: Growing,
  whole: OpenLeaf,
  halves: readonly [Half, Half],
): Asking<OpenLeaf[]> {
  const isLeftSmall = halves[0].rows <= halves[1].rows
  const sums = sumsHere(growing, halves[isLeftSmall ? 0 : 1])
  yield { kind: 'SUMS', sums: sums.numbers }
  takeAway(whole.sums.numbers, sums.numbers)
  const both = halves.map((half, side) => ({
    ...half,
    sums: (side === 0) === isLeftSmall ? sums : whole.sums,
  }))
  const splits = both.map(half => bestHere(growing, half))
  yield { kind: 'BEST', splits }
  return both.map((half, side) => ({ ...half, split: splits[side] }))
}

/** The rows that go left come first; both halves keep their order. */
function part({ bins, memory, parting }: Growing, { begin, size }: OpenLeaf, split: Split): number {
  const { order } = memory
  const [words, shift] = wordsOf(bins, split.column)
  const goesLeft = sidesOf(split)
  let left = begin
  let right = 0
  for (let at = begin; at < begin + size; at += 1) {
    const row = order[at] as number
    const isLeft = goesLeft[((words[row] as number) >>> shift) & 0xff] as number
    order[left] = row
    parting[right] = row
    left += isLeft
    right += 1 - isLeft
  }
  order.set(parting.subarray(0, right), left)
  return left - begin
}

function halvesOf(
  growing: Growing,
  nodes: GrownNode[],
  leaf: OpenLeaf,
  split: Split,
): [Half, Half] {
  const leftSize = part(growing, leaf, split)
  const left = nodes.length
  nodes[leaf.node] = { ...(nodes[leaf.node] as GrownNode), split, left, right: left + 1 }
  const below = { split: undefined, left: -1, right: -1 }
  nodes.push({ ...below, value: split.leftValue, sums: split.left })
  nodes.push({ ...below, value: split.rightValue, sums: split.right })
  const monotone = growing.columns[split.column]?.monotone ?? 0
  const [lower, upper] = boundsBelow(leaf.bounds, split, monotone)
  const depth = leaf.depth + 1
  return [
    {
      ...{ node: left, depth, begin: leaf.begin, size: leftSize, bounds: lower },
      ...{ value: split.leftValue, rows: split.left.rows },
      ...numbersOf(split.left, growing.scales),
    },
    {
      ...{ node: left + 1, depth, begin: leaf.begin + leftSize, bounds: upper },
      ...{ size: leaf.size - leftSize, value: split.rightValue, rows: split.right.rows },
      ...numbersOf(split.right, growing.scales),
    },
  ]
}

type Half = Omit<OpenLeaf, 'split' | 'sums'>

const wordOf = (column: number): number => Math.floor(column / PACKED)

/** The whole numbers again: sums are exact both ways. */
const numbersOf = ({ gradient, hessian, rows }: Sums, scales: Scales) => ({
  first: gradient * scales.gradient,
  second: rows * scales.row + hessian * scales.hessian,
})

/** Below a split by a monotone column one half stays under the middle of both values, the other above it. */
function boundsBelow(bounds: Bounds, split: Split, monotone: 1 | -1 | 0): [Bounds, Bounds] {
  if (monotone === 0) return [bounds, bounds]
  const middle = (split.leftValue + split.rightValue) / 2
  const under = { low: bounds.low, high: Math.min(bounds.high, middle) }
  const above = { low: Math.max(bounds.low, middle), high: bounds.high }
  return monotone === 1 ? [under, above] : [above, under]
}

function mostGained(leaves: readonly OpenLeaf[]): number {
  let most = 0
  for (let at = 1; at < leaves.length; at += 1)
    if ((leaves[at]?.split?.gain ?? -1) > (leaves[most]?.split?.gain ?? -1)) most = at
  return most
}
