/** Which documents of one segment hold every part of a question, and how well they answer it (BM25). */
import type { Scored } from './best.ts'
import { wordsOfSize, type Occurrences } from './packing.ts'
import type { Part } from './question.ts'

export interface Weights {
  /** Of each word of the question, by how few documents hold it. */
  readonly idf: ReadonlyMap<string, number>
  /** Words of a document, on average. */
  readonly meanWords: number
}

/** The usual constants: how soon more of the same word stops to count, and how much a long text is held back. */
const K1 = 1.2
const B = 0.75

/** Never negative, so that a word that is everywhere does not make a document worse. */
export const idfOf = (documents: number, holding: number): number =>
  Math.log(1 + (documents - holding + 0.5) / (holding + 0.5))

interface Cursor {
  readonly word: string
  readonly idf: number
  readonly of: Occurrences
  row: number
}

/**
 * Visits every document that answers, in ascending order.
 *
 * @param found the occurrences of each word of the question in this segment.
 */
export function matches(
  parts: readonly Part[],
  found: ReadonlyMap<string, Occurrences>,
  weights: Weights,
  visit: (answer: Scored) => void,
): void {
  const words = [...new Set(parts.flatMap(part => part.words.map(({ word }) => word)))]
  const cursors: Cursor[] = []
  for (const word of words) {
    const of = found.get(word)
    if (!of) return
    cursors.push({ word, idf: weights.idf.get(word) ?? 0, of, row: 0 })
  }
  cursors.sort((a, b) => a.of.documents.length - b.of.documents.length)
  const phrases = parts
    .filter(part => part.words.length > 1)
    .map(part => part.words.map(({ word, at }) => ({ at, cursor: cursorOf(cursors, word) })))
  const [rarest] = cursors
  if (!rarest) return
  for (; rarest.row < rarest.of.documents.length; rarest.row++) {
    const document = rarest.of.documents[rarest.row] ?? 0
    if (!cursors.every(cursor => reaches(cursor, document))) continue
    const begins = phrases.map(beginOf)
    if (begins.includes(-1)) continue
    const position = begins[0] ?? firstOf(rarest)
    visit({ document, score: scoreOf(cursors, weights.meanWords), position })
  }
}

const firstOf = ({ of: { positions, starts }, row }: Cursor): number =>
  positions[starts[row] ?? 0] ?? 0

function cursorOf(cursors: readonly Cursor[], word: string): Cursor {
  const found = cursors.find(cursor => cursor.word === word)
  if (!found) throw new Error(`no cursor of ${word}`)
  return found
}

function reaches(cursor: Cursor, document: number): boolean {
  const { documents } = cursor.of
  let { row } = cursor
  while (row < documents.length && (documents[row] ?? 0) < document) row++
  cursor.row = row
  return documents[row] === document
}

interface Placed {
  /** Where the word begins in the part. */
  readonly at: number
  readonly cursor: Cursor
}

/** Where the words stand in the document as they stand in the part; -1 where they do not. */
function beginOf(phrase: readonly Placed[]): number {
  const [first, ...others] = phrase
  if (!first) return -1
  const { starts, positions } = first.cursor.of
  const end = starts[first.cursor.row + 1] ?? 0
  for (let each = starts[first.cursor.row] ?? 0; each < end; each++) {
    const begin = (positions[each] ?? 0) - first.at
    if (others.every(({ at, cursor }) => standsAt(cursor, begin + at))) return begin + first.at
  }
  return -1
}

function standsAt({ of: { starts, positions }, row }: Cursor, position: number): boolean {
  const end = starts[row + 1] ?? 0
  for (let each = starts[row] ?? 0; each < end; each++)
    if ((positions[each] ?? 0) >= position) return positions[each] === position
  return false
}

function scoreOf(cursors: readonly Cursor[], meanWords: number): number {
  let score = 0
  for (const { idf, of, row } of cursors) {
    const times = (of.starts[row + 1] ?? 0) - (of.starts[row] ?? 0)
    const length = wordsOfSize(of.sizes[row] ?? 0) / meanWords
    score += (idf * times * (K1 + 1)) / (times + K1 * (1 - B + B * length))
  }
  return score
}
