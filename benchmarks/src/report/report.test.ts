import { expect } from 'chai'
import { figure, median, percentile, table } from './index.ts'

describe('Benchmark report', () => {
  it('takes the median of odd and even numbers of runs', () => {
    expect(median([3, 1, 2])).to.equal(2)
    expect(median([4, 1, 2, 3])).to.equal(2.5)
  })

  it('takes percentiles by nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, index) => index + 1)
    expect(percentile(values, 0.95)).to.equal(95)
    expect(percentile(values, 0.5)).to.equal(50)
    expect(percentile([7], 0.99)).to.equal(7)
  })

  it('names a peer that is missing instead of a number', () => {
    const text = table([figure('writes', 'tx/s', [10], { peer: 'Fabric' })])
    expect(text).to.contain('Fabric: not installed')
  })
})
