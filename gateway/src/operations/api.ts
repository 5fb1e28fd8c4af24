import { z } from 'zod'
import { routes } from '../platform/http/route.ts'
import { Id, Operation, pageOf, PageQuery } from '../platform/http/schemas.ts'

export const operationRoutes = routes({
  'operations.get': {
    method: 'GET',
    path: '/v1/operations/:operationId',
    summary:
      'How a write is getting on; `waitMs` holds the answer until it ends or the time is over',
    access: 'user',
    params: z.object({ operationId: Id }),
    query: z.object({ waitMs: z.coerce.number().int().min(0).max(25_000).default(0) }),
    response: Operation,
  },
  'operations.list': {
    method: 'GET',
    path: '/v1/operations',
    summary: 'My member’s writes, newest first',
    access: 'user',
    query: PageQuery.extend({ status: Operation.shape.status.optional() }),
    response: pageOf(Operation),
  },
  'events.stream': {
    method: 'GET',
    path: '/v1/events',
    summary:
      'Server-sent events: one `block` event for each projected block that touched my organisation',
    access: 'user',
    response: z.string(),
    responseMedia: 'text/event-stream',
  },
})
