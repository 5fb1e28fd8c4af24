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
 * Blocks in files that only grow. A frame is `TFB1` or `TFB2`, length (4), block number (8), CRC-32
 * of number and bytes (4), bytes. A frame is synced before anything refers to it; a frame cut by a
 * crash is cut off at the next start; a damaged frame is reported, never returned.
 * `TFB1`: the block holds this peer's verdicts; `TFB2`: it does not, because a node that only orders
 * wrote it.
 */
const JUDGED = 0x54464231
const UNJUDGED = 0x54464232
const FRAME_BYTES = 20
export const BLOCK_BYTES_MAX = 512 * 1024 * 1024
const SEGMENT_BYTES_DEFAULT = 256 * 1024 * 1024

/** Blocks brought again lie in a file of their own, so the tail of the others stays in order. */
export const REPAIRED = 0xffff_ffff

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

/** `isJudged`: the verdicts of this peer stand in the bytes. */
export interface BlockBytes {
  readonly bytes: Uint8Array
  readonly isJudged: boolean
}

const frameHead = (number: number, { bytes, isJudged }: BlockBytes): Buffer => {
  const head = Buffer.alloc(FRAME_BYTES)
  head.writeUInt32BE(isJudged ? JUDGED : UNJUDGED, 0)
  head.writeUInt32BE(bytes.length, 4)
  head.writeUIntBE(number, 10, 6)
  head.writeUInt32BE(checksum(head, bytes), 16)
  return head
}

/** A whole frame on disk. */
export interface FoundFrame {
  readonly number: number
  readonly position: BlockPosition
}

export interface FoundBlock extends FoundFrame, BlockBytes {
  readonly bytes: Buffer
}

export interface Scan {
  readonly number: number
  readonly end: FileEnd
  /** A block that was judged anew stands there twice: the later one counts. */
  readonly mayRepeat?: boolean
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

  /** Opens the folder; call `cutAfter` before the first append. */
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
    const kind = head?.readUInt32BE(0)
    if (head === undefined || (kind !== JUDGED && kind !== UNJUDGED)) return undefined
    const length = head.readUInt32BE(4)
    if (length > BLOCK_BYTES_MAX) return undefined
    const bytes = this.#readAt(segment, offset + FRAME_BYTES, length)
    if (bytes === undefined || checksum(head, bytes) !== head.readUInt32BE(16)) return undefined
    const position = { segment, offset, length }
    return { number: head.readUIntBE(10, 6), position, bytes, isJudged: kind === JUDGED }
  }

  #sizeOf(segment: number): number {
    const reader = this.#reader(segment)
    return reader === undefined ? 0 : fstatSync(reader).size
  }

  /** Whole frames from a place on, in order, and the place after the last of them. */
  scan(from: Scan): { readonly frames: FoundFrame[]; readonly end: FileEnd } {
    const frames: FoundFrame[] = []
    let { segment, offset } = from.end
    let { number } = from
    for (;;) {
      const frame = this.#frameAt(segment, offset)
      const isNext = frame !== undefined && frame.number <= number
      if (isNext && (frame.number === number || from.mayRepeat === true)) {
        frames.push({ number: frame.number, position: frame.position })
        offset += FRAME_BYTES + frame.position.length
        number = frame.number + 1
        continue
      }
      if (segment >= this.#segment || offset < this.#sizeOf(segment)) break
      segment += 1
      offset = 0
    }
    return { frames, end: { segment, offset } }
  }

  /** Whether a whole frame lies anywhere after a place: then what lies there is no torn append. */
  hasFrameAfter({ segment, offset }: FileEnd): boolean {
    for (let at = segment; at <= this.#segment; at += 1) {
      const from = at === segment ? offset : 0
      const bytes = this.#readAt(at, from, Math.max(0, this.#sizeOf(at) - from))
      // Both marks begin alike; the fourth byte, the checksum and the length decide.
      const mark = Buffer.from('TFB')
      for (let found = bytes?.indexOf(mark) ?? -1; found >= 0;) {
        if (this.#frameAt(at, from + found) !== undefined) return true
        found = bytes?.indexOf(mark, found + 1) ?? -1
      }
    }
    return false
  }

  /** Cuts what follows a place: the torn end of an append that a crash stopped. */
  async cutAfter({ segment, offset }: FileEnd): Promise<void> {
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
  async append(number: number, block: BlockBytes): Promise<BlockPosition> {
    const { bytes } = block
    invariant(bytes.length <= BLOCK_BYTES_MAX, 'a block fits its frame')
    if (this.#end >= this.#segmentBytesMax) {
      this.#segment += 1
      await this.#openWriter()
    }
    const writer = this.#writer
    invariant(writer !== undefined, 'a block file is appended to while open')
    const position = { segment: this.#segment, offset: this.#end, length: bytes.length }
    const frame = [frameHead(number, block), bytes]
    const written = await writer.writev(frame, position.offset)
    invariant(written.bytesWritten === FRAME_BYTES + bytes.length, 'a frame is written whole')
    this.#end = position.offset + FRAME_BYTES + bytes.length
    return position
  }

  /** Keeps a block that was brought again, apart from the others. */
  async repair(number: number, block: BlockBytes): Promise<BlockPosition> {
    const kept = this.#repairs.then(() => this.#appendRepaired(number, block))
    this.#repairs = kept.catch(() => undefined)
    return kept
  }

  async #appendRepaired(number: number, block: BlockBytes): Promise<BlockPosition> {
    const { bytes } = block
    const handle = await open(this.#path(REPAIRED), SYNCED, 0o600)
    try {
      const offset = (await handle.stat()).size
      await handle.writev([frameHead(number, block), bytes], offset)
      syncFolder(this.#directory)
      return { segment: REPAIRED, offset, length: bytes.length }
    } finally {
      await handle.close()
    }
  }

  /** Throws BLOCK_CORRUPT when the bytes on disk are not what was written. */
  read(number: number, position: BlockPosition): FoundBlock {
    const frame = this.#frameAt(position.segment, position.offset)
    if (frame === undefined || frame.number !== number) {
      throw new LedgerFault('BLOCK_CORRUPT', `block ${number} is damaged on disk`)
    }
    return frame
  }

  async close(): Promise<void> {
    for (const reader of this.#readers.values()) closeSync(reader)
    this.#readers.clear()
    await this.#writer?.close()
    this.#writer = undefined
  }
}
