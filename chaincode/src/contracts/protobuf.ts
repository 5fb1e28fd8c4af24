/** The little of protobuf's wire format that messages of two or three fields need. */

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]

export const joined = (parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts)

/** A length-delimited field: text, bytes or a message of its own. */
export const bytesField = (number: number, ...body: readonly Uint8Array[]): Uint8Array => {
  const length = body.reduce((sum, part) => sum + part.length, 0)
  return joined([Uint8Array.from([(number << 3) | 2, ...varint(length)]), ...body])
}

export const integerField = (number: number, value: number): Uint8Array =>
  Uint8Array.from([number << 3, ...varint(value)])

/** Every value of one repeated length-delimited field, in a message that has no other field. */
export const bytesFields = (number: number, message: Uint8Array): Uint8Array[] => {
  const values: Uint8Array[] = []
  let at = 0
  const next = (): number => {
    const byte = message[at++]
    if (byte === undefined) throw new Error('the message ends within a field')
    return byte
  }
  const length = (): number => {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = next()
      value |= (byte & 127) << shift
      if (byte < 128) return value
    }
    throw new Error('a length of more than four bytes')
  }
  while (at < message.length) {
    if (next() !== ((number << 3) | 2)) throw new Error(`a field other than ${number}`)
    const end = length() + at
    if (end > message.length) throw new Error('the message ends within a field')
    values.push(message.subarray(at, end))
    at = end
  }
  return values
}
