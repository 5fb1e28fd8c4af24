/** What reading a document comes to. Nothing is thrown for a bad document: people send what they have. */
export const KINDS = ['PDF', 'XML', 'CSV', 'JSON_LOG', 'TEXT'] as const
export type DocumentKind = (typeof KINDS)[number]

export type Warning =
  /** There is more than the limits let in; the beginning was taken. */
  | 'TEXT_CUT'
  | 'PAGES_CUT'
  | 'PAGES_UNREADABLE'
  /** Some lines of a log are no JSON; they were taken as they stand. */
  | 'LINES_MALFORMED'
  /** The name or the media type says something else than the content. */
  | 'NAME_DIFFERS'

export type RefusalCode =
  | 'EMPTY'
  | 'BYTES_LIMIT'
  | 'TIME_LIMIT'
  | 'MEMORY_LIMIT'
  | 'FORMAT_UNKNOWN'
  | 'ENCODING_UNKNOWN'
  | 'PDF_MALFORMED'
  | 'PDF_ENCRYPTED'
  | 'XML_MALFORMED'
  | 'XML_DTD_REFUSED'
  | 'XML_TOO_DEEP'
  /** The reader itself broke; the document is not to blame for certain. */
  | 'READER_FAILED'

export interface Extracted {
  readonly outcome: 'EXTRACTED'
  readonly kind: DocumentKind
  readonly text: string
  /** Of a PDF. */
  readonly pages?: number
  /** Records of a CSV or lines of a log. */
  readonly rows?: number
  readonly cut: boolean
  readonly warnings: readonly Warning[]
}

export type Extraction =
  | Extracted
  /** A scan: pages without a single character. Somebody has to read it, or a recogniser. */
  | { readonly outcome: 'WITHOUT_TEXT'; readonly kind: 'PDF'; readonly pages: number }
  | { readonly outcome: 'REFUSED'; readonly code: RefusalCode }

export const refused = (code: RefusalCode): Extraction => ({ outcome: 'REFUSED', code })

/** Ends the reading of a document from within. */
export class Refusal extends Error {
  readonly code: RefusalCode
  constructor(code: RefusalCode) {
    super(code)
    this.code = code
  }
}

export interface Hints {
  readonly name?: string
  readonly mediaType?: string
}

export interface Limits {
  /** A larger document is not read at all. */
  readonly bytes: number
  /** UTF-16 units of text; more is cut. */
  readonly text: number
  /** Pages of a PDF; more are cut. */
  readonly pages: number
  readonly timeMs: number
  /** Of the reader, in MB: its objects and what a PDF unpacks to, each. */
  readonly memoryMb: number
}

export const LIMITS: Limits = {
  bytes: 64 * 1024 * 1024,
  text: 1_000_000,
  pages: 1_000,
  timeMs: 10_000,
  memoryMb: 256,
}

/** Collects text up to a limit. */
export class TextSink {
  private readonly parts: string[] = []
  private left: number
  cut = false

  constructor(max: number) {
    this.left = max
  }

  /** Answers whether there is room for more. */
  put(text: string): boolean {
    if (text.length > this.left) this.cut = true
    const part = text.slice(0, this.left)
    this.left -= part.length
    if (part !== '') this.parts.push(part)
    return !this.cut
  }

  text(): string {
    return this.parts.join('').replaceAll('\0', ' ').toWellFormed().trim()
  }
}
