import { expect } from 'chai'
import { anyRows, holds, repeated, scoredOf } from '../testing/scored.ts'
import { certainEnough, coverageCurve, decisionOf, wilsonLow } from './selective.ts'
import type { Scored } from './scored.ts'

/** Decides row by row. */
function decided({ labels, scores }: Scored, at: { low: number; high: number }) {
  const all = [...scores].map(chance => decisionOf(chance, at))
  const count = all.filter(decision => decision !== undefined).length
  const right = all.filter((decision, row) => decision === labels[row]).length
  return { coverage: count / labels.length, accuracy: right / count }
}

describe('deciding what is certain, and leaving the rest to a person', () => {
  const six = scoredOf([1, 1, 0, 0, 1, 0], [0.95, 0.9, 0.02, 0.2, 0.4, 0.7])

  it('the most certain first, a point for each certainty', () => {
    const curve = coverageCurve(six)
    expect(curve.map(({ coverage }) => coverage * 6)).to.deep.equal([1, 2, 3, 4, 5, 6])
    expect(curve.map(({ accuracy, decided }) => accuracy * decided)).to.deep.equal([
      1, 2, 3, 4, 4, 4,
    ])
    expect(curve.map(({ low }) => low)).to.deep.equal([0.02, 0.02, 0.02, 0.2, 0.2, 0.4])
    expect(curve.map(({ high }) => high)).to.deep.equal([0.98, 0.95, 0.9, 0.9, 0.7, 0.7])
  })

  it('the most cases for which accuracy holds, though it did not for fewer', () => {
    expect(certainEnough(six, { accuracyMin: 1 })).to.include({ low: 0.2, high: 0.9 })
    const dip = scoredOf([0, 1, 1, 1], [0.99, 0.9, 0.8, 0.7])
    expect(certainEnough(dip, { accuracyMin: 0.75 })).to.include({ coverage: 1, accuracy: 0.75 })
    expect(certainEnough(dip, { accuracyMin: 0.8 })).to.equal(undefined)
  })

  it('the thresholds decide exactly the cases that were counted', () =>
    holds(anyRows, rows => {
      const single = repeated(rows)
      for (const point of coverageCurve(rows)) {
        const seen = decided(single, point)
        expect(point.coverage).to.be.closeTo(seen.coverage, 1e-12)
        expect(point.accuracy).to.be.closeTo(seen.accuracy, 1e-12)
      }
    }))

  it('no other threshold decides more at that accuracy', () =>
    holds(anyRows, given => {
      // In sixteenths 1 - p is exact.
      const rows = { ...given, scores: given.scores.map(score => Math.round(12 * score) / 16) }
      const single = repeated(rows)
      const found = certainEnough(rows, { accuracyMin: 0.8 })
      for (const certainty of [...single.scores].map(chance => Math.max(chance, 1 - chance))) {
        const seen = decided(single, { low: 1 - certainty, high: certainty })
        if (seen.accuracy >= 0.8) expect(found?.coverage).to.be.at.least(seen.coverage - 1e-12)
      }
    }))

  it('by standard errors fewer cases are decided, since few prove little', () => {
    expect(wilsonLow(0.9, 10, 1.96)).to.be.closeTo(0.5958, 1e-4)
    expect(wilsonLow(1, 10, 1.96)).to.be.closeTo(0.7225, 1e-4)
    expect(wilsonLow(0.9, 10, 0)).to.equal(0.9)
    const labels = Array.from({ length: 200 }, (_, at) => (at % 40 === 39 ? 0 : 1))
    const rows = scoredOf(
      labels,
      labels.map((_, at) => 1 - at / 1_000),
    )
    const bold = certainEnough(rows, { accuracyMin: 0.97 })
    const careful = certainEnough(rows, { accuracyMin: 0.97, standardErrors: 1 })
    expect(bold?.coverage).to.equal(1)
    expect(careful?.coverage).to.be.within(0.1, 0.9)
    expect(certainEnough(rows, { accuracyMin: 0.97, standardErrors: 3 })).to.equal(undefined)
  })

  it('a chance of one half is a 1, as at the threshold of an accuracy', () => {
    expect(coverageCurve(scoredOf([1, 0], [0.5, 0.5]))).to.deep.equal([
      { certainty: 0.5, low: 0.5, high: 0.5, coverage: 1, accuracy: 0.5, decided: 2 },
    ])
    expect(decisionOf(0.5, { low: 0.5, high: 0.5 })).to.equal(1)
  })

  it('one class only, and what is no chance', () => {
    expect(certainEnough(scoredOf([0, 0], [0.1, 0.2]), { accuracyMin: 1 })).to.include({
      coverage: 1,
      low: 0.2,
      high: 0.8,
    })
    expect(() => coverageCurve(scoredOf([0], [-1])))
      .to.throw()
      .with.property('code', 'LEARNING_SCORES')
    expect(() => certainEnough(six, { accuracyMin: NaN }))
      .to.throw()
      .with.property('code', 'LEARNING_SETTINGS')
  })
})
