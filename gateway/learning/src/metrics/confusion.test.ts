import { expect } from 'chai'
import { accuracyAt, confusionAt, majority, precisionAt, recallAt } from './confusion.ts'
import { anyRows, holds, repeated, scoredOf } from '../testing/scored.ts'

describe('decisions at a threshold', () => {
  const rows = scoredOf([1, 1, 1, 0, 0, 0, 0, 0], [0.9, 0.5, 0.2, 0.8, 0.4, 0.3, 0.1, 0])

  it('a score that reaches the threshold is a 1', () => {
    expect(confusionAt(rows, 0.5)).to.deep.equal({
      truePositive: 2,
      falsePositive: 1,
      trueNegative: 4,
      falseNegative: 1,
    })
    expect(accuracyAt(rows, 0.5)).to.equal(6 / 8)
    expect(recallAt(rows, 0.5)).to.equal(2 / 3)
    expect(precisionAt(rows, 0.5)).to.equal(2 / 3)
    expect(majority(rows)).to.equal(5 / 8)
  })

  it('a weight counts as so many rows', () =>
    holds(anyRows, weighted => {
      const single = repeated(weighted)
      expect(confusionAt(weighted, 0.5)).to.deep.equal(confusionAt(single, 0.5))
      expect(majority(weighted)).to.equal(majority(single))
      expect(accuracyAt(weighted, 0.5)).to.equal(accuracyAt(single, 0.5))
    }))

  it('recall without ones, and precision where nothing reaches the threshold, are undefined', () => {
    expect(recallAt(scoredOf([0, 0], [0.1, 0.9]), 0.5)).to.equal(undefined)
    expect(precisionAt(rows, 2)).to.equal(undefined)
    expect(recallAt(rows, 2)).to.equal(0)
    expect(majority(scoredOf([1, 1], [0, 0]))).to.equal(1)
  })

  it('NaN is refused as a score', () => {
    expect(() => accuracyAt(scoredOf([1], [NaN]), 0.5))
      .to.throw()
      .with.property('code', 'LEARNING_SCORES')
  })
})
