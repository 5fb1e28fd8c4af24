import { z } from 'zod'
import { routes } from '../platform/http/route.ts'
import { Id, Instant, pageOf, PageQuery } from '../platform/http/schemas.ts'

export const Document = z
  .object({
    documentId: z.string(),
    fileName: z.string(),
    mediaType: z.string(),
    bytes: z.string(),
    sha256: z.string().describe('Of the plaintext; the hash the ledger carries'),
    cid: z.string().describe('Of the encrypted file in IPFS'),
    readers: z.array(z.string()),
    importId: z.string().optional(),
    memberId: Id.optional(),
    createdAt: Instant,
  })
  .meta({ id: 'Document' })

export const documentRoutes = routes({
  'documents.list': {
    method: 'GET',
    path: '/v1/documents',
    summary: 'Documents in the vault',
    access: 'user',
    query: PageQuery.extend({ importId: z.string().optional() }),
    response: pageOf(Document),
  },
  'documents.get': {
    method: 'GET',
    path: '/v1/documents/:documentId',
    summary: 'One document’s references',
    access: 'user',
    params: z.object({ documentId: Id }),
    response: Document,
  },
  'documents.content': {
    method: 'GET',
    path: '/v1/documents/:documentId/content',
    summary: 'The document itself, fetched from IPFS, decrypted and checked against its hash',
    access: 'user',
    params: z.object({ documentId: Id }),
    response: z.string(),
    responseMedia: 'application/octet-stream',
  },
})
