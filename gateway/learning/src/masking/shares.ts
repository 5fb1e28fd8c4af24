/**
 * A secret in shares (Shamir 1979): so many of them give it back, one fewer says nothing of it. Byte by byte, each the
 * value at 0 of a polynomial over GF(2^8), the field of AES.
 */
import { randomBytes } from 'node:crypto'
import { required } from '../fault.ts'

export interface Share {
  /** Where the polynomials were taken: 1 to 255, another one for each holder. */
  readonly at: number
  readonly bytes: Uint8Array
}

/** Powers of 3, which runs through all that is not zero, and their inverse. */
const POWERS = new Uint8Array(255)
const LOGS = new Uint8Array(256)
for (let power = 0, value = 1; power < 255; power += 1) {
  POWERS[power] = value
  LOGS[value] = power
  const doubled = (value << 1) ^ (value & 0x80 ? 0x11b : 0)
  value ^= doubled
}

const times = (a: number, b: number): number =>
  a === 0 || b === 0 ? 0 : (POWERS[((LOGS[a] as number) + (LOGS[b] as number)) % 255] as number)

const over = (a: number, b: number): number =>
  a === 0 ? 0 : (POWERS[((LOGS[a] as number) + 255 - (LOGS[b] as number)) % 255] as number)

/** @throws LearningFault LEARNING_SETTINGS where so many holders, or so many needed, cannot be. */
export function splitSecret(
  secret: Uint8Array,
  { needed, holders }: { readonly needed: number; readonly holders: number },
): Share[] {
  const isSound = Number.isInteger(needed) && Number.isInteger(holders)
  required(
    isSound && needed >= 1 && needed <= holders && holders <= 255,
    'LEARNING_SETTINGS',
    'of 1 to 255 holders, 1 to all are needed',
  )
  const coefficients = [
    secret,
    ...Array.from({ length: needed - 1 }, () => randomBytes(secret.length)),
  ]
  return Array.from({ length: holders }, (_, holder) => {
    const at = holder + 1
    const bytes = secret.map((_byte, place) =>
      coefficients.reduceRight((sum, of) => times(sum, at) ^ (of[place] as number), 0),
    )
    return { at, bytes }
  })
}

/** What the polynomials through all these shares have at 0; too few of them give another secret, not an error. */
export function joinShares(shares: readonly Share[]): Uint8Array {
  const [first] = shares
  const places = new Set(shares.map(({ at }) => at))
  const isSound =
    first !== undefined &&
    places.size === shares.length &&
    shares.every(({ at, bytes }) => at >= 1 && at <= 255 && bytes.length === first.bytes.length)
  required(isSound, 'LEARNING_SETTINGS', 'shares of one secret, each from another place')
  const weights = shares.map(({ at }) =>
    shares.reduce(
      (product, other) =>
        other.at === at ? product : times(product, over(other.at, other.at ^ at)),
      1,
    ),
  )
  return first.bytes.map((_byte, place) =>
    shares.reduce(
      (sum, { bytes }, of) => sum ^ times(bytes[place] as number, weights[of] as number),
      0,
    ),
  )
}
