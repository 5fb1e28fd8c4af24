/** Where the words of a question stand: in segments, which the lake is asked for, and in the documents before them. */
import type { LakeReader } from '../engine.ts'
import { createBounded, type Bounded } from './bounded.ts'
import { sizeOf, unpacked, type Occurrences } from './packing.ts'
import { POSTINGS, RECENT } from './store.ts'

/** A document that is in no segment yet. */
export interface Recent {
  readonly number: number
  readonly words: number
  readonly places: string
}

export async function readRecent(reader: LakeReader, from: number): Promise<Recent[]> {
  const rows = await reader.query<{ number: string; words: number; places: string }>(
    `SELECT number, words, places FROM ${RECENT} WHERE number >= ${from} ORDER BY number`,
  )
  return rows.map(row => ({ ...row, number: Number(row.number) }))
}

/** The recent documents as if they were a segment. */
export function recentOccurrences(
  recent: readonly Recent[],
  words: readonly string[],
): Map<string, Occurrences> {
  return new Map(
    words.map(word => {
      const mark = ` ${word}@`
      const rows = recent.flatMap(({ number, words: size, places }) => {
        const at = places.indexOf(mark)
        if (at < 0) return []
        const begin = at + mark.length
        const positions = places.slice(begin, places.indexOf(' ', begin)).split(',').map(Number)
        return [{ document: number, words: size, positions }]
      })
      return [word, columnsOf(rows)]
    }),
  )
}

function columnsOf(
  rows: readonly { document: number; words: number; positions: readonly number[] }[],
): Occurrences {
  const starts = new Uint32Array(rows.length + 1)
  rows.forEach(({ positions }, at) => (starts[at + 1] = (starts[at] ?? 0) + positions.length))
  return {
    documents: Float64Array.from(rows, ({ document }) => document),
    sizes: Uint32Array.from(rows, ({ words }) => sizeOf(words)),
    starts,
    positions: Uint32Array.from(rows.flatMap(({ positions }) => positions)),
  }
}

/** Words of segments by their version. In bytes of this process; a word of 100,000 documents takes three million. */
export type WordsKept = Bounded<string, Occurrences>
const KEPT_BYTES = 64 * 1024 * 1024
export const createWordsKept = (): WordsKept => createBounded(KEPT_BYTES)

export async function sealedOccurrences(
  reader: LakeReader,
  kept: WordsKept,
  words: readonly string[],
): Promise<Map<string, Occurrences>> {
  const found = new Map<string, Occurrences>()
  const missing: string[] = []
  for (const word of words) {
    const known = kept.get(word)
    if (known) found.set(word, known)
    else missing.push(word)
  }
  if (missing.length === 0) return found
  const chunks = await readChunks(reader, missing)
  for (const word of missing) {
    const { documents = 0, bytes = [] } = chunks.get(word) ?? {}
    const of = unpacked(Buffer.concat(bytes), documents)
    kept.set(word, of, weightOf(of))
    found.set(word, of)
  }
  return found
}

const weightOf = ({ documents, sizes, starts, positions }: Occurrences): number =>
  documents.byteLength + sizes.byteLength + starts.byteLength + positions.byteLength + 200

interface Chunks {
  documents: number
  readonly bytes: Buffer[]
}

async function readChunks(
  reader: LakeReader,
  words: readonly string[],
): Promise<Map<string, Chunks>> {
  const marks = words.map((_, at) => `$${at + 1}`).join(', ')
  const rows = await reader.query<{ word: string; documents: number; packed: string }>(
    `SELECT word, documents, to_base64(packed) AS packed FROM ${POSTINGS}
     WHERE word IN (${marks}) ORDER BY word, first`,
    words,
  )
  const chunks = new Map<string, Chunks>()
  for (const { word, documents, packed } of rows) {
    const of = chunks.get(word) ?? { documents: 0, bytes: [] }
    of.documents += documents
    of.bytes.push(Buffer.from(packed, 'base64'))
    chunks.set(word, of)
  }
  return chunks
}
