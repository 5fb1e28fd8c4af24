/** Full-text search: which documents hold every part of a question, the best first. */
import { DuckDBTimestampValue, listValue, type DuckDBValue } from '@duckdb/node-api'
import type { Engine } from '../engine.ts'
import { bestOf, type Scored } from './best.ts'
import { idfOf, matches, type Weights } from './match.ts'
import { sizeOf, unpacked, type Occurrences } from './packing.ts'
import { partsOf, type Part } from './question.ts'
import { snippetOf, type Snippet } from './snippet.ts'
import { DOCUMENTS, POSTINGS, RECENT } from './store.ts'
import { keptTally, readTally, type Tally } from './tally.ts'

export interface SearchOptions {
  /** At most LIMIT_MAX. */
  readonly limit: number
  readonly offset?: number
  readonly kind?: string
  /** Documents of these members alone; who may see what is the caller's business. */
  readonly members?: readonly string[]
  /** From this instant, in milliseconds since 1970. */
  readonly fromMs?: number
  /** Before this instant. */
  readonly toMs?: number
}

export interface Hit {
  readonly id: string
  readonly cid: string
  readonly kind: string
  readonly name: string
  readonly member: string
  readonly atMs: number
  readonly score: number
  readonly snippet: Snippet
}

export interface SearchResult {
  /** How many documents answer, with those that are not shown. */
  readonly total: number
  readonly hits: readonly Hit[]
}

const LIMIT_MAX = 100
const OFFSET_MAX = 10_000

/**
 * Parts of the question stand between spaces; a document answers when its text holds each of them as it is written.
 * A stop word or a mark inside a part stands for any one character; a Latin word or a number is found as a whole.
 *
 * @throws CodedError QUERY_TOO_LONG
 */
export async function search(
  engine: Engine,
  query: string,
  options: SearchOptions,
): Promise<SearchResult> {
  const parts = partsOf(query)
  if (parts.length === 0) return { total: 0, hits: [] }
  const offset = Math.min(Math.max(0, options.offset ?? 0), OFFSET_MAX)
  const limit = Math.min(Math.max(1, options.limit), LIMIT_MAX)
  // One snapshot of the lake for all that is read, whoever writes meanwhile.
  return engine.transaction(async () => {
    const tally = await keptTally(engine)
    const read = await readWords(engine, parts)
    const allowed = await readAllowed(engine, options)
    const best = bestOf(offset + limit)
    let total = 0
    for (const segment of read.segments)
      matches(parts, segment, weightsOf(read, tally), (document, score) => {
        if (allowed !== undefined && allowed[document] !== '1') return
        total++
        best.put(document, score)
      })
    const hits = await readHits(engine, best.take().slice(offset), parts)
    return { total, hits }
  })
}

const wordsOf = (parts: readonly Part[]): string[] => [
  ...new Set(parts.flatMap(({ words }) => words.map(({ word }) => word))),
]

interface ReadWords {
  /** In how many documents each word stands. */
  readonly holding: ReadonlyMap<string, number>
  readonly segments: readonly ReadonlyMap<string, Occurrences>[]
}

const weightsOf = ({ holding }: ReadWords, { documents, words }: Tally): Weights => ({
  idf: new Map([...holding].map(([word, count]) => [word, idfOf(documents, count)])),
  meanWords: Math.max(1, words) / Math.max(1, documents),
})

async function readWords(engine: Engine, parts: readonly Part[]): Promise<ReadWords> {
  const words = wordsOf(parts)
  const inPhrases = new Set(wordsOf(parts.filter(part => part.words.length > 1)))
  const recent = await readRecent(engine, words)
  const holding = new Map([...recent].map(([word, of]) => [word, of.documents.length]))
  const marks = words.map((_, at) => `$${at + 1}`).join(', ')
  const rows = await engine.query<{
    word: string
    documents: number
    packed: string
  }>(
    `SELECT word, documents, to_base64(packed) AS packed FROM ${POSTINGS}
     WHERE word IN (${marks}) ORDER BY word, first`,
    words,
  )
  const chunks = new Map<string, { documents: number; bytes: Buffer[] }>()
  for (const { word, documents, packed } of rows) {
    const chunk = chunks.get(word) ?? { documents: 0, bytes: [] }
    chunk.documents += documents
    chunk.bytes.push(Buffer.from(packed, 'base64'))
    chunks.set(word, chunk)
  }
  const sealed = new Map<string, Occurrences>()
  for (const [word, { documents, bytes }] of chunks) {
    holding.set(word, (holding.get(word) ?? 0) + documents)
    sealed.set(word, unpacked(Buffer.concat(bytes), documents, inPhrases.has(word)))
  }
  return { holding, segments: [sealed, recent] }
}

/** The documents that are in no segment yet, as if they were one. */
async function readRecent(
  engine: Engine,
  words: readonly string[],
): Promise<Map<string, Occurrences>> {
  const cuts = words.map(
    (_, at) => `split_part(split_part(places, ' ' || $${at + 1} || '@', 2), ' ', 1) AS w${at}`,
  )
  const rows = await engine.query<{ number: string; words: number; [word: string]: unknown }>(
    `SELECT number, words, ${cuts.join(', ')} FROM ${RECENT} ORDER BY number`,
    words,
  )
  return new Map(
    words.map((word, at) => {
      const holding = rows.flatMap(row => {
        const places = String(row[`w${at}`] ?? '')
        const positions = places.split(',').map(Number)
        return places === '' ? [] : [{ document: Number(row.number), words: row.words, positions }]
      })
      return [word, columnsOf(holding)]
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

/** A `1` at the number of each document that the filters let through; nothing when there are none. */
async function readAllowed(engine: Engine, options: SearchOptions): Promise<string | undefined> {
  const { conditions, values } = filtersOf(options)
  if (conditions.length === 0) return undefined
  const { next } = await readTally(engine)
  if (next === 0) return ''
  const [row] = await engine.query<{ bits: string | null }>(
    `SELECT bitstring_agg(number, 0, ${next - 1})::VARCHAR AS bits FROM ${DOCUMENTS}
     WHERE ${conditions.join(' AND ')}`,
    values,
  )
  return row?.bits ?? ''
}

function filtersOf({ kind, members, fromMs, toMs }: SearchOptions): {
  conditions: string[]
  values: DuckDBValue[]
} {
  const values: DuckDBValue[] = []
  const marked = (value: DuckDBValue): string => `$${values.push(value)}`
  const conditions = [
    kind === undefined ? '' : `kind = ${marked(kind)}`,
    members?.length
      ? `member IN (SELECT unnest(${marked(listValue([...members]))}::VARCHAR[]))`
      : '',
    members?.length === 0 ? 'false' : '',
    fromMs === undefined ? '' : `"at" >= ${marked(instant(fromMs))}`,
    toMs === undefined ? '' : `"at" < ${marked(instant(toMs))}`,
  ]
  return { conditions: conditions.filter(condition => condition !== ''), values }
}

const instant = (ms: number): DuckDBTimestampValue =>
  new DuckDBTimestampValue(BigInt(Math.trunc(ms)) * 1000n)

/** Of a long text only so much is read as a snippet may come from. */
const SHOWN_MAX = 65_536

async function readHits(
  engine: Engine,
  scored: readonly Scored[],
  parts: readonly Part[],
): Promise<Hit[]> {
  if (scored.length === 0) return []
  const marks = scored.map((_, at) => `$${at + 1}`).join(', ')
  const rows = await engine.query<
    Omit<Hit, 'score' | 'snippet'> & { number: string; head: string }
  >(
    `SELECT number, id, cid, kind, name, member, epoch_ms("at")::DOUBLE AS "atMs",
       left(text, ${SHOWN_MAX}) AS head FROM ${DOCUMENTS} WHERE number IN (${marks})`,
    scored.map(({ document }) => BigInt(document)),
  )
  const byNumber = new Map(rows.map(row => [Number(row.number), row]))
  return scored.flatMap(({ document, score }) => {
    const row = byNumber.get(document)
    if (!row) return []
    const { number: _number, head, ...known } = row
    return [{ ...known, score, snippet: snippetOf(head, parts) }]
  })
}
