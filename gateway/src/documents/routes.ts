import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Row } from '../platform/database/database.ts'
import { decodeCursor, page, Where } from '../platform/database/paging.ts'
import { unknownObject } from '../platform/faults.ts'
import { STREAMED, type Handlers } from '../platform/http/bind.ts'
import { scopeOf, type Services } from '../services.ts'

type Names = 'documents.list' | 'documents.get' | 'documents.content'

interface DocumentRow extends Row {
  document_id: string
  file_name: string
  media_type: string
  bytes: string
  sha256: string
  cid: string
  keys: { reader: string; wrapped: string }[]
  readers: string[]
  member_id: string | null
  import_id: string | null
  created_at: string
}

const SELECT = `SELECT d.*, i.import_id FROM documents d LEFT JOIN imports i USING (document_id)`

export function documentHandlers(services: Services): Handlers<Names> {
  const { database, vault } = services

  async function need(memberId: string | undefined, documentId: string): Promise<DocumentRow> {
    const where = new Where()
      .and('d.document_id = ?', documentId)
      .maybe('d.member_id = ?', memberId)
    const [row] = await database.query<DocumentRow>(`${SELECT} ${where.sql}`, where.values)
    if (!row) throw unknownObject('document')
    return row
  }

  return {
    'documents.list': async ({ caller, query }) => {
      const where = new Where()
        .maybe('d.member_id = ?', scopeOf(caller))
        .maybe('i.import_id = ?', query.importId)
      const after = decodeCursor(query.cursor, 2)
      if (after) where.and('(d.created_at, d.document_id) < (?::timestamptz, ?)', ...after)
      const rows = await database.query<DocumentRow>(
        `${SELECT} ${where.sql} ORDER BY d.created_at DESC, d.document_id DESC LIMIT ${query.limit + 1}`,
        where.values,
      )
      return page(rows, query.limit, {
        key: row => [row.created_at, row.document_id],
        item: view,
      })
    },
    'documents.get': async ({ caller, params }) =>
      view(await need(scopeOf(caller), params.documentId)),
    'documents.content': async ({ caller, params, response }) => {
      const row = await need(scopeOf(caller), params.documentId)
      response.setHeader('content-type', 'application/octet-stream')
      response.setHeader('content-length', row.bytes)
      response.setHeader(
        'content-disposition',
        `attachment; filename*=UTF-8''${encodeURIComponent(row.file_name)}`,
      )
      const content = vault.get({
        cid: row.cid,
        sha256: row.sha256,
        bytes: Number(row.bytes),
        keys: row.keys,
      })
      await pipeline(Readable.from(content), response)
      return STREAMED
    },
  }
}

function view(row: DocumentRow) {
  return {
    documentId: row.document_id,
    fileName: row.file_name,
    mediaType: row.media_type,
    bytes: row.bytes,
    sha256: row.sha256,
    cid: row.cid,
    readers: row.readers,
    ...(row.import_id ? { importId: row.import_id } : {}),
    ...(row.member_id ? { memberId: row.member_id } : {}),
    createdAt: row.created_at,
  }
}
