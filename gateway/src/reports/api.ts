import { z } from 'zod'
import { routes } from '../platform/http/route.ts'
import { Day, Fen, Id, Instant } from '../platform/http/schemas.ts'

const Figure = z.object({ count: z.int(), amountFen: Fen })

export const ReconciliationReport = z
  .object({
    asOf: z.object({ blockNumber: z.string(), at: Instant }),
    from: Day.optional(),
    to: Day.optional(),
    invoices: Figure,
    matched: Figure,
    withinTolerance: Figure.extend({ differenceFen: Fen }),
    exceptions: Figure,
    exceptionsByCode: z.record(z.string(), Figure),
    unmatched: Figure,
    overridden: Figure,
    rejected: Figure,
    confirmed: Figure,
    credited: Figure,
    paidDirectly: Figure,
    certificates: z.object({
      issued: Figure,
      live: Figure,
      split: Figure,
      financed: Figure,
      redeemed: Figure,
    }),
    threeFlows: z.object({
      orderedFen: Fen,
      receivedFen: Fen,
      invoicedFen: Fen,
      paidFen: Fen,
    }),
  })
  .meta({ id: 'ReconciliationReport' })
export type ReconciliationReport = z.infer<typeof ReconciliationReport>

export const WorkItem = z
  .object({
    kind: z.enum([
      'CONFIRM_PROPOSE',
      'CONFIRM_APPROVE',
      'CERTIFICATE_OFFER',
      'CERTIFICATE_ACCEPT',
      'TRANSFER_SIGN_OFF',
      'BID_PLACE',
      'BID_CHOOSE',
      'NOTICE_SEND',
      'NOTICE_ACKNOWLEDGE',
      'PAY_OUT',
      'FINANCING_CLOSE',
      'COLLECT',
      'EXCEPTION',
    ]),
    objectId: Id,
    title: z.string(),
    amountFen: Fen.optional(),
    counterparty: z.string().optional(),
    dueOn: Day.optional(),
    route: z.string().describe('Name of the route that does it, e.g. `certificates.accept`'),
  })
  .meta({ id: 'WorkItem' })

export const reportRoutes = routes({
  'reports.reconciliation': {
    method: 'GET',
    path: '/v1/reports/reconciliation',
    summary: 'Three flows in numbers and money, from the read model',
    access: 'user',
    query: z.object({ from: Day.optional(), to: Day.optional() }),
    response: ReconciliationReport,
  },
  'reports.chain': {
    method: 'GET',
    path: '/v1/reports/chain',
    summary: 'Height and counts as this gateway has projected them',
    access: 'user',
    response: z.object({
      height: z.string(),
      transactions: z.int(),
      invalid: z.int(),
      updatedAt: Instant,
    }),
  },
  'worklist.get': {
    method: 'GET',
    path: '/v1/worklist',
    summary: 'What waits for me, by my member and roles',
    access: 'user',
    query: z.object({ limit: z.coerce.number().int().min(1).max(500).default(100) }),
    response: z.object({ counts: z.record(z.string(), z.int()), items: z.array(WorkItem) }),
  },
})
