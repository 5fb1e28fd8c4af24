import { z } from 'zod'
import { routes } from '../platform/http/route.ts'
import {
  Day,
  Fen,
  Id,
  Instant,
  MspId,
  Operation,
  pageOf,
  PageQuery,
  PositiveFen,
} from '../platform/http/schemas.ts'

const Party = z.object({ memberId: Id, name: z.string().optional() })

export const CERTIFICATE_STATES = [
  'PROPOSED',
  'OFFERED',
  'ACTIVE',
  'LOCKED_TRANSFER',
  'LOCKED_FINANCE',
  'LOCKED_PLEDGE',
  'CONSUMED',
  'DUE',
  'PAID_PART',
  'OVERDUE',
  'RECOURSE',
  'REDEEMED',
  'CANCELLED',
  'WRITTEN_OFF',
] as const

export const Certificate = z
  .object({
    certificateId: Id,
    rootId: Id,
    parentId: Id.optional(),
    state: z.enum(CERTIFICATE_STATES),
    frozen: z.boolean(),
    obligorMsp: MspId,
    holderMsp: MspId,
    /** What follows is private: absent for an organisation that is not a party. */
    obligor: Party.optional(),
    holder: Party.optional(),
    /** The payee of an offer or transfer that waits for a sign-off. */
    offeredTo: Party.optional(),
    /** The financing request that locks it. */
    requestId: Id.optional(),
    faceFen: Fen.optional(),
    collectedFen: Fen.optional(),
    currency: z.string().optional(),
    dueOn: Day.optional(),
    invoiceIds: z.array(Id),
    depth: z.int(),
    txId: z.string(),
    blockNumber: z.string(),
    updatedAt: Instant,
  })
  .meta({ id: 'Certificate' })
export type Certificate = z.infer<typeof Certificate>

const certificateId = z.object({ certificateId: Id })
const ids = z.object({ certificateIds: z.array(Id).min(1).max(2000) })
const reasoned = z.object({ reason: z.string().min(3).max(400) })

export const receivableRoutes = routes({
  'certificates.list': {
    method: 'GET',
    path: '/v1/certificates',
    summary: 'Certificates my member has to do with (as obligor, holder or payee of an offer)',
    access: 'user',
    query: PageQuery.extend({
      state: z.enum(CERTIFICATE_STATES).optional(),
      side: z.enum(['OBLIGOR', 'HOLDER', 'OFFERED']).optional(),
      rootId: Id.optional(),
      dueBy: Day.optional(),
    }),
    response: pageOf(Certificate),
  },
  'certificates.get': {
    method: 'GET',
    path: '/v1/certificates/:certificateId',
    summary: 'One certificate with parents, children and history',
    access: 'user',
    params: certificateId,
    response: Certificate.extend({
      ancestors: z.array(Id),
      children: z.array(Id),
      history: z.array(z.object({ txId: z.string(), blockNumber: z.string(), what: z.string() })),
    }),
  },
  'certificates.propose': {
    method: 'POST',
    path: '/v1/certificates',
    summary:
      'Obligor’s maker: draw up certificates over confirmed invoices (same seller per certificate); items[].resultId is the certificate. Default amount: what is confirmed and not yet used',
    access: ['maker'],
    write: true,
    body: z.object({
      items: z
        .array(z.object({ invoiceId: Id, amountFen: PositiveFen.optional() }))
        .min(1)
        .max(2000),
      dueOn: Day,
      offerUntil: Day.optional().describe('Last day to accept; by default 10 days from today'),
      perInvoice: z
        .boolean()
        .default(true)
        .describe('One certificate per invoice; false: one per seller over all its invoices'),
    }),
    response: Operation,
  },
  'certificates.offer': {
    method: 'POST',
    path: '/v1/certificates/offer',
    summary: 'Obligor’s checker: offer proposed certificates to their payees',
    access: ['checker'],
    write: true,
    body: ids,
    response: Operation,
  },
  'certificates.accept': {
    method: 'POST',
    path: '/v1/certificates/accept',
    summary: 'Payee: accept offered certificates',
    access: ['maker', 'checker'],
    write: true,
    body: ids,
    response: Operation,
  },
  'certificates.reject': {
    method: 'POST',
    path: '/v1/certificates/:certificateId/reject',
    summary: 'Obligor’s checker (PROPOSED) or payee (OFFERED): refuse; the invoice is released',
    access: ['maker', 'checker'],
    write: true,
    params: certificateId,
    body: reasoned,
    response: Operation,
  },
  'certificates.withdraw': {
    method: 'POST',
    path: '/v1/certificates/:certificateId/withdraw',
    summary: 'Obligor’s checker: take an offer back before it is accepted',
    access: ['checker'],
    write: true,
    params: certificateId,
    body: reasoned,
    response: Operation,
  },
  'certificates.split': {
    method: 'POST',
    path: '/v1/certificates/:certificateId/split',
    summary:
      'Holder: split into parts that sum exactly to the face; items[].resultId are the children in order',
    access: ['maker', 'checker'],
    write: true,
    params: certificateId,
    body: z.object({ amountsFen: z.array(PositiveFen).min(2).max(20) }),
    response: Operation,
  },
  'transfers.offer': {
    method: 'POST',
    path: '/v1/certificates/:certificateId/transfer',
    summary:
      'Holder: offer the certificate to another member; it is locked until the payee answers',
    access: ['maker', 'checker'],
    write: true,
    params: certificateId,
    body: z.object({
      toMemberId: Id,
      until: Day.optional().describe('Last day to sign off; by default 10 days from today'),
      reason: z.string().min(1).max(200).default('payment'),
    }),
    response: Operation,
  },
  'transfers.signOff': {
    method: 'POST',
    path: '/v1/transfers/sign-off',
    summary: 'Transferee: sign off transfers; the holder changes',
    access: ['maker', 'checker'],
    write: true,
    body: ids,
    response: Operation,
  },
  'transfers.reject': {
    method: 'POST',
    path: '/v1/certificates/:certificateId/transfer/reject',
    summary: 'Transferee refuses; the previous holder has it again',
    access: ['maker', 'checker'],
    write: true,
    params: certificateId,
    body: reasoned,
    response: Operation,
  },
  'transfers.recall': {
    method: 'POST',
    path: '/v1/certificates/:certificateId/transfer/recall',
    summary: 'Holder takes an unanswered transfer back',
    access: ['maker', 'checker'],
    write: true,
    params: certificateId,
    response: Operation,
  },
})
