import { createHash, hash as hashOnce } from 'node:crypto'
import { Message, WireFault, Writer, eachField, equalBytes, fieldAt } from './wire.ts'

/** common.Block, read without copies. */
export interface Block {
  readonly number: number
  readonly previousHash: Uint8Array
  readonly dataHash: Uint8Array
  readonly envelopes: readonly Uint8Array[]
  readonly metadata: readonly Uint8Array[]
}

export type BlockFault =
  | { readonly code: 'BLOCK_MALFORMED'; readonly detail: string }
  | { readonly code: 'BLOCK_DATA_HASH'; readonly detail: string }
  | { readonly code: 'BLOCK_RECUT'; readonly detail: string }

export const METADATA_SIGNATURES = 0
export const METADATA_FLAGS = 2
export const METADATA_COMMIT_HASH = 4
const METADATA_SLOTS = 5

export const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  if (parts.length === 1) return hashOnce('sha256', parts[0] as Uint8Array, 'buffer')
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const readBlockParts = (bytes: Uint8Array): Block => {
  const message = new Message(bytes)
  const header = message.message(1)
  const data = message.message(2)
  if (header === undefined || data === undefined) throw new WireFault('no header or no data')
  const number = header.uint(1)
  if (!Number.isSafeInteger(number)) throw new WireFault('block number out of range')
  return {
    number,
    previousHash: header.bytes(2),
    dataHash: header.bytes(3),
    envelopes: data.repeated(1),
    metadata: message.message(3)?.repeated(1) ?? [],
  }
}

/** Reads a block, or says why it is none. */
export const readBlock = (bytes: Uint8Array): Block | BlockFault => {
  try {
    return readBlockParts(bytes)
  } catch (error) {
    if (!(error instanceof WireFault)) throw error
    return { code: 'BLOCK_MALFORMED', detail: error.message }
  }
}

export const isBlockFault = (read: Block | BlockFault): read is BlockFault => 'code' in read

/** ASN.1 INTEGER contents of a non-negative number: big-endian, a zero in front of a high bit. */
const integerContents = (value: number): number[] => {
  const bytes: number[] = []
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  if (bytes.length === 0 || (bytes[0] as number) >= 0x80) bytes.unshift(0)
  return bytes
}

const der = (tag: number, contents: Uint8Array): Buffer => {
  const { length } = contents
  const head =
    length < 128
      ? [tag, length]
      : length < 256
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 255]
  return Buffer.concat([Uint8Array.from(head), contents])
}

/** The bytes the orderers sign with the metadata: SEQUENCE{number, previous_hash, data_hash}. */
export const headerBytes = (block: Pick<Block, 'number' | 'previousHash' | 'dataHash'>): Buffer =>
  der(
    0x30,
    Buffer.concat([
      der(0x02, Uint8Array.from(integerContents(block.number))),
      der(0x04, block.previousHash),
      der(0x04, block.dataHash),
    ]),
  )

export const headerHash = (block: Pick<Block, 'number' | 'previousHash' | 'dataHash'>): Buffer =>
  sha256(headerBytes(block))

/** common.HeaderType of an envelope, -1 when it has none: enough to find a CONFIG block. */
const headerTypeOf = (envelope: Uint8Array): number => {
  try {
    const channelHeader = new Message(envelope).message(1)?.message(1)?.bytes(1)
    return channelHeader === undefined ? -1 : new Message(channelHeader).uint(1)
  } catch {
    return -1
  }
}

/**
 * True when the bytes are one Envelope exactly as Fabric marshals it: a non-empty payload, then
 * a non-empty signature, minimal lengths, nothing else. The cut between such envelopes is
 * unique, so concatenated bytes have one reading only. Orderers must refuse anything else.
 */
export const isCanonicalEnvelope = (bytes: Uint8Array): boolean => {
  try {
    const payload = fieldAt(bytes, 0)
    const signature = fieldAt(bytes, payload.end)
    if (payload.number !== 1 || payload.wire !== 2 || payload.bytes.length === 0) return false
    if (signature.number !== 2 || signature.wire !== 2 || signature.bytes.length === 0) return false
    if (signature.end !== bytes.length) return false
    const again = new Writer().bytes(1, payload.bytes).bytes(2, signature.bytes).finish()
    return equalBytes(again, bytes)
  } catch {
    return false
  }
}

/**
 * The data hash covers the concatenation of the entries, not their borders (CVE-2023-46132): a
 * re-cut block has an equal hash and other transactions. Only canonical envelopes are taken,
 * except in a block of one CONFIG transaction, where there is no other border.
 */
export const checkBlockData = (block: Block): BlockFault | undefined => {
  if (block.envelopes.length === 0) return { code: 'BLOCK_MALFORMED', detail: 'no transactions' }
  if (!equalBytes(sha256(...block.envelopes), block.dataHash)) {
    return { code: 'BLOCK_DATA_HASH', detail: 'the data does not hash to the header' }
  }
  if (block.envelopes.length === 1 && headerTypeOf(block.envelopes[0] as Uint8Array) === 1) {
    return undefined
  }
  const index = block.envelopes.findIndex(envelope => !isCanonicalEnvelope(envelope))
  if (index < 0) return undefined
  return { code: 'BLOCK_RECUT', detail: `entry ${index} is not one well-formed envelope` }
}

/** The block with slots replaced; header and data are written once, in Fabric's order. */
export const writeBlock = (block: Block, slots: ReadonlyMap<number, Uint8Array>): Buffer => {
  const header = new Writer()
    .uint(1, block.number)
    .bytes(2, block.previousHash)
    .bytes(3, block.dataHash)
    .finish()
  const data = new Writer()
  for (const envelope of block.envelopes) data.element(1, envelope)
  const metadata = new Writer()
  const count = Math.max(METADATA_SLOTS, block.metadata.length)
  for (let slot = 0; slot < count; slot += 1) {
    metadata.element(1, slots.get(slot) ?? block.metadata[slot] ?? new Uint8Array(0))
  }
  return new Writer()
    .element(1, header)
    .element(2, data.finish())
    .element(3, metadata.finish())
    .finish()
}

/** The commit hash of slot 4: common.Metadata{value}; empty when the block has none. */
export const commitHashOf = (block: Block): Uint8Array => {
  const slot = block.metadata[METADATA_COMMIT_HASH] ?? new Uint8Array(0)
  let found: Uint8Array = new Uint8Array(0)
  eachField(slot, field => {
    if (field.number === 1 && field.wire === 2) found = field.bytes
  })
  return found
}
