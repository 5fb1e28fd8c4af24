/**
 * Segmented authenticated encryption (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
 * Vizár, 2015, with AES-256-GCM): constant memory, and every segment is verified before it is
 * released. The nonce of a segment holds its number and whether it is the last, so segments cannot
 * be reordered, dropped, repeated or cut off at the end.
 *
 *   document = header | segment 0 | ... | segment n
 *   header   = "TFV1" | segment length (4 bytes, big endian) | nonce prefix (7 bytes)
 *   segment  = ciphertext | tag (16 bytes)
 *   nonce    = prefix (7) | number (4) | last (1)
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { VaultFault } from './faults.ts'

const MAGIC = Buffer.from('TFV1')
const PREFIX_BYTES = 7
const TAG_BYTES = 16
const HEADER_BYTES = MAGIC.length + 4 + PREFIX_BYTES
const SEGMENTS_MAX = 2 ** 32 - 1

/** Plaintext bytes of a segment: large enough that the tag costs 0.02 %, small enough to hold. */
export const SEGMENT_BYTES = 64 * 1024
const SEGMENT_BYTES_MAX = 16 * 1024 * 1024

export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

interface SegmentPlace {
  readonly prefix: Buffer
  readonly number: number
  readonly last: boolean
}

function nonceOf({ prefix, number, last }: SegmentPlace): Buffer {
  if (number > SEGMENTS_MAX)
    throw new VaultFault('VAULT_FORMAT_UNKNOWN', { why: 'too many segments' })
  const nonce = Buffer.alloc(12)
  prefix.copy(nonce)
  nonce.writeUInt32BE(number, PREFIX_BYTES)
  nonce[11] = last ? 1 : 0
  return nonce
}

function headerOf(prefix: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(header)
  header.writeUInt32BE(SEGMENT_BYTES, MAGIC.length)
  prefix.copy(header, MAGIC.length + 4)
  return header
}

function readHeader(header: Buffer): { prefix: Buffer; segmentBytes: number } {
  if (header.length < HEADER_BYTES || !header.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new VaultFault('VAULT_FORMAT_UNKNOWN')
  }
  const segmentBytes = header.readUInt32BE(MAGIC.length)
  if (segmentBytes === 0 || segmentBytes > SEGMENT_BYTES_MAX)
    throw new VaultFault('VAULT_FORMAT_UNKNOWN')
  return { prefix: Buffer.from(header.subarray(MAGIC.length + 4, HEADER_BYTES)), segmentBytes }
}

/** Collects arbitrary pieces and hands them on in pieces of exactly the size asked for. */
class Regrouper {
  private pieces: Buffer[] = []
  private held = 0

  push(piece: Uint8Array): void {
    if (piece.length === 0) return
    this.pieces.push(Buffer.from(piece.buffer, piece.byteOffset, piece.length))
    this.held += piece.length
  }

  get bytes(): number {
    return this.held
  }

  take(count: number): Buffer {
    const all = this.pieces.length === 1 ? this.pieces[0]! : Buffer.concat(this.pieces)
    const taken = all.subarray(0, count)
    const rest = all.subarray(count)
    this.pieces = rest.length > 0 ? [rest] : []
    this.held = rest.length
    return taken
  }
}

function seal(key: Uint8Array, place: SegmentPlace, plaintext: Buffer, header: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(place))
  cipher.setAAD(header)
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

function open(key: Uint8Array, place: SegmentPlace, segment: Buffer, header: Buffer): Buffer {
  if (segment.length < TAG_BYTES)
    throw new VaultFault('VAULT_TAMPERED', { segment: `${place.number}` })
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(place))
  decipher.setAAD(header)
  decipher.setAuthTag(segment.subarray(segment.length - TAG_BYTES))
  const plaintext = decipher.update(segment.subarray(0, segment.length - TAG_BYTES))
  try {
    decipher.final()
  } catch {
    throw new VaultFault('VAULT_TAMPERED', { segment: `${place.number}` })
  }
  return plaintext
}

/** Encrypts a stream; `key` is 32 bytes and must serve this one document only. */
export async function* encryptSegments(
  key: Uint8Array,
  source: ByteSource,
): AsyncGenerator<Uint8Array> {
  const prefix = randomBytes(PREFIX_BYTES)
  const header = headerOf(prefix)
  const pending = new Regrouper()
  let number = 0
  yield header
  for await (const piece of source) {
    pending.push(piece)
    // A full segment is sealed only when more follows, because the last one is marked as such.
    while (pending.bytes > SEGMENT_BYTES) {
      yield seal(
        key,
        { prefix, number: number++, last: false },
        pending.take(SEGMENT_BYTES),
        header,
      )
    }
  }
  yield seal(key, { prefix, number, last: true }, pending.take(pending.bytes), header)
}

/**
 * Decrypts what `encryptSegments` wrote. Throws VAULT_TAMPERED at the first segment that does not
 * verify; everything yielded before is authentic, but the whole is complete only when it ends.
 */
export async function* decryptSegments(
  key: Uint8Array,
  source: ByteSource,
): AsyncGenerator<Uint8Array> {
  const pending = new Regrouper()
  let header: Buffer | undefined
  let format: ReturnType<typeof readHeader> | undefined
  let number = 0
  for await (const piece of source) {
    pending.push(piece)
    if (!format || !header) {
      if (pending.bytes < HEADER_BYTES) continue
      header = Buffer.from(pending.take(HEADER_BYTES))
      format = readHeader(header)
    }
    const whole = format.segmentBytes + TAG_BYTES
    while (pending.bytes > whole) {
      const place = { prefix: format.prefix, number: number++, last: false }
      yield open(key, place, pending.take(whole), header)
    }
  }
  if (!format || !header) throw new VaultFault('VAULT_FORMAT_UNKNOWN')
  yield open(
    key,
    { prefix: format.prefix, number, last: true },
    pending.take(pending.bytes),
    header,
  )
}
