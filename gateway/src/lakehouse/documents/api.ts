import { z } from 'zod'
import { routes } from '../../platform/http/route.ts'
import { Id, Instant } from '../../platform/http/schemas.ts'
import { KINDS } from './extract/outcome.ts'

const LIMIT_MAX = 100
const OFFSET_MAX = 10_000

export const LakeDocument = z
  .object({
    documentId: z.string(),
    cid: z.string().describe('Of the encrypted file in IPFS'),
    kind: z.string().describe('What the content was found to be'),
    fileName: z.string(),
    memberId: z.string().optional(),
    createdAt: Instant,
    score: z.number().describe('BM25: how well it answers, among the documents of this lake'),
    snippet: z.object({
      text: z.string(),
      marks: z
        .array(z.tuple([z.int(), z.int()]))
        .describe('From and to, in UTF-16 units of the text: what answers the question'),
    }),
    link: z.string().describe('Where the document itself is'),
  })
  .meta({ id: 'LakeDocument' })

export const LakeDocuments = z
  .object({
    total: z.int().describe('How many documents answer, with those that are not on this page'),
    hits: z.array(LakeDocument),
  })
  .meta({ id: 'LakeDocuments' })
export type LakeDocuments = z.infer<typeof LakeDocuments>

export const lakeDocumentRoutes = routes({
  'lake.documents': {
    method: 'GET',
    path: '/v1/lake/documents',
    summary: 'Documents whose text holds every part of a question, the best first',
    access: 'user',
    query: z.object({
      q: z
        .string()
        .min(1)
        .max(256)
        .describe('Parts between spaces; each is found as it is written'),
      kind: z.enum(KINDS).optional(),
      memberId: Id.optional(),
      from: Instant.optional(),
      to: Instant.optional().describe('Before this instant'),
      limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(20),
      offset: z.coerce.number().int().min(0).max(OFFSET_MAX).default(0),
    }),
    response: LakeDocuments,
  },
})
