/**
 * What each column adds to a score: the Shapley values of a tree's own expectation, exactly (Lundberg et al. 2018, the
 * path-dependent value function), by a sum that Yu et al. 2022 and others found to need no subsets.
 *
 * On the way to a leaf a column i either agrees with the row (o = 1) or not (o = 0); where it is not known, the share
 * z of the rows goes that way. The leaf adds to i, with t the chance that another column is known,
 *
 *     value * (o_i - z_i) * integral over t in [0, 1] of the product of t o_j + (1 - t) z_j over all other columns j.
 *
 * The product is a polynomial in t of a degree below the number of columns on the way, so a sum over half as many
 * points (Gauss and Legendre) is the integral itself. A tree is walked once, with one number for each point.
 */
import { isLeftOf, type Scorer, type Walk } from './scorer.ts'

export interface Explainer {
  /** What is expected of a row of which nothing is known, in units of the score. */
  readonly expected: number
  /** By column; with `expected` they add up to the score. */
  explain(values: ArrayLike<number>): Float64Array
}

export function createExplainer({ walk, model }: Scorer): Explainer {
  const depths = depthsOf(walk)
  const deepest = depths.reduce((most, { columns }) => Math.max(most, columns), 0)
  const rule = legendre(Math.max(1, Math.ceil(deepest / 2)))
  const expected =
    model.baseScore + walk.roots.reduce((sum, root) => sum + meanBelow(walk, root), 0)
  const columnCount = model.columns.length
  const work = createWork(walk, rule, {
    columnCount,
    levels: Math.max(...depths.map(d => d.nodes), 0),
  })
  return {
    expected,
    explain(values) {
      const added = new Float64Array(columnCount)
      for (const root of walk.roots) work(root, values, added)
      return added
    },
  }
}

/** The longest way to a leaf of each tree, in nodes and in different columns. */
function depthsOf(walk: Walk): { nodes: number; columns: number }[] {
  return [...walk.roots].map(root => {
    let most = { nodes: 0, columns: 0 }
    const way: number[] = []
    const visit = (node: number): void => {
      const column = walk.column[node] as number
      if (column < 0) {
        most = {
          nodes: Math.max(most.nodes, way.length),
          columns: Math.max(most.columns, new Set(way).size),
        }
        return
      }
      way.push(column)
      visit(walk.left[node] as number)
      visit((walk.left[node] as number) + 1)
      way.pop()
    }
    visit(root)
    return most
  })
}

function meanBelow(walk: Walk, node: number): number {
  if ((walk.column[node] as number) < 0) return walk.value[node] as number
  const left = walk.left[node] as number
  const [one, two] = [walk.rows[left] as number, walk.rows[left + 1] as number]
  return (meanBelow(walk, left) * one + meanBelow(walk, left + 1) * two) / (one + two)
}

interface Rule {
  readonly points: Float64Array
  readonly weights: Float64Array
}

/** The rule of Gauss and Legendre on [0, 1]: the zeros of the polynomial, found by Newton's steps. */
export function legendre(count: number): Rule {
  const points = new Float64Array(count)
  const weights = new Float64Array(count)
  for (let at = 0; at < count; at += 1) {
    let x = Math.cos((Math.PI * (at + 0.75)) / (count + 0.5))
    let slope = 1
    for (let step = 0; step < 100; step += 1) {
      let [before, now] = [1, x]
      for (let degree = 2; degree <= count; degree += 1)
        [before, now] = [now, ((2 * degree - 1) * x * now - (degree - 1) * before) / degree]
      slope = (count * (x * now - before)) / (x * x - 1)
      const next = x - now / slope
      if (next === x) break
      x = next
    }
    points[at] = (x + 1) / 2
    weights[at] = 1 / ((1 - x * x) * slope * slope)
  }
  return { points, weights }
}

/**
 * The walk. `product` at a depth: by point, the product over the columns so far. `agreed` and `share` of a column: o
 * and z of it so far; a column that comes again takes its older factor's place.
 */
function createWork(
  walk: Walk,
  { points, weights }: Rule,
  size: { readonly columnCount: number; readonly levels: number },
): (root: number, values: ArrayLike<number>, added: Float64Array) => void {
  const count = points.length
  const product = new Float64Array((size.levels + 1) * count)
  /** By depth: the sums over the leaves below, by point. */
  const below = new Float64Array((size.levels + 1) * count)
  const agreed = new Float64Array(size.columnCount).fill(1)
  const share = new Float64Array(size.columnCount).fill(1)
  const { column, left, rows, value } = walk

  function visit(
    node: number,
    depth: number,
    values: ArrayLike<number>,
    added: Float64Array,
  ): void {
    const of = column[node] as number
    const base = depth * count
    if (of < 0) {
      const leaf = value[node] as number
      for (let at = 0; at < count; at += 1) below[base + at] = leaf * (product[base + at] as number)
      return
    }
    const first = left[node] as number
    const isLeft = isLeftOf(walk, node, values[of] as number)
    const all = (rows[first] as number) + (rows[first + 1] as number)
    const [oldAgreed, oldShare] = [agreed[of] as number, share[of] as number]
    for (let at = 0; at < count; at += 1) below[base + at] = 0
    for (let side = 0; side < 2; side += 1) {
      const child = first + side
      const isAgreed = isLeft === (side === 0)
      const newAgreed = isAgreed ? oldAgreed : 0
      const newShare = (oldShare * (rows[child] as number)) / all
      agreed[of] = newAgreed
      share[of] = newShare
      const next = base + count
      for (let at = 0; at < count; at += 1) {
        const t = points[at] as number
        const old = t * oldAgreed + (1 - t) * oldShare
        product[next + at] =
          ((product[base + at] as number) / old) * (t * newAgreed + (1 - t) * newShare)
      }
      visit(child, depth + 1, values, added)
      let change = 0
      for (let at = 0; at < count; at += 1) {
        const t = points[at] as number
        const sum = below[next + at] as number
        // An older edge of this column has counted these leaves by its own factor.
        const now = (newAgreed - newShare) / (t * newAgreed + (1 - t) * newShare)
        const before = (oldAgreed - oldShare) / (t * oldAgreed + (1 - t) * oldShare)
        change += (weights[at] as number) * sum * (now - before)
        below[base + at] = (below[base + at] as number) + sum
      }
      added[of] = (added[of] as number) + change
    }
    agreed[of] = oldAgreed
    share[of] = oldShare
  }

  return (root, values, added) => {
    product.fill(1, 0, count)
    visit(root, 0, values, added)
  }
}
