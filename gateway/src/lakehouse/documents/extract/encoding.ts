import { TextDecoder } from 'node:util'
import { Refusal } from './outcome.ts'

const MARKS = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
] as const

/** Beside tab, line feed, form feed, carriage return and escape there are none in a text. */
const CONTROLS = /[\u0001-\u0008\u000b\u000e-\u001a\u001c-\u001f]/g
const CONTROLS_MAX_SHARE = 0.01

/**
 * Text by what its bytes are: UTF-16 by its mark, else UTF-8 where that is valid, else GB18030, which holds all of
 * GBK. What an XML declares is not asked: it is wrong as often as the name of a file.
 */
export function decoded(bytes: Uint8Array): string {
  const mark = MARKS.find(([, start]) => start.every((byte, at) => bytes[at] === byte))
  if (!mark && bytes.includes(0)) throw new Refusal('FORMAT_UNKNOWN')
  const text = mark ? decode(bytes, mark[0]) : (decode(bytes, 'utf-8') ?? decode(bytes, 'gb18030'))
  if (text === undefined) throw new Refusal('ENCODING_UNKNOWN')
  const controls = text.slice(0, 65_536).match(CONTROLS)?.length ?? 0
  if (text.includes('\0') || controls > Math.min(text.length, 65_536) * CONTROLS_MAX_SHARE)
    throw new Refusal('FORMAT_UNKNOWN')
  return text
}

function decode(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
