import { expect } from 'chai'
import { formatFen, formatFenShort } from './index.ts'

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
  })

  it('shortens to the unit of the reader', () => {
    expect(formatFenShort('1234567800', 'zh')).to.equal('1,234.5 万')
    expect(formatFenShort('1234567800', 'en')).to.equal('12.3 M')
    expect(formatFenShort('9900', 'en')).to.equal('99')
  })
})
