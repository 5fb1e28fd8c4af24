import { expect } from 'chai'
import fc from 'fast-check'
import { fitLogistic } from './logistic.ts'
import { createRandom } from './random.ts'
import { holds } from './testing/scored.ts'

const numbers = (...values: number[]): Float64Array => Float64Array.from(values)

describe('logistic regression', () => {
  it('two groups: the log-odds of each, worked out by hand', () => {
    // One of four, three of four: ln(1/3), and twice ln 3 more.
    const columns = [numbers(0, 0, 0, 0, 1, 1, 1, 1)]
    const targets = numbers(1, 0, 0, 0, 1, 1, 1, 0)
    const { intercept, coefficients } = fitLogistic({ columns, targets }, { l2: 0 })
    expect(intercept).to.be.closeTo(-Math.log(3), 1e-12)
    expect(coefficients[0]).to.be.closeTo(2 * Math.log(3), 1e-12)
  })

  it('without columns: the log-odds of the mean', () => {
    const { intercept } = fitLogistic({ columns: [], targets: numbers(1, 0, 0, 0) }, { l2: 1 })
    expect(intercept).to.be.closeTo(-Math.log(3), 1e-12)
  })

  it('with a ridge the slope of the loss is none: all that is left over is l2 times the coefficient', () => {
    const rows = fc.array(
      fc.tuple(
        fc.integer({ min: -5, max: 5 }),
        fc.integer({ min: -5, max: 5 }),
        fc.integer({ min: 1, max: 3 }),
      ),
      { minLength: 4, maxLength: 40 },
    )
    holds(fc.tuple(rows, fc.constantFrom(0.1, 1, 20)), ([given, l2]) => {
      const targets = Float64Array.from(given, (_, row) => row % 2)
      const columns = [0, 1].map(at => Float64Array.from(given, row => row[at] as number))
      const weights = Float64Array.from(given, ([, , weight]) => weight)
      const { intercept, coefficients } = fitLogistic({ columns, targets, weights }, { l2 })
      const left = Array.from(targets, (target, row) => {
        const score = columns.reduce(
          (sum, column, at) => sum + (coefficients[at] ?? NaN) * (column[row] ?? NaN),
          intercept,
        )
        return (weights[row] ?? NaN) * (target - 1 / (1 + Math.exp(-score)))
      })
      const sumOf = (column?: Float64Array): number =>
        left.reduce((sum, rest, row) => sum + rest * (column ? (column[row] ?? NaN) : 1), 0)
      expect(sumOf()).to.be.closeTo(0, 1e-7)
      columns.forEach((column, at) =>
        expect(sumOf(column)).to.be.closeTo(l2 * (coefficients[at] ?? NaN), 1e-7),
      )
    })
  })

  it('finds the coefficients that rows were drawn by', () => {
    const random = createRandom(6)
    const columns = [0, 1].map(() =>
      Float64Array.from({ length: 20_000 }, () => random.next() - 0.5),
    )
    const targets = Float64Array.from({ length: 20_000 }, (_, row) => {
      const score = 0.5 + 2 * (columns[0]?.[row] ?? NaN) - 3 * (columns[1]?.[row] ?? NaN)
      return random.next() < 1 / (1 + Math.exp(-score)) ? 1 : 0
    })
    const { intercept, coefficients } = fitLogistic({ columns, targets }, { l2: 1e-3 })
    expect(intercept).to.be.closeTo(0.5, 0.06)
    expect(coefficients[0]).to.be.closeTo(2, 0.2)
    expect(coefficients[1]).to.be.closeTo(-3, 0.2)
  })

  it('where no sum is best, that is said: labels parted entirely, a column twice', () => {
    const targets = numbers(0, 0, 1, 1)
    const [parting, other] = [numbers(1, 2, 3, 4), numbers(1, 2, 1, 2)]
    for (const columns of [[parting], [other, other]]) {
      expect(() => fitLogistic({ columns, targets }, { l2: 0 }))
        .to.throw()
        .with.property('code', 'LEARNING_ROWS')
      expect(fitLogistic({ columns, targets }, { l2: 0.01 }).coefficients[0]).to.satisfy(
        Number.isFinite,
      )
    }
  })

  it('labels all alike, values that are none, and lists that do not fit are refused', () => {
    const refused: [Parameters<typeof fitLogistic>[0], number, string][] = [
      [{ columns: [], targets: numbers(1, 1) }, 1, 'LEARNING_LABELS'],
      [{ columns: [], targets: numbers() }, 1, 'LEARNING_LABELS'],
      [{ columns: [], targets: numbers(1, 2) }, 1, 'LEARNING_LABELS'],
      [{ columns: [], targets: numbers(1, 0), weights: numbers(1, 0) }, 1, 'LEARNING_LABELS'],
      [{ columns: [], targets: numbers(1, 0), weights: numbers(1, -1) }, 1, 'LEARNING_LABELS'],
      [{ columns: [numbers(1, NaN)], targets: numbers(1, 0) }, 1, 'LEARNING_COLUMNS'],
      [{ columns: [numbers(1)], targets: numbers(1, 0) }, 1, 'LEARNING_ROWS'],
      [{ columns: [], targets: numbers(1, 0) }, -1, 'LEARNING_SETTINGS'],
    ]
    for (const [rows, l2, code] of refused)
      expect(() => fitLogistic(rows, { l2 }))
        .to.throw()
        .with.property('code', code)
  })
})
