import { TxCode } from './codes.ts'
import { RANGE_DEGREE_MAX, RangeReads, sameSummary } from './range-reads.ts'
import type { CollectionSet, KeyRead, NamespaceSet, RangeQuery } from './rwset.ts'
import { sameVersion, type CommittedState, type KeyRange, type StoredKey } from './state.ts'
import { hashText, type UpdateBatch } from './updates.ts'
import { compareText } from './wire.ts'

export interface BlockView {
  readonly batch: UpdateBatch
  readonly state: CommittedState
}

const readHolds = (namespace: string, read: KeyRead, { batch, state }: BlockView): boolean =>
  batch.public(namespace, read.key) === undefined &&
  sameVersion(state.version(namespace, read.key), read.version)

const collectionHolds = (namespace: string, set: CollectionSet, view: BlockView): boolean =>
  set.reads.every(read => {
    const { collection } = set
    if (view.batch.hashed(namespace, collection, hashText(read.keyHash)) !== undefined) return false
    const stored = view.state.hashed({ namespace, collection, keyHash: read.keyHash })
    return sameVersion(stored?.version, read.version)
  })

const inRange = (key: string, range: KeyRange): boolean => {
  if (compareText(key, range.startKey) < 0) return false
  if (range.endKey === '') return true
  const order = compareText(key, range.endKey)
  return range.endIncluded ? order <= 0 : order < 0
}

/** Rows of the state with the block's earlier writes laid over them, in key order. */
export function* rowsWithUpdates(
  range: KeyRange,
  { batch, state }: BlockView,
): Iterable<StoredKey> {
  const updates = batch.publicUpdates.get(range.namespace) ?? new Map()
  const written = [...updates.keys()].filter(key => inRange(key, range)).sort(compareText)
  let at = 0
  const writtenUpTo = function* (limit: string | undefined): Iterable<StoredKey> {
    for (; at < written.length; at += 1) {
      const key = written[at] as string
      if (limit !== undefined && compareText(key, limit) > 0) return
      const update = updates.get(key)
      if (update?.value !== undefined) yield { key, version: update.version }
    }
  }
  for (const row of state.range(range)) {
    yield* writtenUpTo(row.key)
    if (!updates.has(row.key)) yield row
  }
  yield* writtenUpTo(undefined)
}

const rawReadsHold = (query: RangeQuery, rows: Iterable<StoredKey>): boolean => {
  let at = 0
  for (const row of rows) {
    const read = query.reads[at]
    if (read === undefined || read.key !== row.key) return false
    if (!sameVersion(read.version, row.version)) return false
    at += 1
  }
  return at === query.reads.length
}

/** A summary names the degree it was built with; Fabric's is the only one we produce. */
const summaryHolds = (query: RangeQuery, rows: Iterable<StoredKey>): boolean => {
  const { merkle } = query
  if (merkle === undefined || merkle.maxDegree !== RANGE_DEGREE_MAX) return false
  const reads = new RangeReads(merkle.maxDegree)
  for (const row of rows) reads.add(row)
  return sameSummary(merkle, reads.finish().merkle)
}

const rangeHolds = (namespace: string, query: RangeQuery, view: BlockView): boolean => {
  const { startKey, endKey, exhausted } = query
  // Not exhausted: the end key is the last row the chaincode took, and belongs to the range. An
  // iterator nobody advanced claims nothing.
  if (!exhausted && endKey === '') return query.reads.length === 0 && query.merkle === undefined
  const rows = rowsWithUpdates({ namespace, startKey, endKey, endIncluded: !exhausted }, view)
  return query.merkle === undefined ? rawReadsHold(query, rows) : summaryHolds(query, rows)
}

/** Nothing the transaction read has changed since, by committed blocks or earlier in this one. */
export const readsHold = (sets: readonly NamespaceSet[], view: BlockView): TxCode => {
  for (const set of sets) {
    const { namespace } = set
    if (!set.reads.every(read => readHolds(namespace, read, view))) return TxCode.MVCC_READ_CONFLICT
    if (!set.ranges.every(query => rangeHolds(namespace, query, view))) {
      return TxCode.PHANTOM_READ_CONFLICT
    }
    if (!set.collections.every(one => collectionHolds(namespace, one, view))) {
      return TxCode.MVCC_READ_CONFLICT
    }
  }
  return TxCode.VALID
}
