import { TxCode } from './codes.ts'
import { COLLECTION_BYTES_MAX, NAMESPACE_BYTES_MAX, keyProblem } from './limits.ts'
import type { CollectionSet, NamespaceSet } from './rwset.ts'

const bytesOf = (text: string): number => Buffer.byteLength(text, 'utf8')

const collectionFits = (set: CollectionSet): boolean => {
  const size = bytesOf(set.collection)
  if (size === 0 || size > COLLECTION_BYTES_MAX) return false
  const hashes = [...set.reads, ...set.writes, ...set.metadataWrites]
  return hashes.every(({ keyHash }) => keyHash.length === 32)
}

const namespaceFits = (set: NamespaceSet): boolean => {
  const size = bytesOf(set.namespace)
  if (size === 0 || size > NAMESPACE_BYTES_MAX) return false
  const keys = [...set.reads, ...set.writes, ...set.metadataWrites]
  return (
    keys.every(({ key }) => keyProblem(key) === undefined) && set.collections.every(collectionFits)
  )
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
