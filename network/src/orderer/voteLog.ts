/**
 * The write-ahead log of votes: one file, records appended, synced in groups.
 *
 * A record is length (4), CRC-32 (4), synced (6), body; `synced` is the length of the file that was
 * known to be on disk when it was written. The file grows by zeroed chunks, because overwriting
 * costs half of a sync that also changes the length. On opening, the log ends at the first record
 * that does not check out. That is a torn tail, unless a later record says that this place was on
 * disk: then promises are lost, and the log refuses to open rather than let the replica vote twice.
 */
import { constants } from 'node:fs'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { crc32 } from 'node:zlib'

const FILE = 'votes.log'
const HEAD_BYTES = 14
const CHUNK_BYTES = 4 * 1024 * 1024
/** A write returns when its bytes are on disk: one trip to the thread pool instead of two. */
const SYNCED = constants.O_RDWR | constants.O_DSYNC

export class VoteLogError extends Error {
  override readonly name = 'VoteLogError'
  readonly code: 'VOTE_LOG_CORRUPT' | 'VOTE_LOG_CLOSED'

  constructor(code: 'VOTE_LOG_CORRUPT' | 'VOTE_LOG_CLOSED', detail: string) {
    super(`${code}: ${detail}`)
    this.code = code
  }
}

export class VoteLog {
  private readonly directory: string
  private file: FileHandle
  private end: number
  private allocated: number
  private synced: number
  private waiting: Uint8Array[] = []
  private isUrgent = false
  private isOpen = true

  private constructor(directory: string, file: FileHandle, end: number, allocated: number) {
    this.directory = directory
    this.file = file
    this.end = end
    this.synced = end
    this.allocated = allocated
  }

  /** Bodies of the records found, oldest first; what follows the last good one is erased. */
  static async open(directory: string): Promise<{ log: VoteLog; bodies: Buffer[] }> {
    const name = path.join(directory, FILE)
    await rm(`${name}.new`, { force: true })
    const file = await open(name, 'a+').then(async created => {
      await created.close()
      return open(name, SYNCED)
    })
    try {
      const { bodies, end } = scan(await file.readFile())
      await file.truncate(end)
      await file.sync()
      await syncFolder(directory)
      return { log: new VoteLog(directory, file, end, end), bodies }
    } catch (error) {
      await file.close()
      throw error
    }
  }

  get size(): number {
    return this.end
  }

  get hasUnsynced(): boolean {
    return this.waiting.length > 0
  }

  /** Whether a record waits that is worth a sync of its own. */
  get hasUrgent(): boolean {
    return this.isUrgent
  }

  append(body: Uint8Array, options: { readonly isUrgent: boolean } = { isUrgent: true }): void {
    this.waiting.push(body)
    this.isUrgent ||= options.isUrgent
  }

  /** Everything appended before the call is on disk when it returns. One at a time. */
  async sync(): Promise<void> {
    if (!this.isOpen) throw new VoteLogError('VOTE_LOG_CLOSED', 'the log was closed')
    const bodies = this.waiting
    this.waiting = []
    this.isUrgent = false
    if (bodies.length === 0) return
    const group = frame(bodies, this.synced)
    await this.reserve(this.end + group.length)
    await writeAll(this.file, group, this.end)
    this.end += group.length
    this.synced = this.end
  }

  private async reserve(length: number): Promise<void> {
    if (length <= this.allocated) return
    const target = length + CHUNK_BYTES
    await writeAll(this.file, Buffer.alloc(target - this.allocated), this.allocated)
    this.allocated = target
  }

  /** Puts a shorter log in place of this one, in one step. */
  async replace(bodies: readonly Uint8Array[]): Promise<void> {
    const name = path.join(this.directory, FILE)
    const next = await open(`${name}.new`, SYNCED | constants.O_CREAT | constants.O_TRUNC, 0o666)
    const group = frame(bodies, 0)
    await writeAll(next, group, 0)
    await next.sync()
    await rename(`${name}.new`, name)
    await syncFolder(this.directory)
    await this.file.close()
    this.file = next
    this.end = group.length
    this.synced = group.length
    this.allocated = group.length
  }

  async close(): Promise<void> {
    if (!this.isOpen) return
    this.isOpen = false
    await this.file.close()
  }
}

function frame(bodies: readonly Uint8Array[], synced: number): Buffer {
  const parts: Uint8Array[] = []
  for (const body of bodies) {
    const head = Buffer.alloc(HEAD_BYTES)
    head.writeUInt32BE(body.length, 0)
    head.writeUIntBE(synced, 8, 6)
    head.writeUInt32BE(crc32(body, crc32(head.subarray(8))), 4)
    parts.push(head, body)
  }
  return Buffer.concat(parts)
}

interface Found {
  readonly body: Buffer
  readonly next: number
}

function readAt(bytes: Buffer, offset: number): Found | undefined {
  if (offset + HEAD_BYTES > bytes.length) return undefined
  const length = bytes.readUInt32BE(offset)
  const next = offset + HEAD_BYTES + length
  if (length === 0 || next > bytes.length) return undefined
  const body = bytes.subarray(offset + HEAD_BYTES, next)
  const sum = crc32(body, crc32(bytes.subarray(offset + 8, offset + HEAD_BYTES)))
  if (sum !== bytes.readUInt32BE(offset + 4)) return undefined
  return { body, next }
}

function scan(bytes: Buffer): { bodies: Buffer[]; end: number } {
  const bodies: Buffer[] = []
  let end = 0
  for (let found = readAt(bytes, 0); found; found = readAt(bytes, end)) {
    bodies.push(found.body)
    end = found.next
  }
  for (let offset = end + 1; offset + HEAD_BYTES <= bytes.length; offset += 1) {
    // Only a record written when this place was on disk matters; the cheap test comes first.
    const synced = bytes.readUIntBE(offset + 8, 6)
    if (synced <= end || synced > offset || !readAt(bytes, offset)) continue
    throw new VoteLogError('VOTE_LOG_CORRUPT', `votes at byte ${end} were on disk and are damaged`)
  }
  return { bodies, end }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const result = await file.write(bytes, written, bytes.length - written, at + written)
    written += result.bytesWritten
  }
}

/** A new name is durable only when its folder is. */
async function syncFolder(directory: string): Promise<void> {
  const folder = await open(directory, 'r')
  await folder.sync()
  await folder.close()
}
