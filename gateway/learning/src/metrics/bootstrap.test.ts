import { expect } from 'chai'
import { createRandom } from '../random.ts'
import { bootstrapDifference, bootstrapInterval } from './bootstrap.ts'
import { accuracyAt } from './confusion.ts'
import { auc } from './ranking.ts'
import type { Scored } from './scored.ts'
import { scoredOf } from '../testing/scored.ts'

/** Scores that know something of the labels. */
function drawn(count: number, seed: number): Scored {
  const random = createRandom(seed)
  const labels = Float64Array.from({ length: count }, () => (random.next() < 0.4 ? 1 : 0))
  return { labels, scores: labels.map(label => (random.next() * 2 + label) / 3) }
}

const accuracy = (rows: Scored): number => accuracyAt(rows, 0.5)

describe('how a measure would have come out otherwise', () => {
  const rows = drawn(400, 11)

  it('an accuracy varies as a share does: by 1.96 standard errors', () => {
    const { value, low, high, resamples } = bootstrapInterval(rows, accuracy)
    const error = Math.sqrt((value * (1 - value)) / 400)
    expect(value).to.equal(accuracy(rows))
    expect(low).to.be.closeTo(value - 1.96 * error, 0.2 * error)
    expect(high).to.be.closeTo(value + 1.96 * error, 0.2 * error)
    expect(resamples).to.equal(1_000)
  })

  it('the interval holds the truth about as often as it says', () => {
    const truth = auc(drawn(100_000, 1)) as number
    let held = 0
    for (let seed = 100; seed < 200; seed += 1) {
      const { low, high } = bootstrapInterval(drawn(150, seed), auc, { resamples: 200, level: 0.9 })
      if (low <= truth && truth <= high) held += 1
    }
    expect(held).to.be.within(82, 98)
  })

  it('is the same for a seed, another for another', () => {
    const options = { resamples: 50, seed: 3 }
    expect(bootstrapInterval(rows, auc, options)).to.deep.equal(
      bootstrapInterval(rows, auc, options),
    )
    expect(bootstrapInterval(rows, auc, { ...options, seed: 4 }).low).to.not.equal(
      bootstrapInterval(rows, auc, options).low,
    )
  })

  it('copies of rows say nothing new where they are drawn as groups', () => {
    const copies = <T extends Float64Array>(values: T): Float64Array =>
      Float64Array.from({ length: 5 * values.length }, (_, at) => values[Math.floor(at / 5)] ?? 0)
    const many = { labels: copies(rows.labels), scores: copies(rows.scores) }
    const widthOf = ({ low, high }: { low: number; high: number }): number => high - low
    const once = widthOf(bootstrapInterval(rows, auc))
    const fooled = widthOf(bootstrapInterval(many, auc))
    const groups = Array.from({ length: 2_000 }, (_, at) => `twin ${Math.floor(at / 5)}`)
    const grouped = bootstrapInterval(many, auc, { groups })
    expect(fooled).to.be.below(0.6 * once)
    expect(widthOf(grouped)).to.be.within(0.9 * once, 1.1 * once)
    expect(grouped.value).to.be.closeTo(auc(rows) as number, 1e-12)
  })

  it('of two models the difference is surer than each', () => {
    const random = createRandom(2)
    const noisy = rows.scores.map(score => score + (random.next() - 0.5) * 0.4)
    const compared = { labels: rows.labels, one: rows.scores, other: noisy }
    const by = bootstrapDifference(compared, auc)
    const alone = bootstrapInterval(rows, auc)
    expect(by.value).to.equal(
      (auc(rows) as number) - (auc({ labels: rows.labels, scores: noisy }) as number),
    )
    expect(by.high - by.low).to.be.below(0.8 * (alone.high - alone.low))
    expect(by.low).to.be.above(0)
    expect(by.notLarger).to.be.below(0.025)
  })

  it('a model is no better than itself', () => {
    const same = { labels: rows.labels, one: rows.scores, other: rows.scores.slice() }
    const by = bootstrapDifference(same, auc, { resamples: 50 })
    expect(by).to.deep.equal({ value: 0, low: 0, high: 0, resamples: 50, notLarger: 0.5 })
  })

  it('draws that have one class only are left out and told', () => {
    const few = scoredOf([1, 0, 0, 0], [0.9, 0.1, 0.2, 0.3])
    const { resamples, low, high } = bootstrapInterval(few, auc)
    // (3/4)^4 of the draws have no 1, (1/4)^4 nothing else.
    expect(resamples).to.be.closeTo(1_000 * (1 - (3 / 4) ** 4 - (1 / 4) ** 4), 60)
    expect([low, high]).to.deep.equal([1, 1])
  })

  it('weights are kept', () => {
    const weighted = { ...rows, weights: rows.labels.map(label => 1 + 4 * label) }
    const { value, low, high } = bootstrapInterval(weighted, accuracy, { resamples: 100 })
    expect(value).to.equal(accuracy(weighted))
    expect(value).to.be.within(low, high)
    expect(value).to.not.equal(accuracy(rows))
    const isRight = rows.labels.map((label, row) =>
      (rows.scores[row] ?? 0) >= 0.5 ? label : 1 - label,
    )
    const right = bootstrapInterval({ ...rows, weights: isRight }, accuracy, { resamples: 100 })
    expect(right).to.include({ low: 1, high: 1 })
  })

  it('what cannot be told is refused', () => {
    const refused: [() => unknown, string][] = [
      [() => bootstrapInterval(scoredOf([1, 1], [0, 1]), auc), 'LEARNING_LABELS'],
      [() => bootstrapInterval(scoredOf([1, 0], [NaN, 1]), auc), 'LEARNING_SCORES'],
      [() => bootstrapInterval(rows, auc, { resamples: 0 }), 'LEARNING_SETTINGS'],
      [() => bootstrapInterval(rows, auc, { resamples: 9, level: 1 }), 'LEARNING_SETTINGS'],
      [() => bootstrapInterval(rows, auc, { groups: ['a'] }), 'LEARNING_ROWS'],
    ]
    for (const [act, code] of refused) expect(act).to.throw().with.property('code', code)
  })
})
