import { expect } from 'chai'
import fc from 'fast-check'
import type { Column } from '../table.ts'
import { holds } from '../testing/scored.ts'
import { binColumn, type Binning } from './binning.ts'
import { createEvidence } from './evidence.ts'
import { checkedSettings, type ScorecardSettings } from './settings.ts'

function binned(
  column: Column,
  rows: readonly (readonly [number, number])[],
  given: Partial<ScorecardSettings> = {},
): Binning & { woes: number[] } {
  const settings = checkedSettings(given)
  const labels = Float64Array.from(rows, ([, label]) => label)
  const ones = labels.reduce((sum, label) => sum + label, 0)
  const all = { rows: rows.length, ones, zeros: rows.length - ones }
  const evidence = createEvidence(all, settings.smoothing)
  const values = Float64Array.from(rows, ([value]) => value)
  const binning = binColumn(column, values, { labels }, { settings, evidence })
  return { ...binning, woes: binning.cells.map(evidence.woe) }
}

const number = (monotone?: 1 | -1): Column => ({
  name: 'number',
  kind: 'NUMBER',
  ...(monotone ? { monotone } : {}),
})
const category: Column = { name: 'category', kind: 'CATEGORY' }

/** So many rows of a value, so many of them ones. */
const rowsOf = (value: number, count: number, ones: number): [number, number][] =>
  Array.from({ length: count }, (_, at) => [value, at < ones ? 1 : 0])

const anyRows = fc
  .array(
    fc.tuple(
      fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constant(NaN)),
      fc.integer({ min: 0, max: 1 }),
    ),
    { minLength: 20, maxLength: 120 },
  )
  .filter(rows => new Set(rows.map(([, label]) => label)).size === 2)

describe('cutting a column into bins', () => {
  it('every row is in one bin; bins are few, and none but the last one standing is small', () =>
    holds(anyRows, rows => {
      const settings = { binsMax: 4, rowShareMin: 0.1 }
      for (const column of [number(), number(1), category]) {
        const { cells, missing, rare } = binned(column, rows, settings)
        const unknown = rows.filter(([value]) => Number.isNaN(value)).length
        expect(missing.rows).to.equal(unknown)
        const count = cells.reduce((sum, cell) => sum + cell.rows, 0)
        expect(count + missing.rows + rare.rows).to.equal(rows.length)
        expect(cells.length).to.be.at.most(4)
        if (cells.length > 1)
          for (const cell of cells) expect(cell.rows).to.be.at.least(rows.length / 10)
      }
    }))

  it('a monotone column has bins whose evidence rises, or falls, with the values', () =>
    holds(anyRows, rows => {
      for (const monotone of [1, -1] as const) {
        const few = { binsMax: 3, rowShareMin: 0.05, differenceMin: 0 }
        const { woes } = binned(number(monotone), rows, few)
        for (const [at, woe] of woes.entries())
          if (at > 0) expect(monotone * (woe - (woes[at - 1] ?? NaN))).to.be.above(0)
      }
    }))

  it('neighbours that differ by no more than chance become one: a step is found where it is', () => {
    const rows = Array.from({ length: 20 }, (_, value) => rowsOf(value, 50, value < 13 ? 5 : 30))
    const { edges, cells } = binned(number(), rows.flat())
    expect(edges).to.deep.equal([12.5])
    expect(cells).to.deep.equal([
      { rows: 650, ones: 65, zeros: 585 },
      { rows: 350, ones: 210, zeros: 140 },
    ])
  })

  it('what is out of order where it must rise is pooled', () => {
    const rows = [rowsOf(1, 100, 10), rowsOf(2, 100, 40), rowsOf(3, 100, 20), rowsOf(4, 100, 60)]
    expect(binned(number(), rows.flat()).edges).to.deep.equal([1.5, 2.5, 3.5])
    expect(binned(number(1), rows.flat()).edges).to.deep.equal([1.5, 3.5])
    expect(binned(number(-1), rows.flat()).edges).to.deep.equal([])
  })

  it('a bin that has grown past its small neighbour, which is drawn to zero more, is pooled too', () => {
    const counts = [
      ...[rowsOf(0, 4, 0), rowsOf(1, 55, 26), rowsOf(2, 1, 0), rowsOf(3, 1, 0)],
      ...[rowsOf(4, 1, 1), rowsOf(5, 52, 42), rowsOf(6, 54, 51), rowsOf(7, 2, 0)],
    ]
    const settings = { binsMax: 3, rowShareMin: 0, differenceMin: 0 }
    const { woes, cells } = binned(number(1), counts.flat(), settings)
    expect(woes).to.deep.equal(woes.toSorted((a, b) => a - b))
    expect(cells.map(({ rows }) => rows)).to.deep.equal([61, 109])
  })

  it('levels of like evidence share a bin, rare ones another, and what is missing a third', () => {
    const rows = [
      rowsOf(5, 100, 10),
      rowsOf(2, 100, 60),
      rowsOf(9, 100, 12),
      rowsOf(7, 2, 2),
      rowsOf(8, 3, 0),
      rowsOf(NaN, 10, 9),
    ]
    const { levels, cells, rare, missing } = binned(category, rows.flat(), { binsMax: 2 })
    expect(levels).to.deep.equal([[5, 9], [2]])
    expect(cells[0]).to.deep.equal({ rows: 200, ones: 22, zeros: 178 })
    expect(rare).to.deep.equal({ rows: 5, ones: 2, zeros: 3 })
    expect(missing).to.deep.equal({ rows: 10, ones: 9, zeros: 1 })
  })

  it('more levels than fine bins: those with fewest rows are rare', () => {
    const rows = [0, 1, 2, 3].map(level => rowsOf(level, 30 + level, 10))
    const { levels, rare } = binned(category, rows.flat(), { binsMax: 2, fineBins: 2 })
    expect(levels.flat().sort()).to.deep.equal([2, 3])
    expect(rare.rows).to.equal(61)
  })

  it('small bins are drawn to zero, and are never endless', () => {
    const evidence = createEvidence({ rows: 100, ones: 20, zeros: 80 }, 10)
    expect(evidence.woe({ rows: 0, ones: 0, zeros: 0 })).to.equal(0)
    expect(evidence.woe({ rows: 50, ones: 10, zeros: 40 })).to.be.closeTo(0, 1e-12)
    const [few, many] = [2, 20].map(ones => evidence.woe({ rows: ones, ones, zeros: 0 })) as [
      number,
      number,
    ]
    expect(few).to.be.within(0.1, 1)
    expect(many).to.be.within(1.5, 3)
    holds(fc.tuple(fc.nat(20), fc.nat(80)), ([ones, zeros]) => {
      expect(evidence.information({ rows: ones + zeros, ones, zeros })).to.be.at.least(0)
    })
  })

  it('a column of which nothing is known, and levels that are none', () => {
    const { cells, missing } = binned(number(1), [...rowsOf(NaN, 5, 2)])
    expect(cells).to.deep.equal([{ rows: 0, ones: 0, zeros: 0 }])
    expect(missing).to.deep.equal({ rows: 5, ones: 2, zeros: 3 })
    expect(binned(category, [...rowsOf(NaN, 5, 2)]).levels).to.deep.equal([])
    expect(() => binned(category, [...rowsOf(1.5, 5, 2)]))
      .to.throw()
      .with.property('code', 'LEARNING_COLUMNS')
  })
})
