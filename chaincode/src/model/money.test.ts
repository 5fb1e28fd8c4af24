import { expect } from 'chai'
import fc from 'fast-check'
import {
  advanceOf,
  allInRatePpm,
  amountFen,
  formatMoney,
  isFault,
  largestRemainder,
  lateInterestFen,
  lineNetFen,
  localDate,
  parseMoney,
  priceMicro,
  priceOf,
  quantityMilli,
  ratePpm,
  roundHalfUp,
} from './index.ts'

const N = amountFen(100_000_000n)
const pricing = {
  faceFen: N,
  ratePpm: ratePpm(36_500n),
  days: 182,
  feesFen: amountFen(0n),
} as const
const property = (check: fc.IRawProperty<unknown, false>): void =>
  fc.assert(check, { seed: 20_261_124, numRuns: 500 })

describe('money', () => {
  it('straight discount, actual/360: 1,845,278', () => {
    const price = priceOf({ ...pricing, basis: 360, method: 'STRAIGHT' })
    expect(price.discountFen).to.equal(1_845_278n)
    expect(price.netFen).to.equal(98_154_722n)
  })

  it('straight discount, actual/365: 1,820,000', () => {
    const price = priceOf({ ...pricing, basis: 365, method: 'STRAIGHT' })
    expect(price.discountFen).to.equal(1_820_000n)
  })

  it('discount to yield, actual/360: net 98,188,156', () => {
    const price = priceOf({ ...pricing, basis: 360, method: 'TO_YIELD' })
    expect(price.netFen).to.equal(98_188_156n)
  })

  it('three children share the discount to the fen: 615,093 / 615,092 / 615,093', () => {
    const shares = largestRemainder(amountFen(1_845_278n), [
      { id: 'a', weight: 33_333_333n },
      { id: 'b', weight: 33_333_333n },
      { id: 'c', weight: 33_333_334n },
    ])
    expect([...shares.values()]).to.deep.equal([615_093n, 615_092n, 615_093n])
  })

  it('ten days late at 500 ppm a day: 500,000', () => {
    expect(lateInterestFen(N, ratePpm(500n), 10)).to.equal(500_000n)
  })

  it('a 90 % advance is 90,000,000 with interest 1,660,750', () => {
    const advance = advanceOf({ ...pricing, ratio: ratePpm(900_000n), basis: 360 })
    expect(advance).to.deep.equal({ advanceFen: 90_000_000n, interestFen: 1_660_750n })
  })

  it('the all-in yearly rate of a straight discount is above its nominal rate', () => {
    const rate = allInRatePpm({
      faceFen: N,
      netFen: amountFen(98_154_722n),
      valueOn: localDate('2026-01-01'),
      dueOn: localDate('2026-07-02'),
    })
    expect(rate).to.equal(37_703n)
  })

  it('discount + fees + net = face for every rate, term, basis and method', () =>
    property(
      fc.property(
        fc.bigInt(1_000n, 10n ** 13n),
        fc.bigInt(0n, 240_000n),
        fc.integer({ min: 1, max: 366 }),
        fc.constantFrom(360 as const, 365 as const),
        fc.constantFrom('STRAIGHT' as const, 'TO_YIELD' as const),
        (face, rate, days, basis, method) => {
          const price = priceOf({
            faceFen: amountFen(face),
            ratePpm: ratePpm(rate),
            days,
            basis,
            method,
            feesFen: amountFen(face / 1_000n),
          })
          expect(price.discountFen + price.feesFen + price.netFen).to.equal(face)
          expect(price.discountFen >= 0n).to.equal(true)
        },
      ) as never,
    ))

  it('shares of any total add up to it, and none differs from its quota by a fen or more', () =>
    property(
      fc.property(
        fc.bigInt(0n, 10n ** 12n),
        fc.array(fc.bigInt(1n, 10n ** 10n), { minLength: 1, maxLength: 30 }),
        (total, weights) => {
          const sum = weights.reduce((all, weight) => all + weight, 0n)
          const parts = weights.map((weight, index) => ({ id: `p${index}`, weight }))
          const shares = largestRemainder(amountFen(total), parts)
          expect([...shares.values()].reduce((all, share) => all + share, 0n)).to.equal(total)
          for (const { id, weight } of parts) {
            const gap = (shares.get(id) as bigint) * sum - total * weight
            expect(gap > -sum && gap < sum).to.equal(true)
          }
        },
      ) as never,
    ))

  it('rounds half away from zero, so a return mirrors a sale', () => {
    expect(roundHalfUp(5n, 10n)).to.equal(1n)
    expect(roundHalfUp(-5n, 10n)).to.equal(-1n)
    expect(roundHalfUp(4n, 10n)).to.equal(0n)
    const sale = lineNetFen(quantityMilli(1_005n), priceMicro(1_000_000n))
    const back = lineNetFen(quantityMilli(-1_005n), priceMicro(1_000_000n))
    expect(sale).to.equal(101n)
    expect(back).to.equal(-101n)
  })

  it('reads and prints an amount without loss, and refuses more decimals than the currency has', () => {
    property(
      fc.property(fc.bigInt(-(10n ** 15n), 10n ** 15n), value => {
        const amount = amountFen(value)
        expect(parseMoney(formatMoney(amount, 'CNY'), 'CNY')).to.equal(value)
      }) as never,
    )
    for (const bad of ['1.234', '', '1e5', '0x10', ' 1', '1,000.00', 'NaN', '01', '.5', '--1'])
      expect(() => parseMoney(bad, 'CNY'), bad).to.throw('REQUEST_MALFORMED')
  })

  it('refuses a price that would pay out nothing', () => {
    try {
      priceOf({ ...pricing, basis: 360, method: 'STRAIGHT', ratePpm: ratePpm(3_000_000n) })
      expect.fail('accepted')
    } catch (error) {
      expect(isFault(error, 'PRICE_MISMATCH')).to.equal(true)
    }
  })
})
