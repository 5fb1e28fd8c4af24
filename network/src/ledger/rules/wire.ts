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

const NO_BYTES = new Uint8Array(0)
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

interface Varint {
  value: number
  at: number
}

const readVarint = (bytes: Uint8Array, start: number): Varint => {
  let value = 0
  let scale = 1
  for (let at = start; at < bytes.length && at < start + 10; at += 1) {
    const byte = bytes[at] as number
    value += (byte & 0x7f) * scale
    if (byte < 0x80)
      return { value: value > Number.MAX_SAFE_INTEGER ? Infinity : value, at: at + 1 }
    scale *= 128
  }
  throw new WireFault('varint is cut or too long')
}

/** The field that starts at `offset`. */
export const fieldAt = (bytes: Uint8Array, offset: number): Field => {
  const tag = readVarint(bytes, offset)
  const number = Math.floor(tag.value / 8)
  const wire = tag.value % 8
  if (number < 1 || number > 536_870_911) throw new WireFault('field number out of range')
  if (wire === 0) {
    const { value, at } = readVarint(bytes, tag.at)
    return { number, wire, value, bytes: NO_BYTES, end: at }
  }
  if (wire === 1 || wire === 5) {
    const end = tag.at + (wire === 1 ? 8 : 4)
    if (end > bytes.length) throw new WireFault('fixed field is cut')
    return { number, wire, value: 0, bytes: bytes.subarray(tag.at, end), end }
  }
  if (wire !== 2) throw new WireFault(`wire type ${wire} is not allowed`)
  const length = readVarint(bytes, tag.at)
  const end = length.at + length.value
  if (end > bytes.length) throw new WireFault('field is cut')
  return { number, wire, value: 0, bytes: bytes.subarray(length.at, end), end }
}

/** Walks a message's fields in order of appearance. */
export const eachField = (bytes: Uint8Array, visit: (field: Field) => void): void => {
  for (let at = 0; at < bytes.length;) {
    const field = fieldAt(bytes, at)
    visit(field)
    at = field.end
  }
}

/** A message whose fields are looked up by number; see the readers below it. */
export class Message {
  readonly #fields = new Map<number, Field[]>()

  constructor(bytes: Uint8Array) {
    eachField(bytes, field => {
      const same = this.#fields.get(field.number)
      if (same === undefined) this.#fields.set(field.number, [field])
      else same.push(field)
    })
  }

  #one(number: number, wire: number): Field | undefined {
    const found = this.#fields.get(number)
    if (found === undefined) return undefined
    if (found.length > 1) throw new WireFault(`field ${number} stands more than once`)
    const field = found[0] as Field
    if (field.wire !== wire) throw new WireFault(`field ${number} has wire type ${field.wire}`)
    return field
  }

  has(number: number): boolean {
    return this.#fields.has(number)
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
    return (this.#fields.get(number) ?? []).map(field => {
      if (field.wire !== 2) throw new WireFault(`field ${number} has wire type ${field.wire}`)
      return field.bytes
    })
  }
}

/** UTF-8 or a fault; short ASCII, the common case, skips the decoder. */
export const textOf = (bytes: Uint8Array): string => {
  const buffer = asBuffer(bytes)
  if (buffer.length < 128 && buffer.every(byte => byte < 0x80)) {
    return buffer.toString('latin1')
  }
  try {
    return utf8.decode(buffer)
  } catch {
    throw new WireFault('text is not valid UTF-8')
  }
}

/** Bytes Node takes for key material; shares memory. */
export const bufferOf = asBuffer

const varintLength = (value: number): number => {
  let length = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length += 1
  return length
}

/**
 * Writes protobuf as Go's deterministic marshaller does: fields in ascending order as the
 * caller gives them, default values left out. Parts are joined once.
 */
export class Writer {
  readonly #parts: Uint8Array[] = []
  #length = 0

  #push(part: Uint8Array): void {
    this.#parts.push(part)
    this.#length += part.length
  }

  varint(value: number): this {
    const bytes = new Uint8Array(varintLength(value))
    let rest = value
    for (let at = 0; at < bytes.length; at += 1) {
      bytes[at] = (rest % 128) | (at < bytes.length - 1 ? 0x80 : 0)
      rest = Math.floor(rest / 128)
    }
    this.#push(bytes)
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
    return value === '' ? this : this.element(number, Buffer.from(value, 'utf8'))
  }

  /** One element of a repeated field, or a present sub-message: written even when empty. */
  element(number: number, value: Uint8Array): this {
    this.varint(number * 8 + 2).varint(value.length)
    this.#push(value)
    return this
  }

  raw(value: Uint8Array): this {
    this.#push(value)
    return this
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts, this.#length)
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
