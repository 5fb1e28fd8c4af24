import { OVERRIDE_REASONS, REJECTION_REASONS } from '@triflow/chaincode/model'
import { z } from 'zod'
import { routes } from '../platform/http/route.ts'
import { Fen, Id, Operation, pageOf, PageQuery, PositiveFen } from '../platform/http/schemas.ts'

export const Verdict = z
  .object({
    invoiceId: Id,
    number: z.string(),
    outcome: z.enum(['MATCHED', 'WITHIN_TOLERANCE', 'EXCEPTION', 'OVERRIDDEN']),
    codes: z.array(z.string()),
    differenceFen: Fen,
    eligibleFen: Fen,
    rulesVersion: z.string(),
    inputsHash: z.string().describe('Hash over the commitments of all that was judged'),
    txId: z.string(),
  })
  .meta({ id: 'Verdict' })

const Remark = z.string().min(3).max(400).describe('In words; only buyer and seller can read it')
const RejectionCode = z.enum(REJECTION_REASONS).default('OTHER').describe('Public')

export const reconciliationRoutes = routes({
  'matching.run': {
    method: 'POST',
    path: '/v1/matching-runs',
    summary:
      'Buyer: judge invoices against orders and receipts now (the worker also does so as documents arrive). Without ids: all that are unmatched',
    access: ['maker', 'operator'],
    write: true,
    body: z.object({ invoiceIds: z.array(Id).max(5000).optional() }),
    response: Operation,
  },
  'verdicts.list': {
    method: 'GET',
    path: '/v1/verdicts',
    summary: 'Match verdicts with reasons',
    access: 'user',
    query: PageQuery.extend({ outcome: Verdict.shape.outcome.optional() }),
    response: pageOf(Verdict),
  },
  'overrides.propose': {
    method: 'POST',
    path: '/v1/invoices/:invoiceId/override',
    summary: 'Buyer, first person: accept an invoice in EXCEPTION for an amount, with a reason',
    access: ['maker', 'checker'],
    write: true,
    params: z.object({ invoiceId: Id }),
    body: z.object({
      acceptedFen: PositiveFen,
      code: z.enum(OVERRIDE_REASONS).default('OTHER').describe('Public'),
      reason: Remark,
    }),
    response: Operation,
  },
  'overrides.approve': {
    method: 'POST',
    path: '/v1/invoices/:invoiceId/override/approve',
    summary: 'Buyer, second person: accept the proposed amount',
    access: ['checker'],
    write: true,
    params: z.object({ invoiceId: Id }),
    response: Operation,
  },
  'exceptions.reject': {
    method: 'POST',
    path: '/v1/invoices/:invoiceId/reject',
    summary:
      'Buyer’s checker: refuse an invoice in EXCEPTION for good; the seller must send a new one',
    access: ['checker'],
    write: true,
    params: z.object({ invoiceId: Id }),
    body: z.object({ code: RejectionCode, reason: Remark }),
    response: Operation,
  },
  'payments.allocate': {
    method: 'POST',
    path: '/v1/payment-allocations',
    summary:
      'Buyer or seller: put attested payments on the invoices they name (the worker also does so). Without ids: all open ones',
    access: ['maker', 'operator', 'treasurer'],
    write: true,
    body: z.object({ entryIds: z.array(Id).max(5000).optional() }),
    response: Operation,
  },
  'confirmations.propose': {
    method: 'POST',
    path: '/v1/confirmations',
    summary:
      'Buyer’s maker: propose to confirm invoices, by default for the eligible amount; bulk. Each item has its own outcome',
    access: ['maker'],
    write: true,
    body: z.object({
      items: z
        .array(z.object({ invoiceId: Id, amountFen: PositiveFen.optional() }))
        .min(1)
        .max(5000),
    }),
    response: Operation,
  },
  'confirmations.approve': {
    method: 'POST',
    path: '/v1/confirmations/approve',
    summary: 'Buyer’s checker (another person than the maker): confirm; bulk',
    access: ['checker'],
    write: true,
    body: z.object({ invoiceIds: z.array(Id).min(1).max(5000) }),
    response: Operation,
  },
  'confirmations.reject': {
    method: 'POST',
    path: '/v1/confirmations/reject',
    summary: 'Buyer’s checker: refuse proposed confirmations',
    access: ['checker'],
    write: true,
    body: z.object({
      invoiceIds: z.array(Id).min(1).max(5000),
      code: RejectionCode,
      reason: Remark,
    }),
    response: Operation,
  },
})
