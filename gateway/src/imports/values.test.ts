import { expect } from 'chai'
import fc from 'fast-check'
import { RowFault } from './advice.ts'
import {
  lineNetFen,
  parseBalanceFen,
  parseCreditCode,
  parseDay,
  parseFen,
  parseFenOrZero,
  parsePercentPpm,
  parsePriceMicro,
  parseQuantityMilli,
} from './values.ts'

function code(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof RowFault) return error.code
    throw error
  }
  return 'accepted'
}

describe('values of a file', () => {
  it('an amount is exact fen, whatever zeros are written behind it', () => {
    expect(parseFen('5863.00', 'x')).to.equal(586_300n)
    expect(parseFen(' 0.1 ', 'x')).to.equal(10n)
    expect(parseFen('12.340000', 'x')).to.equal(1_234n)
    expect(parseFenOrZero('0', 'x')).to.equal(0n)
    expect(parseBalanceFen('-3.50', 'x')).to.equal(-350n)
  })

  it('an amount survives a round trip through text, for every number of fen', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 14n }), fen => {
        const text = `${fen / 100n}.${String(fen % 100n).padStart(2, '0')}`
        expect(parseFen(text, 'x')).to.equal(fen)
      }),
    )
  })

  it('a negative, over-precise, zero, empty or malformed amount is refused by its own code', () => {
    expect(code(() => parseFen('-1.00', 'x'))).to.equal('AMOUNT_NEGATIVE')
    expect(code(() => parseFen('1.005', 'x'))).to.equal('AMOUNT_PRECISION')
    expect(code(() => parseFen('0.00', 'x'))).to.equal('AMOUNT_ZERO')
    expect(code(() => parseFen('', 'x'))).to.equal('VALUE_MISSING')
    for (const text of ['1,234.00', '1e3', '¥5', 'NaN', '0x10', '１２'])
      expect(code(() => parseFen(text, 'x'))).to.equal('AMOUNT_FORMAT')
    expect(code(() => parseFen('99999999999999.00', 'x'))).to.equal('AMOUNT_TOO_LARGE')
  })

  it('prices have six decimals, quantities three and a sign only on receipts', () => {
    expect(parsePriceMicro('186.25', 'x')).to.equal(186_250_000n)
    expect(code(() => parsePriceMicro('1.0000001', 'x'))).to.equal('PRICE_PRECISION')
    expect(parseQuantityMilli('1.5', 'x')).to.equal(1_500n)
    expect(code(() => parseQuantityMilli('-4', 'x'))).to.equal('QUANTITY_SIGN')
    expect(parseQuantityMilli('-4', 'x', { signed: true })).to.equal(-4_000n)
    expect(code(() => parseQuantityMilli('0', 'x'))).to.equal('QUANTITY_SIGN')
  })

  it('a day must exist', () => {
    expect(parseDay('2026-2-8', 'x')).to.equal('2026-02-08')
    expect(parseDay('2026/12/31', 'x')).to.equal('2026-12-31')
    for (const text of ['2026-02-30', '31.12.2026', '2026-13-01', 'yesterday'])
      expect(code(() => parseDay(text, 'x'))).to.equal('DATE_FORMAT')
  })

  it('a credit code with one wrong character is refused', () => {
    expect(parseCreditCode('91440304ma3476801a', 'x')).to.equal('91440304MA3476801A')
    expect(code(() => parseCreditCode('91440304MA3476801B', 'x'))).to.equal('USCC_CHECK')
    expect(code(() => parseCreditCode('9144030', 'x'))).to.equal('USCC_CHECK')
  })

  it('a rate is percent, and half a fen rounds up', () => {
    expect(parsePercentPpm('13', 'x')).to.equal(130_000n)
    expect(parsePercentPpm('0.5%', 'x')).to.equal(5_000n)
    expect(code(() => parsePercentPpm('thirteen', 'x'))).to.equal('RATE_FORMAT')
    expect(lineNetFen(1_000n, 5_000n)).to.equal(1n)
    expect(lineNetFen(1_000n, 4_999n)).to.equal(0n)
  })
})
