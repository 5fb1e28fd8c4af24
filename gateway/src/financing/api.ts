import { z } from 'zod'
import { routes } from '../platform/http/route.ts'
import {
  Day,
  Fen,
  Id,
  MspId,
  Operation,
  pageOf,
  PageQuery,
  RatePpm,
} from '../platform/http/schemas.ts'

export const REQUEST_STATES = [
  'OPEN',
  'ACCEPTED',
  'PAID',
  'CLOSED',
  'DECLINED',
  'EXPIRED',
  'LAPSED',
] as const

const Party = z.object({ memberId: Id, name: z.string().optional() })

export const Bid = z
  .object({
    bidId: Id,
    requestId: Id,
    bankMsp: MspId,
    bank: Party.optional(),
    state: z.enum(['PLACED', 'ACCEPTED', 'PAID', 'WITHDRAWN']),
    /** Private to the bank and the asker. */
    ratePpm: RatePpm.optional(),
    method: z.enum(['STRAIGHT', 'TO_YIELD']).optional(),
    days: z.int().optional(),
    basis: z.enum(['360', '365']).optional(),
    feeFen: Fen.optional(),
    discountFen: Fen.optional(),
    netFen: Fen.optional(),
    allInPpm: RatePpm.optional(),
    valueOn: Day.optional(),
    recourse: z.enum(['NONE', 'LIMITED', 'FULL']).optional(),
    txId: z.string(),
    blockNumber: z.string(),
  })
  .meta({ id: 'Bid' })

export const FinancingRequest = z
  .object({
    requestId: Id,
    certificateId: Id,
    state: z.enum(REQUEST_STATES),
    asker: Party.optional(),
    askerMsp: MspId,
    invited: z.array(MspId),
    faceFen: Fen.optional(),
    dueOn: Day.optional(),
    obligor: Party.optional(),
    acceptedBidId: Id.optional(),
    bids: z.array(Bid),
    recourse: z.enum(['NONE', 'LIMITED', 'FULL']).optional(),
    bidsUntil: Day.optional(),
    notice: z
      .object({
        state: z.enum(['NOTIFIED', 'ACKNOWLEDGED']),
        registrationNumber: z.string().optional(),
        notifiedOn: Day.optional(),
      })
      .optional(),
    payOutReference: z
      .string()
      .optional()
      .describe('EndToEndId the pay-out entry of the bank statement must carry'),
    txId: z.string(),
    blockNumber: z.string(),
  })
  .meta({ id: 'FinancingRequest' })

const requestId = z.object({ requestId: Id })

export const financingRoutes = routes({
  'financing.request': {
    method: 'POST',
    path: '/v1/financing-requests',
    summary:
      'Holder: ask banks to finance a certificate; it is locked. items[0].resultId is the request',
    access: ['maker', 'checker'],
    write: true,
    body: z.object({
      certificateId: Id,
      invited: z.array(MspId).min(1).max(20).describe('Organisations of the banks that may bid'),
      recourse: z.enum(['NONE', 'LIMITED', 'FULL']).default('NONE'),
      bidsUntil: Day,
    }),
    response: Operation,
  },
  'financing.list': {
    method: 'GET',
    path: '/v1/financing-requests',
    summary: 'Requests my member made, may bid on, or owes',
    access: 'user',
    query: PageQuery.extend({
      state: FinancingRequest.shape.state.optional(),
      certificateId: Id.optional(),
    }),
    response: pageOf(FinancingRequest),
  },
  'financing.get': {
    method: 'GET',
    path: '/v1/financing-requests/:requestId',
    summary: 'One request; a bank sees its own bid only',
    access: 'user',
    params: requestId,
    response: FinancingRequest,
  },
  'bids.place': {
    method: 'POST',
    path: '/v1/financing-requests/:requestId/bids',
    summary: 'Bank: bid. Only the bank and the asker can read it',
    access: ['maker', 'checker', 'treasurer'],
    write: true,
    params: requestId,
    body: z.object({
      ratePpm: RatePpm,
      method: z.enum(['STRAIGHT', 'TO_YIELD']).default('STRAIGHT'),
      basis: z.enum(['360', '365']).default('360'),
      feeFen: Fen.default('0'),
      valueOn: Day.describe('Day interest starts; the pay-out day'),
    }),
    response: Operation,
  },
  'bids.accept': {
    method: 'POST',
    path: '/v1/bids/:bidId/accept',
    summary: 'Asker: take one bid; the others are declined',
    access: ['maker', 'checker'],
    write: true,
    params: z.object({ bidId: Id }),
    response: Operation,
  },
  'financing.notify': {
    method: 'POST',
    path: '/v1/financing-requests/:requestId/notice',
    summary:
      'Chosen bank: notice of assignment to the obligor, with the registry’s number and the hash of the search snapshot',
    access: ['maker', 'treasurer', 'checker'],
    write: true,
    params: requestId,
    body: z.object({
      registrationNumber: z.string().min(4).max(60),
      registeredOn: Day,
      searchHash: z.string().regex(/^[0-9a-f]{64}$/),
    }),
    response: Operation,
  },
  'financing.acknowledge': {
    method: 'POST',
    path: '/v1/financing-requests/:requestId/acknowledgement',
    summary: 'Obligor: acknowledge the notice',
    access: ['maker', 'checker'],
    write: true,
    params: requestId,
    response: Operation,
  },
  'financing.payOut': {
    method: 'POST',
    path: '/v1/financing-requests/:requestId/pay-out',
    summary:
      'Bank: attest the pay-out by the imported statement entry whose reference is payOutReference and whose amount is the net price',
    access: ['treasurer', 'operator'],
    write: true,
    params: requestId,
    body: z.object({ entryId: Id }),
    response: Operation,
  },
  'financing.close': {
    method: 'POST',
    path: '/v1/financing-requests/:requestId/close',
    summary: 'Chosen bank: close; it becomes the holder',
    access: ['checker', 'treasurer', 'maker'],
    write: true,
    params: requestId,
    response: Operation,
  },
  'financing.decline': {
    method: 'POST',
    path: '/v1/financing-requests/:requestId/decline',
    summary: 'Asker withdraws or bank declines; the certificate is active again',
    access: ['treasurer', 'maker', 'checker'],
    write: true,
    params: requestId,
    body: z.object({ reason: z.string().min(3).max(400) }),
    response: Operation,
  },
})
