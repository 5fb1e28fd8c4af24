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
    return this.#fields.get(field)?.[0] ?? new Uint8Array(0)
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

function readVarint(bytes: Uint8Array, offset: number): { value: bigint; next: number } {
  let value = 0n
  for (let index = 0; index < 10; index++) {
    const byte = bytes[offset + index]
    if (byte === undefined) throw malformed('message ends inside a number')
    value |= BigInt(byte & 0x7f) << BigInt(7 * index)
    if (byte < 0x80) {
      if (byte === 0 && index > 0) throw malformed('number is padded')
      if (value >= 1n << 64n) throw malformed('number has more than 64 bits')
      return { value, next: offset + index + 1 }
    }
  }
  throw malformed('number has more than 64 bits')
}

/** Reads a message whose fields are exactly those of the schema. */
export function readMessage(bytes: Uint8Array, schema: Schema): Message {
  const fields = new Map<number, Uint8Array[]>()
  const numbers = new Map<number, bigint>()
  let last = 0
  for (let offset = 0; offset < bytes.length;) {
    const key = readVarint(bytes, offset)
    const field = Number(key.value >> 3n)
    const kind = schema[field]
    if (kind === undefined) throw malformed(`unknown field ${field}`)
    if (field < last || (field === last && kind !== 'list')) throw malformed('fields do not ascend')
    last = field
    if (Number(key.value & 7n) !== (kind === 'varint' ? 0 : 2)) throw malformed('wrong wire type')
    const number = readVarint(bytes, key.next)
    if (kind === 'varint') {
      if (number.value === 0n) throw malformed(`field ${field} spells out its default`)
      numbers.set(field, number.value)
      offset = number.next
      continue
    }
    const end = number.next + Number(number.value)
    if (end > bytes.length) throw malformed('field is longer than its message')
    if (kind === 'bytes' && end === number.next) throw malformed(`field ${field} is empty`)
    fields.set(field, [...(fields.get(field) ?? []), bytes.subarray(number.next, end)])
    offset = end
  }
  return new Message(fields, numbers)
}
