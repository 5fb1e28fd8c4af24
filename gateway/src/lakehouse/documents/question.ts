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
  let best: Word | undefined
  let covered = 0
  for (const word of sorted) {
    // Nothing that begins here or later reaches what the best one does: it is needed.
    if (best && word.at > covered) {
      chosen.push(best)
      covered = endOf(best)
      best = undefined
    }
    // After a gap, of a stop word or a mark, it goes on where the next word begins.
    covered = best ? covered : Math.max(covered, word.at)
    if (endOf(word) > Math.max(covered, best ? endOf(best) : 0)) best = word
  }
  return best ? [...chosen, best] : chosen
}

const endOf = ({ at, length }: Word): number => at + length
