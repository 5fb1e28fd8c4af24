/**
 * The money of one invoice. Every function answers a balance whose parts add up to the gross amount:
 * gross = available + locked + certified + factored + credited + disputed + paid.
 */
import { amountFen } from './brand.ts'
import type { AmountFen } from './brand.ts'
import type { Invoice, RuleSet, ShortPayReason } from './documents.ts'
import { refuse } from './fault.ts'
import type { FaultCode } from './fault.ts'
import { shareFen } from './money.ts'
import type { Balance, Verdict } from './records.ts'

const PARTS = [
  'availableFen',
  'lockedFen',
  'certifiedFen',
  'factoredFen',
  'creditedFen',
  'disputedFen',
  'paidFen',
] as const
type Part = (typeof PARTS)[number]

/** Throws BALANCE_BROKEN where a part is negative or the parts are not the whole. */
export const checkedBalance = (balance: Balance): Balance => {
  const sum = PARTS.reduce((all, part) => all + balance[part], 0n)
  const sound =
    sum === balance.grossFen &&
    PARTS.every(part => balance[part] >= 0n) &&
    balance.confirmedFen <= balance.eligibleFen &&
    balance.eligibleFen <= balance.grossFen &&
    balance.lockedFen + balance.certifiedFen + balance.factoredFen <= balance.confirmedFen
  return sound ? balance : refuse('BALANCE_BROKEN')
}

type Move = { from: Part; to: Part; amountFen: AmountFen; lack: FaultCode }
const moved = (balance: Balance, { from, to, amountFen: amount, lack }: Move): Balance => {
  if (amount <= 0n) refuse('AMOUNT_NOT_POSITIVE')
  if (balance[from] < amount) refuse(lack)
  return checkedBalance({
    ...balance,
    [from]: balance[from] - amount,
    [to]: balance[to] + amount,
  })
}

const least = (a: bigint, b: bigint): AmountFen => amountFen(a < b ? a : b)
const atLeastZero = (value: bigint): AmountFen => amountFen(value < 0n ? 0n : value)

/** After a verdict: the eligible amount is free, the rest is disputed. Credits and payments stay. */
export const judgedBalance = (input: {
  invoice: Invoice
  verdict: Verdict
  /** min(invoiced, received x order price), tax included, before credits */
  acceptableFen: AmountFen
  creditedFen: AmountFen
  paidFen: AmountFen
}): Balance => {
  const { invoice, verdict, creditedFen, paidFen } = input
  const open = invoice.totalFen - creditedFen - paidFen
  const eligible = atLeastZero(input.acceptableFen - creditedFen)
  const available = least(atLeastZero(eligible - paidFen), open)
  return checkedBalance({
    buyer: invoice.buyer,
    seller: invoice.seller,
    currency: invoice.currency,
    payableOn: invoice.payableOn,
    grossFen: invoice.totalFen,
    eligibleFen: eligible,
    confirmedFen: amountFen(0n),
    availableFen: available,
    lockedFen: amountFen(0n),
    certifiedFen: amountFen(0n),
    factoredFen: amountFen(0n),
    creditedFen,
    disputedFen: amountFen(open - available),
    paidFen,
    verdict,
  })
}

/** The buyer confirms at most the eligible amount; what it does not confirm becomes disputed. */
export const confirmedBalance = (balance: Balance, confirmed: AmountFen): Balance => {
  if (confirmed > balance.eligibleFen) refuse('AMOUNT_EXCEEDS_ELIGIBLE')
  if (confirmed <= 0n) refuse('AMOUNT_NOT_POSITIVE')
  return contest(unconfirmed(balance), confirmed)
}

/** A maker may propose another amount before the checker confirms: the first one is undone. */
const unconfirmed = (balance: Balance): Balance => {
  if (balance.confirmedFen === 0n) return balance
  const contested = least(balance.eligibleFen - balance.confirmedFen, balance.disputedFen)
  return {
    ...balance,
    availableFen: amountFen(balance.availableFen + contested),
    disputedFen: amountFen(balance.disputedFen - contested),
  }
}

const contest = (balance: Balance, confirmed: AmountFen): Balance => {
  const contested = balance.eligibleFen - confirmed
  if (contested > balance.availableFen) refuse('AMOUNT_EXCEEDS_AVAILABLE')
  return checkedBalance({
    ...balance,
    confirmedFen: confirmed,
    availableFen: amountFen(balance.availableFen - contested),
    disputedFen: amountFen(balance.disputedFen + contested),
  })
}

export const locked = (balance: Balance, amount: AmountFen): Balance =>
  moved(balance, {
    from: 'availableFen',
    to: 'lockedFen',
    amountFen: amount,
    lack: 'AMOUNT_EXCEEDS_AVAILABLE',
  })
export const certified = (balance: Balance, amount: AmountFen): Balance =>
  moved(balance, {
    from: 'lockedFen',
    to: 'certifiedFen',
    amountFen: amount,
    lack: 'AMOUNT_EXCEEDS_AVAILABLE',
  })
export const unlocked = (balance: Balance, amount: AmountFen): Balance =>
  moved(balance, {
    from: 'lockedFen',
    to: 'availableFen',
    amountFen: amount,
    lack: 'AMOUNT_EXCEEDS_AVAILABLE',
  })
export const paid = (balance: Balance, amount: AmountFen): Balance =>
  moved(balance, {
    from: 'availableFen',
    to: 'paidFen',
    amountFen: amount,
    lack: 'AMOUNT_EXCEEDS_AVAILABLE',
  })

/** A credit note settles the disputed part first, then what is free; never what is certified. */
export const credited = (balance: Balance, amount: AmountFen): Balance => {
  const fromDisputed = least(amount, balance.disputedFen)
  const fromAvailable = amountFen(amount - fromDisputed)
  if (fromAvailable > balance.availableFen) refuse('CREDIT_EXCEEDS_AVAILABLE')
  const eligible = atLeastZero(balance.eligibleFen - fromAvailable)
  return checkedBalance({
    ...balance,
    disputedFen: amountFen(balance.disputedFen - fromDisputed),
    availableFen: amountFen(balance.availableFen - fromAvailable),
    creditedFen: amountFen(balance.creditedFen + amount),
    eligibleFen: eligible,
    confirmedFen: least(balance.confirmedFen, eligible),
  })
}

/** A short payment with a reason clears the rest within the limits; a dispute keeps it open as disputed. */
export const paidShort = (input: {
  balance: Balance
  amountFen: AmountFen
  reason: ShortPayReason
  rules: Pick<RuleSet, 'paymentShortPpm' | 'paymentShortFen'>
}): Balance => {
  const whole = input.balance.availableFen
  const after = paid(input.balance, input.amountFen)
  const rest = after.availableFen
  if (rest === 0n) return after
  if (input.reason === 'DISPUTE')
    return moved(after, {
      from: 'availableFen',
      to: 'disputedFen',
      amountFen: rest,
      lack: 'AMOUNT_EXCEEDS_AVAILABLE',
    })
  const { paymentShortPpm, paymentShortFen } = input.rules
  if (rest > paymentShortFen || rest > shareFen(whole, paymentShortPpm)) refuse('SHORT_PAY_REASON')
  return moved(after, {
    from: 'availableFen',
    to: 'creditedFen',
    amountFen: rest,
    lack: 'AMOUNT_EXCEEDS_AVAILABLE',
  })
}

/** The public sub-state that a balance means. */
export const isDischarged = (balance: Balance): boolean =>
  balance.availableFen + balance.lockedFen + balance.certifiedFen + balance.factoredFen === 0n &&
  balance.paidFen > 0n
