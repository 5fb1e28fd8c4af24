import { p256, p384 } from '@noble/curves/nist.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2'
import { concatBytes, fromHex, toBigInt } from './bytes.ts'
import { readChildren, readDer, readUnsigned, TAG, writeDer, writeUnsigned } from './der.ts'
import type { PublicKey } from './types.ts'
import { Broken } from './verdict.ts'

export type Curve = PublicKey['curve']
export type HashName = 'sha256' | 'sha384' | 'sha512'

/** Group orders (FIPS 186-4): s above half of it has a lower twin that verifies as well. */
export const CURVE_ORDER: Readonly<Record<Curve, bigint>> = {
  'P-256': 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  'P-384':
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
}

const HASHES = { sha256, sha384, sha512 } as const
const CURVES = { 'P-256': p256, 'P-384': p384 } as const
const FIELD_BYTES = { 'P-256': 32, 'P-384': 48 } as const
const HALF_ORDER = {
  'P-256': fromHex((CURVE_ORDER['P-256'] >> 1n).toString(16).padStart(64, '0')),
  'P-384': fromHex((CURVE_ORDER['P-384'] >> 1n).toString(16).padStart(96, '0')),
} as const

export interface SignatureNumbers {
  readonly r: bigint
  readonly s: bigint
}

/** Strict DER of SEQUENCE {r, s}, big-endian; throws Broken on any other spelling. */
function readNumbers(signature: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const [r, s, ...rest] = readChildren(readDer(signature, TAG.sequence).value)
  if (rest.length > 0) throw new Broken('CERTIFICATE_MALFORMED', 'signature has extra numbers')
  return [readUnsigned(r), readUnsigned(s)]
}

export function readSignature(signature: Uint8Array): SignatureNumbers {
  const [r, s] = readNumbers(signature)
  return { r: toBigInt(r), s: toBigInt(s) }
}

export function writeSignature({ r, s }: SignatureNumbers): Uint8Array {
  return writeDer(TAG.sequence, concatBytes(writeUnsigned(r), writeUnsigned(s)))
}

export function isLowS(signature: SignatureNumbers, curve: Curve): boolean {
  return signature.s <= CURVE_ORDER[curve] >> 1n
}

/** Whether the signature is strict DER with low S; without big numbers, for the hot path. */
export function hasLowS(signature: Uint8Array, curve: Curve): boolean {
  try {
    const [r, s] = readNumbers(signature)
    const half = HALF_ORDER[curve]
    const sizes = [r.length, s.length]
    if (sizes.some(size => size === 0 || size > half.length)) return false
    if (s.length < half.length) return true
    const differing = half.findIndex((byte, index) => byte !== s[index])
    return differing < 0 || (s[differing] ?? 0) < (half[differing] ?? 0)
  } catch {
    return false
  }
}

function toCompact({ r, s }: SignatureNumbers, curve: Curve): Uint8Array | undefined {
  const size = 2 * FIELD_BYTES[curve]
  const hex = [r, s].map(number => number.toString(16).padStart(size, '0')).join('')
  return hex.length === 2 * size ? fromHex(hex) : undefined
}

export interface EcdsaCheck {
  readonly key: PublicKey
  readonly message: Uint8Array
  readonly signature: Uint8Array
  readonly hash?: HashName
  /** Fabric refuses high S on messages; certificates of other CAs may carry it. */
  readonly lowS?: boolean
}

/** Whether the DER signature is the key's over the hash of the message. Never throws. */
export function verifyEcdsa(check: EcdsaCheck): boolean {
  const { key, message, hash = 'sha256', lowS = true } = check
  try {
    const numbers = readSignature(check.signature)
    if (lowS && !isLowS(numbers, key.curve)) return false
    const compact = toCompact(numbers, key.curve)
    if (compact === undefined) return false
    const digest = HASHES[hash](message)
    return CURVES[key.curve].verify(compact, digest, key.point, { prehash: false, lowS: false })
  } catch {
    return false
  }
}
