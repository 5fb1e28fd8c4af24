import {
  expiryBlock,
  hashesOf,
  privateWritesOf,
  valueFits,
  valuesOf,
  type PrivateValue,
} from '../rules/private.ts'
import { sha256 } from '../rules/block.ts'
import { readPrivateSets, writePrivateWrites, type NamespaceSet } from '../rules/rwset.ts'
import { hashBytes, hashText, type UpdateBatch } from '../rules/updates.ts'
import { WireFault, equalBytes } from '../rules/wire.ts'
import type { StateView, Tables } from './database.ts'
import {
  afterPrefix,
  blockKey,
  collectionPrefix,
  hashedKey,
  placeKey,
  privateOrderKey,
  readPlace,
  readWriteSetKey,
  transactionKey,
  writeSetKey,
} from './keys.ts'
import { readPrivateRow, readStoredVersion, writePrivateRow } from './rows.ts'
import { removeTransient, transientOf, type TransientSet } from './transient.ts'

/**
 * The member's side of private data: write sets by transaction (for events and other members),
 * current values by hash of key, what is missing, and when it must be forgotten.
 *
 * A current value carries no version of its own: it counts only while its SHA-256 is the value
 * hash in the public state, so a stale or late value can never be taken for the current one.
 */
const NOTHING = Buffer.alloc(0)
const TX_ID_BYTES = 32
const KIND_KEY = Buffer.from([1])
const KIND_WRITE_SET = Buffer.from([2])

export interface Membership {
  isMember(namespace: string, collection: string): boolean
  blockToLive(namespace: string, collection: string): number
}

export interface PrivateTransactionSets {
  readonly index: number
  readonly txId: string
  readonly sets: readonly NamespaceSet[]
}

interface Place {
  readonly namespace: string
  readonly collection: string
}

interface HeldSet extends Place {
  readonly index: number
  readonly transaction: Buffer
  rwset: Uint8Array
}

interface LackedSet extends Place {
  readonly index: number
  readonly transaction: Buffer
  readonly hash: Uint8Array
}

const collectionsOf = (
  transaction: PrivateTransactionSets,
): (Place & { readonly hash: Uint8Array })[] =>
  transaction.sets.flatMap(({ namespace, collections }) =>
    collections
      .filter(one => one.privateHash.length > 0)
      .map(one => ({ namespace, collection: one.collection, hash: one.privateHash })),
  )

const waitingSets = (waiting: readonly TransientSet[]): ReturnType<typeof readPrivateSets> =>
  waiting.flatMap(({ rwset }) => {
    try {
      return readPrivateSets(rwset)
    } catch (error) {
      if (error instanceof WireFault) return []
      throw error
    }
  })

const memberOf = (place: Place): string => `${place.namespace}\u0000${place.collection}`

/** What one block means for this member's private data; `write` puts it into the tables. */
export class PrivateBlock {
  readonly #view: StateView
  readonly #blockNumber: number
  readonly #membership: Membership
  readonly #held: HeldSet[] = []
  readonly #lacked: LackedSet[] = []
  readonly #used: TransientSet[] = []

  constructor(view: StateView, blockNumber: number, membership: Membership) {
    this.#view = view
    this.#blockNumber = blockNumber
    this.#membership = membership
  }

  get missing(): number {
    return this.#lacked.length
  }

  /** Takes a valid transaction: matches what waited for it against the public hashes. */
  take(transaction: PrivateTransactionSets): void {
    const wanted = collectionsOf(transaction)
    const id = transactionKey(transaction.txId)
    if (wanted.length === 0 || id === undefined) return
    const waiting = transientOf(this.#view, id)
    this.#used.push(...waiting)
    const sets = waitingSets(waiting)
    for (const { namespace, collection, hash } of wanted) {
      if (!this.#membership.isMember(namespace, collection)) continue
      const fitting = sets.find(
        set =>
          set.namespace === namespace &&
          set.collection === collection &&
          equalBytes(sha256(set.rwset), hash),
      )
      const place = { namespace, collection, index: transaction.index, transaction: id }
      if (fitting) this.#held.push({ ...place, rwset: fitting.rwset })
      else this.#lacked.push({ ...place, hash })
    }
  }

  write(tables: Tables, batch: UpdateBatch): void {
    this.#forgetPurged(tables, batch)
    for (const set of this.#held) this.#writeHeld(tables, set)
    for (const set of this.#lacked) this.#writeLacked(tables, set)
    this.#writeValues(tables, batch)
    for (const set of this.#used) removeTransient(tables, set)
    forgetExpired({ view: this.#view, tables, batch }, this.#blockNumber)
  }

  #writeHeld(tables: Tables, set: HeldSet): void {
    const place = { block: this.#blockNumber, tx: set.index }
    const writer = new WriteSetWriter(tables, this.#membership)
    writer.put({ ...set, ...place }, set.transaction, set.rwset)
  }

  #writeLacked(tables: Tables, set: LackedSet): void {
    const place = { block: this.#blockNumber, tx: set.index }
    const key = writeSetKey(place, set.namespace, set.collection)
    tables.missing.put(key, Buffer.concat([set.transaction, set.hash]))
    putWriteSetExpiry(tables, key, expiryOf(this.#membership, set, this.#blockNumber))
  }

  /** Newest value per key of what this block's write sets bring. */
  #broughtValues(): Map<string, Map<string, PrivateValue>> {
    const brought = new Map<string, Map<string, PrivateValue>>()
    for (const set of this.#held) {
      const writes = privateWritesOf(set.rwset)
      if (writes === undefined) continue
      const values = brought.get(memberOf(set)) ?? new Map<string, PrivateValue>()
      brought.set(memberOf(set), values)
      for (const value of valuesOf(writes)) values.set(value.hash, value)
    }
    return brought
  }

  #writeValues(tables: Tables, batch: UpdateBatch): void {
    const brought = this.#broughtValues()
    for (const [namespace, collections] of batch.hashedUpdates) {
      for (const [collection, updates] of collections) {
        const place = { namespace, collection }
        const member = this.#membership.isMember(namespace, collection)
        const expiry = expiryOf(this.#membership, place, this.#blockNumber)
        for (const [hash, update] of updates) {
          const key = hashedKey({ ...place, keyHash: hashBytes(hash) })
          if (update.value === undefined) {
            if (member) removeValue(this.#view, tables, place, key)
            continue
          }
          putKeyExpiry(tables, key, { expiry, version: update.version })
          const value = brought.get(memberOf(place))?.get(hash)
          if (value !== undefined && valueFits(value.value, update.value)) {
            putValue(tables, place, value)
          }
        }
      }
    }
  }

  /** A purge erases the key from every write set kept so far, and is remembered. */
  #forgetPurged(tables: Tables, batch: UpdateBatch): void {
    for (const [namespace, collections] of batch.hashedUpdates) {
      for (const [collection, updates] of collections) {
        for (const [hash, update] of updates) {
          if (!update.purge) continue
          const place = { namespace, collection }
          const key = hashedKey({ ...place, keyHash: hashBytes(hash) })
          tables.purges.put(key, placeKey(update.version.block, update.version.tx))
          this.#forgetInBlock(place, hash, update.version.tx)
          forgetInWriteSets(this.#view, tables, { ...place, hash })
        }
      }
    }
  }

  #forgetInBlock(place: Place, hash: string, before: number): void {
    for (const set of this.#held) {
      if (memberOf(set) !== memberOf(place) || set.index >= before) continue
      set.rwset = withoutKey(set.rwset, hash)
    }
  }
}

const expiryOf = (membership: Membership, place: Place, blockNumber: number): number =>
  expiryBlock(blockNumber, membership.blockToLive(place.namespace, place.collection))

const putKeyExpiry = (
  tables: Tables,
  key: Buffer,
  at: { readonly expiry: number; readonly version: { block: number; tx: number } },
): void => {
  if (at.expiry === Infinity) return
  const { block, tx } = at.version
  tables.expiry.put(Buffer.concat([blockKey(at.expiry), KIND_KEY, key]), placeKey(block, tx))
}

const putWriteSetExpiry = (tables: Tables, key: Buffer, expiry: number): void => {
  if (expiry === Infinity) return
  tables.expiry.put(Buffer.concat([blockKey(expiry), KIND_WRITE_SET, key]), NOTHING)
}

const withoutKey = (rwset: Uint8Array, hash: string): Uint8Array => {
  const writes = privateWritesOf(rwset)
  if (writes === undefined) return rwset
  const kept = writes.writes.filter(
    ({ key }) => hashText(sha256(Buffer.from(key, 'utf8'))) !== hash,
  )
  return writePrivateWrites({ writes: kept, metadataKeys: writes.metadataKeys })
}

export const putValue = (tables: Tables, place: Place, value: PrivateValue): void => {
  const key = hashedKey({ ...place, keyHash: hashBytes(value.hash) })
  tables.private.put(key, writePrivateRow(value.key, value.value))
  tables.privateOrder.put(privateOrderKey(place.namespace, place.collection, value.key), NOTHING)
}

const removeValue = (view: StateView, tables: Tables, place: Place, key: Buffer): void => {
  const row = view.get('private', key)
  if (row === undefined) return
  const { key: text } = readPrivateRow(row)
  tables.private.remove(key)
  tables.privateOrder.remove(privateOrderKey(place.namespace, place.collection, text))
}

const forgetInWriteSets = (
  view: StateView,
  tables: Tables,
  { namespace, collection, hash }: Place & { readonly hash: string },
): void => {
  const prefix = hashedKey({ namespace, collection, keyHash: hashBytes(hash) })
  for (const { key } of view.under('writeSetKeys', prefix)) {
    const at = readPlace(key, prefix.length)
    const setKey = writeSetKey(at, namespace, collection)
    const row = view.get('writeSets', setKey)
    tables.writeSetKeys.remove(key)
    if (row === undefined) continue
    const rest = withoutKey(row.subarray(TX_ID_BYTES), hash)
    tables.writeSets.put(setKey, Buffer.concat([row.subarray(0, TX_ID_BYTES), rest]))
  }
}

/** Writes and finds again the write sets this member holds. */
export class WriteSetWriter {
  readonly #tables: Tables
  readonly #membership: Membership

  constructor(tables: Tables, membership: Membership) {
    this.#tables = tables
    this.#membership = membership
  }

  put(
    place: Place & { readonly block: number; readonly tx: number },
    transaction: Buffer,
    rwset: Uint8Array,
  ): void {
    const { namespace, collection, block, tx } = place
    const key = writeSetKey(place, namespace, collection)
    this.#tables.writeSets.put(key, Buffer.concat([transaction, rwset]))
    const writes = privateWritesOf(rwset)
    for (const hash of writes === undefined ? [] : hashesOf(writes)) {
      const hashed = hashedKey({ namespace, collection, keyHash: hashBytes(hash) })
      this.#tables.writeSetKeys.put(Buffer.concat([hashed, placeKey(block, tx)]), NOTHING)
    }
    putWriteSetExpiry(this.#tables, key, expiryOf(this.#membership, place, block))
  }
}

interface Expiring {
  readonly view: StateView
  readonly tables: Tables
  readonly batch: UpdateBatch
}

const forgetExpired = (context: Expiring, blockNumber: number): void => {
  const rows = context.view.entries('expiry', {
    start: Buffer.alloc(1),
    end: blockKey(blockNumber + 1),
  })
  const kindAt = blockKey(0).length
  for (const { key, value } of rows) {
    const rest = key.subarray(kindAt + 1)
    if (key[kindAt] === KIND_KEY[0]) forgetKey(context, rest, value)
    else forgetWriteSet(context, rest)
    context.tables.expiry.remove(key)
  }
}

const splitHashed = (key: Buffer): Place & { readonly hash: string } => {
  const namespaceEnd = 1 + (key[0] as number)
  const collectionEnd = namespaceEnd + 1 + (key[namespaceEnd] as number)
  return {
    namespace: key.toString('utf8', 1, namespaceEnd),
    collection: key.toString('utf8', namespaceEnd + 1, collectionEnd),
    hash: hashText(key.subarray(collectionEnd)),
  }
}

/** A key written again since keeps living: its expiry is the later write's. */
const forgetKey = ({ view, tables, batch }: Expiring, key: Buffer, written: Buffer): void => {
  const place = splitHashed(key)
  if (batch.hashed(place.namespace, place.collection, place.hash) !== undefined) return
  const row = view.get('hashed', key)
  if (row === undefined) return
  const version = readStoredVersion(row)
  if (!placeKey(version.block, version.tx).equals(written)) return
  tables.hashed.remove(key)
  removeValue(view, tables, place, key)
}

const forgetWriteSet = ({ view, tables }: Expiring, key: Buffer): void => {
  const { block, tx, namespace, collection } = readWriteSetKey(key)
  const row = view.get('writeSets', key)
  tables.writeSets.remove(key)
  tables.missing.remove(key)
  const writes = row === undefined ? undefined : privateWritesOf(row.subarray(TX_ID_BYTES))
  for (const hash of writes === undefined ? [] : hashesOf(writes)) {
    const hashed = hashedKey({ namespace, collection, keyHash: hashBytes(hash) })
    tables.writeSetKeys.remove(Buffer.concat([hashed, placeKey(block, tx)]))
  }
}

export const privateValueOf = (
  view: StateView,
  place: Place & { readonly keyHash: Uint8Array },
): Buffer | undefined => {
  const row = view.get('private', hashedKey(place))
  return row === undefined ? undefined : readPrivateRow(row).value
}

/** Private keys of a collection in order, from `startKey` on. */
export const privateKeys = function* (
  view: StateView,
  range: Place & { readonly startKey: string; readonly endKey: string },
): Iterable<string> {
  const { namespace, collection, startKey, endKey } = range
  const prefix = collectionPrefix(namespace, collection)
  const start = privateOrderKey(namespace, collection, startKey)
  const end = endKey === '' ? afterPrefix(prefix) : privateOrderKey(namespace, collection, endKey)
  if (end !== undefined && Buffer.compare(start, end) >= 0) return
  for (const { key } of view.entries('privateOrder', { start, end })) {
    yield key.toString('utf8', prefix.length)
  }
}
