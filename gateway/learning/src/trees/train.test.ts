import { expect } from 'chai'
import fc from 'fast-check'
import { exp } from '../exact.ts'
import { createRandom, shuffle } from '../random.ts'
import { labelledRows, type Column, type Labelled } from '../table.ts'
import { numbers, rowOf, sketched } from '../testing/sketch.ts'
import type { TreeModel } from './model.ts'
import { createScorer } from './scorer.ts'
import { train } from './train.ts'
import { trainInThreads } from './threads.ts'

const wavy = (rows: number, seed = 1, missingShare = 0.1): Labelled =>
  sketched({
    rows,
    seed,
    missingShare,
    columns: [...numbers(5), { name: 'level', kind: 'CATEGORY' }],
    odds: ([a = 0, b = 0, , , e = 0, level = 0]) =>
      3 * Math.sign(a || 0) * (b || 0) + (Number.isNaN(e) ? 1.5 : 0) + (level % 3 === 0 ? 1 : -1),
  })

const lossOf = (model: TreeModel, { table, labels }: Labelled): number => {
  const chances = createScorer(model).predictAll(table)
  return labels.reduce((sum, label, row) => {
    const chance = chances[row] as number
    return sum - Math.log(label === 1 ? chance : 1 - chance) / labels.length
  }, 0)
}

describe('boosted trees', () => {
  it('learn what is there, and what is missing says', () => {
    const model = train(wavy(4_000), { trees: 60 })
    const fresh = wavy(2_000, 99)
    const constant = lossOf({ ...model, trees: [] }, fresh)
    expect(lossOf(model, fresh)).to.be.below(constant * 0.8)
  })

  it('are the same in whatever order the rows come', () => {
    const learnt = wavy(1_500)
    const order = shuffle(
      Int32Array.from({ length: 1_500 }, (_, at) => at),
      createRandom(3),
    )
    const options = { trees: 20, rowsMin: 5 }
    expect(train(labelledRows(learnt, order), options)).to.deep.equal(train(learnt, options))
  })

  it('are the same in one thread and in several, with rows and columns drawn, and weights', async () => {
    const learnt = wavy(3_000)
    const random = createRandom(8)
    const weighted = { ...learnt, weights: learnt.labels.map(() => random.next() * 3) }
    const options = { trees: 25, rowShare: 0.7, columnShare: 0.6, seed: 11, held: wavy(500, 5) }
    const here = train(weighted, options)
    for (const threads of [1, 2, 3])
      expect(await trainInThreads(weighted, { ...options, threads })).to.deep.equal(here)
    expect(train(weighted, { ...options, seed: 12 })).to.not.deep.equal(here)
  })

  it('part a leaf where no other way gains more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), seed => {
        const learnt = sketched({
          rows: 60,
          seed,
          missingShare: 0.15,
          columns: numbers(3),
          odds: ([a = 0, b = 0]) => 4 * (a || 0) - 3 * (b || 0),
        })
        const options = { trees: 1, leaves: 2, rowsMin: 1, learningRate: 1 }
        const [tree] = train(learnt, options).trees
        const most = bestByTrying(learnt)
        if (most <= 1e-9) expect(tree).to.equal(undefined)
        else expect(gainOf(learnt, tree as TreeModel['trees'][number])).to.be.closeTo(most, 1e-6)
      }),
      { numRuns: 60 },
    )
  })

  it('keep the order of a monotone column for every row, and gain by it', () => {
    const columns: Column[] = numbers(4).map((column, at) =>
      at === 0 ? { ...column, monotone: 1 } : at === 1 ? { ...column, monotone: -1 } : column,
    )
    const learnt = sketched({
      rows: 3_000,
      seed: 2,
      columns,
      odds: ([a = 0, b = 0, c = 0]) =>
        2 * a + Math.sin(9 * a) - b + 2 * Math.cos(7 * b) + c * a * 3,
    })
    const scorer = createScorer(train(learnt, { trees: 80, rowsMin: 5 }))
    const free = createScorer(
      train(
        { ...learnt, table: { ...learnt.table, columns: numbers(4) } },
        { trees: 80, rowsMin: 5 },
      ),
    )
    const falls = ({ score }: typeof scorer, column: number, way: 1 | -1): number => {
      let count = 0
      for (let row = 0; row < 100; row += 1) {
        const values = rowOf(learnt.table, row)
        let before = -Infinity
        for (let at = -110; at <= 110; at += 1) {
          values[column] = (way * at) / 100
          const now = score(values)
          if (now < before - 1e-12) count += 1
          before = now
        }
      }
      return count
    }
    expect(falls(scorer, 0, 1)).to.equal(0)
    expect(falls(scorer, 1, -1)).to.equal(0)
    expect(falls(free, 0, 1)).to.be.greaterThan(0)
    const constant = { ...scorer.model, trees: [] }
    expect(lossOf(scorer.model, learnt)).to.be.below(0.9 * lossOf(constant, learnt))
  })

  it('take a weight of two as a row that is there twice', () => {
    const learnt = wavy(600)
    const twice = labelledRows(
      learnt,
      Int32Array.from({ length: 900 }, (_, at) => (at < 600 ? at : at - 600)),
    )
    const weights = learnt.labels.map((_, row) => (row < 300 ? 2 : 1))
    const options = { trees: 10, rowsMin: 1, hessianMin: 2, levelRowsMin: 1 }
    const [one, two] = [train({ ...learnt, weights }, options), train(twice, options)]
    const [scoreOne, scoreTwo] = [createScorer(one), createScorer(two)]
    for (let row = 0; row < 600; row += 1) {
      const values = rowOf(learnt.table, row)
      expect(scoreOne.score(values)).to.be.closeTo(scoreTwo.score(values), 1e-6)
    }
  })

  it('stop when rows held back no longer gain, at the tree that was best', () => {
    const learnt = wavy(500)
    const held = wavy(1_500, 77)
    const losses: number[] = []
    const model = train(learnt, {
      trees: 500,
      patience: 20,
      held,
      onTree: (_, loss) => losses.push(loss as number),
    })
    const best = losses.indexOf(Math.min(...losses)) + 1
    expect(model.trees.length).to.equal(best)
    expect(losses.length).to.equal(best + 20)
    expect(lossOf(model, held)).to.be.closeTo(Math.min(...losses), 1e-6)
  })

  it('learn a quantity', () => {
    const { table } = wavy(2_000, 4, 0)
    const labels = Float64Array.from({ length: 2_000 }, (_, row) => {
      const [a = 0, b = 0] = rowOf(table, row)
      return 1_000 * exp(a) + 300 * b
    })
    const scorer = createScorer(train({ table, labels }, { objective: 'SQUARED', trees: 150 }))
    const mean = labels.reduce((sum, label) => sum + label, 0) / labels.length
    const [left, all] = [...labels].reduce(
      ([one = 0, two = 0], label, row) => [
        one + (scorer.predict(rowOf(table, row)) - label) ** 2,
        two + (label - mean) ** 2,
      ],
      [0, 0],
    )
    expect(left).to.be.below(0.02 * (all as number))
  })

  it('are one constant where nothing can be told apart', () => {
    const { table } = wavy(100)
    const labels = new Float64Array(100)
    const model = train({ table, labels })
    expect(model.trees).to.deep.equal([])
    expect(createScorer(model).predict(rowOf(table, 0))).to.be.closeTo(1e-6, 1e-9)
  })

  it('refuse what cannot be learnt from', () => {
    const learnt = wavy(50)
    const refusals: [Labelled, object, string][] = [
      [{ ...learnt, labels: learnt.labels.map(() => 2) }, {}, 'LEARNING_LABELS'],
      [{ ...learnt, labels: learnt.labels.slice(1) }, {}, 'LEARNING_ROWS'],
      [{ ...learnt, weights: learnt.labels.map(() => -1) }, {}, 'LEARNING_LABELS'],
      [{ ...learnt, weights: learnt.labels.map(() => 0) }, {}, 'LEARNING_LABELS'],
      [
        { ...learnt, labels: learnt.labels.map(() => NaN) },
        { objective: 'SQUARED' },
        'LEARNING_LABELS',
      ],
      [
        learnt,
        { held: sketched({ rows: 9, seed: 1, columns: numbers(6), odds: () => 0 }) },
        'LEARNING_COLUMNS',
      ],
      [learnt, { leaves: 1 }, 'LEARNING_SETTINGS'],
      [learnt, { rowShare: 0 }, 'LEARNING_SETTINGS'],
      [learnt, { learningRate: NaN }, 'LEARNING_SETTINGS'],
    ]
    for (const [given, options, code] of refusals)
      expect(() => train(given, options), code).to.throw(code)
  })

  it('end their threads when they are told to', async () => {
    const stop = new AbortController()
    const long = trainInThreads(wavy(3_000), {
      trees: 100_000,
      threads: 2,
      signal: stop.signal,
      onTree: tree => tree === 3 && stop.abort(new Error('enough')),
    })
    expect(await long.catch((error: Error) => error.message)).to.equal('enough')
  })
})

type Half = readonly [gradient: number, hessian: number, rows: number]

function halfOf({ labels }: Labelled, rows: readonly number[], mean: number): Half {
  const gradient = rows.reduce((sum, row) => sum + mean - (labels[row] as number), 0)
  return [gradient, rows.length * mean * (1 - mean), rows.length]
}

const fall = ([gradient, hessian]: Half): number => (gradient * gradient) / hessian

const meanOf = ({ labels }: Labelled): number =>
  labels.reduce((sum, label) => sum + label, 0) / labels.length

/** Every column, every place between two values, what is missing on either side. */
function bestByTrying(learnt: Labelled): number {
  const mean = meanOf(learnt)
  const rows = [...learnt.labels.keys()]
  let most = 0
  for (const column of learnt.table.values)
    for (const edge of new Set(column.filter(value => !Number.isNaN(value))))
      for (const missingLeft of [true, false]) {
        const isLeft = (row: number): boolean =>
          Number.isNaN(column[row]) ? missingLeft : (column[row] as number) <= edge
        const left = rows.filter(isLeft)
        const right = rows.filter(row => !isLeft(row))
        if (left.length === 0 || right.length === 0) continue
        most = Math.max(most, partGain(learnt, left, right, mean))
      }
  return most
}

const partGain = (learnt: Labelled, left: number[], right: number[], mean: number): number =>
  fall(halfOf(learnt, left, mean)) +
  fall(halfOf(learnt, right, mean)) -
  fall(halfOf(learnt, [...left, ...right], mean))

function gainOf(learnt: Labelled, tree: TreeModel['trees'][number]): number {
  const column = learnt.table.values[tree.column[0] as number] as Float64Array
  const rows = [...learnt.labels.keys()]
  const isLeft = (row: number): boolean =>
    Number.isNaN(column[row])
      ? (tree.missingLeft[0] as boolean)
      : (column[row] as number) <= (tree.threshold[0] as number)
  return partGain(
    learnt,
    rows.filter(isLeft),
    rows.filter(row => !isLeft(row)),
    meanOf(learnt),
  )
}
