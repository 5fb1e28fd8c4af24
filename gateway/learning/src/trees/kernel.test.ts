import { expect } from 'chai'
import { createRandom } from '../random.ts'
import { COLUMN_WIDTH, createMemory, WORD_WIDTH } from './memory.ts'

describe('the loop over the rows of a leaf', () => {
  it('adds both numbers of each row to its four bins, as plain addition does', () => {
    const random = createRandom(5)
    const rowCount = 1_000
    const word = () => Uint32Array.from({ length: rowCount }, () => random.below(2 ** 32))
    const bins = { rowCount, words: [word(), word(), word()] }
    const own = [0, 2]
    const memory = createMemory(bins, own, 2)
    const gradients = Float64Array.from(
      { length: 2 * rowCount },
      () => random.below(2 ** 31) - 2 ** 30,
    )
    memory.order.set(Int32Array.from({ length: rowCount }, () => random.below(rowCount)))
    const leaf = memory.leaves[1]
    if (!leaf) throw new Error('no room for a leaf')
    const [begin, size] = [13, 700]
    memory.gather(gradients, begin, size)
    const expected = new Float64Array(leaf.numbers.length)
    own.forEach((ofTable, at) => {
      memory.add(at, leaf, begin, size)
      for (const row of memory.order.subarray(begin, begin + size))
        for (let column = 0; column < 4; column += 1) {
          const bin = ((bins.words[ofTable]?.[row] ?? 0) >>> (8 * column)) & 0xff
          const place = at * WORD_WIDTH + column * COLUMN_WIDTH + 2 * bin
          expected[place] = (expected[place] ?? 0) + (gradients[2 * row] ?? 0)
          expected[place + 1] = (expected[place + 1] ?? 0) + (gradients[2 * row + 1] ?? 0)
        }
    })
    expect(leaf.numbers).to.deep.equal(expected)
    const before = leaf.numbers.slice()
    memory.add(0, leaf, begin, 0)
    expect(leaf.numbers).to.deep.equal(before)
  })
})
