import { expect } from 'chai'
import fc from 'fast-check'
import { exp, log, logistic, rounded } from './exact.ts'

/** Of the last place: how far two doubles lie apart, in what their size can tell apart. */
const apart = (one: number, other: number): number =>
  Math.abs(one - other) / (Math.max(Math.abs(other), 2 ** -1022) * 2 ** -52)

describe('exact arithmetic', () => {
  it('has the exponential within two units of the last place', () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 700, noNaN: true }), x => {
        expect(apart(exp(x), Math.exp(x))).to.be.below(3)
      }),
      { numRuns: 5_000 },
    )
    expect([exp(0), exp(-1e9), exp(1e9)]).to.deep.equal([1, 0, Infinity])
  })

  it('has the logarithm within two units of the last place', () => {
    fc.assert(
      fc.property(fc.double({ min: -300, max: 300, noNaN: true }), power => {
        const x = 10 ** power
        expect(Math.abs(log(x) - Math.log(x))).to.be.below(
          3 * 2 ** -52 * Math.max(1, Math.abs(Math.log(x))),
        )
      }),
      { numRuns: 5_000 },
    )
    expect(log(1)).to.equal(0)
  })

  it('rounds to the nearest whole number, halves to the even one', () => {
    expect([0.5, 1.5, -0.5, -2.5, 2.4999, -7.6].map(rounded)).to.deep.equal([0, 2, 0, -2, 2, -8])
  })

  it('has a logistic that is symmetric and never leaves [0, 1]', () => {
    expect(logistic(0)).to.equal(0.5)
    for (const x of [0.1, 3, 40, 800]) {
      expect(logistic(x) + logistic(-x)).to.be.closeTo(1, 1e-15)
      expect(logistic(x)).to.be.within(0.5, 1)
    }
  })
})
