/**
 * Rows to learn from and rows to measure on, kept apart: folds that keep the shares of the labels, or groups of rows
 * whole. The same seed gives the same folds.
 */
import { required } from '../fault.ts'
import { createRandom, shuffle } from '../random.ts'
import { numbered } from '../table.ts'

/** Rows by their numbers, ascending; none is in both. */
export interface Split {
  readonly learnt: Int32Array
  readonly held: Int32Array
}

export interface FoldOptions {
  readonly folds: number
  readonly seed?: number
}

/** Each row is held back once, and every label about as often in each fold. */
export function stratifiedFolds(labels: Float64Array, { folds, seed = 1 }: FoldOptions): Split[] {
  checkFolds(folds, labels.length)
  const random = createRandom(seed)
  const foldOf = new Int32Array(labels.length)
  let dealt = 0
  for (const rows of rowsByLabel(labels))
    for (const row of shuffle(rows, random)) foldOf[row] = dealt++ % folds
  return splitsOf(foldOf, folds)
}

function rowsByLabel(labels: Float64Array): Int32Array[] {
  required(!labels.some(Number.isNaN), 'LEARNING_LABELS', 'a label is not a number')
  const rows = new Map<number, number[]>()
  labels.forEach((label, row) => {
    const alike = rows.get(label)
    if (alike) alike.push(row)
    else rows.set(label, [row])
  })
  return [...rows.entries()].sort(([a], [b]) => a - b).map(([, alike]) => Int32Array.from(alike))
}

export interface GroupFoldOptions extends FoldOptions {
  /** Where they are given, their shares are kept as well as groups allow. */
  readonly labels?: Float64Array
}

/** Each row is held back once, together with all rows of its group. */
export function groupFolds(
  groups: ArrayLike<number | string>,
  { folds, seed = 1, labels }: GroupFoldOptions,
): Split[] {
  const groupOf = numbered(groups)
  const classes = labels ? classesOf(labels) : new Int32Array(groupOf.length)
  required(classes.length === groupOf.length, 'LEARNING_ROWS', 'groups and labels differ in length')
  const counts = countsOf(groupOf, classes)
  checkFolds(folds, counts.length)
  const foldOfGroup = dealtOut(shuffle(orderOf(counts.length), createRandom(seed)), counts, folds)
  return splitsOf(
    groupOf.map(group => foldOfGroup[group] as number),
    folds,
  )
}

const orderOf = (count: number): Int32Array => Int32Array.from({ length: count }, (_, at) => at)

function classesOf(labels: Float64Array): Int32Array {
  const classes = new Int32Array(labels.length)
  rowsByLabel(labels).forEach((rows, at) => {
    for (const row of rows) classes[row] = at
  })
  return classes
}

/** By group, its rows of each class. */
function countsOf(groupOf: Int32Array, classes: Int32Array): Int32Array[] {
  const mostOf = (values: Int32Array): number =>
    values.reduce((most, value) => Math.max(most, value), -1)
  const classCount = mostOf(classes) + 1
  const counts = Array.from({ length: mostOf(groupOf) + 1 }, () => new Int32Array(classCount))
  groupOf.forEach((group, row) => {
    const own = counts[group] as Int32Array
    const at = classes[row] as number
    own[at] = (own[at] as number) + 1
  })
  return counts
}

const totalOf = (counts: Int32Array): number => counts.reduce((sum, count) => sum + count, 0)

/**
 * The largest group first, each to the fold that is then least uneven: where the sum of the squared shares of each
 * class that lie in one fold grows least. With one class that is the fold that has the fewest rows.
 */
function dealtOut(order: Int32Array, counts: readonly Int32Array[], folds: number): Int32Array {
  const sizes = counts.map(totalOf)
  const classRows = (counts[0] as Int32Array).map((_, at) =>
    counts.reduce((sum, own) => sum + (own[at] as number), 0),
  )
  const held = Array.from({ length: folds }, () => new Int32Array(classRows.length))
  const unevenness = (fold: Int32Array, own: Int32Array): number =>
    own.reduce((sum, count, at) => {
      const all = classRows[at] as number
      return sum + (count * (2 * (fold[at] as number) + count)) / (all * all)
    }, 0)
  const foldOf = new Int32Array(counts.length)
  for (const group of [...order].sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0))) {
    const own = counts[group] as Int32Array
    const costs = held.map(fold => [unevenness(fold, own), totalOf(fold)] as const)
    const least = costs.reduce(
      (best, cost, at) => (isLess(cost, costs[best] as readonly [number, number]) ? at : best),
      0,
    )
    foldOf[group] = least
    const fold = held[least] as Int32Array
    own.forEach((count, at) => (fold[at] = (fold[at] as number) + count))
  }
  return foldOf
}

const isLess = (one: readonly [number, number], other: readonly [number, number]): boolean =>
  one[0] < other[0] || (one[0] === other[0] && one[1] < other[1])

/** @param count of what is dealt out: no fold may be empty. */
function checkFolds(folds: number, count: number): void {
  required(Number.isInteger(folds) && folds >= 2, 'LEARNING_SETTINGS', 'folds is out of range')
  required(count >= folds, 'LEARNING_ROWS', `${count} rows or groups for ${folds} folds`)
}

function splitsOf(foldOf: Int32Array, folds: number): Split[] {
  const rows = orderOf(foldOf.length)
  return Array.from({ length: folds }, (_, fold) => ({
    learnt: rows.filter(row => foldOf[row] !== fold),
    held: rows.filter(row => foldOf[row] === fold),
  }))
}
