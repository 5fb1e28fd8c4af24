import { concatBytes } from './bytes.ts'
import { Broken } from './verdict.ts'

/**
 * A strict reader of protobuf: the one encoding a canonical writer makes is accepted, and no
 * other. Fields ascend, varints are minimal, defaults are absent, unknown fields are refused.
 */
export interface Schema {
  readonly [field: number]: FieldKind
}

/**
 * `message` may be empty where it stands, `bytes` may not (an empty scalar is absent in
 * proto3), `list` repeats and its elements may be empty, `varint` is never zero.
 */
export type FieldKind = 'bytes' | 'message' | 'list' | 'varint'

export class Message {
  readonly #fields: Map<number, Uint8Array[]>
  readonly #numbers: Map<number, bigint>

  constructor(fields: Map<number, Uint8Array[]>, numbers: Map<number, bigint>) {
    this.#fields = fields
    this.#numbers = numbers
  }

  /** The field's bytes; empty when absent. */
  bytes(field: number): Uint8Array {
    return this.#fields.get(field)?.at(-1) ?? new Uint8Array(0)
  }

  has(field: number): boolean {
    return this.#fields.has(field) || this.#numbers.has(field)
  }

  list(field: number): readonly Uint8Array[] {
    return this.#fields.get(field) ?? []
  }

  number(field: number): bigint {
    return this.#numbers.get(field) ?? 0n
  }

  /** The field as UTF-8 text; bytes that are no UTF-8 are refused. */
  text(field: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(this.bytes(field))
    } catch {
      throw malformed(`field ${field} is not UTF-8`)
    }
  }
}

function malformed(detail: string): Broken {
  return new Broken('BLOCK_MALFORMED', detail)
}

interface Field {
  readonly number: number
  /** 0: varint, 1: eight bytes, 2: length and bytes, 5: four bytes. */
  readonly wireType: number
  readonly varint: bigint
  readonly bytes: Uint8Array
  readonly next: number
}

const NO_BYTES = new Uint8Array(0)
const FIXED_SIZE: Readonly<Record<number, number>> = { 1: 8, 5: 4 }

function readVarint(bytes: Uint8Array, offset: number): { value: bigint; next: number } {
  let value = 0n
  for (let index = 0; index < 10; index++) {
    const byte = bytes[offset + index]
    if (byte === undefined) throw malformed('message ends inside a number')
    value |= BigInt(byte & 0x7f) << BigInt(7 * index)
    if (byte >= 0x80) continue
    if (byte === 0 && index > 0) throw malformed('number is padded')
    if (value >= 1n << 64n) break
    return { value, next: offset + index + 1 }
  }
  throw malformed('number has more than 64 bits')
}

function readField(bytes: Uint8Array, offset: number): Field {
  const key = readVarint(bytes, offset)
  const number = Number(key.value >> 3n)
  const wireType = Number(key.value & 7n)
  if (number === 0) throw malformed('field 0')
  if (wireType === 0) {
    const { value, next } = readVarint(bytes, key.next)
    return { number, wireType, varint: value, bytes: NO_BYTES, next }
  }
  const { start, end } = spanOf(bytes, key.next, wireType)
  if (end > bytes.length) throw malformed('field is longer than its message')
  return { number, wireType, varint: 0n, bytes: bytes.subarray(start, end), next: end }
}

function spanOf(bytes: Uint8Array, offset: number, wireType: number) {
  const fixed = FIXED_SIZE[wireType]
  if (fixed !== undefined) return { start: offset, end: offset + fixed }
  if (wireType !== 2) throw malformed(`wire type ${wireType}`)
  const length = readVarint(bytes, offset)
  return { start: length.next, end: length.next + Number(length.value) }
}

function readFields(bytes: Uint8Array): Field[] {
  const fields: Field[] = []
  for (let offset = 0; offset < bytes.length;) {
    const field = readField(bytes, offset)
    fields.push(field)
    offset = field.next
  }
  return fields
}

function collect(fields: readonly Field[]): Message {
  const bytes = new Map<number, Uint8Array[]>()
  const numbers = new Map<number, bigint>()
  for (const field of fields) {
    if (field.wireType === 0) numbers.set(field.number, field.varint)
    else bytes.set(field.number, [...(bytes.get(field.number) ?? []), field.bytes])
  }
  return new Message(bytes, numbers)
}

function isDefault(field: Field): boolean {
  return field.varint === 0n && field.bytes.length === 0
}

function requireCanonical(field: Field, kind: FieldKind | undefined, previous: number): void {
  const { number } = field
  if (kind === undefined) throw malformed(`unknown field ${number}`)
  const ascends = number > previous || (number === previous && kind === 'list')
  if (!ascends) throw malformed('fields do not ascend')
  if (field.wireType !== (kind === 'varint' ? 0 : 2)) throw malformed('wrong wire type')
  if (isDefault(field) && (kind === 'varint' || kind === 'bytes')) {
    throw malformed(`field ${number} spells out its default`)
  }
}

/** Reads a message whose fields are exactly those of the schema, in its one canonical form. */
export function readMessage(bytes: Uint8Array, schema: Schema): Message {
  const fields = readFields(bytes)
  let previous = 0
  for (const field of fields) {
    requireCanonical(field, schema[field.number], previous)
    previous = field.number
  }
  return collect(fields)
}

/**
 * Reads a message as protobuf allows it, unknown fields included: for contents that a hash or a
 * signature already fixes to the byte.
 */
export function readLoose(bytes: Uint8Array): Message {
  return collect(readFields(bytes))
}

function writeVarint(value: bigint): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return [...bytes, Number(rest)]
}

export function writeNumber(field: number, value: bigint): Uint8Array {
  return Uint8Array.of(...writeVarint(BigInt(field) << 3n), ...writeVarint(value))
}

export function writeBytes(field: number, bytes: Uint8Array): Uint8Array {
  const key = writeVarint((BigInt(field) << 3n) | 2n)
  return concatBytes(Uint8Array.of(...key, ...writeVarint(BigInt(bytes.length))), bytes)
}
