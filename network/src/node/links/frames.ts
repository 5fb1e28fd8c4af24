// The frame of a link: length (4 bytes, big endian, of what follows), type (1 byte), payload.
// Requests and responses carry an id (4 bytes) and a method or outcome (1 byte) before their payload.

/** Numbers on the wire: never reuse one. */
export const FRAME = {
  hello: 1,
  ping: 2,
  pong: 3,
  consensus: 4,
  status: 5,
  request: 6,
  response: 7,
} as const
export type FrameType = (typeof FRAME)[keyof typeof FRAME]

const LENGTH_BYTES = 4
const KNOWN = new Set<number>(Object.values(FRAME))

export type FrameFaultCode = 'FRAME_TOO_LARGE' | 'FRAME_EMPTY' | 'FRAME_UNKNOWN' | 'FRAME_MALFORMED'

/** What arrived is not a frame: the link it came over is closed. */
export class FrameFault extends Error {
  readonly code: FrameFaultCode

  constructor(code: FrameFaultCode, message: string) {
    super(message)
    this.name = 'FrameFault'
    this.code = code
  }
}

export interface Frame {
  type: FrameType
  payload: Uint8Array
}

/** Head of a frame whose payload is the given parts. */
export function frameHead(type: FrameType, payloadBytes: number): Buffer {
  const head = Buffer.allocUnsafe(LENGTH_BYTES + 1)
  head.writeUInt32BE(payloadBytes + 1, 0)
  head[LENGTH_BYTES] = type
  return head
}

/** Cuts a byte stream into frames; holds no more than one frame of `limitBytes`. */
export class FrameReader {
  #limitBytes: number
  #chunks: Buffer[] = []
  #held = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Throws `FrameFault` as soon as a length or a type is seen to be wrong. */
  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk)
    this.#held += chunk.length
    const frames: Frame[] = []
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame)
    return frames
  }

  #next(): Frame | undefined {
    if (this.#held < LENGTH_BYTES) return undefined
    const length = this.#peek(LENGTH_BYTES).readUInt32BE(0)
    if (length === 0) throw new FrameFault('FRAME_EMPTY', 'a frame without a type')
    if (length > this.#limitBytes)
      throw new FrameFault('FRAME_TOO_LARGE', `a frame of ${length} bytes`)
    if (this.#held < LENGTH_BYTES + length) return undefined
    const whole = this.#take(LENGTH_BYTES + length)
    const type = whole[LENGTH_BYTES] ?? 0
    if (!KNOWN.has(type)) throw new FrameFault('FRAME_UNKNOWN', `a frame of type ${type}`)
    return { type: type as FrameType, payload: whole.subarray(LENGTH_BYTES + 1) }
  }

  #peek(bytes: number): Buffer {
    const [first] = this.#chunks
    if (first && first.length >= bytes) return first
    this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] ?? Buffer.alloc(0)
  }

  #take(bytes: number): Buffer {
    const [first] = this.#chunks
    const joined = first && first.length >= bytes ? first : Buffer.concat(this.#chunks, this.#held)
    if (joined === first) this.#chunks.shift()
    else this.#chunks = []
    if (joined.length > bytes) this.#chunks.unshift(joined.subarray(bytes))
    this.#held -= bytes
    return joined.subarray(0, bytes)
  }
}

export interface RequestFrame {
  id: number
  /** Method of a request, outcome of a response. */
  code: number
  body: Uint8Array
}

/** Reads the id and code of a request or response. Throws `FrameFault` FRAME_MALFORMED. */
export function readRequest(payload: Uint8Array): RequestFrame {
  if (payload.length < 5) throw new FrameFault('FRAME_MALFORMED', 'a request without an id')
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  return { id: view.getUint32(0), code: view.getUint8(4), body: payload.subarray(5) }
}

export function requestHead(id: number, code: number): Buffer {
  const head = Buffer.allocUnsafe(5)
  head.writeUInt32BE(id, 0)
  head[4] = code
  return head
}

/** A list of byte strings, each after its length. */
export function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  const pieces = parts.flatMap(part => {
    const length = Buffer.allocUnsafe(LENGTH_BYTES)
    length.writeUInt32BE(part.length, 0)
    return [length, part]
  })
  return Buffer.concat(pieces)
}

/** The inverse of `joinParts`. Throws `FrameFault` FRAME_MALFORMED. */
export function splitParts(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.length - at - LENGTH_BYTES
    const length = rest >= 0 ? view.getUint32(at) : Infinity
    if (length > rest) throw new FrameFault('FRAME_MALFORMED', 'a part longer than its frame')
    at += LENGTH_BYTES
    parts.push(bytes.subarray(at, at + length))
    at += length
  }
  return parts
}
