/**
 * Decoders of untrusted JSON into typed values. Closed: an unnamed member is refused, for it could carry
 * something past the rules. A refusal names the path, never the value, because errors are public.
 */
import type {
  AmountFen,
  HashHex,
  LocalDate,
  MemberId,
  MspId,
  Opening,
  PriceMicro,
  QuantityMilli,
  RatePpm,
  RecordId,
} from './brand.ts'
import { isLocalDate } from './dates.ts'
import { refuse } from './fault.ts'

export type Shape<T> = (value: unknown, path: string) => T
type ValueOf<S> = S extends Shape<infer T> ? T : never

const malformed = (path: string, expected: string): never =>
  refuse('REQUEST_MALFORMED', { path, expected })

/** Marks a member that may be absent. */
export type Optional<T> = Shape<T | undefined> & { optional: true }
export const optional = <T>(shape: Shape<T>): Optional<T> =>
  Object.assign(
    (value: unknown, path: string) => (value === undefined ? undefined : shape(value, path)),
    { optional: true as const },
  )

type Members = Record<string, Shape<unknown>>
type OptionalKeys<M extends Members> = {
  [K in keyof M]: M[K] extends Optional<unknown> ? K : never
}[keyof M]
export type ObjectOf<M extends Members> = {
  [K in Exclude<keyof M, OptionalKeys<M>>]: ValueOf<M[K]>
} & { [K in OptionalKeys<M>]?: Exclude<ValueOf<M[K]>, undefined> }

export const object =
  <M extends Members>(members: M): Shape<ObjectOf<M>> =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return malformed(path, 'object')
    const source = value as Record<string, unknown>
    for (const key of Object.keys(source))
      if (!Object.hasOwn(members, key)) malformed(`${path}.${key}`, 'no such member')
    const result: Record<string, unknown> = {}
    for (const [key, shape] of Object.entries(members)) {
      const member = shape(source[key], `${path}.${key}`)
      if (member !== undefined) result[key] = member
    }
    return result as ObjectOf<M>
  }

export const list =
  <T>(shape: Shape<T>, { min = 0, max }: { min?: number; max: number }): Shape<T[]> =>
  (value, path) => {
    if (!Array.isArray(value) || value.length < min || value.length > max)
      return malformed(path, `list of ${min} to ${max}`)
    return value.map((member, index) => shape(member, `${path}[${index}]`))
  }

const matching =
  (pattern: RegExp, expected: string): Shape<string> =>
  (value, path) =>
    typeof value === 'string' && pattern.test(value) ? value : malformed(path, expected)

/** Free text of the trade: no control characters, normalised, bounded. */
export const text =
  (max: number, min = 1): Shape<string> =>
  (value, path) =>
    typeof value === 'string' &&
    value.length >= min &&
    value.length <= max &&
    !/[\u0000-\u001f\u007f-\u009f]/.test(value) &&
    value.isWellFormed() &&
    value === value.normalize('NFC')
      ? value
      : malformed(path, `text of ${min} to ${max} characters`)

export const oneOf =
  <const T extends string | number | boolean>(values: readonly T[]): Shape<T> =>
  (value, path) =>
    values.includes(value as T) ? (value as T) : malformed(path, values.join(' | '))

export const integer =
  (min: number, max: number): Shape<number> =>
  (value, path) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : malformed(path, `integer from ${min} to ${max}`)

const DECIMAL = /^(0|-?[1-9][0-9]{0,17})$/
const bigintText =
  (min: bigint | undefined): Shape<bigint> =>
  (value, path) => {
    if (typeof value !== 'string' || !DECIMAL.test(value)) return malformed(path, 'decimal text')
    const number = BigInt(value)
    return min !== undefined && number < min ? malformed(path, `at least ${min}`) : number
  }

export const amount = bigintText(0n) as Shape<AmountFen>
export const positiveAmount = bigintText(1n) as Shape<AmountFen>
export const rate = bigintText(0n) as Shape<RatePpm>
export const quantity = bigintText(1n) as Shape<QuantityMilli>
export const signedQuantity = bigintText(undefined) as Shape<QuantityMilli>
export const price = bigintText(0n) as Shape<PriceMicro>

export const day: Shape<LocalDate> = (value, path) =>
  typeof value === 'string' && isLocalDate(value) ? value : malformed(path, 'date YYYY-MM-DD')
export const recordId = matching(/^[0-9A-Za-z_-]{16,64}$/, 'record id') as Shape<RecordId>
export const memberId = matching(/^[0-9A-Za-z_-]{4,64}$/, 'member id') as Shape<MemberId>
export const mspId = matching(/^[0-9A-Za-z.-]{1,64}$/, 'MSP id') as Shape<MspId>
export const hash = matching(/^[0-9a-f]{64}$/, 'SHA-256 in hexadecimal') as Shape<HashHex>
export const seed = matching(/^[0-9a-f]{64}$/, '32 bytes in hexadecimal')
export const opening = ((value, path) =>
  typeof value === 'string' && value.length <= 262_144
    ? value
    : malformed(path, 'opening')) as Shape<Opening>

/** Parses a JSON text and decodes it. */
export const parse = <T>(shape: Shape<T>, source: string, path = '$'): T => {
  let value: unknown
  try {
    value = JSON.parse(source)
  } catch {
    return malformed(path, 'JSON')
  }
  return shape(value, path)
}
