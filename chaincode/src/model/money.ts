/** Money in bigint minor units, rates in parts per million. Rounding is half up, once, where it is named. */
import type { AmountFen, LocalDate, PriceMicro, QuantityMilli, RatePpm } from './brand.ts'
import { amountFen } from './brand.ts'
import { daysBetween } from './dates.ts'
import type { Currency } from './documents.ts'
import { refuse } from './fault.ts'
import type { DayBasis, PricingMethod } from './records.ts'

const MINOR_DIGITS = { CNY: 2 } as const satisfies Record<Currency, number>
const PPM = 1_000_000n
/** Order quantity (10^-3) x price (10^-6 yuan) to fen (10^-2 yuan). */
const LINE_SCALE = 10_000_000n

/** Half away from zero, so that a return is the mirror of a sale. The denominator is positive. */
export const roundHalfUp = (numerator: bigint, denominator: bigint): bigint => {
  const sign = numerator < 0n ? -1n : 1n
  const magnitude = numerator * sign
  return sign * ((2n * magnitude + denominator) / (2n * denominator))
}

const AMOUNT_TEXT = /^-?(0|[1-9]\d{0,14})(\.\d+)?$/
/** `1234.5` CNY is 123450 fen. More decimals than the currency has are refused, not rounded. */
export const parseMoney = (source: string, currency: Currency): AmountFen => {
  const digits = MINOR_DIGITS[currency]
  const [whole = '', fraction = ''] = source.replace('-', '').split('.')
  if (!AMOUNT_TEXT.test(source) || fraction.length > digits)
    return refuse('REQUEST_MALFORMED', { expected: `amount with at most ${digits} decimals` })
  const magnitude = BigInt(whole + fraction.padEnd(digits, '0'))
  return amountFen(source.startsWith('-') ? -magnitude : magnitude)
}

/** `123450` fen is `1234.50`; a plain decimal text for files and tables, without grouping. */
export const formatMoney = (amount: AmountFen, currency: Currency): string => {
  const digits = MINOR_DIGITS[currency]
  const text = (amount < 0n ? -amount : amount).toString().padStart(digits + 1, '0')
  return `${amount < 0n ? '-' : ''}${text.slice(0, -digits)}.${text.slice(-digits)}`
}

/** Net value of a line: quantity x price, half up to the fen. */
export const lineNetFen = (quantity: QuantityMilli, price: PriceMicro): AmountFen =>
  amountFen(roundHalfUp(quantity * price, LINE_SCALE))

/** A share of an amount, for example tax or an advance. */
export const shareFen = (amount: AmountFen, ratio: RatePpm): AmountFen =>
  amountFen(roundHalfUp(amount * ratio, PPM))

/** Late interest: face x rate per day x days. */
export const lateInterestFen = (face: AmountFen, perDay: RatePpm, days: number): AmountFen =>
  amountFen(roundHalfUp(face * perDay * BigInt(days), PPM))

export type Pricing = {
  faceFen: AmountFen
  ratePpm: RatePpm
  days: number
  basis: DayBasis
  method: PricingMethod
  feesFen: AmountFen
}
export type Price = { discountFen: AmountFen; feesFen: AmountFen; netFen: AmountFen }

/** discount + fees + net = face, to the fen: one of them is rounded, the others are differences. */
export const priceOf = ({ faceFen, ratePpm, days, basis, method, feesFen }: Pricing): Price => {
  const year = BigInt(basis) * PPM
  const accrued = ratePpm * BigInt(days)
  const discount =
    method === 'STRAIGHT'
      ? roundHalfUp(faceFen * accrued, year)
      : faceFen - roundHalfUp(faceFen * year, year + accrued)
  const net = faceFen - discount - feesFen
  if (days <= 0 || net <= 0n) refuse('PRICE_MISMATCH', { why: 'nothing would be paid out' })
  return { discountFen: amountFen(discount), feesFen, netFen: amountFen(net) }
}

/** Interest for an advance: ratio of the face, from pay-out to collection. */
export const advanceOf = (input: {
  faceFen: AmountFen
  ratio: RatePpm
  ratePpm: RatePpm
  days: number
  basis: DayBasis
}): { advanceFen: AmountFen; interestFen: AmountFen } => {
  const advance = shareFen(input.faceFen, input.ratio)
  const interest = roundHalfUp(
    advance * input.ratePpm * BigInt(input.days),
    BigInt(input.basis) * PPM,
  )
  return { advanceFen: advance, interestFen: amountFen(interest) }
}

/** All-in yearly cost of the money received, actual/365, in parts per million. */
export const allInRatePpm = (input: {
  faceFen: AmountFen
  netFen: AmountFen
  valueOn: LocalDate
  dueOn: LocalDate
}): RatePpm => {
  const days = BigInt(daysBetween(input.valueOn, input.dueOn))
  return roundHalfUp((input.faceFen - input.netFen) * 365n * PPM, input.netFen * days) as RatePpm
}

/**
 * Splits a total in proportion to weights without losing a fen: floors first, then one fen each to the
 * largest remainders, ties by id.
 */
export const largestRemainder = (
  total: AmountFen,
  parts: readonly { id: string; weight: bigint }[],
): Map<string, AmountFen> => {
  const sum = parts.reduce((all, { weight }) => all + weight, 0n)
  if (sum <= 0n || total < 0n) refuse('AMOUNT_NOT_POSITIVE')
  const shares = parts.map(({ id, weight }) => ({
    id,
    floor: (total * weight) / sum,
    rest: (total * weight) % sum,
  }))
  let left = total - shares.reduce((all, { floor }) => all + floor, 0n)
  const order = [...shares].sort((a, b) =>
    a.rest === b.rest ? (a.id < b.id ? -1 : 1) : a.rest > b.rest ? -1 : 1,
  )
  const result = new Map(shares.map(({ id, floor }) => [id, floor]))
  for (const { id } of order) {
    if (left === 0n) break
    result.set(id, (result.get(id) as bigint) + 1n)
    left -= 1n
  }
  return result as Map<string, AmountFen>
}
