import { expect } from 'chai'
import { brier } from '../metrics/loss.ts'
import type { Scored } from '../metrics/scored.ts'
import { createRandom } from '../random.ts'
import { anyRows, holds, repeated, scoredOf } from '../testing/scored.ts'
import { createCalibrator } from './calibrator.ts'
import { parseCalibration } from './model.ts'
import { fitPlatt } from './platt.ts'

const logOdds = (chance: number): number => {
  const bounded = Math.min(1 - 1e-12, Math.max(1e-12, chance))
  return Math.log(bounded / (1 - bounded))
}

/** Of any curve, with Platt's targets. */
function lossOf({ labels, scores }: Scored, slope: number, intercept: number): number {
  const ones = labels.reduce((sum, label) => sum + label, 0)
  const zeros = labels.length - ones
  return [...labels].reduce((sum, label, row) => {
    const target = label === 1 ? (ones + 1) / (ones + 2) : 1 / (zeros + 2)
    const score = slope * logOdds(scores[row] as number) + intercept
    const chance = 1 / (1 + Math.exp(-score))
    const safe = Math.min(1 - 1e-15, Math.max(1e-15, chance))
    return sum - target * Math.log(safe) - (1 - target) * Math.log(1 - safe)
  }, 0)
}

describe('Platt scaling', () => {
  it('two chances, five rows each: 2/7 and 5/7, what Laplace expects', () => {
    const rows = scoredOf(
      [1, 0, 0, 0, 0, 1, 1, 1, 1, 0],
      [0.2, 0.2, 0.2, 0.2, 0.2, 0.8, 0.8, 0.8, 0.8, 0.8],
    )
    const model = fitPlatt(rows)
    const { apply } = createCalibrator(model)
    expect(apply(0.2)).to.be.closeTo(2 / 7, 1e-9)
    expect(apply(0.8)).to.be.closeTo(5 / 7, 1e-9)
    expect(model.slope).to.be.closeTo(Math.log(2.5) / Math.log(4), 1e-9)
    expect(model.intercept).to.be.closeTo(0, 1e-9)
  })

  it('no curve beside it that rises has a smaller loss', () =>
    holds(anyRows, rows => {
      const single = repeated(rows)
      const { slope, intercept } = fitPlatt(rows)
      const least = lossOf(single, slope, intercept)
      for (const bySlope of [-0.1, -0.001, 0, 0.001, 0.1])
        for (const by of [-0.1, -0.001, 0, 0.001, 0.1])
          if (slope + bySlope >= 0)
            expect(lossOf(single, slope + bySlope, intercept + by)).to.be.at.least(least - 1e-9)
    }))

  it('never falls and stays within [0, 1]', () =>
    holds(anyRows, rows => {
      const { apply } = createCalibrator(fitPlatt(rows))
      let before = 0
      for (let at = 0; at <= 200; at += 1) {
        const chance = apply(at / 200)
        expect(chance).to.be.within(before, 1)
        before = chance
      }
    }))

  it('mends chances that were too sure, on rows that it has not seen', () => {
    const random = createRandom(8)
    const scores = Float64Array.from({ length: 4_000 }, () => random.next())
    const truths = scores.map(score => 1 / (1 + Math.exp(-0.4 * logOdds(score) + 1)))
    const labels = truths.map(truth => (random.next() < truth ? 1 : 0))
    const part = (values: Float64Array, side: number) => values.filter((_, row) => row % 2 === side)
    const model = fitPlatt({ labels: part(labels, 0), scores: part(scores, 0) })
    expect(model.slope).to.be.closeTo(0.4, 0.1)
    expect(model.intercept).to.be.closeTo(-1, 0.15)
    const held = { labels: part(labels, 1), scores: part(scores, 1) }
    const mended = { ...held, scores: held.scores.map(createCalibrator(model).apply) }
    expect(brier(held)).to.be.above(brier(mended) + 0.05)
    expect(brier(mended)).to.be.below(brier({ ...held, scores: part(truths, 1) }) + 0.003)
  })

  it('rows that are parted entirely, and chances of 0 and 1, make no step', () => {
    const model = fitPlatt(scoredOf([0, 0, 1, 1], [0, 0, 1, 1]))
    const { apply } = createCalibrator(model)
    expect(apply(1)).to.be.closeTo(3 / 4, 1e-9)
    expect(apply(0)).to.be.closeTo(1 / 4, 1e-9)
  })

  it('constant chances become a constant, and so do those of a model that is worse than chance', () => {
    const constant = fitPlatt(scoredOf([0, 1, 0, 0], [0.3, 0.3, 0.3, 0.3]))
    expect(constant.slope).to.equal(0)
    for (const chance of [0, 0.1, 0.3, 0.7, 1])
      for (let count = 3; count < 40; count += 1) {
        const labels = Array.from({ length: count }, (_, row) => (row % 3) % 2)
        const same = scoredOf(
          labels,
          labels.map(() => chance),
        )
        expect(fitPlatt(same).slope).to.equal(0)
      }
    // Targets 1/5, 2/3, 1/5 and 1/5.
    expect(createCalibrator(constant).apply(0.9)).to.be.closeTo(19 / 60, 1e-9)
    expect(fitPlatt(scoredOf([1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9])).slope).to.equal(0)
    const zeros = createCalibrator(fitPlatt(scoredOf([0, 0, 0], [0.1, 0.5, 0.9])))
    expect(zeros.apply(0.5)).to.be.closeTo(1 / 5, 1e-9)
  })

  it('is the same again from JSON', () =>
    holds(anyRows, rows => {
      const model = fitPlatt(rows)
      const read = parseCalibration(JSON.parse(JSON.stringify(model)))
      expect(createCalibrator(read).apply(0.3)).to.equal(createCalibrator(model).apply(0.3))
    }))
})
