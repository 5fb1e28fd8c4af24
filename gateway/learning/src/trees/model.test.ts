import { expect } from 'chai'
import { numbers, rowOf, sketched } from '../testing/sketch.ts'
import { parseModel, type TreeModel } from './model.ts'
import { createScorer } from './scorer.ts'
import { train } from './train.ts'

const learnt = sketched({
  rows: 800,
  seed: 4,
  missingShare: 0.1,
  columns: [...numbers(3), { name: 'level', kind: 'CATEGORY' }],
  odds: ([a = 0, , , level = 0]) => 3 * (a || 0) + (level > 5 ? 2 : -1),
})
const model = train(learnt, { trees: 8, leaves: 7, rowsMin: 10 })

/** A tree in which each split has another one on its right, so many times. */
function chainOf(splits: number): TreeModel['trees'][number] {
  const nodes = Array.from({ length: 2 * splits + 1 }, (_, node) => node)
  const isSplit = (node: number): boolean => node % 2 === 0 && node < 2 * splits
  return {
    column: nodes.map(node => (isSplit(node) ? 0 : -1)),
    threshold: nodes.map(() => 0),
    levels: nodes.map(() => null),
    missingLeft: nodes.map(() => false),
    left: nodes.map(node => (isSplit(node) ? node + 1 : 0)),
    value: nodes.map(() => 0),
    rows: nodes.map(() => 1),
  }
}

describe('a model as data', () => {
  it('says the same after it was written and read', () => {
    const read = parseModel(JSON.parse(JSON.stringify(model)))
    expect(read).to.deep.equal(model)
    const [one, two] = [createScorer(model), createScorer(read)]
    for (let row = 0; row < 100; row += 1)
      expect(two.score(rowOf(learnt.table, row))).to.equal(one.score(rowOf(learnt.table, row)))
  })

  it('takes a level that it has never seen as what is missing', () => {
    const { score } = createScorer(model)
    for (const level of [99, 1e9, -1, 2.5])
      expect(score([0.2, 0, 0, level])).to.equal(score([0.2, 0, 0, NaN]))
  })

  it('takes no room by the size of a level, which may be any', () => {
    const [first] = model.trees
    if (!first) throw new Error('the model has no trees')
    const far = 2 ** 31 - 1
    const at = first.column.findIndex(column => column >= 0)
    const levels = first.levels.map((those, node) => (node === at ? [far] : those))
    const column = first.column.map((one, node) => (node === at ? 3 : one))
    const trees = Array.from({ length: 2_000 }, () => ({ ...first, column, levels }))
    const columns = model.columns.map((one, place) =>
      place === 3 ? { ...one, levels: [far] } : one,
    )
    const before = process.memoryUsage().arrayBuffers
    const scorer = createScorer(parseModel({ ...model, columns, trees }))
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(2 ** 24)
    expect(scorer.score([0, 0, 0, far])).to.not.equal(scorer.score([0, 0, 0, NaN]))
  })

  it('is refused where a way through it would be endless, lead nowhere, or divide by nothing', () => {
    const changed = (change: (tree: TreeModel['trees'][number]) => void): unknown => {
      const copy = structuredClone(model)
      change(copy.trees[0] as TreeModel['trees'][number])
      return copy
    }
    const hostile: unknown[] = [
      changed(tree => (tree.left[0] = 0)),
      changed(tree => (tree.left[0] = 1_000)),
      changed(tree => (tree.left[1] = tree.left[0] as number)),
      changed(tree => (tree.column[0] = 50)),
      changed(tree => tree.value.pop()),
      changed(tree => (tree.rows[1] = 0)),
      changed(tree => (tree.value[0] = Infinity)),
      { ...model, trees: [chainOf(65)] },
      { ...model, schema: 2 },
      { ...model, baseScore: null },
      { ...model, more: 1 },
      { ...model, columns: [] },
      null,
      'model',
    ]
    expect(() => parseModel({ ...model, trees: [chainOf(64)] })).to.not.throw()
    for (const json of hostile) expect(() => parseModel(json)).to.throw('LEARNING_MODEL')
  })

  it('is not asked about a table with other columns', () => {
    const table = { ...learnt.table, columns: learnt.table.columns.toReversed() }
    expect(() => createScorer(model).predictAll(table)).to.throw('LEARNING_COLUMNS')
  })
})
