/**
 * Commitments: the SHA-256 of a private value's exact text, which is what Fabric keeps on the ledger for it.
 *
 * A salt makes an amount unguessable from its hash. Salts are derived from one random seed per transaction
 * and the key of the record, so every endorser writes the same bytes and the client can foretell them.
 */
import { hmac } from '@noble/hashes/hmac'
import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils'
import { opening } from './brand.ts'
import type { HashHex, Opening } from './brand.ts'
import { canonicalJson } from './canonical.ts'
import type { Salted } from './records.ts'

export const sha256Hex = (text: string): HashHex => bytesToHex(sha256(utf8ToBytes(text)))
export const hmacHex = (keyHex: string, text: string): HashHex =>
  bytesToHex(hmac(sha256, hexToBytes(keyHex), utf8ToBytes(text)))

/** What `getPrivateDataHash` answers (in hexadecimal) for this opening. */
export const commitmentOf = (text: Opening): HashHex => sha256Hex(text)

export const saltOf = (seed: string, key: string): string => hmacHex(seed, `salt\n${key}`)

/** The exact text stored for a new private value. */
export const sealValue = <T extends object>(value: T, seed: string, key: string): Opening =>
  opening(canonicalJson({ ...value, salt: saltOf(seed, key) } satisfies Salted<T>))
