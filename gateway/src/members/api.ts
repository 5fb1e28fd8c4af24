import { z } from 'zod'
import { routes } from '../platform/http/route.ts'
import { Id, MspId, Operation, pageOf, PageQuery } from '../platform/http/schemas.ts'

export const MEMBER_KINDS = [
  'OBLIGOR',
  'SUPPLIER',
  'FUNDER',
  'CARRIER',
  'REGULATOR',
  'OPERATOR',
] as const

export const Member = z
  .object({
    memberId: Id,
    mspId: MspId,
    kind: z.enum(MEMBER_KINDS),
    status: z.enum(['ACTIVE', 'SUSPENDED']),
    /** Known only where this organisation keeps the member or was introduced to it, and the caller may know. */
    name: z.string().optional(),
    uscc: z.string().optional(),
    own: z.boolean(),
  })
  .meta({ id: 'Member' })

export const NewMember = z.object({
  name: z.string().min(1).max(120),
  uscc: z.string().describe('18-character unified social credit code with a valid check character'),
  kind: z.enum(MEMBER_KINDS),
  memberId: z
    .string()
    .regex(/^m[0-9a-f]{16}$/)
    .optional()
    .describe('A pseudonym drawn beforehand; by default the gateway draws one'),
  tier: z.int().min(1).max(9).optional(),
  settlementMsps: z
    .array(MspId)
    .max(10)
    .optional()
    .describe('Of an obligor: organisations whose banks attest its redemptions'),
  bankAccount: z
    .string()
    .regex(/^[0-9A-Z-]{6,34}$/)
    .optional()
    .describe('Account seen in statements'),
})

/** One line of a directory: who stands behind a pseudonym. Passed between operators, off the ledger. */
export const Introduction = z
  .object({
    memberId: Id,
    mspId: MspId,
    kind: z.enum(MEMBER_KINDS),
    name: z.string().min(1).max(120),
    uscc: z.string(),
    tier: z.int().min(1).max(9).optional(),
    bankAccount: z.string().max(34).optional(),
  })
  .meta({ id: 'Introduction' })

export const memberRoutes = routes({
  'members.list': {
    method: 'GET',
    path: '/v1/members',
    summary:
      'Members on the ledger (pseudonyms), with the names this organisation knows. Who acts for a member is told those of obligors, funders and its own counterparties, and no credit codes',
    access: 'user',
    query: PageQuery.extend({ kind: z.enum(MEMBER_KINDS).optional(), mspId: MspId.optional() }),
    response: pageOf(Member),
  },
  'members.create': {
    method: 'POST',
    path: '/v1/members',
    summary:
      'Enrol members of this organisation. items[].resultId are their memberIds (random pseudonyms), items[].id the credit code’s last four',
    access: ['operator'],
    organization: true,
    write: true,
    body: z.object({ members: z.array(NewMember).min(1).max(500) }),
    response: Operation,
  },
  'directory.export': {
    method: 'GET',
    path: '/v1/directory',
    summary: 'The introductions of this organisation’s own members, to hand to another operator',
    access: ['operator'],
    organization: true,
    response: z.object({ items: z.array(Introduction) }),
  },
  'directory.import': {
    method: 'PUT',
    path: '/v1/directory',
    summary: 'Take in introductions made by another organisation (idempotent by memberId)',
    access: ['operator'],
    organization: true,
    write: true,
    body: z.object({ items: z.array(Introduction).min(1).max(2000) }),
    response: z.object({ taken: z.int(), known: z.int() }),
  },
})
