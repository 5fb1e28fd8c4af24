import { expect } from 'chai'
import fc from 'fast-check'
import { sha256 } from './block.ts'
import { RangeReads } from './range-reads.ts'
import { writeKeyRead, type KeyRead } from './rwset.ts'
import { Writer } from './wire.ts'

const readsOf = (count: number): KeyRead[] =>
  Array.from({ length: count }, (_, index) => ({
    key: `key${String(index).padStart(6, '0')}`,
    version: { block: 1, tx: index },
  }))

const summaryOf = (reads: readonly KeyRead[], degree: number): ReturnType<RangeReads['finish']> => {
  const collected = new RangeReads(degree)
  for (const read of reads) collected.add(read)
  return collected.finish()
}

const leaf = (reads: readonly KeyRead[]): Buffer => {
  const message = new Writer()
  for (const read of reads) message.element(1, writeKeyRead(read))
  return sha256(message.finish())
}

describe('the rows of a range in the read set', () => {
  it('stand raw up to the degree, and as hashes beyond it', () => {
    expect(summaryOf(readsOf(50), 50).reads).to.have.length(50)
    expect(summaryOf(readsOf(51), 50).reads).to.have.length(0)
    expect(summaryOf(readsOf(51), 50).merkle?.maxLevel).to.equal(1)
  })

  it('are summarised as Fabric does: leaves of degree + 1 rows, levels folded when too long', () => {
    // Degree 2: three rows to a leaf, three leaves to a node.
    const nine = readsOf(9)
    const leaves = [0, 3, 6].map(at => leaf(nine.slice(at, at + 3)))
    const nineRows = summaryOf(nine, 2).merkle
    expect(nineRows?.maxLevel).to.equal(2)
    expect(nineRows?.hashes).to.deep.equal([sha256(...leaves)])

    const eleven = readsOf(11)
    const rest = leaf(eleven.slice(9))
    const elevenRows = summaryOf(eleven, 2).merkle
    expect(elevenRows?.maxLevel).to.equal(2)
    expect(elevenRows?.hashes).to.deep.equal([sha256(...leaves), rest])
  })

  it('give another summary when any row differs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 52, max: 400 }), fc.nat(), (count, at) => {
        const reads = readsOf(count)
        const other = [...reads]
        other[at % count] = { key: reads[at % count]?.key ?? '', version: { block: 2, tx: 0 } }
        expect(summaryOf(reads, 50)).to.not.deep.equal(summaryOf(other, 50))
      }),
    )
  })
})
