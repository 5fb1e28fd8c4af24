import { expect } from 'chai'
import { createRandom } from '../random.ts'
import { labelledRows, type Labelled } from '../table.ts'
import { numbers, sketched } from '../testing/sketch.ts'
import { binned } from './bins.ts'
import { boost, type Task } from './boost.ts'
import type { Ask } from './grow.ts'
import type { TreeModel } from './model.ts'
import { answeredHere, prepare } from './train.ts'

const learnt = sketched({
  rows: 2_400,
  seed: 21,
  missingShare: 0.1,
  columns: [...numbers(6), { name: 'level', kind: 'CATEGORY' }],
  odds: ([a = 0, b = 0, c = 0, , , , level = 0]) =>
    3 * (a || 0) - 2 * (b || 0) * (c || 0) + (level > 5 ? 1 : -1),
})

/** Parties of very different sizes; one has a single row. */
function partiesOf(given: Labelled): Labelled[] {
  const random = createRandom(2)
  const party = Int32Array.from(given.labels, (_, row) =>
    row === 7 ? 3 : random.next() < 0.6 ? 0 : random.next() < 0.7 ? 1 : 2,
  )
  return [0, 1, 2, 3].map(at =>
    labelledRows(given, Int32Array.from([...party.keys()].filter(row => party[row] === at))),
  )
}

/** The same edges and scales as all rows together, and rows that nobody else sees. */
function taskOf(pooled: Task, own: Labelled): Task {
  const { rowCount } = own.table
  return {
    ...pooled,
    rows: { bins: binned(own.table, pooled.cuts, false), labels: own.labels, weights: own.weights },
    scores: new Float64Array(rowCount),
    gradients: new Float64Array(2 * rowCount),
  }
}

/** All take the same steps; of each other they get sums, and nothing else. */
function grownApart(tasks: readonly Task[]): TreeModel[] {
  const running = tasks.map(task => boost(task))
  for (;;) {
    const steps = running.map(one => one.next())
    const models = steps.flatMap(step => (step.done ? [step.value] : []))
    if (models.length === steps.length) return models
    const asks = steps.map(step => step.value as Ask)
    expect(new Set(asks.map(({ kind }) => kind)).size).to.equal(1)
    sumTogether(asks)
  }
}

function sumTogether(asks: readonly Ask[]): void {
  const all = asks.flatMap(ask => (ask.kind === 'SUMS' ? [ask.sums] : []))
  const [first] = all
  if (!first) return
  const sums = first.map((_, at) => all.reduce((sum, one) => sum + (one[at] as number), 0))
  for (const one of all) one.set(sums)
}

describe('parties that keep their rows', () => {
  it('grow together the very model that their rows in one place give', () => {
    const pooled = prepare(learnt, { trees: 30, rowsMin: 10, columnShare: 0.8 }, false)
    const apart = grownApart(partiesOf(learnt).map(own => taskOf(pooled, own)))
    const together = answeredHere(boost(pooled))
    expect(together.trees.length).to.equal(30)
    for (const model of apart) expect(model).to.deep.equal(together)
  })
})
