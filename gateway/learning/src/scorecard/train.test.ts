import { expect } from 'chai'
import { auc } from '../metrics/ranking.ts'
import { createRandom } from '../random.ts'
import type { Labelled } from '../table.ts'
import { drawnTable, rowOf } from '../testing/table.ts'
import { createScorecard } from './scorer.ts'
import { trainScorecard } from './train.ts'

/** Value 1: 10 ones of 50 rows. Value 2: 30 of 50. */
function twoValues(): Labelled {
  const rows = [
    ...Array.from({ length: 50 }, (_, at) => [1, at < 10 ? 1 : 0]),
    ...Array.from({ length: 50 }, (_, at) => [2, at < 30 ? 1 : 0]),
  ]
  return {
    table: {
      columns: [{ name: 'value', kind: 'NUMBER' }],
      values: [Float64Array.from(rows, ([value]) => value as number)],
      rowCount: 100,
    },
    labels: Float64Array.from(rows, ([, label]) => label as number),
  }
}

/** Cut and regressed exactly as the rows say. */
const plain = { smoothing: 1e-6, differenceMin: 0, l2: 0 }

describe('a scorecard', () => {
  it('two bins: evidence, information, coefficient and points, worked out by hand', () => {
    const model = trainScorecard(twoValues(), plain)
    const [column] = model.columns
    const [low, high] = column?.bins ?? []
    expect(column).to.deep.include({ kind: 'NUMBER', edges: [1.5] })
    expect(low).to.deep.include({ rows: 50, rate: 0.2 })
    expect(high).to.deep.include({ rows: 50, rate: 0.6 })
    // 10 of 40 ones against 40 of 60 zeros, 30 of 40 against 20 of 60.
    expect(low?.woe).to.be.closeTo(Math.log(0.375), 1e-6)
    expect(high?.woe).to.be.closeTo(Math.log(2.25), 1e-6)
    const information = (2 / 3 - 1 / 4) * -Math.log(0.375) + (3 / 4 - 1 / 3) * Math.log(2.25)
    expect(column?.information).to.be.closeTo(information, 1e-6)
    // The log-odds of a bin are those of all rows and its weight of evidence.
    expect(column?.coefficient).to.be.closeTo(1, 1e-6)
    expect(model.intercept).to.be.closeTo(Math.log(40 / 60), 1e-6)
    // 20 / ln 2 = 28.854 points for one of log-odds; 600 at odds of 50.
    expect(model.points).to.equal(Math.round(600 - 28.854 * (Math.log(40 / 60) + Math.log(50))))
    expect([low?.points, high?.points]).to.deep.equal([28, -23])
    expect(createScorecard(model).predict([1])).to.be.closeTo(0.2, 1e-6)
    expect(createScorecard(model).predict([1.5])).to.be.closeTo(0.2, 1e-6)
    expect(createScorecard(model).predict([2])).to.be.closeTo(0.6, 1e-6)
  })

  it('a row at the base odds has the base points, and with twice the odds so many more', () => {
    const card = createScorecard(
      trainScorecard(twoValues(), { ...plain, basePoints: 500, baseOdds: 4, pointsToDouble: 50 }),
    )
    // Odds of 4 to 1 and of 2 to 3: less by log2 6 doublings, each number rounded once.
    expect(card.points([1])).to.be.closeTo(500, 1)
    expect(card.points([2])).to.be.closeTo(500 - 50 * Math.log2(6), 1)
  })

  it('coefficients: what the ridge pulls is what the rows leave over, for each column', () => {
    const learnt = drawnTable(2_000, 3)
    const l2 = 5
    const model = trainScorecard(learnt, { l2, informationMin: 0 })
    const card = createScorecard(model)
    const left = Array.from(learnt.labels, (label, row) => label - card.predict(rowOf(learnt, row)))
    expect(left.reduce((sum, rest) => sum + rest, 0)).to.be.closeTo(0, 1e-6)
    const kept = model.columns.filter(({ coefficient }) => coefficient > 0)
    expect(kept).to.have.length.of.at.least(2)
    model.columns.forEach(({ coefficient, kind }, at) => {
      if (coefficient === 0) return
      const neutral = { ...model, intercept: 0, columns: [model.columns[at] as (typeof kept)[0]] }
      const alone = createScorecard(neutral)
      const pull = left.reduce(
        (sum, rest, row) =>
          sum + (rest * alone.score([rowOf(learnt, row)[at] ?? NaN])) / coefficient,
        0,
      )
      expect(pull, kind).to.be.closeTo(l2 * coefficient, 1e-6)
    })
  })

  it('knows nearly as well as the chances that rows were drawn by, on rows that it has not seen', () => {
    const card = createScorecard(trainScorecard(drawnTable(4_000, 1)))
    const held = drawnTable(4_000, 2)
    const truth = Float64Array.from(held.labels, (_, row) => {
      const [number = NaN, level = NaN] = rowOf(held, row)
      return (Number.isNaN(number) ? -1.5 : (number - 10) / 5) + (level < 4 ? level - 2 : 2)
    })
    const best = auc({ labels: held.labels, scores: truth }) as number
    const found = auc({ labels: held.labels, scores: card.predictAll(held.table) }) as number
    expect(best).to.be.above(0.8)
    expect(found).to.be.within(best - 0.015, best + 0.005)
  })

  it('a column that says nothing gets no points', () => {
    const noise = trainScorecard(drawnTable(4_000, 1)).columns[2]
    expect(noise?.information).to.be.within(0, 0.02)
    expect(noise?.coefficient).to.equal(0)
    expect(noise?.bins.every(({ points }) => points === 0)).to.equal(true)
  })

  it('a column that would speak against its own evidence gets none either', () => {
    const random = createRandom(7)
    const first = Float64Array.from({ length: 6_000 }, () => random.next() * 4 - 2)
    const second = first.map(value => value + random.next() - 0.5)
    const labels = first.map((value, row) => {
      const score = 3 * value - 1.5 * (second[row] as number)
      return random.next() < 1 / (1 + Math.exp(-score)) ? 1 : 0
    })
    const values = [first, second]
    const columns = ['first', 'second'].map(name => ({ name, kind: 'NUMBER' as const }))
    const model = trainScorecard({ table: { columns, values, rowCount: 6_000 }, labels })
    expect(model.columns[1]?.information).to.be.above(0.5)
    expect(model.columns[0]?.coefficient).to.be.above(0)
    expect(model.columns[1]?.coefficient).to.equal(0)
  })

  it('where no column says anything, every row has the chance of all', () => {
    const { table, labels } = twoValues()
    const silent = { ...table, values: [new Float64Array(100).fill(7)] }
    const card = createScorecard(trainScorecard({ table: silent, labels }))
    for (const value of [7, 8, NaN]) expect(card.predict([value])).to.be.closeTo(0.4, 1e-9)
    expect(card.reasons([7])).to.deep.equal([])
  })

  it('a weight counts as so many rows in all but the sizes of bins', () => {
    const rows = twoValues()
    const weights = rows.labels.map((label, row) => (row < 50 && label === 1 ? 3 : 1))
    const [column] = trainScorecard({ ...rows, weights }, plain).columns
    // 30 of 70 where it was 10 of 50.
    expect(column?.bins[0]).to.deep.include({ rows: 50, rate: 30 / 70 })
    expect(column?.bins[0]?.woe).to.be.closeTo(Math.log(30 / 60 / (40 / 60)), 1e-6)
  })

  it('is the same again from the same rows', () => {
    const learnt = drawnTable(1_000, 5)
    expect(trainScorecard(learnt)).to.deep.equal(trainScorecard(learnt))
  })

  it('rows and settings that no scorecard can be made by are refused', () => {
    const sound = twoValues()
    const { table, labels } = sound
    const values = table.values[0] as Float64Array
    const refused: [Labelled, object, string][] = [
      [{ table, labels: labels.map(() => 1) }, {}, 'LEARNING_LABELS'],
      [{ table, labels: labels.map(() => NaN) }, {}, 'LEARNING_LABELS'],
      [{ table, labels: labels.slice(1) }, {}, 'LEARNING_ROWS'],
      [{ ...sound, weights: labels }, {}, 'LEARNING_LABELS'],
      [{ ...sound, weights: labels.map(() => -1) }, {}, 'LEARNING_LABELS'],
      [{ table: { ...table, values: [values.slice(1)] }, labels }, {}, 'LEARNING_ROWS'],
      [{ table: { ...table, columns: [], values: [] }, labels }, {}, 'LEARNING_COLUMNS'],
      [
        { table: { ...table, values: [values.map(() => Infinity)] }, labels },
        {},
        'LEARNING_COLUMNS',
      ],
      [sound, { smoothing: 0 }, 'LEARNING_SETTINGS'],
      [sound, { binsMax: 0 }, 'LEARNING_SETTINGS'],
      [sound, { fineBins: 3 }, 'LEARNING_SETTINGS'],
      [sound, { pointsToDouble: NaN }, 'LEARNING_SETTINGS'],
    ]
    for (const [rows, settings, code] of refused)
      expect(() => trainScorecard(rows, settings))
        .to.throw()
        .with.property('code', code)
  })
})
