import { z } from 'zod'
import { routes } from '../platform/http/route.ts'
import {
  Day,
  Fen,
  Id,
  PositiveFen,
  Operation,
  pageOf,
  PageQuery,
} from '../platform/http/schemas.ts'

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

/**
 * What the obligor discloses to its bank so that the bank can put a payment on a root: the exact openings. It
 * travels from the obligor’s people to the bank’s, as a payment order does.
 */
export const SettlementInstruction = z
  .object({
    rootId: Id,
    obligorMsp: z.string(),
    terms: z.string().max(262_144),
    settlement: z.string().max(262_144).optional(),
    leaves: z
      .array(z.object({ certificateId: Id, holderMsp: z.string().max(64) }))
      .max(50)
      .describe('One leaf for each organisation that holds paper of the root'),
    faceFen: Fen,
    openFen: Fen,
    dueOn: Day,
  })
  .meta({ id: 'SettlementInstruction' })

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
      'Obligor, or its bank: put attested payments on roots. A bank needs the obligor’s `instruction` the first time',
    access: ['treasurer', 'operator'],
    write: true,
    body: z.object({
      items: z
        .array(
          z.object({
            rootId: Id,
            entryId: Id,
            amountFen: PositiveFen.optional().describe(
              'By default what the entry and the root have left',
            ),
            instruction: SettlementInstruction.optional(),
          }),
        )
        .min(1)
        .max(2000),
    }),
    response: Operation,
  },
  'settlement.instruction': {
    method: 'GET',
    path: '/v1/certificates/:certificateId/settlement-instruction',
    summary: 'Obligor: what the bank needs to redeem a root',
    access: ['treasurer', 'maker', 'checker', 'operator'],
    params: z.object({ certificateId: Id }),
    response: SettlementInstruction,
  },
  'settlement.share': {
    method: 'POST',
    path: '/v1/settlements/share',
    summary:
      'Obligor: show what was paid on roots to the present holders of their leaves again. Without ids: all that were paid',
    access: ['treasurer', 'operator'],
    write: true,
    body: z.object({ rootIds: z.array(Id).max(2000).optional() }),
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
