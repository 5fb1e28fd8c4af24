import { expect } from 'chai'
import { numbers, rowOf, sketched } from '../testing/sketch.ts'
import { createScorer, isLeftOf, type Scorer } from './scorer.ts'
import { createExplainer, legendre } from './shap.ts'
import { train } from './train.ts'

/** What is expected when only these columns are known: the definition, walked as it reads. */
function expectedOf(
  scorer: Scorer,
  node: number,
  values: Float64Array,
  known: ReadonlySet<number>,
): number {
  const { walk } = scorer
  const column = walk.column[node] as number
  if (column < 0) return walk.value[node] as number
  const left = walk.left[node] as number
  const below = (child: number): number => expectedOf(scorer, child, values, known)
  if (known.has(column))
    return below(isLeftOf(walk, node, values[column] as number) ? left : left + 1)
  const [one, two] = [walk.rows[left] as number, walk.rows[left + 1] as number]
  return (below(left) * one + below(left + 1) * two) / (one + two)
}

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1))

/** Over all subsets of the other columns. */
function shapley(scorer: Scorer, values: Float64Array, column: number): number {
  const count = values.length
  const others = Array.from({ length: count }, (_, at) => at).filter(at => at !== column)
  let sum = 0
  for (let mask = 0; mask < 2 ** others.length; mask += 1) {
    const known = new Set(others.filter((_, at) => (mask >> at) & 1))
    const weight = (factorial(known.size) * factorial(count - known.size - 1)) / factorial(count)
    for (const root of scorer.walk.roots)
      sum +=
        weight *
        (expectedOf(scorer, root, values, new Set([...known, column])) -
          expectedOf(scorer, root, values, known))
  }
  return sum
}

describe('what each column adds to a score', () => {
  const learnt = sketched({
    rows: 1_200,
    seed: 6,
    missingShare: 0.1,
    columns: [...numbers(4), { name: 'level', kind: 'CATEGORY' }],
    odds: ([a = 0, b = 0, c = 0, , level = 0]) =>
      4 * (a || 0) * (b || 0) + Math.sin(8 * (c || 0)) + (level % 2 ? 1 : -1),
  })
  // Columns come again and again on the way to a leaf.
  const scorer = createScorer(
    train(learnt, { trees: 12, leaves: 40, rowsMin: 5, learningRate: 0.3 }),
  )
  const explainer = createExplainer(scorer)

  it('is its Shapley value, by the definition over all subsets', () => {
    for (let row = 0; row < 12; row += 1) {
      const values = rowOf(learnt.table, row)
      const added = explainer.explain(values)
      for (let column = 0; column < values.length; column += 1)
        expect(added[column]).to.be.closeTo(shapley(scorer, values, column), 1e-10)
    }
  })

  it('makes up the score together with what is expected of all', () => {
    for (let row = 0; row < 300; row += 1) {
      const values = rowOf(learnt.table, row)
      const sum = explainer.explain(values).reduce((all, one) => all + one, explainer.expected)
      expect(sum).to.be.closeTo(scorer.score(values), 1e-10)
    }
  })

  it('is nothing for a column that no tree asks', () => {
    const wide = createScorer({
      ...scorer.model,
      columns: [...scorer.model.columns, { name: 'unused', kind: 'NUMBER' }],
    })
    const added = createExplainer(wide).explain([0.1, 0.2, 0.3, 0.4, 5, 9])
    expect(added[5]).to.equal(0)
  })

  it('rests on points whose sums are integrals', () => {
    for (let count = 1; count <= 12; count += 1) {
      const { points, weights } = legendre(count)
      for (let degree = 0; degree < 2 * count; degree += 1) {
        const sum = points.reduce((all, x, at) => all + (weights[at] as number) * x ** degree, 0)
        expect(sum).to.be.closeTo(1 / (degree + 1), 1e-13)
      }
    }
  })
})
