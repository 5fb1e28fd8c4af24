/**
 * Where one word stands, as bytes. A chunk has the number of its first document, how many there are, and for each
 * document the step from the last one, its size, how often and where. Chunks one after the other, in the order of
 * their documents, are again a list.
 */
export interface Posting {
  readonly document: number
  /** In units of SIZE_UNIT words. */
  readonly size: number
  readonly positions: readonly number[]
}

/** The size of a document only weighs its score; a step of a few words does not change an order that anybody sees. */
const SIZE_UNIT = 8

export const sizeOf = (words: number): number => Math.ceil(words / SIZE_UNIT)
export const wordsOfSize = (size: number): number => size * SIZE_UNIT

/** @param postings in ascending order of their documents. */
export function packed(postings: readonly Posting[]): Buffer {
  const bytes: number[] = []
  const [first] = postings
  if (!first) return Buffer.alloc(0)
  put(bytes, first.document)
  put(bytes, postings.length)
  let last = first.document
  for (const { document, size, positions } of postings) {
    put(bytes, document - last)
    put(bytes, size)
    put(bytes, positions.length)
    last = document
    let from = 0
    for (const position of positions) {
      put(bytes, position - from)
      from = position
    }
  }
  return Buffer.from(bytes)
}

/** LEB128; numbers of documents may pass 2^32. */
function put(bytes: number[], value: number): void {
  let left = value
  while (left > 0x7f) {
    bytes.push((left % 0x80) | 0x80)
    left = Math.floor(left / 0x80)
  }
  bytes.push(left)
}

/** The documents of one word, column by column: the positions of document i begin at `starts[i]`. */
export interface Occurrences {
  readonly documents: Float64Array
  readonly sizes: Uint32Array
  readonly starts: Uint32Array
  readonly positions: Uint32Array
}

/** @param count of the documents, all chunks together. */
export function unpacked(bytes: Uint8Array, count: number): Occurrences {
  const documents = new Float64Array(count)
  const sizes = new Uint32Array(count)
  const starts = new Uint32Array(count + 1)
  // Each position takes a byte at least.
  const positions = new Uint32Array(bytes.length)
  const from = { bytes, at: 0 }
  let row = 0
  let filled = 0
  while (from.at < bytes.length && row < count) {
    let document = take(from)
    for (let left = take(from); left > 0 && row < count; left--) {
      document += take(from)
      documents[row] = document
      sizes[row] = take(from)
      starts[row] = filled
      const times = Math.min(take(from), bytes.length)
      takePositions(from, positions, { filled, times })
      filled += times
      row++
    }
  }
  starts[row] = filled
  // What is kept in memory is no longer than what it holds.
  return { documents, sizes, starts, positions: positions.slice(0, filled) }
}

interface Place {
  readonly bytes: Uint8Array
  at: number
}

function take(from: Place): number {
  const { bytes } = from
  let byte = bytes[from.at++] ?? 0
  if (byte < 0x80) return byte
  let value = byte & 0x7f
  let scale = 0x80
  do {
    byte = bytes[from.at++] ?? 0
    value += (byte & 0x7f) * scale
    scale *= 0x80
  } while (byte >= 0x80)
  return value
}

function takePositions(
  from: Place,
  positions: Uint32Array,
  { filled, times }: { filled: number; times: number },
): void {
  let position = 0
  for (let each = 0; each < times && from.at < from.bytes.length; each++) {
    position += take(from)
    positions[filled + each] = position
  }
}

/** As single postings again, for what is changed by hand: a document that is taken out, a check. */
export function postingsIn(bytes: Uint8Array, count: number): Posting[] {
  const { documents, sizes, starts, positions } = unpacked(bytes, count)
  return Array.from(documents, (document, row) => ({
    document,
    size: sizes[row] ?? 0,
    positions: [...positions.subarray(starts[row], starts[row + 1])],
  }))
}
