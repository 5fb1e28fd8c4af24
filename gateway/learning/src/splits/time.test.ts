import { expect } from 'chai'
import fc from 'fast-check'
import { holds } from '../testing/scored.ts'
import { splitAtTime, splitByTime, timeFolds } from './time.ts'

const moments = (...values: number[]): Float64Array => Float64Array.from(values)

describe('learning from what was before, measuring on what came after', () => {
  it('a moment itself belongs to what came after', () => {
    const { learnt, held } = splitAtTime(moments(3, 1, 2, 5, 3), 3)
    expect([...learnt]).to.deep.equal([1, 2])
    expect([...held]).to.deep.equal([0, 3, 4])
  })

  it('the latest share, with rows of one moment together', () => {
    expect([...splitByTime(moments(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 0.3).held]).to.deep.equal([
      7, 8, 9,
    ])
    expect([...splitByTime(moments(9, 9, 9, 1), 0.5).held]).to.deep.equal([0, 1, 2])
    expect([...splitByTime(moments(1, 1, 1, 9), 0.5).held]).to.deep.equal([3])
  })

  it('every row once, and nothing that is learnt is as late as what is held', () => {
    const times = fc
      .array(fc.integer({ min: 0, max: 9 }), { minLength: 2, maxLength: 40 })
      .filter(given => new Set(given).size > 1)
    holds(fc.tuple(times, fc.integer({ min: 1, max: 9 })), ([given, tenths]) => {
      const { learnt, held } = splitByTime(moments(...given), tenths / 10)
      expect([...learnt, ...held].sort((a, b) => a - b)).to.deep.equal([...given.keys()])
      const [latest, first] = [
        Math.max(...[...learnt].map(row => given[row] ?? NaN)),
        Math.min(...[...held].map(row => given[row] ?? NaN)),
      ]
      expect(latest).to.be.below(first)
    })
  })

  it('of folds each is held once and learnt from by all later ones', () => {
    const given = Array.from({ length: 100 }, (_, row) => (row * 37) % 100)
    const splits = timeFolds(moments(...given), 4)
    expect(splits.map(({ learnt, held }) => [learnt.length, held.length])).to.deep.equal([
      [20, 20],
      [40, 20],
      [60, 20],
      [80, 20],
    ])
    for (const [fold, { learnt, held }] of splits.entries()) {
      for (const row of learnt) expect(given[row]).to.be.below(20 * (fold + 1))
      for (const row of held) expect(given[row]).to.be.within(20 * fold + 20, 20 * fold + 39)
    }
  })

  it('where all is of one moment, or a time is unknown, it is refused', () => {
    for (const act of [
      () => splitByTime(moments(4, 4, 4), 0.5),
      () => splitAtTime(moments(1, 2), 9),
      () => splitAtTime(moments(1, NaN), 1),
      () => splitAtTime(moments(1), 1),
      () => timeFolds(moments(1, 1, 2, 2), 2),
    ])
      expect(act).to.throw().with.property('code', 'LEARNING_ROWS')
    expect(() => splitByTime(moments(1, 2), 0))
      .to.throw()
      .with.property('code', 'LEARNING_SETTINGS')
  })
})
