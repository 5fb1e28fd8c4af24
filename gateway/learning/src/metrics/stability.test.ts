import { expect } from 'chai'
import fc from 'fast-check'
import { createRandom } from '../random.ts'
import { populationStability } from './stability.ts'
import { holds } from '../testing/scored.ts'

const numbers = (...values: number[]): Float64Array => Float64Array.from(values)

describe('whether scores are spread as before', () => {
  it('half and half became three quarters and one: 0.25 ln 3', () => {
    const { psi, bins } = populationStability(numbers(1, 2, 3, 4), numbers(1, 1, 2, 4), { bins: 2 })
    expect(bins.map(({ base, sample }) => [base, sample])).to.deep.equal([
      [0.5, 0.75],
      [0.5, 0.25],
    ])
    expect(psi).to.be.closeTo(0.25 * Math.log(3), 1e-15)
  })

  it('is none for the same scores in any order, and never below', () => {
    const scores = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 50 })
    holds(fc.tuple(scores, scores), ([base, sample]) => {
      expect(populationStability(numbers(...base), numbers(...base.toReversed())).psi).to.equal(0)
      const { psi, bins } = populationStability(numbers(...base), numbers(...sample))
      expect(psi).to.be.at.least(0)
      expect(bins.reduce((sum, bin) => sum + bin.sample, 0)).to.be.closeTo(1, 1e-12)
      expect(bins.reduce((sum, bin) => sum + bin.base, 0)).to.be.closeTo(1, 1e-12)
    })
  })

  it('tells a shift from chance', () => {
    const random = createRandom(5)
    const draw = (shift: number): Float64Array =>
      Float64Array.from({ length: 5_000 }, () => random.next() + random.next() + shift)
    const base = draw(0)
    expect(populationStability(base, draw(0)).psi).to.be.below(0.02)
    expect(populationStability(base, draw(0.4)).psi).to.be.above(0.25)
  })

  it('an empty bin counts as half a row: the index stays finite', () => {
    const { psi } = populationStability(numbers(1, 2, 3, 4), numbers(9, 9, 9, 9), { bins: 2 })
    expect(psi).to.be.closeTo((0.5 - 0.125) * Math.log(4) + 0.5 * Math.log(2), 1e-12)
  })

  it('scores that were all alike are seen to move to either side', () => {
    const base = numbers(7, 7, 7, 7)
    expect(populationStability(base, base).psi).to.equal(0)
    expect(populationStability(base, numbers(7, 7, 8, 8)).psi).to.be.above(0.25)
    expect(populationStability(base, numbers(6, 6, 7, 7)).psi).to.be.above(0.25)
    expect(populationStability(numbers(0, 0), numbers(-1, -1)).psi).to.be.above(0.25)
  })

  it('NaN, no rows and one bin are refused', () => {
    const one = numbers(1)
    const refused: [Float64Array, Float64Array, number, string][] = [
      [numbers(NaN), one, 10, 'LEARNING_SCORES'],
      [one, numbers(Infinity), 10, 'LEARNING_SCORES'],
      [one, numbers(), 10, 'LEARNING_ROWS'],
      [one, one, 1, 'LEARNING_SETTINGS'],
    ]
    for (const [base, sample, bins, code] of refused)
      expect(() => populationStability(base, sample, { bins }))
        .to.throw()
        .with.property('code', code)
  })
})
