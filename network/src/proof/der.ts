import { fromHex } from './bytes.ts'
import { Broken } from './verdict.ts'

/** One element of DER: tag, contents, and the bytes of the whole. */
export interface Der {
  readonly tag: number
  readonly value: Uint8Array
  readonly raw: Uint8Array
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

function malformed(detail: string): Broken {
  return new Broken('CERTIFICATE_MALFORMED', detail)
}

/** Reads one element at the offset. Lengths must be definite and minimal. */
function readAt(bytes: Uint8Array, offset: number): Der {
  const tag = bytes[offset]
  const first = bytes[offset + 1]
  if (tag === undefined || first === undefined) throw malformed('DER ends inside a header')
  if ((tag & 0x1f) === 0x1f) throw malformed('DER tag has more than one byte')
  const { length, start } = readLength(bytes, offset + 2, first)
  const end = start + length
  if (end > bytes.length) throw malformed('DER element is longer than its container')
  return { tag, value: bytes.subarray(start, end), raw: bytes.subarray(offset, end) }
}

function readLength(bytes: Uint8Array, offset: number, first: number) {
  if (first < 0x80) return { length: first, start: offset }
  const size = first & 0x7f
  if (size === 0 || size > 3) throw malformed('DER length is indefinite or too long')
  let length = 0
  for (let index = 0; index < size; index++) {
    const byte = bytes[offset + index]
    if (byte === undefined) throw malformed('DER ends inside a length')
    length = length * 256 + byte
  }
  if (length < 0x80 || length < 2 ** (8 * (size - 1))) throw malformed('DER length is not minimal')
  return { length, start: offset + size }
}

/** Reads exactly one element: a byte after it is a fault. */
export function readDer(bytes: Uint8Array, tag?: number): Der {
  const element = readAt(bytes, 0)
  if (element.raw.length !== bytes.length) throw malformed('bytes after the DER element')
  return tag === undefined ? element : expectTag(element, tag)
}

/** The elements inside a constructed element, or inside any run of DER. */
export function readChildren(value: Uint8Array): Der[] {
  const children: Der[] = []
  for (let offset = 0; offset < value.length;) {
    const child = readAt(value, offset)
    children.push(child)
    offset += child.raw.length
  }
  return children
}

export function expectTag(element: Der | undefined, tag: number): Der {
  if (element === undefined) throw malformed('DER element is missing')
  if (element.tag !== tag) throw malformed(`DER tag ${element.tag} where ${tag} was expected`)
  return element
}

/** Contents of a non-negative INTEGER without its sign byte; padding is a fault. */
export function readUnsigned(element: Der | undefined): Uint8Array {
  const { value } = expectTag(element, TAG.integer)
  const first = value[0]
  if (first === undefined || first >= 0x80) throw malformed('INTEGER is empty or negative')
  if (first !== 0) return value
  const second = value[1]
  if (second === undefined) return value.subarray(1)
  if (second < 0x80) throw malformed('INTEGER is padded')
  return value.subarray(1)
}

export function readBoolean(element: Der): boolean {
  const { value } = expectTag(element, TAG.boolean)
  if (value.length !== 1 || (value[0] !== 0 && value[0] !== 0xff)) throw malformed('bad BOOLEAN')
  return value[0] === 0xff
}

export function readOid(element: Der | undefined): string {
  const { value } = expectTag(element, TAG.oid)
  const parts: number[] = []
  let part = 0
  for (const [index, byte] of value.entries()) {
    if (part === 0 && byte === 0x80) throw malformed('OID arc is padded')
    part = part * 128 + (byte & 0x7f)
    if (part > 2 ** 32) throw malformed('OID arc is too large')
    if (byte >= 0x80) {
      if (index === value.length - 1) throw malformed('OID ends inside an arc')
      continue
    }
    parts.push(part)
    part = 0
  }
  const head = parts[0]
  if (head === undefined) throw malformed('OID is empty')
  const root = Math.min(2, Math.floor(head / 40))
  return [root, head - 40 * root, ...parts.slice(1)].join('.')
}

/** Contents of a BIT STRING that uses whole bytes. */
export function readBitString(element: Der | undefined): Uint8Array {
  const { value } = expectTag(element, TAG.bitString)
  if (value[0] !== 0) throw malformed('BIT STRING does not end on a byte')
  return value.subarray(1)
}

/** Milliseconds since the epoch of a UTCTime or GeneralizedTime in the form RFC 5280 requires. */
export function readTime(element: Der | undefined): number {
  const isShort = element?.tag === TAG.utcTime
  const { value } = expectTag(element, isShort ? TAG.utcTime : TAG.generalizedTime)
  const text = String.fromCharCode(...value)
  const full = isShort ? centuryOf(text) + text : text
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full)
  if (!match) throw malformed('time is not in the form of RFC 5280')
  const iso = `${match.slice(1, 4).join('-')}T${match.slice(4).join(':')}.000Z`
  const time = Date.parse(iso)
  if (Number.isNaN(time)) throw malformed('time does not exist')
  return time
}

function centuryOf(text: string): string {
  return Number(text.slice(0, 2)) >= 50 ? '19' : '20'
}

/** Encodes one element; contents shorter than 16 MiB. */
export function writeDer(tag: number, value: Uint8Array): Uint8Array {
  const size = value.length
  const length =
    size < 0x80
      ? [size]
      : size < 0x100
        ? [0x81, size]
        : size < 0x10000
          ? [0x82, size >> 8, size & 0xff]
          : [0x83, size >> 16, (size >> 8) & 0xff, size & 0xff]
  const encoded = new Uint8Array(1 + length.length + size)
  encoded[0] = tag
  encoded.set(length, 1)
  encoded.set(value, 1 + length.length)
  return encoded
}

/** Encodes a non-negative number as INTEGER. */
export function writeUnsigned(number: bigint): Uint8Array {
  const hex = number.toString(16)
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  const bytes = fromHex(even)
  const signed = (bytes[0] ?? 0) >= 0x80 ? Uint8Array.of(0, ...bytes) : bytes
  return writeDer(TAG.integer, signed)
}
