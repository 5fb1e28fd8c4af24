/** One document, read where it can do no harm: this runs in the reader's thread. */
import { decoded } from './encoding.ts'
import {
  Refusal,
  refused,
  TextSink,
  type DocumentKind,
  type Extraction,
  type Hints,
  type Limits,
} from './outcome.ts'
import { readPdf } from './pdf.ts'
import { delimiterOf, isJsonLog, readCsv, readJsonLog } from './rows.ts'
import { readXml } from './xml.ts'

/** Decoded as one string: of a larger one V8 may find no room at once, and that ends the process, not the thread. */
const TEXT_BYTES = 16 * 1024 * 1024

/** Readers of PDF look for the mark so far into the file, and so files are made that have it there. */
const PDF_MARK_WITHIN = 1_024

export async function readDocument(
  bytes: Uint8Array,
  hints: Hints,
  limits: Limits,
): Promise<Extraction> {
  try {
    const extraction = await read(bytes, hints, limits)
    if (extraction.outcome !== 'EXTRACTED') return extraction
    const differs = saidKind(hints)?.includes(extraction.kind) === false
    const warnings = [...extraction.warnings, ...(differs ? (['NAME_DIFFERS'] as const) : [])]
    return { ...extraction, warnings }
  } catch (error) {
    if (error instanceof Refusal) return refused(error.code)
    throw error
  }
}

async function read(bytes: Uint8Array, hints: Hints, limits: Limits): Promise<Extraction> {
  if (isPdf(bytes)) return readPdf(bytes, limits)
  if (bytes.length > TEXT_BYTES) throw new Refusal('BYTES_LIMIT')
  const text = decoded(bytes)
  const start = text.slice(0, PDF_MARK_WITHIN).trimStart()
  if (text.trim() === '') throw new Refusal('EMPTY')
  if (/^<[?!\p{L}_]/u.test(start)) return readXml(text.trimStart(), limits)
  if (isJsonLog(text)) return readJsonLog(text, limits)
  const delimiter = await delimiterOf(text, saidKind(hints)?.includes('CSV') ?? false)
  if (delimiter !== undefined) return readCsv(text, { delimiter, limits })
  return readText(text, limits)
}

const isPdf = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, PDF_MARK_WITHIN)).includes(
    '%PDF-',
  )

function readText(text: string, limits: Limits): Extraction {
  const sink = new TextSink(limits.text)
  sink.put(text.replaceAll('\r\n', '\n'))
  return {
    outcome: 'EXTRACTED',
    kind: 'TEXT',
    text: sink.text(),
    cut: sink.cut,
    warnings: sink.cut ? ['TEXT_CUT'] : [],
  }
}

const BY_ENDING: Readonly<Record<string, readonly DocumentKind[]>> = {
  pdf: ['PDF'],
  xml: ['XML'],
  csv: ['CSV'],
  tsv: ['CSV'],
  json: ['JSON_LOG', 'TEXT'],
  jsonl: ['JSON_LOG'],
  ndjson: ['JSON_LOG'],
  log: ['JSON_LOG', 'TEXT'],
  txt: ['TEXT', 'CSV'],
}

/** What the sender says it is: a hint where the content leaves a doubt, a warning where it contradicts. */
function saidKind({ name, mediaType }: Hints): readonly DocumentKind[] | undefined {
  const ending = /\.([a-z]+)$/.exec(name?.toLowerCase() ?? '')?.[1] ?? ''
  const subtype = /^[a-z]+\/(?:[a-z.]+\+)?([a-z]+)/.exec(mediaType?.toLowerCase() ?? '')?.[1] ?? ''
  return BY_ENDING[ending] ?? BY_ENDING[subtype]
}
