/**
 * An immutable map from digests. A change copies one bucket and the bucket list, so a pool of ten
 * thousand requests costs about a microsecond per change, and an older replica stays what it was.
 */
import type { Digest } from './model.ts'

const BUCKETS = 512

export interface DigestMap<V> {
  readonly size: number
  readonly buckets: ReadonlyArray<ReadonlyMap<Digest, V> | undefined>
}

const bucketOf = (digest: Digest): number => {
  let hash = 7
  const length = Math.min(digest.length, 8)
  for (let index = 0; index < length; index += 1) {
    hash = (hash * 31 + digest.charCodeAt(index)) & 0xffff
  }
  return hash % BUCKETS
}

export const emptyDigestMap = <V>(): DigestMap<V> => ({
  size: 0,
  buckets: new Array<undefined>(BUCKETS).fill(undefined),
})

export const lookUp = <V>(map: DigestMap<V>, digest: Digest): V | undefined =>
  map.buckets[bucketOf(digest)]?.get(digest)

type Change<V> = readonly [Digest, V | undefined]

/** Sets each digest to its value; `undefined` removes it. Each touched bucket is copied once. */
export function withChanges<V>(map: DigestMap<V>, changes: Iterable<Change<V>>): DigestMap<V> {
  const buckets = map.buckets.slice()
  const copied = new Map<number, Map<Digest, V>>()
  let size = map.size
  for (const [digest, value] of changes) {
    const index = bucketOf(digest)
    let bucket = copied.get(index)
    if (!bucket) {
      bucket = new Map(buckets[index])
      copied.set(index, bucket)
      buckets[index] = bucket
    }
    size -= bucket.size
    if (value === undefined) bucket.delete(digest)
    else bucket.set(digest, value)
    size += bucket.size
  }
  return { size, buckets }
}

export function* entriesOf<V>(map: DigestMap<V>): Generator<[Digest, V]> {
  for (const bucket of map.buckets) if (bucket) yield* bucket
}
