import { expect } from 'chai'
import fc from 'fast-check'
import { binOf, cutTable, type Cut } from './bins.ts'

const cut = (values: number[], options: Partial<Parameters<typeof cutTable>[1]> = {}): Cut => {
  const table = {
    columns: [{ name: 'x', kind: 'NUMBER' as const }],
    values: [Float64Array.from(values)],
    rowCount: values.length,
  }
  return cutTable(table, { binsMax: 254, rowsMin: 1, seed: 1, ...options })[0] as Cut
}

describe('the bins of a column', () => {
  it('keep the order of numbers, have what is missing in bin 0, and no more than are allowed', () => {
    const number = fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: -5, max: 5 }))
    fc.assert(
      fc.property(
        fc.array(number, { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 2, max: 254 }),
        fc.integer({ min: 1, max: 20 }),
        (values, binsMax, rowsMin) => {
          const made = cut(values, { binsMax, rowsMin })
          expect(made.binCount).to.be.within(2, binsMax + 1)
          expect(binOf(made, NaN)).to.equal(0)
          const sorted = [...values].sort((a, b) => a - b)
          const bins = sorted.map(value => binOf(made, value))
          bins.forEach((bin, at) => {
            expect(bin).to.be.within(1, made.binCount - 1)
            expect(bin).to.be.at.least(bins[at - 1] ?? 1)
          })
        },
      ),
    )
  })

  it('tell every value apart where there are few', () => {
    const made = cut([3, 1, 2, 2, 5])
    expect([1, 2, 3, 5].map(value => binOf(made, value))).to.deep.equal([1, 2, 3, 4])
    expect([...made.edges]).to.deep.equal([1.5, 2.5, 4])
  })

  it('hold about as many rows each, and give a value that many have one of its own', () => {
    const values = Array.from({ length: 10_000 }, (_, at) => (at % 2 === 0 ? 0 : at))
    const made = cut(values, { binsMax: 50 })
    const counts = new Map<number, number>()
    for (const value of values) {
      const bin = binOf(made, value)
      counts.set(bin, (counts.get(bin) ?? 0) + 1)
    }
    expect(counts.get(binOf(made, 0))).to.equal(5_000)
    const others = [...counts].filter(([bin]) => bin !== binOf(made, 0)).map(([, count]) => count)
    expect(others.length).to.be.within(40, 50)
    expect(Math.max(...others)).to.be.below(250)
  })

  it('are those levels of a category that enough rows have; the others are as good as missing', () => {
    const table = {
      columns: [{ name: 'c', kind: 'CATEGORY' as const }],
      values: [Float64Array.from([7, 7, 7, 3, 3, 9])],
      rowCount: 6,
    }
    const [made] = cutTable(table, { binsMax: 254, rowsMin: 2, seed: 1 })
    expect([3, 7, 9, 4, NaN].map(level => binOf(made as Cut, level))).to.deep.equal([1, 2, 0, 0, 0])
  })

  it('are not made of levels that are no whole numbers', () => {
    const table = {
      columns: [{ name: 'c', kind: 'CATEGORY' as const }],
      values: [Float64Array.from([1.5])],
      rowCount: 1,
    }
    expect(() => cutTable(table, { binsMax: 4, rowsMin: 1, seed: 1 })).to.throw('LEARNING_COLUMNS')
  })
})
