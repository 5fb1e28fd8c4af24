import { CsvError, parse, type Info } from 'csv-parse'
import { Readable } from 'node:stream'
import { FileFault } from '../advice.ts'
import type { FileShape, Reading } from '../drafts.ts'
import { recogniseHeader, type Header } from './columns.ts'
import { CSV_BUILDERS, type CsvRow } from './csv-documents.ts'
import { decoded, type Encoding } from './encoding.ts'

interface Parsed {
  readonly record: string[]
  readonly info: Info
}

const RECORD_MAX = 64 * 1024

async function* records(file: string, encoding: Encoding): AsyncGenerator<Parsed> {
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: RECORD_MAX,
  })
  const source = Readable.from(decoded(file, encoding), { objectMode: false })
  source.on('error', error => parser.destroy(error))
  source.pipe(parser)
  try {
    yield* parser as AsyncIterable<Parsed>
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const { lines } = error as CsvError & { lines?: number }
    // What breaks in its first line was never a CSV file.
    if ((lines ?? 1) <= 1) throw new FileFault('FILE_FORMAT_UNKNOWN', { line: 1 })
    throw new FileFault('CSV_MALFORMED', { line: lines })
  } finally {
    source.destroy()
    parser.destroy()
  }
}

/** Opens a CSV file: the header decides what it holds. */
export async function readCsv(file: string, encoding: Encoding): Promise<FileShape> {
  const rows = records(file, encoding)
  const first = await rows.next()
  if (first.done) throw new FileFault('FILE_EMPTY')
  const header = recogniseHeader(first.value.record)
  if (!header) throw new FileFault('CSV_HEADER_UNKNOWN', { line: 1 })
  if ('missing' in header)
    throw new FileFault('CSV_COLUMN_MISSING', { line: 1, field: header.missing })
  return { format: header.kind.format, encoding, readings: documents(rows, header) }
}

/** Adjacent rows with the same document number are one document. */
async function* documents(rows: AsyncGenerator<Parsed>, header: Header): AsyncGenerator<Reading> {
  const builder = CSV_BUILDERS[header.kind.format]
  if (!builder) throw new Error(`no builder for ${header.kind.format}`)
  let group: CsvRow[] = []
  let key = ''
  let previousLine = 1
  for await (const { record, info } of rows) {
    // `lines` counts to the end of the record: a quoted cell may span several lines.
    const row = rowOf(record, previousLine + 1, header)
    previousLine = info.lines
    const rowKey = builder.key(row)
    if (group.length > 0 && rowKey !== key) {
      yield builder.build(group)
      group = []
    }
    key = rowKey
    group.push(row)
    if (group.length > 2_000) {
      yield builder.build(group)
      group = []
    }
  }
  if (group.length > 0) yield builder.build(group)
}

function rowOf(record: readonly string[], line: number, header: Header): CsvRow {
  return {
    line,
    cell: name => {
      const position = header.positions.get(name)
      return position === undefined ? '' : (record[position] ?? '')
    },
  }
}
