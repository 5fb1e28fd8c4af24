/**
 * Bounds for the messages that google-protobuf reads.
 *
 * Its reader (3.21) takes the length of a text or of a message inside a message as it is written, also past
 * the end of the bytes, and reads nothing but zeros from there on until it has come that far: six bytes that
 * claim 2^31 more keep a process busy for twenty seconds. Whoever may send a message to a node could stop it.
 * From here on such a length is refused, in every message class of the process.
 */
import protobuf from 'google-protobuf'

interface MessageReader {
  getBuffer(): Uint8Array
  getCursor(): number
  getWireType(): number
  nextField(): boolean
}
const { prototype } = (protobuf as { BinaryReader: { prototype: MessageReader } }).BinaryReader

const DELIMITED = 2
const VARINT32_BYTES = 5
const VARINT_BYTES = 10

/** Where a field with its length at `cursor` ends: the low 32 bits of the varint, as the reader takes them. */
function endOfField(bytes: Uint8Array, cursor: number): number {
  let length = 0
  let next = cursor
  for (let more = true; more; next += 1) {
    const byte = bytes[next] ?? 0
    const place = next - cursor
    if (place < VARINT32_BYTES) length += (byte & 127) * 2 ** (7 * place)
    more = byte > 127 && place < VARINT_BYTES - 1
  }
  return next + (length % 2 ** 32)
}

const { nextField } = prototype
prototype.nextField = function (this: MessageReader): boolean {
  const isThere = nextField.call(this)
  if (!isThere || this.getWireType() !== DELIMITED) return isThere
  const bytes = this.getBuffer()
  if (endOfField(bytes, this.getCursor()) > bytes.length)
    throw new RangeError('a field claims more bytes than there are')
  return true
}
