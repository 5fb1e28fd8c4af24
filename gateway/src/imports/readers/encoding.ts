import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { TextDecoder } from 'node:util'
import { FileFault } from '../advice.ts'

export type Encoding = 'utf-8' | 'gb18030' | 'utf-16le' | 'utf-16be'

/** The first bytes of a file, to tell what it is. */
export async function firstBytes(file: string, length: number): Promise<Buffer> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/**
 * Which encoding the whole file is valid in: UTF-8 before GB18030, because text that is valid UTF-8 by
 * accident does not happen. Reads the file once, in constant memory.
 */
export async function detectEncoding(file: string): Promise<Encoding> {
  const marked = byteOrder(await firstBytes(file, 2))
  if (marked) return marked
  const open = new Map<Encoding, TextDecoder>([
    ['utf-8', new TextDecoder('utf-8', { fatal: true })],
    ['gb18030', new TextDecoder('gb18030', { fatal: true })],
  ])
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    if (chunk.includes(0)) throw new FileFault('FILE_FORMAT_UNKNOWN')
    narrow(open, chunk)
  }
  narrow(open)
  const [first] = open.keys()
  if (!first) throw new FileFault('ENCODING_UNKNOWN')
  return first
}

/** UTF-16 is taken only with its mark; nothing else in it looks like text. */
function byteOrder(head: Buffer): Encoding | undefined {
  const mark = head.toString('hex')
  if (mark === 'fffe') return 'utf-16le'
  return mark === 'feff' ? 'utf-16be' : undefined
}

function narrow(open: Map<Encoding, TextDecoder>, chunk?: Uint8Array): void {
  for (const [name, decoder] of open) if (!accepts(decoder, chunk)) open.delete(name)
  if (open.size === 0) throw new FileFault('ENCODING_UNKNOWN')
}

function accepts(decoder: TextDecoder, chunk?: Uint8Array): boolean {
  try {
    decoder.decode(chunk, { stream: chunk !== undefined })
    return true
  } catch {
    return false
  }
}

/** The file as text, piece by piece, without a byte order mark. */
export async function* decoded(file: string, encoding: Encoding): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true })
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    const text = decode(decoder, chunk)
    if (text !== '') yield text
  }
  const rest = decode(decoder)
  if (rest !== '') yield rest
}

/** UTF-16 is believed by its mark alone, so here it may still turn out to be none; NUL is in no text. */
function decode(decoder: TextDecoder, chunk?: Uint8Array): string {
  let text: string
  try {
    text = decoder.decode(chunk, { stream: chunk !== undefined })
  } catch {
    throw new FileFault('ENCODING_UNKNOWN')
  }
  if (text.includes('\u0000')) throw new FileFault('FILE_FORMAT_UNKNOWN')
  return text
}
