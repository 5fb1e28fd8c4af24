import { expect } from 'chai'
import { daysBetween, formatFen, formatFenShort, formatId, formatShare } from './index.ts'

describe('Formatting of money', () => {
  it('shows fen as yuan with separators, to the last fen', () => {
    expect(formatFen('0')).to.equal('0.00')
    expect(formatFen('5')).to.equal('0.05')
    expect(formatFen('1234567')).to.equal('12,345.67')
    expect(formatFen('-100')).to.equal('−1.00')
    expect(formatFen('99999999999999999999')).to.equal('999,999,999,999,999,999.99')
  })

  it('shows a dash for what is not known, never a zero', () => {
    expect(formatFen(undefined)).to.equal('—')
    expect(formatFen('1.5')).to.equal('—')
    expect(formatShare(1n, 0n)).to.equal('—')
  })

  it('shortens to the unit of the reader, rounded half up', () => {
    expect(formatFenShort('1234567800', 'zh')).to.equal('1,234.6 万')
    expect(formatFenShort('1234567800', 'en')).to.equal('12.35 M')
    expect(formatFenShort('123456780000', 'zh')).to.equal('12.35 亿')
    expect(formatFenShort('123456780000', 'en')).to.equal('1.23 bn')
    expect(formatFenShort('-1234567', 'en')).to.equal('−12.3 k')
    expect(formatFenShort('9900', 'en')).to.equal('99')
    expect(formatFenShort('999949', 'zh')).to.equal('9,999')
    expect(formatFenShort('0', 'zh')).to.equal('0')
  })
})

describe('Formatting of shares and days', () => {
  it('calls only the whole 100 % and only nothing 0 %', () => {
    expect(formatShare(58n, 61n)).to.equal('95.1 %')
    expect(formatShare(99_999n, 100_000n)).to.equal('99.9 %')
    expect(formatShare(1n, 100_000n)).to.equal('0.1 %')
    expect(formatShare(61n, 61n)).to.equal('100.0 %')
    expect(formatShare(0n, 61n)).to.equal('0.0 %')
    expect(formatShare(105n, 100n)).to.equal('105.0 %')
  })

  it('counts calendar days, over the end of a month and backwards', () => {
    expect(daysBetween('2026-12-28', '2026-12-28')).to.equal(0)
    expect(daysBetween('2026-12-28', '2027-01-19')).to.equal(22)
    expect(daysBetween('2026-03-01', '2026-02-28')).to.equal(-1)
  })

  it('shortens long identifiers only', () => {
    expect(formatId('c040f17496870759f7188f671f080cad')).to.equal('c040f17496…')
    expect(formatId('04823625')).to.equal('04823625')
  })
})
