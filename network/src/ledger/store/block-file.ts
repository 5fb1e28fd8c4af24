import {
  constants,
  closeSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  fstatSync,
  fsyncSync,
} from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { LedgerFault } from '../fault.ts'
import { invariant } from '../rules/invariant.ts'
import type { BlockPosition } from './rows.ts'

/**
 * Blocks in files that only grow. A frame is `TFB1`, length (4), block number (8), CRC-32 of
 * number and bytes (4), bytes. A frame is synced before anything refers to it; a frame cut by a
 * crash is cut off at the next start; a damaged frame is reported, never returned.
 */
const MAGIC = 0x54464231
const FRAME_BYTES = 20
export const BLOCK_BYTES_MAX = 512 * 1024 * 1024
const SEGMENT_BYTES_DEFAULT = 256 * 1024 * 1024

/** Blocks brought again lie in a file of their own, so the tail of the others stays in order. */
const REPAIRED = 0xffff_ffff

/** A write returns when its data is on disk: one trip to the thread pool instead of two. */
const SYNCED = constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC

const segmentName = (segment: number): string =>
  segment === REPAIRED ? 'repaired.blocks' : `${String(segment).padStart(6, '0')}.blocks`

/** Where the next block goes, as the savepoint remembers it. */
export interface FileEnd {
  readonly segment: number
  readonly offset: number
}

export const endOf = (position: BlockPosition): FileEnd => ({
  segment: position.segment,
  offset: position.offset + FRAME_BYTES + position.length,
})

const checksum = (head: Buffer, bytes: Uint8Array): number =>
  crc32(bytes, crc32(head.subarray(8, 16)))

const frameHead = (number: number, bytes: Uint8Array): Buffer => {
  const head = Buffer.alloc(FRAME_BYTES)
  head.writeUInt32BE(MAGIC, 0)
  head.writeUInt32BE(bytes.length, 4)
  head.writeUIntBE(number, 10, 6)
  head.writeUInt32BE(checksum(head, bytes), 16)
  return head
}

export interface FoundBlock {
  readonly number: number
  readonly position: BlockPosition
  readonly bytes: Buffer
}

const syncFolder = (directory: string): void => {
  const folder = openSync(directory, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

export class BlockFile {
  readonly #directory: string
  readonly #segmentBytesMax: number
  readonly #readers = new Map<number, number>()
  #writer: FileHandle | undefined
  #repairs: Promise<unknown> = Promise.resolve()
  #segment: number
  #end = 0

  private constructor(directory: string, segment: number, segmentBytesMax: number) {
    this.#directory = directory
    this.#segment = segment
    this.#segmentBytesMax = segmentBytesMax
  }

  /** Opens the folder; call `recover` before the first append. */
  static async open(
    directory: string,
    segmentBytesMax = SEGMENT_BYTES_DEFAULT,
  ): Promise<BlockFile> {
    mkdirSync(directory, { recursive: true })
    const segments = readdirSync(directory).flatMap(name => {
      const found = /^(\d{6})\.blocks$/.exec(name)
      return found ? [Number(found[1])] : []
    })
    const file = new BlockFile(directory, Math.max(0, ...segments), segmentBytesMax)
    await file.#openWriter()
    return file
  }

  async #openWriter(): Promise<void> {
    await this.#writer?.close()
    const path = join(this.#directory, segmentName(this.#segment))
    this.#writer = await open(path, SYNCED, 0o600)
    this.#end = (await this.#writer.stat()).size
    syncFolder(this.#directory)
  }

  #path(segment: number): string {
    return join(this.#directory, segmentName(segment))
  }

  #reader(segment: number): number | undefined {
    const known = this.#readers.get(segment)
    if (known !== undefined) return known
    try {
      const opened = openSync(this.#path(segment), 'r')
      this.#readers.set(segment, opened)
      return opened
    } catch {
      return undefined
    }
  }

  #readAt(segment: number, offset: number, length: number): Buffer | undefined {
    const reader = this.#reader(segment)
    if (reader === undefined) return undefined
    const bytes = Buffer.allocUnsafeSlow(length)
    return readSync(reader, bytes, 0, length, offset) === length ? bytes : undefined
  }

  /** The whole frame at a place, or undefined when it is cut, damaged or not one. */
  #frameAt(segment: number, offset: number): FoundBlock | undefined {
    const head = this.#readAt(segment, offset, FRAME_BYTES)
    if (head === undefined || head.readUInt32BE(0) !== MAGIC) return undefined
    const length = head.readUInt32BE(4)
    if (length > BLOCK_BYTES_MAX) return undefined
    const bytes = this.#readAt(segment, offset + FRAME_BYTES, length)
    if (bytes === undefined || checksum(head, bytes) !== head.readUInt32BE(16)) return undefined
    return { number: head.readUIntBE(10, 6), position: { segment, offset, length }, bytes }
  }

  #sizeOf(segment: number): number {
    const reader = this.#reader(segment)
    return reader === undefined ? 0 : fstatSync(reader).size
  }

  /**
   * Finds whole frames after the savepoint's end, in order, and cuts what follows them: the torn
   * end of an append that a crash stopped.
   */
  async recover(next: { readonly number: number; readonly end: FileEnd }): Promise<FoundBlock[]> {
    const found: FoundBlock[] = []
    let { segment, offset } = next.end
    let { number } = next
    for (;;) {
      const frame = this.#frameAt(segment, offset)
      if (frame !== undefined && frame.number === number) {
        found.push(frame)
        offset += FRAME_BYTES + frame.position.length
        number += 1
        continue
      }
      if (segment >= this.#segment || offset < this.#sizeOf(segment)) break
      segment += 1
      offset = 0
    }
    await this.#cutAfter(segment, offset)
    return found
  }

  async #cutAfter(segment: number, offset: number): Promise<void> {
    for (let later = segment + 1; later <= this.#segment; later += 1) {
      const handle = await open(this.#path(later), 'r+')
      await handle.truncate(0)
      await handle.close()
    }
    if (segment !== this.#segment) {
      this.#segment = segment
      await this.#openWriter()
    }
    invariant(this.#writer !== undefined, 'a block file has a writer while open')
    if (this.#end > offset) {
      await this.#writer.truncate(offset)
      await this.#writer.sync()
      this.#end = offset
    }
  }

  /** Appends and syncs; resolves when the block survives a power cut. */
  async append(number: number, bytes: Uint8Array): Promise<BlockPosition> {
    invariant(bytes.length <= BLOCK_BYTES_MAX, 'a block fits its frame')
    if (this.#end >= this.#segmentBytesMax) {
      this.#segment += 1
      await this.#openWriter()
    }
    const writer = this.#writer
    invariant(writer !== undefined, 'a block file is appended to while open')
    const position = { segment: this.#segment, offset: this.#end, length: bytes.length }
    const frame = [frameHead(number, bytes), bytes]
    const written = await writer.writev(frame, position.offset)
    invariant(written.bytesWritten === FRAME_BYTES + bytes.length, 'a frame is written whole')
    this.#end = position.offset + FRAME_BYTES + bytes.length
    return position
  }

  /** Keeps a block that was brought again, apart from the others. */
  async repair(number: number, bytes: Uint8Array): Promise<BlockPosition> {
    const kept = this.#repairs.then(() => this.#appendRepaired(number, bytes))
    this.#repairs = kept.catch(() => undefined)
    return kept
  }

  async #appendRepaired(number: number, bytes: Uint8Array): Promise<BlockPosition> {
    const handle = await open(this.#path(REPAIRED), SYNCED, 0o600)
    try {
      const offset = (await handle.stat()).size
      await handle.writev([frameHead(number, bytes), bytes], offset)
      syncFolder(this.#directory)
      return { segment: REPAIRED, offset, length: bytes.length }
    } finally {
      await handle.close()
    }
  }

  /** Throws BLOCK_CORRUPT when the bytes on disk are not what was written. */
  read(number: number, position: BlockPosition): Buffer {
    const frame = this.#frameAt(position.segment, position.offset)
    if (frame === undefined || frame.number !== number) {
      throw new LedgerFault('BLOCK_CORRUPT', `block ${number} is damaged on disk`)
    }
    return frame.bytes
  }

  async close(): Promise<void> {
    for (const reader of this.#readers.values()) closeSync(reader)
    this.#readers.clear()
    await this.#writer?.close()
    this.#writer = undefined
  }
}
