import { expect } from 'chai'
import fc from 'fast-check'
import { holds } from '../testing/scored.ts'
import { groupFolds, stratifiedFolds, type Split } from './folds.ts'

/** Every row is held back once, and learnt from in all other folds. */
function expectFolds(splits: readonly Split[], rowCount: number, folds: number): void {
  expect(splits).to.have.length(folds)
  const all = Array.from({ length: rowCount }, (_, row) => row)
  const sorted = (rows: Iterable<number>): number[] => [...rows].sort((a, b) => a - b)
  expect(sorted(splits.flatMap(({ held }) => [...held]))).to.deep.equal(all)
  for (const { learnt, held } of splits) {
    expect(held.length).to.be.above(0)
    expect(sorted([...learnt, ...held])).to.deep.equal(all)
  }
}

const numbers = (values: readonly number[]): Float64Array => Float64Array.from(values)

describe('folds that keep the shares of the labels', () => {
  const rows = fc.record({
    labels: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 5, maxLength: 60 }),
    folds: fc.integer({ min: 2, max: 5 }),
    seed: fc.nat(),
  })

  it('every row once; sizes, and rows of each label, differ by one at most', () =>
    holds(rows, ({ labels, folds, seed }) => {
      const splits = stratifiedFolds(numbers(labels), { folds, seed })
      expectFolds(splits, labels.length, folds)
      for (const label of [undefined, 0, 1, 2]) {
        const counts = splits.map(
          ({ held }) => held.filter(row => label === undefined || labels[row] === label).length,
        )
        expect(Math.max(...counts) - Math.min(...counts)).to.be.at.most(1)
      }
    }))

  it('a seed gives its folds again, another gives others', () => {
    const labels = Float64Array.from({ length: 50 }, (_, row) => row % 2)
    const of = (seed: number) => stratifiedFolds(labels, { folds: 5, seed })
    expect(of(3)).to.deep.equal(of(3))
    expect(of(3)).to.not.deep.equal(of(4))
  })

  it('more folds than rows, one fold, and a label that is NaN are refused', () => {
    const refused: [number[], number, string][] = [
      [[0, 1], 3, 'LEARNING_ROWS'],
      [[0, 1], 1, 'LEARNING_SETTINGS'],
      [[0, 1], 1.5, 'LEARNING_SETTINGS'],
      [[0, NaN], 2, 'LEARNING_LABELS'],
    ]
    for (const [labels, folds, code] of refused)
      expect(() => stratifiedFolds(numbers(labels), { folds }))
        .to.throw()
        .with.property('code', code)
  })
})

describe('folds that keep groups whole', () => {
  const rows = fc
    .record({
      groups: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 12, maxLength: 60 }),
      folds: fc.integer({ min: 2, max: 4 }),
      seed: fc.nat(),
    })
    .filter(({ groups, folds }) => new Set(groups).size >= folds)

  it('every row once, no group on both sides', () =>
    holds(rows, ({ groups, folds, seed }) => {
      const labels = numbers(groups.map((group, row) => (group + row) % 2))
      for (const options of [
        { folds, seed },
        { folds, seed, labels },
      ]) {
        const splits = groupFolds(groups, options)
        expectFolds(splits, groups.length, folds)
        for (const { learnt, held } of splits) {
          const known = new Set([...learnt].map(row => groups[row]))
          expect([...held].some(row => known.has(groups[row]))).to.equal(false)
        }
      }
    }))

  it('sizes differ by no more than the largest group', () =>
    holds(rows, ({ groups, folds, seed }) => {
      const sizes = groupFolds(groups, { folds, seed }).map(({ held }) => held.length)
      const largest = Math.max(...groups.map(one => groups.filter(group => group === one).length))
      expect(Math.max(...sizes) - Math.min(...sizes)).to.be.at.most(largest)
    }))

  it('the largest group is placed first, so that small ones fill up the rest', () => {
    for (let seed = 1; seed < 20; seed += 1) {
      const groups = ['a', 'b', 'c', ...Array<string>(6).fill('large'), 'd', 'e', 'f']
      const sizes = groupFolds(groups, { folds: 2, seed }).map(({ held }) => held.length)
      expect(sizes).to.deep.equal([6, 6])
    }
  })

  it('with labels their shares are close as well', () => {
    // A third of the groups has nearly all ones.
    const groups = Array.from({ length: 3_000 }, (_, row) => `firm ${row % 300}`)
    const labels = Float64Array.from(groups, (_, row) =>
      (row % 300) % 3 === 0 ? Number(row % 7 > 0) : Number(row % 11 === 0),
    )
    const all = labels.reduce((sum, label) => sum + label, 0) / labels.length
    for (const { held } of groupFolds(groups, { folds: 5, labels })) {
      const ones = [...held].filter(row => labels[row] === 1).length
      expect(held.length).to.be.within(580, 620)
      expect(ones / held.length).to.be.within(all - 0.01, all + 0.01)
    }
  })

  it('a seed gives its folds again, another gives others', () => {
    const groups = Array.from({ length: 60 }, (_, row) => row % 20)
    const of = (seed: number) => groupFolds(groups, { folds: 5, seed })
    expect(of(3)).to.deep.equal(of(3))
    expect(of(3)).to.not.deep.equal(of(4))
  })

  it('fewer groups than folds, or labels of another length, are refused', () => {
    for (const act of [
      () => groupFolds([1, 1, 2], { folds: 3 }),
      () => groupFolds([1, 2], { folds: 2, labels: numbers([1]) }),
    ])
      expect(act).to.throw().with.property('code', 'LEARNING_ROWS')
  })
})
