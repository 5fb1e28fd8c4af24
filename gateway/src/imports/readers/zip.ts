import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import yauzl, { type Entry, type ZipFile } from 'yauzl'
import { FileFault } from '../advice.ts'

const ENTRIES_MAX = 2_000
const UNPACKED_MAX = 1024 * 1024 * 1024
/** Text packs 10 to 20 times; what packs far more was made to do harm. */
const RATIO_MAX = 200
const RATIO_FREE_BYTES = 1024 * 1024

export interface Unpacked {
  readonly name: string
  /** A file of its own, removed when the consumer goes on. */
  readonly file: string
}

interface Archive {
  readonly zip: ZipFile
  readonly entries: readonly Entry[]
}

/**
 * The files of an archive, one at a time on disk. Limits hold for what really comes out, not only for what the
 * archive claims; names are shown, never used as paths.
 */
export async function* unzip(file: string, scratch: string): AsyncGenerator<Unpacked> {
  const { zip, entries } = await openZip(file)
  const folder = await mkdtemp(path.join(scratch, 'unzip-'))
  let total = 0
  try {
    refuseClaims(entries)
    for (const [index, entry] of entries.entries()) {
      const name = entry.fileName
      if (name.endsWith('/') || name.startsWith('__MACOSX/')) continue
      const target = path.join(folder, String(index))
      total += await unpack(zip, entry, { target, left: UNPACKED_MAX - total })
      yield { name, file: target }
      await rm(target, { force: true })
    }
  } finally {
    zip.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function openZip(file: string): Promise<Archive> {
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    yauzl.open(file, { lazyEntries: true, autoClose: false }, (error, opened) => {
      if (error) reject(new FileFault('ZIP_MALFORMED'))
      else resolve(opened)
    })
  })
  try {
    return { zip, entries: await entriesOf(zip) }
  } catch (error) {
    zip.close()
    throw error
  }
}

function entriesOf(zip: ZipFile): Promise<Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: Entry[] = []
    if (zip.entryCount > ENTRIES_MAX) {
      reject(new FileFault('ZIP_BOMB'))
      return
    }
    zip.on('entry', (entry: Entry) => {
      entries.push(entry)
      zip.readEntry()
    })
    zip.on('end', () => resolve(entries))
    zip.on('error', () => reject(new FileFault('ZIP_MALFORMED')))
    zip.readEntry()
  })
}

function refuseClaims(entries: readonly Entry[]): void {
  let total = 0
  for (const entry of entries) {
    if ((entry.generalPurposeBitFlag & 1) !== 0) throw new FileFault('ZIP_ENCRYPTED')
    total += entry.uncompressedSize
    const tooDense =
      entry.uncompressedSize > RATIO_FREE_BYTES &&
      entry.uncompressedSize > entry.compressedSize * RATIO_MAX
    if (total > UNPACKED_MAX || tooDense) throw new FileFault('ZIP_BOMB')
  }
}

async function unpack(
  zip: ZipFile,
  entry: Entry,
  options: { target: string; left: number },
): Promise<number> {
  const source = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) reject(new FileFault('ZIP_MALFORMED'))
      else resolve(stream)
    })
  })
  let written = 0
  const limit = Math.min(options.left, Math.max(RATIO_FREE_BYTES, entry.compressedSize * RATIO_MAX))
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      written += chunk.length
      done(written > limit ? new FileFault('ZIP_BOMB') : null, chunk)
    },
  })
  try {
    await pipeline(source, meter, createWriteStream(options.target))
  } catch (error) {
    throw error instanceof FileFault ? error : new FileFault('ZIP_MALFORMED')
  }
  return written
}
