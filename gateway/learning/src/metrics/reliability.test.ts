import { expect } from 'chai'
import { calibrationTable, expectedCalibrationError } from './reliability.ts'
import { anyRows, holds, repeated, scoredOf } from '../testing/scored.ts'

describe('whether chances are what they say', () => {
  const ten = scoredOf(
    [0, 0, 0, 1, 0, 1, 1, 0, 1, 1],
    [0.05, 0.1, 0.15, 0.2, 0.25, 0.6, 0.7, 0.8, 0.9, 1],
  )

  it('two bins of five: 0.15 foretold and 0.2 seen, 0.8 foretold and 0.8 seen', () => {
    const [low, high, ...rest] = calibrationTable(ten, { bins: 2 })
    expect(rest).to.deep.equal([])
    expect(low).to.include({ from: 0.05, to: 0.25, rows: 5, weight: 5 })
    expect(low?.predicted).to.be.closeTo(0.15, 1e-15)
    expect(low?.observed).to.be.closeTo(0.2, 1e-15)
    expect(high).to.include({ from: 0.6, to: 1, rows: 5, weight: 5 })
    expect(high?.predicted).to.be.closeTo(0.8, 1e-15)
    expect(high?.observed).to.be.closeTo(0.8, 1e-15)
    expect(expectedCalibrationError(ten, { bins: 2 })).to.be.closeTo(0.025, 1e-15)
  })

  it('bins of equal width: what is empty is left out, 1 belongs to the last one', () => {
    const table = calibrationTable(ten, { bins: 4, by: 'WIDTH' })
    expect(table.map(({ rows }) => rows)).to.deep.equal([4, 1, 2, 3])
    expect(calibrationTable(scoredOf([0, 1], [0, 1]), { by: 'WIDTH' })).to.have.length(2)
  })

  it('bins of as many rows each, however the chances lie, and large ones where many are equal', () => {
    const chances = Array.from({ length: 100 }, (_, at) => (at / 100) ** 4)
    const labels = chances.map((_, at) => at % 2)
    const sizes = calibrationTable(scoredOf(labels, chances)).map(({ rows }) => rows)
    expect(sizes).to.deep.equal(Array<number>(10).fill(10))
    const equal = chances.map((chance, at) => (at < 35 ? 0 : chance))
    expect(calibrationTable(scoredOf(labels, equal)).map(({ rows }) => rows)).to.deep.equal([
      35, 5, 10, 10, 10, 10, 10, 10,
    ])
  })

  it('rows, weights and means of all bins are those of all rows, and no chance is in two', () =>
    holds(anyRows, rows => {
      const single = repeated(rows)
      for (const by of ['COUNT', 'WIDTH'] as const) {
        const table = calibrationTable(rows, { bins: 5, by })
        const sumOf = (value: (bin: (typeof table)[number]) => number): number =>
          table.reduce((sum, bin) => sum + value(bin), 0)
        const total = (values: Float64Array): number => values.reduce((sum, one) => sum + one, 0)
        expect(table).to.have.length.within(1, 5)
        expect(sumOf(({ weight }) => weight)).to.equal(single.labels.length)
        expect(sumOf(bin => bin.predicted * bin.weight)).to.be.closeTo(total(single.scores), 1e-9)
        expect(sumOf(bin => bin.observed * bin.weight)).to.be.closeTo(total(single.labels), 1e-9)
        for (const [at, { from, to, predicted }] of table.entries()) {
          expect(from).to.be.greaterThan(table[at - 1]?.to ?? -1)
          expect(predicted).to.be.within(from - 1e-12, to + 1e-12)
        }
      }
    }))

  it('the error is none where each chance comes as often as it says', () => {
    const rows = scoredOf([1, 0, 0, 0, 1, 0], [0.25, 0.25, 0.25, 0.25, 0.5, 0.5])
    expect(expectedCalibrationError(rows)).to.equal(0)
    expect(expectedCalibrationError(scoredOf([1, 1], [0.3, 0.3]))).to.be.closeTo(0.7, 1e-15)
  })

  it('no bins, or what is no chance, is refused', () => {
    expect(() => calibrationTable(ten, { bins: 0 }))
      .to.throw()
      .with.property('code', 'LEARNING_SETTINGS')
    expect(() => expectedCalibrationError(scoredOf([1], [2])))
      .to.throw()
      .with.property('code', 'LEARNING_SCORES')
  })
})
