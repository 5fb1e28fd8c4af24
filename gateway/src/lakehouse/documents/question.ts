/** A question as it is asked of the index. What people type is hostile text: it is only ever cut into words. */
import { CodedError } from '../../platform/faults.ts'
import { fold } from './fold.ts'
import { wordsOfFolded, type Word } from './tokens.ts'

/** What stands between two spaces: its words must follow each other in the text as they do here. */
export interface Part {
  readonly folded: string
  /** Enough words to cover it. */
  readonly words: readonly Word[]
}

const QUERY_MAX = 256
/** Different ones. */
const WORDS_MAX = 16

/**
 * Empty when there is nothing to look for, as in a question of stop words.
 *
 * @throws CodedError QUERY_TOO_LONG
 */
export function partsOf(query: string): Part[] {
  if (query.length > QUERY_MAX) throw tooLong()
  const parts = query
    .split(/\s+/u)
    .map(part => fold(part).text)
    .map(folded => ({ folded, words: covering(wordsOfFolded(folded)) }))
    .filter(({ words }) => words.length > 0)
  const words = new Set(parts.flatMap(part => part.words.map(({ word }) => word)))
  if (words.size > WORDS_MAX) throw tooLong()
  return parts
}

const tooLong = (): CodedError =>
  new CodedError('QUERY_TOO_LONG', {
    status: 400,
    facts: { maxCharacters: QUERY_MAX, maxWords: WORDS_MAX },
  })

/** From left to right always the word that reaches furthest: the fewest, and so mostly the rarest. */
function covering(words: readonly Word[]): Word[] {
  const sorted = [...words].sort((a, b) => a.at - b.at)
  const chosen: Word[] = []
  let covered = 0
  let at = 0
  while (at < sorted.length) {
    let best: Word | undefined
    for (; at < sorted.length && (sorted[at]?.at ?? 0) <= covered; at++) {
      const word = sorted[at]
      if (word && endOf(word) > Math.max(covered, best ? endOf(best) : 0)) best = word
    }
    if (best) chosen.push(best)
    // A gap: a stop word, or a mark between words.
    covered = best ? endOf(best) : Math.max(covered, sorted[at]?.at ?? covered)
  }
  return chosen
}

const endOf = ({ at, length }: Word): number => at + length
