import { isCreditCode } from '@triflow/chaincode/model'
import { RowFault, type ImportCode } from './advice.ts'

/** Text of a file as exact values. No float is ever made of an amount. */

const DECIMAL = /^([+-]?)(\d{1,15})(?:\.(\d{1,12}))?$/
const FEN_MAX = 10n ** 15n

interface Scale {
  readonly digits: number
  readonly tooFine: ImportCode
  readonly signed?: boolean
  readonly zero?: boolean
  readonly sign: ImportCode
  readonly field: string
}

function scaled(text: string, scale: Scale): bigint {
  const { field } = scale
  const match = DECIMAL.exec(text.trim())
  if (!match) throw new RowFault(text.trim() === '' ? 'VALUE_MISSING' : 'AMOUNT_FORMAT', { field })
  const [, sign, whole = '', fraction = ''] = match
  const significant = fraction.replace(/0+$/, '')
  if (significant.length > scale.digits) throw new RowFault(scale.tooFine, { field })
  const magnitude = BigInt(whole + significant.padEnd(scale.digits, '0'))
  requireRange(sign === '-' ? -magnitude : magnitude, scale)
  return sign === '-' ? -magnitude : magnitude
}

function requireRange(value: bigint, scale: Scale): void {
  const { field } = scale
  if (value < 0n && !scale.signed) throw new RowFault(scale.sign, { field })
  if (value === 0n && !scale.zero)
    throw new RowFault(scale.sign === 'QUANTITY_SIGN' ? 'QUANTITY_SIGN' : 'AMOUNT_ZERO', { field })
  if (value > FEN_MAX || value < -FEN_MAX) throw new RowFault('AMOUNT_TOO_LARGE', { field })
}

/** Yuan with at most two decimals, above zero. */
export function parseFen(text: string, field: string): bigint {
  return scaled(text, { digits: 2, tooFine: 'AMOUNT_PRECISION', sign: 'AMOUNT_NEGATIVE', field })
}

/** Yuan with at most two decimals, zero allowed (a tax amount). */
export function parseFenOrZero(text: string, field: string): bigint {
  return scaled(text, {
    digits: 2,
    tooFine: 'AMOUNT_PRECISION',
    sign: 'AMOUNT_NEGATIVE',
    zero: true,
    field,
  })
}

/** A balance may be negative: an overdraft. */
export function parseBalanceFen(text: string, field: string): bigint {
  return scaled(text, {
    digits: 2,
    tooFine: 'AMOUNT_PRECISION',
    sign: 'AMOUNT_NEGATIVE',
    zero: true,
    signed: true,
    field,
  })
}

export function parsePriceMicro(text: string, field: string): bigint {
  return scaled(text, { digits: 6, tooFine: 'PRICE_PRECISION', sign: 'AMOUNT_NEGATIVE', field })
}

export function parseQuantityMilli(
  text: string,
  field: string,
  options: { signed?: boolean } = {},
): bigint {
  return scaled(text, {
    digits: 3,
    tooFine: 'QUANTITY_PRECISION',
    sign: 'QUANTITY_SIGN',
    signed: options.signed ?? false,
    field,
  })
}

/** A tax rate in percent, up to four decimals, as parts per million. */
export function parsePercentPpm(text: string, field: string): bigint {
  const match = /^(\d{1,2})(?:\.(\d{1,4}))?%?$/.exec(text.trim())
  if (!match) throw new RowFault(text.trim() === '' ? 'VALUE_MISSING' : 'RATE_FORMAT', { field })
  return BigInt(`${match[1]}${(match[2] ?? '').padEnd(4, '0')}`)
}

const DAY = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/

/** `2026-03-31`, also `2026/3/31` as spreadsheets write it; a day that does not exist is refused. */
export function parseDay(text: string, field: string): string {
  const match = DAY.exec(text.trim())
  if (!match) throw new RowFault(text.trim() === '' ? 'VALUE_MISSING' : 'DATE_FORMAT', { field })
  const [, year = '', month = '', day = ''] = match
  // No document of a member is older, and a database knows no year 0.
  if (Number(year) < 1900) throw new RowFault('DATE_FORMAT', { field })
  const iso = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  const at = new Date(`${iso}T00:00:00Z`)
  if (Number.isNaN(at.getTime()) || at.toISOString().slice(0, 10) !== iso)
    throw new RowFault('DATE_FORMAT', { field })
  return iso
}

export function parseCreditCode(text: string, field: string): string {
  const code = text.trim().toUpperCase()
  if (code === '') throw new RowFault('VALUE_MISSING', { field })
  if (!isCreditCode(code)) throw new RowFault('USCC_CHECK', { field })
  return code
}

// Control characters would be refused by the ledger and have no place in a number or a name.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g

export function parseText(text: string, field: string, max: number): string {
  const value = optionalText(text, field, max)
  if (value === '') throw new RowFault('VALUE_MISSING', { field })
  return value
}

export function optionalText(text: string | undefined, field: string, max: number): string {
  const value = (text ?? '').replace(CONTROLS, ' ').trim().normalize('NFC')
  if (value.length > max) throw new RowFault('VALUE_TOO_LONG', { field })
  return value
}

/** Text of a file as it may be shown and stored whatever stands in it. */
export function plain(text: string, max: number): string {
  return text.slice(0, max).replace(CONTROLS, '\ufffd').toWellFormed()
}

export function requireCny(text: string, field: string): void {
  const code = text.trim().toUpperCase()
  if (code !== '' && code !== 'CNY' && code !== 'RMB')
    throw new RowFault('CURRENCY_UNSUPPORTED', { field })
}

/** Half up; the operands are never negative where this is used. */
export function roundedDivision(numerator: bigint, denominator: bigint): bigint {
  return (2n * numerator + denominator) / (2n * denominator)
}

/** Net value of a line in fen: thousandths of a unit times millionths of a yuan. */
export function lineNetFen(quantityMilli: bigint, unitPriceMicro: bigint): bigint {
  return roundedDivision(quantityMilli * unitPriceMicro, 10_000_000n)
}

export function lineTaxFen(netFen: bigint, taxRatePpm: bigint): bigint {
  return roundedDivision(netFen * taxRatePpm, 1_000_000n)
}
