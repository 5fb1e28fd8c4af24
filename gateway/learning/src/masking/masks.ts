/**
 * Sums of numbers that nobody shows (Bonawitz et al. 2017). Each party adds two kinds of masks to its numbers: one of
 * its own, and one shared with each other party, which the one adds and the other takes away. In the sum of all, the
 * shared ones are gone; the own ones are taken away when their keys are told, message by message.
 *
 * A party that is lost before its numbers came leaves the masks that it shared: the others tell the keys of this one
 * message. A party that is lost after they came leaves its own mask: the others join its secret from their shares. Of
 * one party only one of the two may ever be told, or its numbers could be read: `disclosure.ts` sees to that.
 */
import { createCipheriv, diffieHellman, hkdfSync, type KeyObject } from 'node:crypto'
import { add, subtract, type Lanes } from './lanes.ts'

const KEY_BYTES = 32
const ZERO_BLOCK = new Uint8Array(16)

/** The secret of two parties in one session: the same for both. */
export function pairSecret(own: KeyObject, other: KeyObject, session: string): Uint8Array {
  const shared = diffieHellman({ privateKey: own, publicKey: other })
  return derived(shared, session, 'triflow masks of a pair')
}

/** The key of one message; it says nothing of those of other messages. */
export const messageKey = (secret: Uint8Array, message: number): Uint8Array =>
  derived(secret, String(message), 'triflow mask of a message')

const derived = (secret: Uint8Array, salt: string, purpose: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, salt, purpose, KEY_BYTES))

/** As many numbers as the message has: the stream of AES-256 in counter mode. Its bytes are read lowest first. */
export function maskOf(key: Uint8Array, count: number): Lanes {
  const cipher = createCipheriv('aes-256-ctr', key, ZERO_BLOCK)
  const bytes = cipher.update(new Uint8Array(8 * count))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Uint32Array.from({ length: 2 * count }, (_, at) => view.getUint32(4 * at, true))
}

export interface Masking {
  /** The place of this party among all; of two the lower one adds. */
  readonly at: number
  readonly ownSecret: Uint8Array
  /** By place, those that take part in this message; this party is not among them. */
  readonly pairs: ReadonlyMap<number, Uint8Array>
}

/** In place: what may be sent. */
export function mask({ at, ownSecret, pairs }: Masking, message: number, lanes: Lanes): void {
  const count = lanes.length / 2
  add(lanes, maskOf(messageKey(ownSecret, message), count))
  for (const [other, secret] of pairs) {
    const shared = maskOf(messageKey(secret, message), count)
    if (at < other) add(lanes, shared)
    else subtract(lanes, shared)
  }
}

/** What was told of a message when all numbers that will come have come. */
export interface Told {
  /** Message keys of the own masks of those whose numbers came. */
  readonly own: readonly Uint8Array[]
  /** Message keys of the masks between one whose numbers came and one whose did not. */
  readonly pairs: readonly {
    readonly came: number
    readonly lost: number
    readonly key: Uint8Array
  }[]
}

/** In place: the sum of the masked numbers that came becomes the sum of the numbers. */
export function unmask(sum: Lanes, { own, pairs }: Told): void {
  const count = sum.length / 2
  for (const key of own) subtract(sum, maskOf(key, count))
  for (const { came, lost, key } of pairs) {
    const shared = maskOf(key, count)
    if (came < lost) subtract(sum, shared)
    else add(sum, shared)
  }
}
