import { sha256 } from './block.ts'
import { Message, WireFault, Writer, eachField, textOf } from './wire.ts'

/** Height at which a key was last written; undefined in a read set means: it did not exist. */
export interface Version {
  readonly block: number
  readonly tx: number
}

export interface KeyRead {
  readonly key: string
  readonly version: Version | undefined
}
export interface KeyWrite {
  readonly key: string
  readonly isDelete: boolean
  readonly value: Uint8Array
}
export interface MetadataEntry {
  readonly name: string
  readonly value: Uint8Array
}
export interface MetadataWrite {
  readonly key: string
  /** Empty: the key's metadata is removed. */
  readonly entries: readonly MetadataEntry[]
}
export interface MerkleSummary {
  readonly maxDegree: number
  readonly maxLevel: number
  readonly hashes: readonly Uint8Array[]
}
export interface RangeQuery {
  readonly startKey: string
  readonly endKey: string
  readonly exhausted: boolean
  readonly reads: readonly KeyRead[]
  readonly merkle: MerkleSummary | undefined
}
export interface HashedRead {
  readonly keyHash: Uint8Array
  readonly version: Version | undefined
}
export interface HashedWrite {
  readonly keyHash: Uint8Array
  readonly isDelete: boolean
  readonly valueHash: Uint8Array
  readonly isPurge: boolean
}
export interface HashedMetadataWrite {
  readonly keyHash: Uint8Array
  readonly entries: readonly MetadataEntry[]
}
export interface CollectionSet {
  readonly collection: string
  readonly reads: readonly HashedRead[]
  readonly writes: readonly HashedWrite[]
  readonly metadataWrites: readonly HashedMetadataWrite[]
  /** SHA-256 of the private KVRWSet; empty when nothing was written. */
  readonly privateHash: Uint8Array
}
export interface NamespaceSet {
  readonly namespace: string
  readonly reads: readonly KeyRead[]
  readonly ranges: readonly RangeQuery[]
  readonly writes: readonly KeyWrite[]
  readonly metadataWrites: readonly MetadataWrite[]
  readonly collections: readonly CollectionSet[]
}

/** What a collection's members keep: kvrwset.KVRWSet with writes only. */
export interface PrivateWrites {
  readonly writes: readonly KeyWrite[]
  readonly metadataKeys: readonly string[]
}
export interface PrivateSet {
  readonly namespace: string
  readonly collection: string
  /** kvrwset.KVRWSet bytes; their SHA-256 stands in the public results. */
  readonly rwset: Uint8Array
}

const NOTHING = new Uint8Array(0)
const HASH_OF_NOTHING = sha256(NOTHING)

/** Fabric takes an empty value for a deletion (FAB-18386), whatever the flag says. */
export const deletes = (write: KeyWrite): boolean => write.isDelete || write.value.length === 0

export const hashedDeletes = (write: HashedWrite): boolean =>
  write.isDelete || write.valueHash.length === 0 || HASH_OF_NOTHING.equals(write.valueHash)

const readVersion = (message: Message | undefined): Version | undefined =>
  message === undefined ? undefined : { block: message.uint(1), tx: message.uint(2) }

const readKeyRead = (bytes: Uint8Array): KeyRead => {
  const message = new Message(bytes)
  return { key: message.text(1), version: readVersion(message.message(2)) }
}

const readKeyWrite = (bytes: Uint8Array): KeyWrite => {
  const message = new Message(bytes)
  return { key: message.text(1), isDelete: message.flag(2), value: message.bytes(3) }
}

const readEntry = (bytes: Uint8Array): MetadataEntry => {
  const message = new Message(bytes)
  return { name: message.text(1), value: message.bytes(2) }
}

const readMetadataWrite = (bytes: Uint8Array): MetadataWrite => {
  const message = new Message(bytes)
  return { key: message.text(1), entries: message.repeated(2).map(readEntry) }
}

const readMerkle = (message: Message | undefined): MerkleSummary | undefined =>
  message === undefined
    ? undefined
    : { maxDegree: message.uint(1), maxLevel: message.uint(2), hashes: message.repeated(3) }

const readRange = (bytes: Uint8Array): RangeQuery => {
  const message = new Message(bytes)
  if (message.has(4) && message.has(5)) throw new WireFault('two kinds of range reads')
  return {
    startKey: message.text(1),
    endKey: message.text(2),
    exhausted: message.flag(3),
    reads: (message.message(4)?.repeated(1) ?? []).map(readKeyRead),
    merkle: readMerkle(message.message(5)),
  }
}

const readCollection = (bytes: Uint8Array): CollectionSet => {
  const outer = new Message(bytes)
  const hashed = new Message(outer.bytes(2))
  return {
    collection: outer.text(1),
    reads: hashed.repeated(1).map(read => {
      const message = new Message(read)
      return { keyHash: message.bytes(1), version: readVersion(message.message(2)) }
    }),
    writes: hashed.repeated(2).map(write => {
      const message = new Message(write)
      return {
        keyHash: message.bytes(1),
        isDelete: message.flag(2),
        valueHash: message.bytes(3),
        isPurge: message.flag(4),
      }
    }),
    metadataWrites: hashed.repeated(3).map(write => {
      const message = new Message(write)
      return { keyHash: message.bytes(1), entries: message.repeated(2).map(readEntry) }
    }),
    privateHash: outer.bytes(3),
  }
}

const readNamespace = (bytes: Uint8Array): NamespaceSet => {
  const outer = new Message(bytes)
  const kv = new Message(outer.bytes(2))
  return {
    namespace: outer.text(1),
    reads: kv.repeated(1).map(readKeyRead),
    ranges: kv.repeated(2).map(readRange),
    writes: kv.repeated(3).map(readKeyWrite),
    metadataWrites: kv.repeated(4).map(readMetadataWrite),
    collections: outer.repeated(3).map(readCollection),
  }
}

/** rwset.TxReadWriteSet. Throws WireFault when it is none. */
export const readReadWriteSet = (bytes: Uint8Array): NamespaceSet[] => {
  const message = new Message(bytes)
  if (message.uint(1) !== 0) throw new WireFault('unknown data model')
  return message.repeated(2).map(readNamespace)
}

/** kvrwset.KVRWSet of a private collection. Throws WireFault. */
export const readPrivateWrites = (bytes: Uint8Array): PrivateWrites => {
  const message = new Message(bytes)
  return {
    writes: message.repeated(3).map(readKeyWrite),
    metadataKeys: message.repeated(4).map(write => new Message(write).text(1)),
  }
}

/** rwset.TxPvtReadWriteSet, flat. Throws WireFault. */
export const readPrivateSets = (bytes: Uint8Array): PrivateSet[] => {
  const sets: PrivateSet[] = []
  for (const part of new Message(bytes).repeated(2)) {
    const namespace = new Message(part)
    for (const inner of namespace.repeated(2)) {
      const collection = new Message(inner)
      sets.push({
        namespace: namespace.text(1),
        collection: collection.text(1),
        rwset: collection.bytes(2),
      })
    }
  }
  return sets
}

const writeVersion = (version: Version): Buffer =>
  new Writer().uint(1, version.block).uint(2, version.tx).finish()

export const writeKeyRead = (read: KeyRead): Buffer => {
  const writer = new Writer().text(1, read.key)
  return (read.version ? writer.element(2, writeVersion(read.version)) : writer).finish()
}

const writeKeyWrite = (write: KeyWrite): Buffer =>
  new Writer().text(1, write.key).flag(2, write.isDelete).bytes(3, write.value).finish()

const writeEntries = (writer: Writer, entries: readonly MetadataEntry[]): Writer => {
  for (const entry of entries) {
    writer.element(2, new Writer().text(1, entry.name).bytes(2, entry.value).finish())
  }
  return writer
}

const writeRange = (range: RangeQuery): Buffer => {
  const writer = new Writer().text(1, range.startKey).text(2, range.endKey).flag(3, range.exhausted)
  if (range.merkle !== undefined) {
    const merkle = new Writer().uint(1, range.merkle.maxDegree).uint(2, range.merkle.maxLevel)
    for (const hash of range.merkle.hashes) merkle.element(3, hash)
    return writer.element(5, merkle.finish()).finish()
  }
  if (range.reads.length > 0) {
    const reads = new Writer()
    for (const read of range.reads) reads.element(1, writeKeyRead(read))
    writer.element(4, reads.finish())
  }
  return writer.finish()
}

const writeCollection = (set: CollectionSet): Buffer => {
  const hashed = new Writer()
  for (const read of set.reads) {
    const writer = new Writer().bytes(1, read.keyHash)
    if (read.version) writer.element(2, writeVersion(read.version))
    hashed.element(1, writer.finish())
  }
  for (const write of set.writes) {
    const writer = new Writer().bytes(1, write.keyHash).flag(2, write.isDelete)
    hashed.element(2, writer.bytes(3, write.valueHash).flag(4, write.isPurge).finish())
  }
  for (const write of set.metadataWrites) {
    hashed.element(3, writeEntries(new Writer().bytes(1, write.keyHash), write.entries).finish())
  }
  return new Writer()
    .text(1, set.collection)
    .bytes(2, hashed.finish())
    .bytes(3, set.privateHash)
    .finish()
}

const writeNamespace = (set: NamespaceSet): Buffer => {
  const kv = new Writer()
  for (const read of set.reads) kv.element(1, writeKeyRead(read))
  for (const range of set.ranges) kv.element(2, writeRange(range))
  for (const write of set.writes) kv.element(3, writeKeyWrite(write))
  for (const write of set.metadataWrites) {
    kv.element(4, writeEntries(new Writer().text(1, write.key), write.entries).finish())
  }
  const outer = new Writer().text(1, set.namespace).bytes(2, kv.finish())
  for (const collection of set.collections) outer.element(3, writeCollection(collection))
  return outer.finish()
}

/** The caller gives namespaces, collections and keys sorted; see simulation.ts. */
export const writeReadWriteSet = (sets: readonly NamespaceSet[]): Buffer => {
  const writer = new Writer()
  for (const set of sets) writer.element(2, writeNamespace(set))
  return writer.finish()
}

export const writePrivateWrites = (set: PrivateWrites): Buffer => {
  const writer = new Writer()
  for (const write of set.writes) writer.element(3, writeKeyWrite(write))
  for (const key of set.metadataKeys) writer.element(4, new Writer().text(1, key).finish())
  return writer.finish()
}

/** Joins sets, sorted by namespace and collection, to a rwset.TxPvtReadWriteSet. */
export const writePrivateSets = (sets: readonly PrivateSet[]): Buffer => {
  const namespaces = new Map<string, Writer>()
  for (const set of sets) {
    const writer = namespaces.get(set.namespace) ?? new Writer().text(1, set.namespace)
    namespaces.set(set.namespace, writer)
    writer.element(2, new Writer().text(1, set.collection).bytes(2, set.rwset).finish())
  }
  const outer = new Writer()
  for (const writer of namespaces.values()) outer.element(2, writer.finish())
  return outer.finish()
}

/** State metadata as the state keeps it: KVMetadataWrite{entries}. */
export const writeMetadata = (entries: readonly MetadataEntry[]): Uint8Array =>
  entries.length === 0 ? NOTHING : writeEntries(new Writer(), entries).finish()

export const readMetadata = (bytes: Uint8Array): Map<string, Uint8Array> => {
  const entries = new Map<string, Uint8Array>()
  eachField(bytes, field => {
    if (field.number !== 2) return
    const entry = new Message(field.bytes)
    entries.set(textOf(entry.bytes(1)), entry.bytes(2))
  })
  return entries
}
