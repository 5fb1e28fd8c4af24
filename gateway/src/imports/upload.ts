import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { unavailability } from '../platform/availability.ts'
import type { Row } from '../platform/database/database.ts'
import { invariant } from '../platform/faults.ts'
import type { Upload } from '../platform/http/receive.ts'
import type { Services } from '../services.ts'
import { takeIn } from './intake.ts'
import { postImport } from './post.ts'
import {
  beginAttempt,
  findImport,
  findSameBytes,
  forgiveAttempt,
  reopenImport,
  updateImport,
  type ImportRecord,
} from './store.ts'

/** Documents of one scope are known to each other: a member’s, or the organisation’s own. */
export function importScope(memberId: string | undefined): string {
  return memberId ?? 'organization'
}

export interface Importer {
  /** Stores the file in the vault and starts its import; the same bytes are the earlier import, tried again if it FAILED. */
  take(upload: Upload, by: TakenBy): Promise<{ importId: string; repeated: boolean }>
  /** Reads and posts one import; called by the worker, again and again until it ends. */
  work(importId: string): Promise<void>
  /** Imports that no process is working on. */
  resume(): Promise<void>
}

export interface TakenBy {
  readonly userId: string
  readonly memberId: string | undefined
  readonly fileName: string
}

export function createImporter(services: Services, scratch: string): Importer {
  const { database, queue } = services
  const working = new Set<string>()
  return {
    async take(upload, by) {
      const scope = importScope(by.memberId)
      const known = await findSameBytes(database, scope, upload.sha256)
      if (known) {
        const importId = known.import_id
        await rm(upload.file, { force: true })
        if (await reopenImport(database, importId)) await queue.add('import', { importId })
        return { importId, repeated: true }
      }
      const record = await store(services, upload, by)
      await rename(upload.file, localCopy(scratch, record.import_id))
      await queue.add('import', { importId: record.import_id })
      return { importId: record.import_id, repeated: false }
    },
    async work(importId) {
      if (working.has(importId)) return
      working.add(importId)
      try {
        await attempt(services, scratch, importId)
      } finally {
        working.delete(importId)
      }
    },
    async resume() {
      const rows = await database.query<{ import_id: string }>(
        `SELECT import_id FROM imports WHERE finished_at IS NULL ORDER BY created_at LIMIT 500`,
      )
      for (const row of rows)
        if (!working.has(row.import_id)) await queue.add('import', { importId: row.import_id })
    },
  }
}

function localCopy(scratch: string, importId: string): string {
  return path.join(scratch, `import-${importId}`)
}

/** Into the vault first: from then on the file is safe, whatever happens to this machine’s copy. */
async function store(services: Services, upload: Upload, by: TakenBy): Promise<ImportRecord> {
  const { database, vault } = services
  const reference = await vault.put(createReadStream(upload.file))
  invariant(reference.sha256 === upload.sha256, 'the vault hashed what was received')
  const documentId = randomUUID()
  const scope = importScope(by.memberId)
  await database.transaction(async tx => {
    await tx.execute(
      `INSERT INTO documents (document_id, file_name, media_type, bytes, sha256, cid, keys, readers, member_id)
       VALUES ($1, $2, 'application/octet-stream', $3, $4, $5, $6, $7, $8)`,
      [
        documentId,
        by.fileName,
        upload.bytes,
        upload.sha256,
        reference.cid,
        JSON.stringify(reference.keys),
        reference.keys.map(key => key.reader),
        by.memberId ?? null,
      ],
    )
    await tx.execute(
      `INSERT INTO imports (import_id, document_id, scope, sha256, file_name, user_id, member_id, status)
       VALUES ($1, $2, $3, $4, $5, $6, $7, 'RECEIVED') ON CONFLICT (scope, sha256) DO NOTHING`,
      [randomUUID(), documentId, scope, upload.sha256, by.fileName, by.userId, by.memberId ?? null],
    )
  })
  const record = await findSameBytes(database, scope, upload.sha256)
  invariant(record, 'the import has been written')
  return record
}

interface StoredDocument extends Row {
  cid: string
  sha256: string
  bytes: string
  keys: { reader: string; wrapped: string }[]
}

async function localFile(
  { database, vault }: Services,
  scratch: string,
  record: ImportRecord,
): Promise<string> {
  const file = localCopy(scratch, record.import_id)
  if (existsSync(file)) return file
  const [document] = await database.query<StoredDocument>(
    'SELECT cid, sha256, bytes, keys FROM documents WHERE document_id = $1',
    [record.document_id],
  )
  invariant(document, 'an import has a document')
  const content = vault.get({ ...document, bytes: Number(document.bytes) })
  await pipeline(Readable.from(content), createWriteStream(`${file}.new`, { mode: 0o600 }))
  await rename(`${file}.new`, file)
  return file
}

const ATTEMPTS_MAX = 5

/** A file that fails again and again for a reason nobody foresaw ends too; it must not hold a worker for ever. */
async function attempt(services: Services, scratch: string, importId: string): Promise<void> {
  const { database, log } = services
  const record = await findImport(database, importId)
  if (!record || record.finished_at !== null) return
  const attempts = await beginAttempt(database, importId)
  try {
    // Beyond the last attempt only where every one of them took its process down.
    if (attempts > ATTEMPTS_MAX) throw new Error('no attempt at this file has come to an end')
    await workOnce(services, scratch, record)
  } catch (error) {
    if (unavailability(error)) await forgiveAttempt(database, importId)
    if (unavailability(error) || attempts < ATTEMPTS_MAX) throw error
    log.error({ err: error, importId, attempts }, 'import given up')
    await updateImport(database, importId, { status: 'FAILED', code: 'IMPORT_FAILED' })
    await rm(localCopy(scratch, importId), { force: true })
  }
}

async function workOnce(services: Services, scratch: string, record: ImportRecord): Promise<void> {
  const importId = record.import_id
  if (record.status !== 'POSTING') {
    const file = await localFile(services, scratch, record)
    const good = await takeIn(services, record, file, scratch)
    if (good) await postImport(services, importId)
  } else if (!(await postingIsOpen(services, importId))) await postImport(services, importId)
  await rm(localCopy(scratch, importId), { force: true })
}

/** After a restart the operation that posts it is taken over by the sweep, not started twice. */
async function postingIsOpen({ database }: Services, importId: string): Promise<boolean> {
  const rows = await database.query(
    `SELECT 1 FROM operations WHERE kind = 'imports.post' AND input->>'importId' = $1
     AND status IN ('running', 'waiting')`,
    [importId],
  )
  return rows.length > 0
}
