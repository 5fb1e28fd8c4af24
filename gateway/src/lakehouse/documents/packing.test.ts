import { expect } from 'chai'
import fc from 'fast-check'
import { packed, postingsIn } from './packing.ts'

const ascending = (numbers: readonly number[]): number[] =>
  [...new Set(numbers)].sort((a, b) => a - b)

const postings = fc
  .array(
    fc.record({
      document: fc.nat(2 ** 45),
      size: fc.nat(200_000),
      positions: fc.array(fc.nat(1_000_000), { minLength: 1 }).map(ascending),
    }),
    { maxLength: 20 },
  )
  .map(list =>
    ascending(list.map(({ document }) => document)).map((document, at) => ({
      document,
      size: list[at]?.size ?? 0,
      positions: list[at]?.positions ?? [0],
    })),
  )

describe('packed postings', () => {
  it('are the postings again', () => {
    fc.assert(
      fc.property(postings, list => {
        expect(postingsIn(packed(list), list.length)).to.deep.equal(list)
      }),
    )
  })

  it('one after the other are one list', () => {
    fc.assert(
      fc.property(postings, fc.nat(20), (list, at) => {
        const bytes = Buffer.concat([packed(list.slice(0, at)), packed(list.slice(at))])
        expect(postingsIn(bytes, list.length)).to.deep.equal(list)
      }),
    )
  })

  it('that are no postings end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(50), (bytes, count) => {
        expect(postingsIn(bytes, count).length).to.equal(count)
      }),
    )
  })
})
