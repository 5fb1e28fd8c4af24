import { sha256 } from '../rules/block.ts'
import type { StateView, Tables } from './database.ts'
import { blockKey, readBlockNumber } from './keys.ts'

/**
 * Private write sets of transactions that are endorsed and not yet in a block. Several may wait
 * for one transaction (endorsers may answer with different ones): the block's hash decides.
 */
const DIGEST_BYTES = 8
const HEIGHT_BYTES = 6

const heightKey = (height: number, transientKey: Buffer): Buffer =>
  Buffer.concat([blockKey(height), transientKey])

/** The row of one private write set; `transaction` is the id's 32 bytes. */
export const putTransient = (
  tables: Tables,
  transaction: Buffer,
  { height, rwset }: { height: number; rwset: Uint8Array },
): void => {
  const key = Buffer.concat([transaction, sha256(rwset).subarray(0, DIGEST_BYTES)])
  tables.transient.put(key, Buffer.concat([blockKey(height), rwset]))
  tables.transientHeights.put(heightKey(height, key), Buffer.alloc(0))
}

export interface TransientSet {
  readonly key: Buffer
  readonly height: number
  readonly rwset: Buffer
}

export const transientOf = (view: StateView, transaction: Buffer): TransientSet[] =>
  [...view.under('transient', transaction)].map(({ key, value }) => ({
    key,
    height: readBlockNumber(value),
    rwset: value.subarray(HEIGHT_BYTES),
  }))

export const removeTransient = (tables: Tables, set: TransientSet): void => {
  tables.transient.remove(set.key)
  tables.transientHeights.remove(heightKey(set.height, set.key))
}

/** Drops what waited since before `height`. */
export const purgeTransient = (view: StateView, tables: Tables, height: number): void => {
  if (height <= 0) return
  const rows = view.entries('transientHeights', { start: Buffer.alloc(1), end: blockKey(height) })
  for (const { key } of rows) {
    tables.transient.remove(key.subarray(HEIGHT_BYTES))
    tables.transientHeights.remove(key)
  }
}
