import { z } from 'zod'
import { routes } from '../platform/http/route.ts'
import { Id, Instant, pageOf, PageQuery } from '../platform/http/schemas.ts'

export const DOCUMENT_KINDS = [
  'ORDER',
  'DESPATCH',
  'RECEIPT',
  'INVOICE',
  'CREDIT_NOTE',
  'STATEMENT',
] as const

export const ImportReport = z
  .object({
    importId: z.string(),
    fileName: z.string(),
    bytes: z.string(),
    sha256: z.string(),
    cid: z.string().optional(),
    documentId: z.string().optional(),
    /** What the content was found to be, e.g. `ubl-invoice`, `csv-receipts`, `camt.053`, `zip`. */
    format: z.string().optional(),
    encoding: z.string().optional().describe('`utf-8`, or `gb18030` when converted'),
    status: z.enum(['RECEIVED', 'READING', 'POSTING', 'DONE', 'REFUSED', 'FAILED']),
    /** Why the file was refused whole. */
    code: z.string().optional(),
    advice: z.object({ zh: z.string(), en: z.string() }).optional(),
    line: z.int().optional(),
    rows: z.object({
      total: z.int(),
      accepted: z.int(),
      refused: z.int(),
      duplicate: z.int(),
      pending: z.int(),
    }),
    kinds: z.record(z.string(), z.int()).describe('Accepted rows by kind'),
    /** True when the same bytes had been uploaded before: this is that import’s report. */
    repeated: z.boolean(),
    createdAt: Instant,
    finishedAt: Instant.optional(),
    createdBy: z.string(),
  })
  .meta({ id: 'ImportReport' })
export type ImportReport = z.infer<typeof ImportReport>

export const ImportRow = z
  .object({
    row: z.int(),
    line: z.int().describe('Line in the file where the row starts'),
    entry: z.string().optional().describe('File inside an archive'),
    kind: z.enum(DOCUMENT_KINDS).optional(),
    number: z.string().optional().describe('Document number as written in the file'),
    verdict: z.enum(['PENDING', 'ACCEPTED', 'REFUSED', 'DUPLICATE']),
    code: z.string().optional(),
    field: z.string().optional(),
    advice: z.object({ zh: z.string(), en: z.string() }).optional(),
    objectId: z.string().optional().describe('Id of the order, invoice, ... it became'),
    txId: z.string().optional(),
  })
  .meta({ id: 'ImportRow' })

export const importRoutes = routes({
  'imports.upload': {
    method: 'POST',
    path: '/v1/imports',
    summary:
      'Upload one file (UBL 2.1 XML, CSV, camt.053, zip of these). The body is the file; its kind is found by content. 202 with the report so far; 200 when these bytes are known',
    access: ['maker', 'treasurer', 'operator'],
    write: true,
    status: 202,
    query: z.object({ fileName: z.string().min(1).max(200) }),
    bodyMedia: 'application/octet-stream',
    response: ImportReport,
  },
  'imports.list': {
    method: 'GET',
    path: '/v1/imports',
    summary: 'Imports, newest first',
    access: 'user',
    query: PageQuery.extend({ status: ImportReport.shape.status.optional() }),
    response: pageOf(ImportReport),
  },
  'imports.get': {
    method: 'GET',
    path: '/v1/imports/:importId',
    summary: 'One report; `waitMs` holds the answer until the import ends or the time is over',
    access: 'user',
    params: z.object({ importId: Id }),
    query: z.object({ waitMs: z.coerce.number().int().min(0).max(25_000).default(0) }),
    response: ImportReport,
  },
  'imports.rows': {
    method: 'GET',
    path: '/v1/imports/:importId/rows',
    summary: 'What became of each row: code, line and what to change',
    access: 'user',
    params: z.object({ importId: Id }),
    query: PageQuery.extend({ verdict: ImportRow.shape.verdict.optional() }),
    response: pageOf(ImportRow),
  },
})
