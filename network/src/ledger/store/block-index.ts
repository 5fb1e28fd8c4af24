import { closeSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { constants } from 'node:fs'
import { crc32 } from 'node:zlib'
import { invariant } from '../rules/invariant.ts'
import type { BlockPosition } from './rows.ts'

/** Row: segment (4), offset (6), length (4), CRC-32 of number and row (4). */
const ROW_BYTES = 18
const BODY_BYTES = 14

const checksum = (number: number, row: Uint8Array): number => {
  const name = Buffer.alloc(6)
  name.writeUIntBE(number, 0, 6)
  return crc32(row.subarray(0, BODY_BYTES), crc32(name))
}

const writeRow = (number: number, { segment, offset, length }: BlockPosition): Buffer => {
  const row = Buffer.alloc(ROW_BYTES)
  row.writeUInt32BE(segment, 0)
  row.writeUIntBE(offset, 4, 6)
  row.writeUInt32BE(length, 10)
  row.writeUInt32BE(checksum(number, row), BODY_BYTES)
  return row
}

const isGood = (number: number, row: Buffer): boolean =>
  row.length === ROW_BYTES && row.readUInt32BE(BODY_BYTES) === checksum(number, row)

/**
 * Where each block lies, for a node that keeps blocks and no tables. Nothing is synced: the file
 * only spares a start from reading every block, and what it lost is read from the blocks again.
 */
export class BlockIndex {
  readonly #file: number
  #count: number
  /** Highest number a good row was found for at the start, also after a damaged one. */
  readonly highest: number

  private constructor(file: number, found: { readonly count: number; readonly highest: number }) {
    this.#file = file
    this.#count = found.count
    this.highest = found.highest
  }

  static open(path: string): BlockIndex {
    const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    const bytes = readFileSync(file)
    const total = Math.floor(bytes.length / ROW_BYTES)
    const isGoodAt = (number: number): boolean =>
      isGood(number, bytes.subarray(number * ROW_BYTES, (number + 1) * ROW_BYTES))
    let count = 0
    while (count < total && isGoodAt(count)) count += 1
    let highest = total - 1
    while (highest >= count && !isGoodAt(highest)) highest -= 1
    return new BlockIndex(file, { count, highest })
  }

  /** Blocks from 0 on whose place is known. */
  get count(): number {
    return this.#count
  }

  position(number: number): BlockPosition | undefined {
    if (!Number.isSafeInteger(number) || number < 0 || number >= this.#count) return undefined
    const row = Buffer.alloc(ROW_BYTES)
    readSync(this.#file, row, 0, ROW_BYTES, number * ROW_BYTES)
    if (!isGood(number, row)) return undefined
    return {
      segment: row.readUInt32BE(0),
      offset: row.readUIntBE(4, 6),
      length: row.readUInt32BE(10),
    }
  }

  put(number: number, position: BlockPosition): void {
    invariant(number <= this.#count, 'rows follow each other')
    writeSync(this.#file, writeRow(number, position), 0, ROW_BYTES, number * ROW_BYTES)
    this.#count = Math.max(this.#count, number + 1)
  }

  /** Forgets the rows of blocks from `count` on. */
  cut(count: number): void {
    this.#count = Math.min(this.#count, count)
    ftruncateSync(this.#file, this.#count * ROW_BYTES)
  }

  close(): void {
    closeSync(this.#file)
  }
}
