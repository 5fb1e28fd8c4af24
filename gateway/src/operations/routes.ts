import { unknownObject } from '../platform/faults.ts'
import { STREAMED, type Handlers } from '../platform/http/bind.ts'
import { scopeOf, type Services } from '../services.ts'
import { listOperations, readOperation } from './store.ts'

type Names = 'operations.get' | 'operations.list' | 'events.stream'

const BEAT_MS = 25_000

export function operationHandlers(services: Services): Handlers<Names> {
  const { database, engine, height } = services
  return {
    'operations.get': async ({ caller, params, query }) => {
      const row = await readOperation(database, params.operationId)
      const scope = scopeOf(caller)
      if (!row || (scope !== undefined && row.member_id !== scope)) throw unknownObject('operation')
      return (await engine.answer(params.operationId, query.waitMs)).body
    },
    'operations.list': async ({ caller, query }) =>
      listOperations(database, {
        memberId: scopeOf(caller),
        status: query.status,
        cursor: query.cursor,
        limit: query.limit,
      }),
    'events.stream': async ({ request, response }) => {
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        connection: 'keep-alive',
      })
      const send = (block: bigint): void => void response.write(`event: block\ndata: ${block}\n\n`)
      send(height.current())
      const stop = height.onBlock(send)
      const beat = setInterval(() => response.write(': beat\n\n'), BEAT_MS)
      request.on('close', () => {
        stop()
        clearInterval(beat)
        response.end()
      })
      return STREAMED
    },
  }
}
