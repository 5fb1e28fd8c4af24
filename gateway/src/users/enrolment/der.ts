/** As much of DER as a certificate needs: writing values, and walking to one inside another. */

export interface Element {
  readonly tag: number
  /** With tag and length. */
  readonly whole: Buffer
  readonly content: Buffer
}

export function encode(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(content.length)]), content])
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length]
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return [0x80 | octets.length, ...octets]
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => encode(0x30, ...parts)
export const set = (...parts: readonly Uint8Array[]): Buffer => encode(0x31, ...parts)
export const octets = (bytes: Uint8Array): Buffer => encode(0x04, bytes)
export const utf8 = (text: string): Buffer => encode(0x0c, Buffer.from(text))
export const bits = (bytes: Uint8Array, unused = 0): Buffer =>
  encode(0x03, Buffer.from([unused]), bytes)
export const truth = (): Buffer => encode(0x01, Buffer.from([0xff]))

/** A positive integer from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const body = Buffer.from(bytes.subarray(start))
  return (body[0] ?? 0) >= 0x80 ? encode(0x02, Buffer.from([0]), body) : encode(0x02, body)
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const body = [first * 40 + second, ...rest].flatMap(base128)
  return encode(0x06, Buffer.from(body))
}

function base128(value: number): number[] {
  const digits = [value % 128]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128))
    digits.unshift((rest % 128) | 0x80)
  return digits
}

/** UTCTime until 2049, GeneralizedTime after, as RFC 5280 asks. */
export function time(at: Date): Buffer {
  const text = at.toISOString().replace(/[-:T]/g, '').slice(0, 14)
  return at.getUTCFullYear() < 2050
    ? encode(0x17, Buffer.from(`${text.slice(2)}Z`))
    : encode(0x18, Buffer.from(`${text}Z`))
}

/** The elements directly inside some bytes; throws RangeError on what is not DER. */
export function elements(bytes: Uint8Array): Element[] {
  const buffer = Buffer.from(bytes)
  const found: Element[] = []
  let at = 0
  while (at < buffer.length) {
    const tag = buffer.readUInt8(at)
    const { length, header } = readLength(buffer, at + 1)
    const start = at + 1 + header
    if (start + length > buffer.length) throw new RangeError('truncated DER')
    found.push({
      tag,
      whole: buffer.subarray(at, start + length),
      content: buffer.subarray(start, start + length),
    })
    at = start + length
  }
  return found
}

function readLength(buffer: Buffer, at: number): { length: number; header: number } {
  const first = buffer.readUInt8(at)
  if (first < 0x80) return { length: first, header: 1 }
  const count = first & 0x7f
  return { length: buffer.readUIntBE(at + 1, count), header: 1 + count }
}
