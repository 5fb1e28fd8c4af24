import { sha256 } from './block.ts'
import {
  deletes,
  hashedDeletes,
  writeMetadata,
  type CollectionSet,
  type MetadataEntry,
  type NamespaceSet,
  type Version,
} from './rwset.ts'
import type { CommittedState, StoredValue } from './state.ts'
import { Writer, bufferOf, compareText } from './wire.ts'

/** What a block makes of one key; `value` undefined: the key is gone. */
export interface Update {
  readonly value: Uint8Array | undefined
  readonly metadata: Uint8Array
  readonly version: Version
  /** The transaction asked for the private value's traces to be erased. */
  readonly purge: boolean
}

const NOTHING = new Uint8Array(0)

/** Key hashes as map keys: one character per byte, so they sort as bytes do. */
export const hashText = (hash: Uint8Array): string => bufferOf(hash).toString('latin1')
export const hashBytes = (text: string): Buffer => Buffer.from(text, 'latin1')

type KeyUpdates = Map<string, Update>

const child = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

/** The writes of a block's valid transactions, later over earlier. */
export class UpdateBatch {
  readonly publicUpdates = new Map<string, KeyUpdates>()
  readonly hashedUpdates = new Map<string, Map<string, KeyUpdates>>()

  public(namespace: string, key: string): Update | undefined {
    return this.publicUpdates.get(namespace)?.get(key)
  }

  hashed(namespace: string, collection: string, hash: string): Update | undefined {
    return this.hashedUpdates.get(namespace)?.get(collection)?.get(hash)
  }

  putPublic(namespace: string, key: string, update: Update): void {
    child(this.publicUpdates, namespace, () => new Map()).set(key, update)
  }

  putHashed(place: { namespace: string; collection: string; hash: string }, update: Update): void {
    const collections = child(this.hashedUpdates, place.namespace, () => new Map())
    child(collections, place.collection, (): KeyUpdates => new Map()).set(place.hash, update)
  }
}

interface Operation {
  value: Uint8Array | undefined
  isDelete: boolean
  metadata: Uint8Array | undefined
  purge: boolean
}

const operationOf = (operations: Map<string, Operation>, key: string): Operation =>
  child(operations, key, () => ({
    value: undefined,
    isDelete: false,
    metadata: undefined,
    purge: false,
  }))

const publicOperations = (set: NamespaceSet): Map<string, Operation> => {
  const operations = new Map<string, Operation>()
  for (const write of set.writes) {
    const operation = operationOf(operations, write.key)
    if (deletes(write)) operation.isDelete = true
    else operation.value = write.value
  }
  for (const write of set.metadataWrites) {
    operationOf(operations, write.key).metadata = writeMetadata(write.entries)
  }
  return operations
}

const hashedOperations = (set: CollectionSet): Map<string, Operation> => {
  const operations = new Map<string, Operation>()
  for (const write of set.writes) {
    const operation = operationOf(operations, hashText(write.keyHash))
    if (write.isPurge) operation.purge = true
    if (hashedDeletes(write)) operation.isDelete = true
    else operation.value = write.valueHash
  }
  for (const write of set.metadataWrites) {
    operationOf(operations, hashText(write.keyHash)).metadata = metadataOf(write.entries)
  }
  return operations
}

const metadataOf = (entries: readonly MetadataEntry[]): Uint8Array => writeMetadata(entries)

type Latest = () => { value: Uint8Array | undefined; metadata: Uint8Array } | undefined

/**
 * Fabric's rule: a value alone keeps the key's metadata, metadata alone keeps the value and does
 * nothing to a key that does not exist, and a deletion takes the metadata with it.
 */
const merge = (operation: Operation, version: Version, latest: Latest): Update | undefined => {
  const { purge } = operation
  if (operation.isDelete) return { value: undefined, metadata: NOTHING, version, purge }
  if (operation.value !== undefined) {
    const metadata = operation.metadata ?? latest()?.metadata ?? NOTHING
    return { value: operation.value, metadata, version, purge }
  }
  const value = latest()?.value
  if (value === undefined) return undefined
  return { value, metadata: operation.metadata ?? NOTHING, version, purge }
}

const latestOf = (
  update: Update | undefined,
  stored: () => StoredValue | undefined,
): ReturnType<Latest> => update ?? stored()

/** Puts a valid transaction's writes on the batch. */
export const applyWrites = (
  sets: readonly NamespaceSet[],
  version: Version,
  { batch, state }: { batch: UpdateBatch; state: CommittedState },
): void => {
  for (const set of sets) {
    const { namespace } = set
    for (const [key, operation] of publicOperations(set)) {
      const update = merge(operation, version, () =>
        latestOf(batch.public(namespace, key), () => state.value(namespace, key)),
      )
      if (update) batch.putPublic(namespace, key, update)
    }
    for (const one of set.collections) {
      const { collection } = one
      for (const [hash, operation] of hashedOperations(one)) {
        const update = merge(operation, version, () =>
          latestOf(batch.hashed(namespace, collection, hash), () =>
            state.hashed({ namespace, collection, keyHash: hashBytes(hash) }),
          ),
        )
        if (update) batch.putHashed({ namespace, collection, hash }, update)
      }
    }
  }
}

/** Fabric's order-preserving varint: length byte, then big-endian without leading zeros. */
const orderedVarint = (value: number): Buffer => {
  const bytes: number[] = []
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Buffer.from([bytes.length, ...bytes])
}

interface Place {
  readonly namespace: string
  readonly collection: string
}

const writeKeyUpdates = (
  out: Writer,
  place: Place,
  rows: readonly (readonly [Uint8Array, Update])[],
): void => {
  rows.forEach(([key, update], index) => {
    const first = index === 0
    const row = new Writer()
      .text(1, first ? place.namespace : '')
      .text(2, first ? place.collection : '')
      .bytes(3, key)
      .flag(4, update.value === undefined)
      .bytes(5, update.value ?? NOTHING)
      .bytes(
        6,
        Buffer.concat([orderedVarint(update.version.block), orderedVarint(update.version.tx)]),
      )
    out.element(1, row.finish())
  })
}

const sortedKeys = <V>(map: ReadonlyMap<string, V>): string[] => [...map.keys()].sort(compareText)

/** The batch in Fabric's deterministic form (`Updates{KVWrite...}`): public, then collections. */
const updateBytes = (batch: UpdateBatch): Buffer => {
  const out = new Writer()
  const names = new Map([...batch.publicUpdates, ...batch.hashedUpdates].map(([n]) => [n, true]))
  for (const namespace of sortedKeys(names)) {
    const keys = batch.publicUpdates.get(namespace) ?? new Map<string, Update>()
    const rows = sortedKeys(keys).map(
      key => [Buffer.from(key, 'utf8'), keys.get(key) as Update] as const,
    )
    writeKeyUpdates(out, { namespace, collection: '' }, rows)
    const collections = batch.hashedUpdates.get(namespace) ?? new Map<string, KeyUpdates>()
    sortedKeys(collections).forEach((collection, index) => {
      const updates = collections.get(collection) as KeyUpdates
      const hashed = [...updates.keys()]
        .sort()
        .map(hash => [hashBytes(hash), updates.get(hash) as Update] as const)
      const named = rows.length === 0 && index === 0 ? namespace : ''
      writeKeyUpdates(out, { namespace: named, collection }, hashed)
    })
  }
  return out.finish()
}

/** Slot 4: SHA-256 over flags, updates and the previous commit hash, exactly as Fabric's. */
export const commitHash = (flags: Uint8Array, batch: UpdateBatch, previous: Uint8Array): Buffer =>
  sha256(new Writer().varint(flags.length).finish(), flags, updateBytes(batch), previous)
