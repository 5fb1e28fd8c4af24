import type { Version } from './rwset.ts'

/** What the state keeps of a key. For a private key, `value` is the SHA-256 of its value. */
export interface StoredValue {
  readonly version: Version
  readonly value: Uint8Array
  /** KVMetadataWrite bytes; empty when there is none. */
  readonly metadata: Uint8Array
}

export interface StoredKey {
  readonly key: string
  readonly version: Version
}

export interface KeyRange {
  readonly namespace: string
  readonly startKey: string
  /** '' means to the end of the namespace. */
  readonly endKey: string
  readonly endIncluded: boolean
}

export interface HashedPlace {
  readonly namespace: string
  readonly collection: string
  readonly keyHash: Uint8Array
}

/** Committed state as the rules read it; the store implements it, tests use a map. */
export interface CommittedState {
  value(namespace: string, key: string): StoredValue | undefined
  version(namespace: string, key: string): Version | undefined
  hashed(place: HashedPlace): StoredValue | undefined
  range(range: KeyRange): Iterable<StoredKey>
}

export const sameVersion = (a: Version | undefined, b: Version | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a.block === b.block && a.tx === b.tx
