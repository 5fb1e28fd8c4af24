/** A model laid out to be walked: a row costs some ten microseconds at two hundred trees. */
import { logistic } from '../exact.ts'
import { required } from '../fault.ts'
import { areSameColumns, type Table } from '../table.ts'
import type { TreeModel } from './model.ts'

/** All trees behind each other. */
export interface Walk {
  readonly roots: Int32Array
  readonly column: Int32Array
  readonly threshold: Float64Array
  /** -1 where a number decides; else a place in `sides`. */
  readonly levels: Int32Array
  readonly missingLeft: Uint8Array
  readonly left: Int32Array
  readonly value: Float64Array
  readonly rows: Float64Array
  /** By level, whether it goes left; others go as what is missing. */
  readonly sides: readonly ReadonlyMap<number, boolean>[]
}

export interface Scorer {
  readonly model: TreeModel
  readonly walk: Walk
  /** The score: a log-odds for LOGISTIC. `values` in the order of the model's columns, NaN where missing. */
  score(values: ArrayLike<number>): number
  /** A chance for LOGISTIC, the quantity itself for SQUARED. */
  predict(values: ArrayLike<number>): number
  predictAll(table: Table): Float64Array
}

export function createScorer(model: TreeModel): Scorer {
  const walk = walkOf(model)
  const isLogistic = model.objective === 'LOGISTIC'
  const { roots, value } = walk

  function score(values: ArrayLike<number>): number {
    let sum = model.baseScore
    for (let tree = 0; tree < roots.length; tree += 1)
      sum += value[leafOf(walk, roots[tree] as number, values)] as number
    return sum
  }

  const predict = (values: ArrayLike<number>): number =>
    isLogistic ? logistic(score(values)) : score(values)

  return {
    model,
    walk,
    score,
    predict,
    predictAll(table) {
      const isSame = areSameColumns(table.columns, model.columns)
      required(isSame, 'LEARNING_COLUMNS', 'the table has other columns than the model')
      const row = new Float64Array(table.columns.length)
      return Float64Array.from({ length: table.rowCount }, (_, at) => {
        for (let column = 0; column < row.length; column += 1)
          row[column] = (table.values[column] as Float64Array)[at] as number
        return predict(row)
      })
    },
  }
}

export function leafOf(walk: Walk, root: number, values: ArrayLike<number>): number {
  const { column, left } = walk
  let node = root
  for (let of = column[node] as number; of >= 0; of = column[node] as number)
    node = (left[node] as number) + (isLeftOf(walk, node, values[of] as number) ? 0 : 1)
  return node
}

export function isLeftOf(walk: Walk, node: number, value: number): boolean {
  if (value !== value) return walk.missingLeft[node] === 1
  const at = walk.levels[node] as number
  if (at < 0) return value <= (walk.threshold[node] as number)
  return walk.sides[at]?.get(value) ?? walk.missingLeft[node] === 1
}

function walkOf({ trees, columns }: TreeModel): Walk {
  const count = trees.reduce((sum, { column }) => sum + column.length, 0)
  const sides: ReadonlyMap<number, boolean>[] = []
  const walk: Walk = {
    roots: new Int32Array(trees.length),
    column: new Int32Array(count),
    threshold: new Float64Array(count),
    levels: new Int32Array(count).fill(-1),
    missingLeft: new Uint8Array(count),
    left: new Int32Array(count),
    value: new Float64Array(count),
    rows: new Float64Array(count),
    sides,
  }
  let base = 0
  trees.forEach((tree, at) => {
    walk.roots[at] = base
    walk.column.set(tree.column, base)
    walk.threshold.set(tree.threshold, base)
    walk.missingLeft.set(tree.missingLeft.map(Number), base)
    walk.left.set(
      tree.left.map(left => left + base),
      base,
    )
    walk.value.set(tree.value, base)
    walk.rows.set(tree.rows, base)
    tree.levels.forEach((levels, node) => {
      if (!levels) return
      walk.levels[base + node] = sides.length
      const known = columns[tree.column[node] as number]?.levels ?? []
      sides.push(sidesOfLevels(levels, known))
    })
    base += tree.column.length
  })
  return walk
}

/**
 * A level that was not told from others when the model was grown is in none of them. No room is made by the size of a
 * level: a model may come from anybody.
 */
const sidesOfLevels = (
  levels: readonly number[],
  known: readonly number[],
): ReadonlyMap<number, boolean> =>
  new Map([
    ...known.map(level => [level, false] as const),
    ...levels.map(one => [one, true] as const),
  ])
