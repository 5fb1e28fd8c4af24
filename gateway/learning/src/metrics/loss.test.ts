import { expect } from 'chai'
import { brier, logLoss } from './loss.ts'
import { anyRows, holds, repeated, scoredOf } from '../testing/scored.ts'

describe('how far chances are from what came', () => {
  const four = scoredOf([0, 1, 1, 0], [0.1, 0.9, 0.8, 0.3])

  it('Brier: (0.01 + 0.01 + 0.04 + 0.09) / 4', () => {
    expect(brier(four)).to.be.closeTo(0.0375, 1e-15)
  })

  it('log loss: the mean of -ln 0.9, -ln 0.9, -ln 0.8 and -ln 0.7', () => {
    expect(logLoss(four)).to.be.closeTo(0.19763488164214868, 1e-15)
  })

  it('a weight counts as so many rows', () =>
    holds(anyRows, rows => {
      expect(brier(rows)).to.be.closeTo(brier(repeated(rows)), 1e-12)
      expect(logLoss(rows)).to.be.closeTo(logLoss(repeated(rows)), 1e-9)
    }))

  it('of constants the share of ones is best', () =>
    holds(anyRows, rows => {
      const { labels } = repeated(rows)
      const share = labels.reduce((sum, label) => sum + label, 0) / labels.length
      const constant = (chance: number) => ({ labels, scores: labels.map(() => chance) })
      for (const chance of [0, 0.2, 0.5, 0.9, 1]) {
        expect(brier(constant(share))).to.be.at.most(brier(constant(chance)) + 1e-12)
        expect(logLoss(constant(share))).to.be.at.most(logLoss(constant(chance)) + 1e-12)
      }
    }))

  it('a certainty that was wrong costs much, but not without end', () => {
    expect(logLoss(scoredOf([1], [0]))).to.be.within(34, 35)
    expect(logLoss(scoredOf([0], [1]))).to.be.within(34, 35)
    expect(logLoss(scoredOf([1, 0], [1, 0]))).to.be.closeTo(0, 1e-14)
  })

  it('what is no chance is refused', () => {
    for (const chance of [-0.1, 1.1, NaN])
      for (const measure of [brier, logLoss])
        expect(() => measure(scoredOf([1], [chance])))
          .to.throw()
          .with.property('code', 'LEARNING_SCORES')
  })
})
