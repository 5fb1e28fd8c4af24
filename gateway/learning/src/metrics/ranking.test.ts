import { expect } from 'chai'
import { auc, gini, ks } from './ranking.ts'
import { anyRows, holds, repeated, scoredOf } from '../testing/scored.ts'
import type { Scored } from './scored.ts'

/** Every pair of a 1 and a 0 by itself. */
function aucByPairs({ labels, scores }: Scored): number | undefined {
  let [won, pairs] = [0, 0]
  labels.forEach((one, a) =>
    labels.forEach((other, b) => {
      if (one !== 1 || other !== 0) return
      const by = (scores[a] as number) - (scores[b] as number)
      won += by > 0 ? 1 : by === 0 ? 0.5 : 0
      pairs += 1
    }),
  )
  return pairs > 0 ? won / pairs : undefined
}

/** Every score as a threshold by itself. */
function ksByThresholds({ labels, scores }: Scored): number | undefined {
  const reached = (label: number, threshold: number): number => {
    const own = [...scores].filter((_, at) => labels[at] === label)
    return own.filter(score => score <= threshold).length / own.length
  }
  const all = [...scores].map(score => Math.abs(reached(1, score) - reached(0, score)))
  return all.some(Number.isNaN) ? undefined : Math.max(...all)
}

describe('how well scores part ones from zeros', () => {
  const four = scoredOf([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])

  it('three of four pairs are in order: AUC 0.75, Gini 0.5, KS 0.5', () => {
    expect(auc(four)).to.equal(0.75)
    expect(gini(four)).to.equal(0.5)
    expect(ks(four)).to.equal(0.5)
  })

  it('perfect, reversed and all alike', () => {
    expect(auc(scoredOf([0, 0, 1], [1, 2, 3]))).to.equal(1)
    expect(auc(scoredOf([1, 1, 0], [1, 2, 3]))).to.equal(0)
    expect(ks(scoredOf([1, 1, 0], [1, 2, 3]))).to.equal(1)
    expect(auc(scoredOf([1, 0, 0], [7, 7, 7]))).to.equal(0.5)
    expect(ks(scoredOf([1, 0, 0], [7, 7, 7]))).to.equal(0)
  })

  it('are as counted pair by pair and threshold by threshold, ties and weights included', () =>
    holds(anyRows, rows => {
      const single = repeated(rows)
      for (const [measured, counted] of [
        [auc(rows), aucByPairs(single)],
        [ks(rows), ksByThresholds(single)],
      ])
        if (counted === undefined) expect(measured).to.equal(undefined)
        else expect(measured).to.be.closeTo(counted, 1e-12)
    }))

  it('do not change where scores are stretched but stay in order', () =>
    holds(anyRows, rows => {
      const stretched = { ...rows, scores: rows.scores.map(score => score ** 3 - 5) }
      expect(auc(stretched)).to.equal(auc(rows))
      expect(ks(stretched)).to.equal(ks(rows))
    }))

  it('are undefined where all labels that count are alike', () => {
    expect(auc(scoredOf([1, 1], [0.1, 0.2]))).to.equal(undefined)
    expect(gini(scoredOf([0], [0.1]))).to.equal(undefined)
    expect(ks(scoredOf([0, 1], [0.1, 0.2], [1, 0]))).to.equal(undefined)
  })

  it('rows that nothing can be told of are refused', () => {
    const faults: [Scored, string][] = [
      [scoredOf([], []), 'LEARNING_ROWS'],
      [scoredOf([0, 1], [1]), 'LEARNING_ROWS'],
      [scoredOf([0, 1], [1, 2], [1]), 'LEARNING_ROWS'],
      [scoredOf([0, 0.5], [1, 2]), 'LEARNING_LABELS'],
      [scoredOf([0, NaN], [1, 2]), 'LEARNING_LABELS'],
      [scoredOf([0, 1], [1, NaN]), 'LEARNING_SCORES'],
      [scoredOf([0, 1], [1, Infinity]), 'LEARNING_SCORES'],
      [scoredOf([0, 1], [1, 2], [3, -1]), 'LEARNING_LABELS'],
      [scoredOf([0, 1], [1, 2], [1, NaN]), 'LEARNING_LABELS'],
      [scoredOf([0, 1], [1, 2], [1, Infinity]), 'LEARNING_LABELS'],
      [scoredOf([0, 1], [1, 2], [0, 0]), 'LEARNING_LABELS'],
    ]
    for (const [rows, code] of faults)
      for (const measure of [auc, ks])
        expect(() => measure(rows))
          .to.throw()
          .with.property('code', code)
  })
})
