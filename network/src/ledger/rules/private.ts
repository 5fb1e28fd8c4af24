import { sha256 } from './block.ts'
import { keyFits } from './limits.ts'
import { deletes, readPrivateWrites, type CollectionSet, type PrivateWrites } from './rwset.ts'
import { hashText } from './updates.ts'
import { WireFault, equalBytes } from './wire.ts'

/** A private value this member holds, by the hash of its key. */
export interface PrivateValue {
  readonly hash: string
  readonly key: string
  readonly value: Uint8Array
}

const keyHashOf = (key: string): Buffer => sha256(Buffer.from(key, 'utf8'))

/** Reads a private write set, or undefined when the bytes are none. */
export const privateWritesOf = (rwset: Uint8Array): PrivateWrites | undefined => {
  try {
    return readPrivateWrites(rwset)
  } catch (error) {
    if (error instanceof WireFault) return undefined
    throw error
  }
}

/** Hashes of all keys a write set touches. */
export const hashesOf = (writes: PrivateWrites): string[] =>
  writes.writes.map(({ key }) => hashText(keyHashOf(key)))

/**
 * The values a write set brings. Raw keys are checked here only: of a private key the block shows
 * nothing but the hash, and a hostile endorser may have hashed one that no table can hold.
 */
export const valuesOf = (writes: PrivateWrites): PrivateValue[] =>
  writes.writes
    .filter(write => !deletes(write) && keyFits(write.key))
    .map(({ key, value }) => ({ hash: hashText(keyHashOf(key)), key, value }))

/** The state holds hashes of values: only a value that fits may be kept for a key. */
export const valueFits = (value: Uint8Array, valueHash: Uint8Array): boolean =>
  equalBytes(sha256(value), valueHash)

/**
 * True when a member's bytes are the write set the endorsers hashed, or what is left of it after
 * later purges: every write must then match its public hash, and every public write that is
 * absent must have been purged since.
 */
export const isWriteSetOf = (
  rwset: Uint8Array,
  set: CollectionSet,
  purgedSince: (hash: string) => boolean,
): boolean => {
  if (equalBytes(sha256(rwset), set.privateHash)) return true
  const writes = privateWritesOf(rwset)
  if (writes === undefined) return false
  const given = new Map(writes.writes.map(write => [hashText(keyHashOf(write.key)), write]))
  const expected = new Map(set.writes.map(write => [hashText(write.keyHash), write]))
  const allExpected = [...given].every(([hash, write]) => {
    const public_ = expected.get(hash)
    if (public_ === undefined) return false
    return deletes(write) ? public_.isDelete : valueFits(write.value, public_.valueHash)
  })
  return allExpected && [...expected.keys()].every(hash => given.has(hash) || purgedSince(hash))
}

/** First block at whose commit data of `blockNumber` is dropped; 0 to live means for ever. */
export const expiryBlock = (blockNumber: number, blockToLive: number): number =>
  blockToLive === 0 ? Infinity : blockNumber + blockToLive + 1
