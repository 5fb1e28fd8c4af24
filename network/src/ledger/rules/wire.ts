/**
 * A strict reader of protobuf fields, without copies. It is stricter than proto3 where bytes
 * from strangers gain by it: a singular field may stand only once, text must be valid UTF-8,
 * wire types must fit. Unknown fields are skipped, as every proto3 reader does.
 */
export class WireFault extends Error {
  constructor(what: string) {
    super(what)
    this.name = 'WireFault'
  }
}

export interface Field {
  readonly number: number
  readonly wire: number
  /** Wire type 0. Values above 2^53 come out as Infinity: no place in the ledger is so high. */
  readonly value: number
  /** Wire type 2: a view of the message, not a copy. */
  readonly bytes: Uint8Array
  /** Offset of the byte after this field. */
  readonly end: number
}

/** No message of one transaction has more; a block's transactions count as well. */
const FIELDS_MAX = 100_000

const NO_BYTES = new Uint8Array(0)
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Reads forward; one object per message, none per field, as this is the hottest loop there is. */
class Cursor {
  readonly bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes
    this.at = at
  }

  varint(): number {
    const first = this.bytes[this.at]
    if (first !== undefined && first < 0x80) {
      this.at += 1
      return first
    }
    return this.#longVarint()
  }

  #longVarint(): number {
    const { bytes, at: start } = this
    let value = 0
    let scale = 1
    for (let at = start; at < bytes.length && at < start + 10; at += 1) {
      const byte = bytes[at] as number
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        this.at = at + 1
        return value > Number.MAX_SAFE_INTEGER ? Infinity : value
      }
      scale *= 128
    }
    throw new WireFault('varint is cut or too long')
  }

  take(length: number): Uint8Array {
    const end = this.at + length
    if (end > this.bytes.length) throw new WireFault('field is cut')
    const taken = this.bytes.subarray(this.at, end)
    this.at = end
    return taken
  }

  field(): Field {
    const tag = this.varint()
    const number = Math.floor(tag / 8)
    const wire = tag % 8
    if (number < 1 || number > 536_870_911) throw new WireFault('field number out of range')
    if (wire === 0) return { number, wire, value: this.varint(), bytes: NO_BYTES, end: this.at }
    if (wire !== 1 && wire !== 2 && wire !== 5) {
      throw new WireFault(`wire type ${wire} is not allowed`)
    }
    const length = wire === 2 ? this.varint() : wire === 1 ? 8 : 4
    return { number, wire, value: 0, bytes: this.take(length), end: this.at }
  }
}

/** The field that starts at `offset`. */
export const fieldAt = (bytes: Uint8Array, offset: number): Field =>
  new Cursor(bytes, offset).field()

/** Walks a message's fields in order of appearance. */
export const eachField = (bytes: Uint8Array, visit: (field: Field) => void): void => {
  const cursor = new Cursor(bytes, 0)
  while (cursor.at < bytes.length) visit(cursor.field())
}

/** A message whose fields are looked up by number; see the readers below it. */
export class Message {
  readonly #fields: Field[] = []

  constructor(bytes: Uint8Array) {
    const cursor = new Cursor(bytes, 0)
    while (cursor.at < bytes.length) {
      // Two bytes make a field, and a field takes fifty times its bytes: there is an end to it.
      if (this.#fields.length === FIELDS_MAX) throw new WireFault('too many fields')
      this.#fields.push(cursor.field())
    }
  }

  #one(number: number, wire: number): Field | undefined {
    let found: Field | undefined
    for (const field of this.#fields) {
      if (field.number !== number) continue
      if (found !== undefined) throw new WireFault(`field ${number} stands more than once`)
      if (field.wire !== wire) throw new WireFault(`field ${number} has wire type ${field.wire}`)
      found = field
    }
    return found
  }

  has(number: number): boolean {
    return this.#fields.some(field => field.number === number)
  }

  bytes(number: number): Uint8Array {
    return this.#one(number, 2)?.bytes ?? NO_BYTES
  }

  text(number: number): string {
    return textOf(this.bytes(number))
  }

  uint(number: number): number {
    return this.#one(number, 0)?.value ?? 0
  }

  flag(number: number): boolean {
    return this.uint(number) !== 0
  }

  message(number: number): Message | undefined {
    const field = this.#one(number, 2)
    return field === undefined ? undefined : new Message(field.bytes)
  }

  repeated(number: number): Uint8Array[] {
    const found: Uint8Array[] = []
    for (const field of this.#fields) {
      if (field.number !== number) continue
      if (field.wire !== 2) throw new WireFault(`field ${number} has wire type ${field.wire}`)
      found.push(field.bytes)
    }
    return found
  }
}

const isAscii = (bytes: Uint8Array): boolean => {
  for (let at = 0; at < bytes.length; at += 1) if ((bytes[at] as number) >= 0x80) return false
  return true
}

/** UTF-8 or a fault; short ASCII, the common case, skips the decoder. */
export const textOf = (bytes: Uint8Array): string => {
  if (bytes.length < 128 && isAscii(bytes)) return asBuffer(bytes).toString('latin1')
  try {
    return utf8.decode(bytes)
  } catch {
    throw new WireFault('text is not valid UTF-8')
  }
}

/** Bytes Node takes for key material; shares memory. */
export const bufferOf = asBuffer

const WRITER_BYTES = 192
const VARINT_BYTES_MAX = 8

/**
 * Writes protobuf as Go's deterministic marshaller does: fields in ascending order as the
 * caller gives them, default values left out. Use it once: `finish` gives its own memory away.
 */
export class Writer {
  #buffer = Buffer.allocUnsafe(WRITER_BYTES)
  #length = 0

  #reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }

  varint(value: number): this {
    this.#reserve(VARINT_BYTES_MAX)
    let rest = value
    while (rest >= 128) {
      this.#buffer[this.#length] = (rest % 128) | 0x80
      this.#length += 1
      rest = Math.floor(rest / 128)
    }
    this.#buffer[this.#length] = rest
    this.#length += 1
    return this
  }

  uint(number: number, value: number): this {
    return value === 0 ? this : this.varint(number * 8).varint(value)
  }

  flag(number: number, value: boolean): this {
    return this.uint(number, value ? 1 : 0)
  }

  bytes(number: number, value: Uint8Array): this {
    return value.length === 0 ? this : this.element(number, value)
  }

  text(number: number, value: string): this {
    if (value === '') return this
    const size = Buffer.byteLength(value, 'utf8')
    this.varint(number * 8 + 2).varint(size)
    this.#reserve(size)
    this.#length += this.#buffer.write(value, this.#length, 'utf8')
    return this
  }

  /** One element of a repeated field, or a present sub-message: written even when empty. */
  element(number: number, value: Uint8Array): this {
    return this.varint(number * 8 + 2)
      .varint(value.length)
      .raw(value)
  }

  raw(value: Uint8Array): this {
    this.#reserve(value.length)
    this.#buffer.set(value, this.#length)
    this.#length += value.length
    return this
  }

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }
}

/** Compares texts by their UTF-8 bytes, as Go compares strings and LMDB compares keys. */
export const compareText = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at += 1) {
    const left = a.charCodeAt(at)
    const right = b.charCodeAt(at)
    if (left !== right) return codePointRank(left) - codePointRank(right)
  }
  return a.length - b.length
}

/** Surrogates stand for code points above U+FFFF, so they sort after the rest of the plane. */
const codePointRank = (unit: number): number => {
  if (unit < 0xd800) return unit
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000
}

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && asBuffer(a).equals(b)
