/** Full-text search: which documents hold every part of a question, the best first. */
import type { Engine } from '../engine.ts'
import { bestOf, type Scored } from './best.ts'
import type { Filters } from './marks.ts'
import { idfOf, matches, type Weights } from './match.ts'
import type { Occurrences } from './packing.ts'
import { partsOf, type Part } from './question.ts'
import { readPlacesShown, type ShownDocument } from './pieces.ts'
import { snippetOf, type Snippet } from './snippet.ts'
import type { Tally } from './tally.ts'
import { createViews, type View, type ViewOptions } from './views.ts'
import { recentOccurrences, sealedOccurrences } from './words.ts'

export interface SearchOptions extends Filters {
  /** At most LIMIT_MAX. */
  readonly limit: number
  readonly offset?: number
}

export interface Hit extends ShownDocument {
  readonly score: number
  readonly snippet: Snippet
}

export interface SearchResult {
  /** How many documents answer, with those that are not shown. */
  readonly total: number
  readonly hits: readonly Hit[]
}

export interface Searcher {
  /**
   * Parts of the question stand between spaces; a document answers when its text holds each of them as it is written.
   * A stop word or a mark inside a part stands for any one character; a Latin word or a number is found as a whole.
   * What was added or removed a second ago is found or not as before.
   *
   * @throws CodedError QUERY_TOO_LONG
   */
  search(query: string, options: SearchOptions): Promise<SearchResult>
  close(): Promise<void>
}

export const LIMIT_MAX = 100
export const OFFSET_MAX = 10_000
const NOTHING: SearchResult = { total: 0, hits: [] }

export function createSearcher(engine: Pick<Engine, 'reader'>, options?: ViewOptions): Searcher {
  const views = createViews(engine, options)
  return {
    async search(query, options) {
      const parts = partsOf(query)
      if (parts.length === 0) return NOTHING
      return views.use(view => answer(view, parts, options))
    },
    close: views.close,
  }
}

/** The lake as it is now, for who asks once. */
export async function search(
  engine: Pick<Engine, 'reader'>,
  query: string,
  options: SearchOptions,
): Promise<SearchResult> {
  const searcher = createSearcher(engine)
  try {
    return await searcher.search(query, options)
  } finally {
    await searcher.close()
  }
}

async function answer(
  view: View,
  parts: readonly Part[],
  options: SearchOptions,
): Promise<SearchResult> {
  const offset = Math.min(Math.max(0, options.offset ?? 0), OFFSET_MAX)
  const limit = Math.min(Math.max(1, options.limit), LIMIT_MAX)
  const segments = await readWords(view, parts)
  const passes = await filterOf(view, options)
  const best = bestOf(offset + limit)
  const weights = weightsOf(segments, view.tally)
  let total = 0
  for (const segment of segments)
    matches(parts, segment, weights, scored => {
      if (!passes(scored.document)) return
      total++
      best.put(scored)
    })
  return { total, hits: await readHits(view, best.take().slice(offset), parts) }
}

const wordsOf = (parts: readonly Part[]): string[] => [
  ...new Set(parts.flatMap(({ words }) => words.map(({ word }) => word))),
]

type Found = ReadonlyMap<string, Occurrences>

async function readWords(view: View, parts: readonly Part[]): Promise<readonly Found[]> {
  const words = wordsOf(parts)
  const sealed = await sealedOccurrences(view.reader, view.words, words)
  return [sealed, recentOccurrences(view.recent, words)]
}

function weightsOf(segments: readonly Found[], { documents, words }: Tally): Weights {
  const holding = new Map<string, number>()
  for (const segment of segments)
    for (const [word, of] of segment)
      holding.set(word, (holding.get(word) ?? 0) + of.documents.length)
  return {
    idf: new Map([...holding].map(([word, count]) => [word, idfOf(documents, count)])),
    meanWords: Math.max(1, words) / Math.max(1, documents),
  }
}

async function filterOf(
  { reader, marks, tally }: View,
  { kind, members, fromMs, toMs }: Filters,
): Promise<(document: number) => boolean> {
  const asked = [kind, members, fromMs, toMs]
  if (asked.every(each => each === undefined)) return () => true
  await marks.reach(reader, tally.next)
  return marks.passing({
    ...(kind === undefined ? {} : { kind }),
    ...(members === undefined ? {} : { members }),
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
  })
}

async function readHits(
  { reader, shown }: View,
  scored: readonly Scored[],
  parts: readonly Part[],
): Promise<Hit[]> {
  const found = await readPlacesShown(reader, shown, scored)
  return scored.flatMap(({ document: number, score }) => {
    const place = found.get(number)
    if (!place) return []
    return [{ ...place.document, score, snippet: snippetOf(place.passage, parts) }]
  })
}
