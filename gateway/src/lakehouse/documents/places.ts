/** The words of one document with all places of each: what a document gives to the index. */
import { fold, type Folded } from './fold.ts'
import { packed, sizeOf, type Posting } from './packing.ts'
import { wordsOfFolded } from './tokens.ts'

export interface Places {
  /** How many words there are, each as often as it stands there. */
  readonly words: number
  readonly positions: ReadonlyMap<string, readonly number[]>
}

export const placesOf = (text: string): Places => placesOfFolded(fold(text))

export function placesOfFolded({ text }: Folded): Places {
  const positions = new Map<string, number[]>()
  const words = wordsOfFolded(text)
  for (const { word, at } of words) {
    const known = positions.get(word)
    if (known) known.push(at)
    else positions.set(word, [at])
  }
  for (const each of positions.values()) each.sort((a, b) => a - b)
  return { words: words.length, positions }
}

/** As one text, each word between two spaces: ` word@1,7 other@3 `. A word holds neither space nor `@`. */
export const writtenPlaces = ({ positions }: Places): string =>
  ` ${[...positions].map(([word, at]) => `${word}@${at.join(',')}`).join(' ')} `

export function readPlaces(written: string): Map<string, number[]> {
  const pairs = written.trim().split(' ').filter(Boolean)
  return new Map(
    pairs.map(pair => {
      const mark = pair.lastIndexOf('@')
      return [
        pair.slice(0, mark),
        pair
          .slice(mark + 1)
          .split(',')
          .map(Number),
      ]
    }),
  )
}

export interface Numbered {
  readonly number: number
  readonly words: number
  readonly positions: ReadonlyMap<string, readonly number[]>
}

export type PostingCells = [
  tier: number,
  word: string,
  first: bigint,
  last: bigint,
  documents: number,
  base64: string,
]

/**
 * A row of postings is of documents whose numbers fall into one range of so many. Documents that came alone may be
 * put into a segment after a batch that came later; a batch is longer than a range, so rows never overlap.
 */
const RANGE = 256

/** The rows of a segment. @param documents in ascending order of their numbers. */
export function segmentOf(documents: readonly Numbered[], tier: number): PostingCells[] {
  const ranges = new Map<number, Numbered[]>()
  for (const document of documents) {
    const range = Math.floor(document.number / RANGE)
    ranges.set(range, [...(ranges.get(range) ?? []), document])
  }
  return [...ranges.values()].flatMap(range =>
    [...postingsOf(range)].map(([word, list]) => rowOf(tier, word, list)),
  )
}

export const rowOf = (tier: number, word: string, list: readonly Posting[]): PostingCells => [
  tier,
  word,
  BigInt(list[0]?.document ?? 0),
  BigInt(list.at(-1)?.document ?? 0),
  list.length,
  packed(list).toString('base64'),
]

function postingsOf(documents: readonly Numbered[]): Map<string, Posting[]> {
  const lists = new Map<string, Posting[]>()
  for (const { number, words, positions } of documents)
    for (const [word, at] of positions) {
      const posting = { document: number, size: sizeOf(words), positions: at }
      const list = lists.get(word)
      if (list) list.push(posting)
      else lists.set(word, [posting])
    }
  return lists
}
