/** A generated protobuf class. */
export interface MessageType<T> {
  deserializeBinary(bytes: Uint8Array): T
}

/** The bytes are not what their place in the protocol says. */
export class MalformedError extends Error {
  constructor(what: string) {
    super(`error unmarshalling ${what}`)
    this.name = 'MalformedError'
  }
}

export function decode<T>(type: MessageType<T>, bytes: Uint8Array, what: string): T {
  try {
    return type.deserializeBinary(bytes)
  } catch {
    throw new MalformedError(what)
  }
}

export function tryDecode<T>(type: MessageType<T>, bytes: Uint8Array): T | undefined {
  try {
    return type.deserializeBinary(bytes)
  } catch {
    return undefined
  }
}

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && Buffer.compare(a, b) === 0

const utf8 = new TextEncoder()
export const toBytes = (text: string): Uint8Array => utf8.encode(text)
export const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')
