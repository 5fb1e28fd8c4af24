/** The place of a text that answers a question, with the answer marked. */
import { fold } from './fold.ts'
import type { Part } from './question.ts'

export interface Snippet {
  readonly text: string
  /** From and to, in UTF-16 units of `text`, in order and apart from each other. */
  readonly marks: readonly (readonly [from: number, to: number])[]
}

/** As a terminal shows it. */
export function marked({ text, marks }: Snippet): string {
  let at = 0
  const parts = marks.map(([from, to]) => {
    const part = `${text.slice(at, from)}【${text.slice(from, to)}】`
    at = to
    return part
  })
  return parts.join('') + text.slice(at)
}

const BEFORE = 30
const LENGTH = 120
/** Text is folded piece by piece until the answer is found; the pieces overlap by more than a part can be long. */
const PIECE = 16_384
const OVERLAP = 512
/** What lies further back is found all the same, and shown without marks. */
const READ_MAX = 65_536

/** The unmarked beginning where no words of the question stand in the first READ_MAX units. */
export function snippetOf(text: string, parts: readonly Part[]): Snippet {
  const read = text.slice(0, READ_MAX)
  for (let from = 0; from < read.length; from += PIECE - OVERLAP) {
    const snippet = within(read.slice(from, from + PIECE), parts)
    if (snippet) return snippet
  }
  return { text: text.slice(0, LENGTH).toWellFormed(), marks: [] }
}

function within(text: string, parts: readonly Part[]): Snippet | undefined {
  const { text: folded, origin } = fold(text)
  const found = parts
    .flatMap(part => placesOf(folded, part))
    .map(([from, to]) => [origin[from] ?? 0, origin[to] ?? text.length] as const)
    .sort((a, b) => a[0] - b[0])
  const [first] = found
  if (!first) return undefined
  const begin = wholeFrom(text, Math.max(0, first[0] - BEFORE))
  const end = wholeFrom(text, Math.min(text.length, Math.max(begin + LENGTH, first[1])))
  const marks = found.filter(([from, to]) => from >= begin && to <= end)
  return {
    text: text.slice(begin, end),
    marks: joined(marks.map(([from, to]) => [from - begin, to - begin])),
  }
}

type Range = readonly [from: number, to: number]

/** The part itself; where marks or stop words stand between its words, the words. */
function placesOf(folded: string, { folded: part, words }: Part): Range[] {
  const whole = occurrences(folded, part)
  if (whole.length > 0) return whole
  return words.flatMap(({ word }) => occurrences(folded, word))
}

const WORDLY = /[a-z\d]/

/** A Latin word or a number counts only as a whole. */
function occurrences(folded: string, part: string): Range[] {
  const ranges: Range[] = []
  for (let at = folded.indexOf(part); at >= 0; at = folded.indexOf(part, at + part.length)) {
    const end = at + part.length
    if (!isCut(folded, at) && !isCut(folded, end)) ranges.push([at, end])
  }
  return ranges
}

const isCut = (text: string, at: number): boolean =>
  WORDLY.test(text.charAt(at - 1)) && WORDLY.test(text.charAt(at))

/** Never between the halves of a character. */
const wholeFrom = (text: string, at: number): number =>
  /[\uDC00-\uDFFF]/.test(text.charAt(at)) && at > 0 ? at - 1 : at

function joined(ranges: readonly Range[]): Range[] {
  const out: Range[] = []
  for (const range of ranges) {
    const last = out.at(-1)
    if (last && range[0] <= last[1]) out[out.length - 1] = [last[0], Math.max(last[1], range[1])]
    else out.push(range)
  }
  return out
}
