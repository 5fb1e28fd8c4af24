import { expect } from 'chai'
import { figure, isMet, median, percentile, table } from './index.ts'

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

  it('judges a figure by its target, and not where the peer is missing', () => {
    expect(isMet(figure('p95', 'ms', [90], { target: '<= 100' }))).to.equal('yes')
    expect(isMet(figure('p95', 'ms', [110], { target: '<= 100' }))).to.equal('no')
    expect(isMet(figure('p95', 'ms', [Number.NaN], { target: '<= 100' }))).to.equal('no')
    const faster = (peerRuns: number[]) =>
      isMet(figure('writes', 'tx/s', [30], { target: '>= 3x peer', peer: 'Fabric', peerRuns }))
    expect([faster([10]), faster([11]), faster([])]).to.deep.equal(['yes', 'no', ''])
    expect(isMet(figure('writes', 'tx/s', [30]))).to.equal('')
  })
})
