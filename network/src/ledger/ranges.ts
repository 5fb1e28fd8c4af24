import { sha256 } from './rules/block.ts'
import { valueFits } from './rules/private.ts'
import { RangeReads } from './rules/range-reads.ts'
import type { RangeQuery } from './rules/rwset.ts'
import type { StateView, StoredRow } from './store/database.ts'
import { privateKeys, privateValueOf } from './store/private-data.ts'
import type { KeyValue, RangeArguments, Rows } from './types.ts'

/** Rows of an iterable, taken one by one. */
export const rowsOf = <T>(iterable: Iterable<T>, bookmark: () => string = () => ''): Rows<T> => {
  const iterator = iterable[Symbol.iterator]()
  return {
    next: () => {
      const step = iterator.next()
      return step.done === true ? undefined : step.value
    },
    bookmark,
    close: () => void iterator.return?.(),
  }
}

export const closedRows = <T>(): Rows<T> => rowsOf<T>([])

const keyValue = (namespace: string, row: StoredRow): KeyValue => ({
  namespace,
  key: row.key,
  value: row.stored.value,
})

/** What a range query puts into the read set, once the simulation is over. */
export interface RecordedRange {
  /** Undefined when no row was ever asked for: then nothing was learnt. */
  finish(): RangeQuery | undefined
}

/**
 * A range over public state. The read set holds exactly the rows the chaincode took and, when it
 * took the end as well, the end it asked for: validation repeats just that.
 */
export const publicRows = (
  view: StateView,
  range: RangeArguments,
): { rows: Rows<KeyValue>; query: RecordedRange } => {
  const { namespace, startKey, endKey } = range
  const stored = rowsOf(view.rows({ namespace, startKey, endKey, endIncluded: false }))
  const reads = new RangeReads()
  let lastKey: string | undefined
  let exhausted = false
  const next = (): KeyValue | undefined => {
    if (exhausted) return undefined
    const row = stored.next()
    if (row === undefined) {
      exhausted = true
      return undefined
    }
    reads.add({ key: row.key, version: row.version })
    lastKey = row.key
    return keyValue(namespace, row)
  }
  const finish = (): RangeQuery | undefined => {
    if (!exhausted && lastKey === undefined) return undefined
    return { startKey, endKey: exhausted ? endKey : (lastKey ?? ''), exhausted, ...reads.finish() }
  }
  return { rows: { ...stored, next }, query: { finish } }
}

/** One page of public state, for read-only transactions; nothing enters the read set. */
export const pagedRows = (
  view: StateView,
  range: RangeArguments & { readonly pageSize: number },
): Rows<KeyValue> => {
  const { namespace, endKey, bookmark } = range
  const startKey = bookmark !== undefined && bookmark !== '' ? bookmark : range.startKey
  const stored = rowsOf(view.rows({ namespace, startKey, endKey, endIncluded: false }))
  let left = range.pageSize
  return {
    next: () => {
      if (left <= 0) return undefined
      const row = stored.next()
      left = row === undefined ? 0 : left - 1
      return row === undefined ? undefined : keyValue(namespace, row)
    },
    bookmark: () => stored.next()?.key ?? '',
    close: () => stored.close(),
  }
}

/** Values this member holds and that are current; a value it misses is left out, as in Fabric. */
export const privateRangeRows = (
  view: StateView,
  range: RangeArguments & { readonly collection: string },
): Rows<KeyValue> => {
  const { namespace, collection } = range
  const rows = function* (): Iterable<KeyValue> {
    for (const key of privateKeys(view, range)) {
      const place = { namespace, collection, keyHash: sha256(Buffer.from(key, 'utf8')) }
      const stored = view.hashed(place)
      const value = privateValueOf(view, place)
      if (stored === undefined || value === undefined) continue
      if (valueFits(value, stored.value)) yield { namespace, key, value }
    }
  }
  return rowsOf(rows())
}
