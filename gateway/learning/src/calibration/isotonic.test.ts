import { expect } from 'chai'
import { brier } from '../metrics/loss.ts'
import type { Scored } from '../metrics/scored.ts'
import { createRandom } from '../random.ts'
import { anyRows, holds, repeated, scoredOf } from '../testing/scored.ts'
import { createCalibrator } from './calibrator.ts'
import { fitIsotonic } from './isotonic.ts'
import { parseCalibration } from './model.ts'

/** The formula of max and min: over all runs of rows that hold the chance. */
function byDefinition({ labels, scores }: Scored, chance: number): number {
  const different = [...new Set(scores)].sort((a, b) => a - b)
  const meanOf = (from: number, to: number): number => {
    const own = [...labels].filter((_, row) => {
      const score = scores[row] as number
      return score >= from && score <= to
    })
    return own.reduce((sum, label) => sum + label, 0) / own.length
  }
  const ends = different.filter(score => score >= chance)
  const leastOf = (from: number): number => Math.min(...ends.map(to => meanOf(from, to)))
  return Math.max(...different.filter(score => score <= chance).map(leastOf))
}

describe('isotonic regression', () => {
  it('what falls is pooled: 0, then one and zero to a half, then ones', () => {
    const model = fitIsotonic(scoredOf([0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.5]))
    expect(model).to.deep.equal({
      schema: 1,
      kind: 'ISOTONIC',
      at: [0.1, 0.2, 0.3, 0.4, 0.5],
      chances: [0, 0.5, 0.5, 1, 1],
    })
    const { apply } = createCalibrator(model)
    expect([0, 0.1, 0.25, 0.45, 0.9].map(apply)).to.deep.equal([0, 0, 0.5, 1, 1])
    expect(apply(0.15)).to.be.closeTo(0.25, 1e-12)
    expect(apply(0.35)).to.be.closeTo(0.75, 1e-12)
  })

  it('is what the formula of max and min says, weights and ties included', () =>
    holds(anyRows, rows => {
      const single = repeated(rows)
      const { apply } = createCalibrator(fitIsotonic(rows))
      for (const chance of new Set(single.scores))
        expect(apply(chance)).to.be.closeTo(byDefinition(single, chance), 1e-12)
    }))

  it('never falls and never leaves [0, 1], between the steps as well', () =>
    holds(anyRows, rows => {
      const { apply } = createCalibrator(fitIsotonic(rows))
      let before = 0
      for (let at = 0; at <= 200; at += 1) {
        const chance = apply(at / 200)
        expect(chance).to.be.within(before, 1)
        before = chance
      }
    }))

  it('keeps the mean, and no other chances in that order are closer to the rows', () =>
    holds(anyRows, rows => {
      const { apply } = createCalibrator(fitIsotonic(rows))
      const fitted = { ...rows, scores: rows.scores.map(apply) }
      const mean = (values: Float64Array): number =>
        values.reduce((sum, value, row) => sum + value * (rows.weights?.[row] ?? 0), 0)
      expect(mean(fitted.scores)).to.be.closeTo(mean(rows.labels), 1e-9)
      expect(brier(fitted)).to.be.at.most(brier(rows) + 1e-12)
      for (const power of [0.5, 2]) {
        const other = { ...rows, scores: rows.scores.map(chance => chance ** power) }
        expect(brier(fitted)).to.be.at.most(brier(other) + 1e-12)
      }
    }))

  it('mends chances that were distorted, on rows that it has not seen', () => {
    const random = createRandom(4)
    const truths = Float64Array.from({ length: 8_000 }, () => random.next())
    const labels = truths.map(truth => (random.next() < truth ? 1 : 0))
    const scores = truths.map(truth => truth ** 3)
    const part = (values: Float64Array, side: number) => values.filter((_, row) => row % 2 === side)
    const { apply } = createCalibrator(
      fitIsotonic({ labels: part(labels, 0), scores: part(scores, 0) }),
    )
    const held = { labels: part(labels, 1), scores: part(scores, 1) }
    const mended = brier({ ...held, scores: held.scores.map(apply) })
    const best = brier({ ...held, scores: part(truths, 1) })
    expect(brier(held)).to.be.above(best + 0.05)
    expect(mended).to.be.below(best + 0.005)
  })

  it('constant chances become the mean label; one class stays one class', () => {
    const constant = createCalibrator(fitIsotonic(scoredOf([0, 1, 0, 0], [0.5, 0.5, 0.5, 0.5])))
    expect([0, 0.5, 1].map(constant.apply)).to.deep.equal([0.25, 0.25, 0.25])
    const ones = createCalibrator(fitIsotonic(scoredOf([1, 1], [0.2, 0.9])))
    expect([0, 0.5, 1].map(ones.apply)).to.deep.equal([1, 1, 1])
  })

  it('is the same again from JSON', () =>
    holds(anyRows, rows => {
      const model = fitIsotonic(rows)
      expect(parseCalibration(JSON.parse(JSON.stringify(model)))).to.deep.equal(model)
    }))
})
