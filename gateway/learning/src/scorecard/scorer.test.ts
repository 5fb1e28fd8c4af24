import { expect } from 'chai'
import { drawnTable, rowOf } from '../testing/table.ts'
import { parseScorecard, type ScorecardModel } from './model.ts'
import { createScorecard } from './scorer.ts'
import { trainScorecard } from './train.ts'

const learnt = drawnTable(3_000, 1, 1)
const model = trainScorecard(learnt)
const card = createScorecard(model)

describe('what a scorecard says of a row', () => {
  it('points add up: those of the start and of each column', () => {
    for (let row = 0; row < 200; row += 1) {
      const values = rowOf(learnt, row)
      const added = card.reasons(values).reduce((sum, { points }) => sum + points, model.points)
      expect(card.points(values)).to.equal(added)
      expect(Number.isInteger(added)).to.equal(true)
    }
  })

  it('points are those of the log-odds, but for half a point a column', () => {
    for (let row = 0; row < 200; row += 1) {
      const values = rowOf(learnt, row)
      const exact = 600 - (20 / Math.LN2) * (card.score(values) + Math.log(50))
      expect(card.points(values)).to.be.closeTo(exact, 0.5 * (model.columns.length + 1))
    }
  })

  it('a chance is that of the log-odds, for one row as for a table', () => {
    const all = card.predictAll(learnt.table)
    for (let row = 0; row < 200; row += 1) {
      const values = rowOf(learnt, row)
      expect(all[row]).to.equal(card.predict(values))
      expect(all[row]).to.be.closeTo(1 / (1 + Math.exp(-card.score(values))), 1e-12)
    }
  })

  it('what is missing speaks for itself: here it makes a one less likely', () => {
    const { missing } = model.columns[0] as ScorecardModel['columns'][number]
    expect(missing.rows).to.be.within(500, 700)
    expect(missing.woe).to.be.below(-0.5)
    expect(card.reasons([NaN, 1, 0.5]).find(({ column }) => column === 0)).to.include({
      bin: 'MISSING',
      points: missing.points,
    })
  })

  it('a level that was never seen is treated as the rare ones are', () => {
    const column = model.columns[1] as ScorecardModel['columns'][number]
    const rare = column.kind === 'CATEGORY' ? column.rare : undefined
    expect(rare?.rows).to.be.within(100, 200)
    expect(rare?.woe).to.be.above(0.5)
    for (const level of [10, 999, -1, 2.5])
      expect(card.score([10, level, 0.5])).to.equal(card.score([10, 11, 0.5]))
    expect(card.reasons([10, 999, 0.5]).find(({ column }) => column === 1)).to.include({
      bin: 'RARE',
      points: rare?.points,
    })
  })

  it('where nothing was missing when it was made, what is missing adds nothing', () => {
    const { score, points } = createScorecard({
      ...model,
      columns: model.columns.slice(1, 2),
    })
    expect(score([NaN])).to.equal(model.intercept)
    expect(points([NaN])).to.equal(model.points)
    expect(model.columns[1]?.missing).to.deep.equal({ rows: 0, rate: null, woe: 0, points: 0 })
  })

  it('a larger value of a monotone column never lowers the chance', () => {
    let before = 0
    for (let value = -5; value <= 30; value += 0.1) {
      const chance = card.predict([value, 1, 0.5])
      expect(chance).to.be.at.least(before)
      before = chance
    }
    expect(before).to.be.above(0.5)
  })

  it('reasons: the column that cost most points first, none below zero, the best bin costs none', () => {
    for (let row = 0; row < 200; row += 1) {
      const lost = card.reasons(rowOf(learnt, row)).map(reason => reason.lost)
      expect(lost).to.deep.equal(lost.toSorted((a, b) => b - a))
      expect(Math.min(...lost)).to.be.at.least(0)
    }
    const [number, level] = model.columns as [
      ScorecardModel['columns'][0],
      ScorecardModel['columns'][0],
    ]
    const best = (points: readonly { points: number }[]): number =>
      Math.max(...points.map(bin => bin.points))
    const worst = card.reasons([20, 0, 0.5])
    expect(worst[0]).to.deep.equal({
      column: 0,
      name: 'number',
      bin: number.bins.length - 1,
      points: number.bins.at(-1)?.points,
      lost: best(number.bins) - (number.bins.at(-1)?.points ?? NaN),
    })
    expect(worst[1]).to.include({ column: 1, lost: 0, points: best(level.bins) })
  })

  it('a row of another length, and a table of other columns, are refused', () => {
    for (const say of [card.score, card.predict, card.points, card.reasons])
      expect(() => say([10, 1]))
        .to.throw()
        .with.property('code', 'LEARNING_COLUMNS')
    const { table } = drawnTable(5, 1)
    for (const columns of [table.columns.slice(1), table.columns.toReversed()])
      expect(() => card.predictAll({ ...table, columns }))
        .to.throw()
        .with.property('code', 'LEARNING_COLUMNS')
  })
})

describe('a scorecard from elsewhere', () => {
  it('is the same again from JSON', () => {
    expect(parseScorecard(JSON.parse(JSON.stringify(model)))).to.deep.equal(model)
  })

  /** The model with one thing changed. */
  function changed(change: (copy: ScorecardModel) => void): unknown {
    const copy = JSON.parse(JSON.stringify(model)) as ScorecardModel
    change(copy)
    return copy
  }

  it('is refused where points do not follow from coefficients, or bins from columns', () => {
    const column = (copy: ScorecardModel, at: number): Record<string, unknown> =>
      copy.columns[at] as unknown as Record<string, unknown>
    const bins = (copy: ScorecardModel) => copy.columns[0]?.bins ?? []
    const hostile: unknown[] = [
      null,
      'SCORECARD',
      {},
      changed(copy => Object.assign(copy, { schema: 2 })),
      changed(copy => Object.assign(copy, { more: 1 })),
      changed(copy => Object.assign(copy, { columns: [] })),
      changed(copy => (copy.points += 1)),
      changed(copy => (copy.intercept += 1)),
      changed(copy => (copy.pointsToDouble = 0)),
      changed(copy => (copy.baseOdds = -1)),
      changed(copy => Object.assign(bins(copy)[0] ?? {}, { points: 99 })),
      changed(copy => Object.assign(bins(copy)[0] ?? {}, { points: 0.5 })),
      changed(copy => Object.assign(bins(copy)[0] ?? {}, { woe: '1' })),
      changed(copy => Object.assign(bins(copy)[0] ?? {}, { rate: 2 })),
      changed(copy => bins(copy).reverse()),
      changed(copy => bins(copy).pop()),
      changed(copy => (column(copy, 0).coefficient = 1e300)),
      changed(copy => (column(copy, 0).edges as number[]).reverse()),
      changed(copy => (column(copy, 0).monotone = -1)),
      changed(copy => (column(copy, 0).kind = 'CATEGORY')),
      changed(copy => ((column(copy, 1).levels as number[][])[0] = [])),
      changed(copy => (column(copy, 1).levels as number[][])[0]?.push(0, 1, 2, 3)),
      changed(copy => (column(copy, 1).levels as number[][]).pop()),
      changed(copy => delete column(copy, 1).rare),
    ]
    for (const [at, json] of hostile.entries())
      expect(() => parseScorecard(json), `${at}`)
        .to.throw()
        .with.property('code', 'LEARNING_MODEL')
  })
})
