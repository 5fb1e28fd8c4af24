import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Request } from 'express'
import { CodedError } from '../faults.ts'

/** A body that was written to disk as it came, in constant memory. */
export interface Upload {
  readonly file: string
  readonly sha256: string
  readonly bytes: number
}

export async function receive(
  request: Request,
  options: { directory: string; limitBytes: number },
): Promise<Upload> {
  if (!request.is('application/octet-stream'))
    throw new CodedError('MEDIA_TYPE', { detail: 'send the file as application/octet-stream' })
  if (Number(request.headers['content-length'] ?? 0) > options.limitBytes)
    throw new CodedError('BODY_TOO_LARGE')
  const file = path.join(options.directory, `upload-${randomUUID()}`)
  const hash = createHash('sha256')
  let bytes = 0
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      hash.update(chunk)
      done(bytes > options.limitBytes ? new CodedError('BODY_TOO_LARGE') : null, chunk)
    },
  })
  try {
    await pipeline(request, meter, createWriteStream(file, { mode: 0o600 }))
  } catch (error) {
    await rm(file, { force: true })
    throw error instanceof CodedError ? error : new CodedError('BODY_MALFORMED', { cause: error })
  }
  return { file, sha256: hash.digest('hex'), bytes }
}
