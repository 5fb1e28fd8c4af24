import type { RecordedRange } from './ranges.ts'
import { LIFECYCLE } from './rules/definition.ts'
import { keyPolicyOf } from './rules/endorsement.ts'
import { sha256 } from './rules/block.ts'
import {
  writePrivateSets,
  writePrivateWrites,
  writeReadWriteSet,
  type CollectionSet,
  type HashedMetadataWrite,
  type HashedRead,
  type HashedWrite,
  type KeyRead,
  type KeyWrite,
  type MetadataEntry,
  type MetadataWrite,
  type NamespaceSet,
  type PrivateSet,
  type RangeQuery,
  type Version,
} from './rules/rwset.ts'
import { compareText } from './rules/wire.ts'
import type { InterestCall, SimulationResults, StateKey } from './types.ts'

const NOTHING = new Uint8Array(0)

interface CollectionParts {
  readonly reads: Map<string, HashedRead>
  readonly writes: Map<string, HashedWrite>
  readonly metadataWrites: Map<string, HashedMetadataWrite>
  readonly privateWrites: Map<string, KeyWrite>
  readonly privateMetadata: Set<string>
}

interface NamespaceParts {
  readonly reads: Map<string, KeyRead>
  readonly writes: Map<string, KeyWrite>
  readonly metadataWrites: Map<string, MetadataWrite>
  readonly ranges: RecordedRange[]
  readonly collections: Map<string, CollectionParts>
}

const child = <V>(map: Map<string, V>, key: string, make: () => V): V => {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

const newNamespace = (): NamespaceParts => ({
  reads: new Map(),
  writes: new Map(),
  metadataWrites: new Map(),
  ranges: [],
  collections: new Map(),
})

const newCollection = (): CollectionParts => ({
  reads: new Map(),
  writes: new Map(),
  metadataWrites: new Map(),
  privateWrites: new Map(),
  privateMetadata: new Set(),
})

/** Values in the byte order of their keys: every endorser must write the same bytes. */
const sorted = <V>(map: ReadonlyMap<string, V>): V[] =>
  [...map.keys()].sort(compareText).map(key => map.get(key) as V)

/** What the transaction means for endorsement: policies of keys it writes, places it reads. */
interface Interest {
  /** A written key without a policy of its own: the place's policy is needed. */
  readonly required: Map<string, boolean>
  readonly keyPolicies: Map<string, Uint8Array>
}

/**
 * Collects what a simulation reads and writes. Fabric's forms: the last write of a key counts, a
 * read keeps the version it saw, private keys appear hashed, everything sorted.
 */
export class ReadWriteSetBuilder {
  readonly #namespaces = new Map<string, NamespaceParts>()
  readonly #interest = new Map<string, Interest>()
  readonly #privateReads = new Set<string>()
  #writes = false

  #namespace(name: string): NamespaceParts {
    return child(this.#namespaces, name, newNamespace)
  }

  #collection(at: StateKey): CollectionParts {
    return child(this.#namespace(at.namespace).collections, at.collection ?? '', newCollection)
  }

  #interestIn(namespace: string): Interest {
    return child(this.#interest, namespace, () => ({
      required: new Map([['', false]]),
      keyPolicies: new Map(),
    }))
  }

  read(at: StateKey, version: Version | undefined): void {
    this.#namespace(at.namespace).reads.set(at.key, { key: at.key, version })
  }

  readHashed(at: StateKey, keyHash: Uint8Array, version: Version | undefined): void {
    this.#collection(at).reads.set(at.key, { keyHash, version })
  }

  readPrivate(at: StateKey): void {
    this.#privateReads.add(`${at.namespace}\u0000${at.collection ?? ''}`)
  }

  range(namespace: string, query: RecordedRange): void {
    this.#namespace(namespace).ranges.push(query)
  }

  write(at: StateKey, value: Uint8Array): void {
    this.#writes = true
    const { key } = at
    const write = { key, isDelete: value.length === 0, value }
    if (at.collection === undefined || at.collection === '') {
      this.#namespace(at.namespace).writes.set(key, write)
      return
    }
    const parts = this.#collection(at)
    parts.privateWrites.set(key, write)
    parts.writes.set(key, {
      keyHash: sha256(Buffer.from(key, 'utf8')),
      isDelete: write.isDelete,
      valueHash: write.isDelete ? NOTHING : sha256(value),
      isPurge: false,
    })
  }

  purge(at: StateKey): void {
    this.write(at, NOTHING)
    const { writes } = this.#collection(at)
    writes.set(at.key, { ...(writes.get(at.key) as HashedWrite), isPurge: true })
  }

  writeMetadata(at: StateKey, entries: readonly MetadataEntry[]): void {
    this.#writes = true
    const { key } = at
    if (at.collection === undefined || at.collection === '') {
      this.#namespace(at.namespace).metadataWrites.set(key, { key, entries })
      return
    }
    const parts = this.#collection(at)
    parts.privateMetadata.add(key)
    parts.metadataWrites.set(key, { keyHash: sha256(Buffer.from(key, 'utf8')), entries })
  }

  /** Notes a written key's committed metadata: whose endorsement the write will need. */
  touch(at: StateKey, metadata: Uint8Array): void {
    const interest = this.#interestIn(at.namespace)
    const policy = keyPolicyOf(metadata)
    if (policy === undefined) interest.required.set(at.collection ?? '', true)
    else interest.keyPolicies.set(`${at.collection ?? ''}\u0000${at.key}`, policy)
  }

  #privateSets(): PrivateSet[] {
    const sets: PrivateSet[] = []
    for (const namespace of [...this.#namespaces.keys()].sort(compareText)) {
      const { collections } = this.#namespace(namespace)
      for (const collection of [...collections.keys()].sort(compareText)) {
        const parts = collections.get(collection) as CollectionParts
        if (parts.privateWrites.size === 0 && parts.privateMetadata.size === 0) continue
        const rwset = writePrivateWrites({
          writes: sorted(parts.privateWrites),
          metadataKeys: [...parts.privateMetadata].sort(compareText),
        })
        sets.push({ namespace, collection, rwset })
      }
    }
    return sets
  }

  finish(): SimulationResults {
    const privateSets = this.#privateSets()
    const hashes = new Map(
      privateSets.map(set => [`${set.namespace}\u0000${set.collection}`, sha256(set.rwset)]),
    )
    const names = [...this.#namespaces.keys()].sort(compareText)
    const sets = names.map(name => namespaceSet(name, this.#namespace(name), hashes))
    return {
      results: writeReadWriteSet(sets),
      ...(privateSets.length > 0 ? { privateResults: writePrivateSets(privateSets) } : {}),
      interest: this.#interestCalls(names),
      writes: this.#writes,
    }
  }

  /** Fabric's endorser: one call per place whose policy must hold (buildChaincodeInterest). */
  #interestCalls(names: readonly string[]): InterestCall[] {
    for (const name of names) {
      // A namespace that was read only, or through hashes only, still needs its own policy.
      if (!this.#interest.has(name)) this.#interestIn(name).required.set('', true)
    }
    for (const place of this.#privateReads) {
      const [namespace, collection] = place.split('\u0000') as [string, string]
      this.#interestIn(namespace).required.set(collection, true)
    }
    return [...this.#interest.keys()]
      .filter(name => name !== LIFECYCLE)
      .sort(compareText)
      .flatMap(name => this.#callsOf(name, this.#interestIn(name)))
  }

  #callsOf(name: string, interest: Interest): InterestCall[] {
    return [...interest.required]
      .sort(([a], [b]) => compareText(a, b))
      .flatMap(([collection, required]): InterestCall[] => {
        if (collection !== '') {
          const noPrivateReads = !this.#privateReads.has(`${name}\u0000${collection}`)
          return [{ ...emptyCall(name), collectionNames: [collection], noPrivateReads }]
        }
        const keyPolicies = sorted(interest.keyPolicies)
        if (keyPolicies.length === 0 && !required) return []
        return [
          {
            ...emptyCall(name),
            keyPolicies,
            disregardNamespacePolicy: !required && keyPolicies.length > 0,
          },
        ]
      })
  }
}

const emptyCall = (name: string): InterestCall => ({
  name,
  collectionNames: [],
  noPrivateReads: false,
  keyPolicies: [],
  disregardNamespacePolicy: false,
})

/** Equal queries stand once, in the order they were first made. */
const distinctRanges = (ranges: readonly RecordedRange[]): RangeQuery[] => {
  const found = new Map<string, RangeQuery>()
  for (const range of ranges) {
    const query = range.finish()
    if (query === undefined) continue
    const name = JSON.stringify([query.startKey, query.endKey, query.exhausted])
    if (!found.has(name)) found.set(name, query)
  }
  return [...found.values()]
}

const namespaceSet = (
  namespace: string,
  parts: NamespaceParts,
  hashes: ReadonlyMap<string, Uint8Array>,
): NamespaceSet => ({
  namespace,
  reads: sorted(parts.reads),
  ranges: distinctRanges(parts.ranges),
  writes: sorted(parts.writes),
  metadataWrites: sorted(parts.metadataWrites),
  collections: [...parts.collections.keys()].sort(compareText).map((collection): CollectionSet => {
    const inner = parts.collections.get(collection) as CollectionParts
    return {
      collection,
      reads: sorted(inner.reads),
      writes: sorted(inner.writes),
      metadataWrites: sorted(inner.metadataWrites),
      privateHash: hashes.get(`${namespace}\u0000${collection}`) ?? NOTHING,
    }
  }),
})
