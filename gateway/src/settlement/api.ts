import { z } from 'zod'
import { routes } from '../platform/http/route.ts'
import { Day, Fen, Id, Operation, pageOf, PageQuery } from '../platform/http/schemas.ts'

export const Settlement = z
  .object({
    settlementId: Id,
    rootId: Id,
    entryId: Id.optional(),
    paidFen: Fen,
    faceFen: Fen,
    totalPaidFen: Fen,
    bookedOn: Day,
    txId: z.string(),
  })
  .meta({ id: 'Settlement' })

export const settlementRoutes = routes({
  'settlement.mature': {
    method: 'POST',
    path: '/v1/certificates/mature',
    summary:
      'A party: certificates whose due date has come become DUE (the worker’s clock does the same). Without ids: all that are due',
    access: ['operator', 'treasurer'],
    write: true,
    body: z.object({ certificateIds: z.array(Id).max(2000).optional() }),
    response: Operation,
  },
  'settlement.settle': {
    method: 'POST',
    path: '/v1/settlements',
    summary:
      'Obligor’s bank: attest payments on roots by statement entries whose reference is the root id; without entries: all open ones found',
    access: ['treasurer', 'operator'],
    write: true,
    body: z.object({
      items: z
        .array(z.object({ rootId: Id, entryId: Id }))
        .max(2000)
        .optional(),
    }),
    response: Operation,
  },
  'settlement.collect': {
    method: 'POST',
    path: '/v1/certificates/collect',
    summary:
      'Holder of leaves: collect the share that is due (index x face minus what was collected). Without ids: all my member’s',
    access: ['maker', 'checker', 'treasurer', 'operator'],
    write: true,
    body: z.object({ certificateIds: z.array(Id).max(2000).optional() }),
    response: Operation,
  },
  'settlement.list': {
    method: 'GET',
    path: '/v1/settlements',
    summary: 'Payments attested on roots',
    access: 'user',
    query: PageQuery.extend({ rootId: Id.optional() }),
    response: pageOf(Settlement),
  },
})
