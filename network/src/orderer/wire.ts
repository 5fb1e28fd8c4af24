/** Compact binary encoding. The reader is bounded and strict: bad bytes throw Malformed, no more. */
import type { Digest } from '../consensus/index.ts'

const HASH_BYTES = 32
const VARINT_BYTES_MAX = 8

/** Bytes that are not what they should be; caught where they came in, and counted. */
export class Malformed extends Error {
  override readonly name = 'Malformed'
}

export class Writer {
  private readonly parts: Uint8Array[] = []
  private length = 0

  raw(bytes: Uint8Array): this {
    this.parts.push(bytes)
    this.length += bytes.length
    return this
  }

  /** A non-negative safe integer, seven bits a byte. */
  number(value: number): this {
    const bytes: number[] = []
    let left = value
    while (left >= 0x80) {
      bytes.push((left % 0x80) | 0x80)
      left = Math.floor(left / 0x80)
    }
    bytes.push(left)
    return this.raw(Uint8Array.from(bytes))
  }

  bytes(bytes: Uint8Array): this {
    return this.number(bytes.length).raw(bytes)
  }

  digest(hex: Digest): this {
    return this.raw(Buffer.from(hex, 'hex'))
  }

  list<T>(values: readonly T[], write: (value: T) => void): this {
    this.number(values.length)
    for (const value of values) write(value)
    return this
  }

  finish(): Buffer {
    return Buffer.concat(this.parts, this.length)
  }
}

export class Reader {
  private readonly source: Buffer
  private offset = 0

  constructor(source: Uint8Array) {
    this.source = Buffer.from(source.buffer, source.byteOffset, source.byteLength)
  }

  byte(): number {
    const value = this.source[this.offset]
    if (value === undefined) throw new Malformed('bytes end early')
    this.offset += 1
    return value
  }

  number(): number {
    let value = 0
    let scale = 1
    for (let index = 0; index < VARINT_BYTES_MAX; index += 1) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return this.checked(value, byte, index)
      scale *= 0x80
    }
    throw new Malformed('a number is too long')
  }

  private checked(value: number, lastByte: number, index: number): number {
    const isShortest = index === 0 || lastByte !== 0
    if (!isShortest || !Number.isSafeInteger(value)) throw new Malformed('a number is misspelt')
    return value
  }

  raw(length: number): Buffer {
    if (length > this.source.length - this.offset) throw new Malformed('bytes end early')
    const bytes = this.source.subarray(this.offset, this.offset + length)
    this.offset += length
    return bytes
  }

  bytes(max: number): Buffer {
    const length = this.number()
    if (length > max) throw new Malformed('a field is too long')
    return this.raw(length)
  }

  digest(): Digest {
    return this.raw(HASH_BYTES).toString('hex')
  }

  list<T>(max: number, read: () => T): T[] {
    const count = this.number()
    if (count > max) throw new Malformed('a list is too long')
    return Array.from({ length: count }, read)
  }

  end(): void {
    if (this.offset !== this.source.length) throw new Malformed('bytes are left over')
  }
}
