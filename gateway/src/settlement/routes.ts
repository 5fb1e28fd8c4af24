import type { SettlementTerms } from '@triflow/chaincode/model'
import { by } from '../network/routes.ts'
import { decodeCursor, page, Where } from '../platform/database/paging.ts'
import type { Handlers } from '../platform/http/bind.ts'
import { keep, RECORD_COLUMNS, type RecordRow, type Stored } from '../projection/records.ts'
import { scopeOf, type Services } from '../services.ts'
import { collect, maturing, settle, settlementInstruction } from './operations.ts'
import { share } from './sharing.ts'

type Names =
  | 'settlement.mature'
  | 'settlement.settle'
  | 'settlement.instruction'
  | 'settlement.share'
  | 'settlement.collect'
  | 'settlement.list'

export function settlementHandlers(services: Services): Handlers<Names> {
  const { engine } = services
  engine.define(settle(services))
  engine.define(share(services))
  engine.define(collect(services))
  return {
    'settlement.mature': async call => {
      const certificateIds =
        call.body.certificateIds ?? (await maturing(services, scopeOf(call.caller)))
      return engine.perform('settlement.mature', { certificateIds }, by(call))
    },
    'settlement.settle': async call => engine.perform('settlement.settle', call.body, by(call)),
    'settlement.instruction': async ({ caller, params }) =>
      settlementInstruction(services, scopeOf(caller), params.certificateId),
    'settlement.share': async call => engine.perform('settlement.share', call.body, by(call)),
    'settlement.collect': async call => engine.perform('settlement.collect', call.body, by(call)),
    'settlement.list': async ({ caller, query }) =>
      listSettlements(services, scopeOf(caller), query),
  }
}

async function listSettlements(
  services: Services,
  memberId: string | undefined,
  filter: { rootId?: string | undefined; cursor?: string | undefined; limit: number },
) {
  const where = new Where()
    .and(`s.kind = 'settlement' AND s.secret IS NOT NULL`)
    .maybe('s.id = ?', filter.rootId)
    .maybe(
      `EXISTS (SELECT 1 FROM records r WHERE r.kind = 'receivable' AND r.root = s.id
         AND ? IN (r.obligor, r.holder))`,
      memberId,
    )
  const after = decodeCursor(filter.cursor, 1)
  if (after) where.and('s.id > ?', after[0])
  const columns = RECORD_COLUMNS.split(', ')
    .map(column => `s.${column}`)
    .join(', ')
  const rows = await services.database.query<RecordRow>(
    `SELECT ${columns} FROM records s ${where.sql} ORDER BY s.id LIMIT ${filter.limit + 1}`,
    where.values,
  )
  return page(rows, filter.limit, {
    key: row => [row.id],
    item: row => {
      const { id, secret, txId } = keep<null, Stored<SettlementTerms>>(row)
      return {
        settlementId: id,
        rootId: id,
        paidFen: secret.paidFen,
        faceFen: secret.faceFen,
        totalPaidFen: secret.paidFen,
        bookedOn: secret.paidOn,
        txId,
      }
    },
  })
}
