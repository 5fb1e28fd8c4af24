import { CsvError, parse } from 'csv-parse'
import { TextSink, type Extraction, type Limits, type Warning } from './outcome.ts'

const DELIMITERS = [',', '\t', ';', '|'] as const
/** Characters and records by which a CSV is known. */
const PROBE = 16_384
const PROBE_RECORDS = 5
const RECORD_MAX = 1024 * 1024

/**
 * The delimiter that cuts the first records into equally many columns; three of them, or two where the name or the
 * media type says CSV: a letter also has a comma in each of its first lines.
 */
export async function delimiterOf(text: string, isNamed: boolean): Promise<string | undefined> {
  const head = text.slice(0, PROBE)
  const whole = head.length < text.length ? head.slice(0, head.lastIndexOf('\n') + 1) : head
  for (const delimiter of DELIMITERS) {
    const widths: number[] = []
    for await (const record of records(whole, delimiter)) {
      widths.push(record.length)
      if (widths.length === PROBE_RECORDS) break
    }
    const [first = 0] = widths
    const isEven = widths.length > 1 && widths.every(width => width === first)
    if (isEven && first >= (isNamed ? 2 : 3)) return delimiter
  }
  return undefined
}

/** Ends where the file stops to be CSV. */
async function* records(text: string, delimiter: string): AsyncGenerator<string[]> {
  const parser = parse(text, {
    bom: true,
    delimiter,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: RECORD_MAX,
  })
  try {
    yield* parser as AsyncIterable<string[]>
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
  } finally {
    parser.destroy()
  }
}

export async function readCsv(
  text: string,
  { delimiter, limits }: { delimiter: string; limits: Limits },
): Promise<Extraction> {
  const sink = new TextSink(limits.text)
  let rows = 0
  for await (const record of records(text, delimiter)) {
    rows++
    if (!sink.put(`${record.map(cell => cell.trim()).join(' ')}\n`)) break
  }
  const warnings: Warning[] = sink.cut ? ['TEXT_CUT'] : []
  return { outcome: 'EXTRACTED', kind: 'CSV', text: sink.text(), rows, cut: sink.cut, warnings }
}

/** Whether the first line is an object of its own: a log, one event a line. */
export function isJsonLog(text: string): boolean {
  const [first = ''] = text.slice(0, RECORD_MAX).trimStart().split('\n', 1)
  return first.trimStart().startsWith('{') && typeof parsed(first) === 'object'
}

export function readJsonLog(text: string, limits: Limits): Extraction {
  const sink = new TextSink(limits.text)
  const warnings = new Set<Warning>()
  let rows = 0
  for (const line of linesOf(text)) {
    if (line.trim() === '') continue
    rows++
    const event = parsed(line)
    if (event === undefined) warnings.add('LINES_MALFORMED')
    if (!sink.put(`${event === undefined ? line.trim() : spoken(event)}\n`)) break
  }
  if (sink.cut) warnings.add('TEXT_CUT')
  return {
    outcome: 'EXTRACTED',
    kind: 'JSON_LOG',
    text: sink.text(),
    rows,
    cut: sink.cut,
    warnings: [...warnings],
  }
}

function* linesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    const end = text.indexOf('\n', from)
    yield text.slice(from, end < 0 ? text.length : end)
    from = end < 0 ? text.length : end + 1
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown
  } catch {
    return undefined
  }
}

const DEPTH_MAX = 32

/** `key: value` of every leaf: people look for what was said, and for the field it was said in. */
function spoken(value: unknown, key = '', depth = 0): string {
  if (value === null || depth > DEPTH_MAX) return ''
  if (typeof value !== 'object') return key === '' ? String(value) : `${key}: ${String(value)}`
  return Object.entries(value)
    .map(([name, inner]) => spoken(inner, Array.isArray(value) ? key : name, depth + 1))
    .filter(part => part !== '')
    .join(' ')
}
