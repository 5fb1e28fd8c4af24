import type { StoredValue } from '../rules/state.ts'

/** Values of the LMDB tables; lengths are fixed or stand in front. */

const HEAD_BYTES = 14

/** State row: block (6), transaction (4), length of metadata (4), metadata, value. */
export const writeStored = (stored: StoredValue): Buffer => {
  const { version, value, metadata } = stored
  const row = Buffer.allocUnsafe(HEAD_BYTES + metadata.length + value.length)
  row.writeUIntBE(version.block, 0, 6)
  row.writeUInt32BE(version.tx, 6)
  row.writeUInt32BE(metadata.length, 10)
  row.set(metadata, HEAD_BYTES)
  row.set(value, HEAD_BYTES + metadata.length)
  return row
}

/** The row must be the caller's own: parts are views of it. */
export const readStored = (row: Buffer): StoredValue => {
  const valueAt = HEAD_BYTES + row.readUInt32BE(10)
  return {
    version: readStoredVersion(row),
    metadata: row.subarray(HEAD_BYTES, valueAt),
    value: row.subarray(valueAt),
  }
}

export const readStoredVersion = (row: Buffer): StoredValue['version'] => ({
  block: row.readUIntBE(0, 6),
  tx: row.readUInt32BE(6),
})

export interface BlockPosition {
  readonly segment: number
  readonly offset: number
  /** Bytes of the block, without its frame. */
  readonly length: number
}

/** Everything of a block that its bytes alone cannot restore on this peer. */
export interface BlockRow extends BlockPosition {
  readonly headerHash: Buffer
  /** Empty for the genesis block. */
  readonly commitHash: Buffer
  readonly flags: Buffer
}

const BLOCK_HEAD_BYTES = 4 + 6 + 4 + 32 + 1

export const writeBlockRow = (block: BlockRow): Buffer => {
  const head = Buffer.allocUnsafe(BLOCK_HEAD_BYTES)
  head.writeUInt32BE(block.segment, 0)
  head.writeUIntBE(block.offset, 4, 6)
  head.writeUInt32BE(block.length, 10)
  head.set(block.headerHash, 14)
  head[46] = block.commitHash.length
  return Buffer.concat([head, block.commitHash, block.flags])
}

export const readBlockRow = (row: Buffer): BlockRow => {
  const flagsAt = BLOCK_HEAD_BYTES + (row[46] as number)
  return {
    segment: row.readUInt32BE(0),
    offset: row.readUIntBE(4, 6),
    length: row.readUInt32BE(10),
    headerHash: row.subarray(14, 46),
    commitHash: row.subarray(BLOCK_HEAD_BYTES, flagsAt),
    flags: row.subarray(flagsAt),
  }
}

export const writeLocation = (block: number, index: number, code: number): Buffer => {
  const row = Buffer.allocUnsafe(11)
  row.writeUIntBE(block, 0, 6)
  row.writeUInt32BE(index, 6)
  row[10] = code
  return row
}

export const readLocation = (
  row: Buffer,
): { blockNumber: number; index: number; code: number } => ({
  blockNumber: row.readUIntBE(0, 6),
  index: row.readUInt32BE(6),
  code: row[10] as number,
})

/** Private row: length of key (2), key, value. */
export const writePrivateRow = (key: string, value: Uint8Array): Buffer => {
  const size = Buffer.byteLength(key, 'utf8')
  const row = Buffer.allocUnsafe(2 + size + value.length)
  row.writeUInt16BE(size, 0)
  row.write(key, 2, 'utf8')
  row.set(value, 2 + size)
  return row
}

export const readPrivateRow = (row: Buffer): { key: string; value: Buffer } => {
  const valueAt = 2 + row.readUInt16BE(0)
  return { key: row.toString('utf8', 2, valueAt), value: row.subarray(valueAt) }
}
