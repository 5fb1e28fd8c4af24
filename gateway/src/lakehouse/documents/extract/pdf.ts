import { PDFiumLibrary } from '@hyzyla/pdfium'
import { Refusal, TextSink, type Extraction, type Limits, type Warning } from './outcome.ts'

const MB = 1024 * 1024
const PAGE_BYTES = 64 * 1024

/** The types of the standard library that describe it come with a browser's; here is what is used of it. */
interface Memory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Memory: { readonly prototype: Memory }
    readonly RuntimeError: ErrorConstructor
  }
}

let memoryRefused = false

/**
 * PDFium runs in WebAssembly: what it does to its memory it does to no other, and its memory ends here. It knows the
 * Chinese character maps that a PDF may only name, so no font and no network is needed.
 */
function boundMemory(memoryMb: number): void {
  const { prototype } = WebAssembly.Memory
  const { grow } = prototype
  prototype.grow = function bounded(this: Memory, pages: number): number {
    if (this.buffer.byteLength + pages * PAGE_BYTES > memoryMb * MB) {
      memoryRefused = true
      throw new RangeError('memory limit')
    }
    return grow.call(this, pages)
  }
}

let loading: Promise<PDFiumLibrary> | undefined

function library({ memoryMb }: Limits): Promise<PDFiumLibrary> {
  if (!loading) {
    boundMemory(memoryMb)
    loading = PDFiumLibrary.init()
  }
  return loading
}

export async function readPdf(bytes: Uint8Array, limits: Limits): Promise<Extraction> {
  const pdfium = await library(limits)
  try {
    const document = await pdfium.loadDocument(bytes)
    try {
      return textOf(document, limits)
    } finally {
      document.destroy()
    }
  } catch (error) {
    if (memoryRefused) throw new Refusal('MEMORY_LIMIT')
    throw new Refusal(/password/i.test(String(error)) ? 'PDF_ENCRYPTED' : 'PDF_MALFORMED')
  }
}

type Document = Awaited<ReturnType<PDFiumLibrary['loadDocument']>>

function textOf(document: Document, limits: Limits): Extraction {
  const count = document.getPageCount()
  const sink = new TextSink(limits.text)
  const warnings = new Set<Warning>()
  let read = 0
  while (read < Math.min(count, limits.pages) && !sink.cut) {
    const text = pageOf(document, read++)
    if (text === undefined) warnings.add('PAGES_UNREADABLE')
    else sink.put(`${text}\n\n`)
  }
  const text = sink.text()
  if (text === '') return withoutText(count, warnings)
  const cut = sink.cut || read < count
  if (read < count) warnings.add('PAGES_CUT')
  if (sink.cut) warnings.add('TEXT_CUT')
  return { outcome: 'EXTRACTED', kind: 'PDF', text, pages: count, cut, warnings: [...warnings] }
}

function withoutText(pages: number, warnings: ReadonlySet<Warning>): Extraction {
  if (pages === 0 || warnings.has('PAGES_UNREADABLE')) throw new Refusal('PDF_MALFORMED')
  return { outcome: 'WITHOUT_TEXT', kind: 'PDF', pages }
}

/** One bad page is no reason to lose the others, unless it has taken the memory. */
function pageOf(document: Document, index: number): string | undefined {
  try {
    return document.getPage(index).getText().replaceAll('\r\n', '\n')
  } catch (error) {
    if (memoryRefused || error instanceof WebAssembly.RuntimeError) throw error
    return undefined
  }
}
