import { TxCode } from './codes.ts'
import { COLLECTION_BYTES_MAX, NAMESPACE_BYTES_MAX, keyFits } from './limits.ts'
import type { CollectionSet, NamespaceSet } from './rwset.ts'

const bytesOf = (text: string): number => Buffer.byteLength(text, 'utf8')

const isHash = ({ keyHash }: { readonly keyHash: Uint8Array }): boolean => keyHash.length === 32
const hasKey = ({ key }: { readonly key: string }): boolean => keyFits(key)

const collectionFits = (set: CollectionSet): boolean => {
  const size = bytesOf(set.collection)
  if (size === 0 || size > COLLECTION_BYTES_MAX) return false
  return set.reads.every(isHash) && set.writes.every(isHash) && set.metadataWrites.every(isHash)
}

const namespaceFits = (set: NamespaceSet): boolean => {
  const size = bytesOf(set.namespace)
  if (size === 0 || size > NAMESPACE_BYTES_MAX) return false
  const keysFit =
    set.reads.every(hasKey) && set.writes.every(hasKey) && set.metadataWrites.every(hasKey)
  return keysFit && set.collections.every(collectionFits)
}

const distinct = (names: readonly string[]): boolean => new Set(names).size === names.length

/**
 * The shape of a read-write set: a namespace or collection twice would let a later part hide
 * from a check made on the first; places that no state can hold are refused everywhere alike.
 */
export const shapeOf = (sets: readonly NamespaceSet[]): TxCode => {
  if (!distinct(sets.map(set => set.namespace))) return TxCode.ILLEGAL_WRITESET
  if (!sets.every(set => distinct(set.collections.map(one => one.collection)))) {
    return TxCode.ILLEGAL_WRITESET
  }
  return sets.every(namespaceFits) ? TxCode.VALID : TxCode.INVALID_WRITESET
}

export const writesTo = (set: NamespaceSet): boolean =>
  set.writes.length > 0 ||
  set.metadataWrites.length > 0 ||
  set.collections.some(one => one.writes.length > 0 || one.metadataWrites.length > 0)
