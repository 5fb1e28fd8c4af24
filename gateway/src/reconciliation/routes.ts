import type { Balance, InvoiceState } from '@triflow/chaincode/model'
import { by } from '../network/routes.ts'
import { decodeCursor, page, Where } from '../platform/database/paging.ts'
import type { Row } from '../platform/database/database.ts'
import type { Handlers } from '../platform/http/bind.ts'
import type { Stored } from '../projection/records.ts'
import { scopeOf, type Services } from '../services.ts'
import { paymentsAllocate } from './allocating.ts'
import { confirmationsApprove, confirmationsPropose, confirmationsReject } from './confirming.ts'
import { exceptionReject, overrideApprove, overridePropose } from './exceptions.ts'
import { matchingRun } from './matching.ts'

type Names =
  | 'matching.run'
  | 'verdicts.list'
  | 'overrides.propose'
  | 'overrides.approve'
  | 'exceptions.reject'
  | 'payments.allocate'
  | 'confirmations.propose'
  | 'confirmations.approve'
  | 'confirmations.reject'

export function reconciliationHandlers(services: Services): Handlers<Names> {
  const { engine } = services
  engine.define(matchingRun(services))
  engine.define(confirmationsPropose(services))
  engine.define(confirmationsApprove(services))
  engine.define(confirmationsReject(services))
  engine.define(overridePropose(services))
  engine.define(overrideApprove(services))
  engine.define(exceptionReject(services))
  engine.define(paymentsAllocate(services))
  return {
    'matching.run': async call =>
      engine.perform('matching.run', { ...call.body, completeOnly: false }, by(call)),
    'verdicts.list': async ({ caller, query }) => listVerdicts(services, scopeOf(caller), query),
    'overrides.propose': async call =>
      engine.perform('overrides.propose', { ...call.params, ...call.body }, by(call)),
    'overrides.approve': async call => engine.perform('overrides.approve', call.params, by(call)),
    'exceptions.reject': async call =>
      engine.perform('exceptions.reject', { ...call.params, ...call.body }, by(call)),
    'payments.allocate': async call => engine.perform('payments.allocate', call.body, by(call)),
    'confirmations.propose': async call =>
      engine.perform('confirmations.propose', call.body, by(call)),
    'confirmations.approve': async call =>
      engine.perform('confirmations.approve', call.body, by(call)),
    'confirmations.reject': async call =>
      engine.perform('confirmations.reject', call.body, by(call)),
  }
}

interface VerdictRow extends Row {
  id: string
  number: string
  happened_on: string
  open: Stored<InvoiceState>
  balance: Stored<Balance>
  tx_id: string
}

async function listVerdicts(
  services: Services,
  memberId: string | undefined,
  filter: { outcome?: string | undefined; cursor?: string | undefined; limit: number },
) {
  const where = new Where()
    .and(`i.kind = 'invoice'`)
    .maybe(`? IN (i.buyer, i.seller)`, memberId)
    .maybe(`i.match = ?`, filter.outcome)
  const after = decodeCursor(filter.cursor, 2)
  if (after) where.and('(i.happened_on, i.id) < (?, ?)', ...after)
  const rows = await services.database.query<VerdictRow>(
    `SELECT i.id, i.number, i.happened_on, i.open, b.secret AS balance, b.tx_id
     FROM records i JOIN records b ON b.kind = 'balance' AND b.id = i.id AND b.secret IS NOT NULL
     ${where.sql} ORDER BY i.happened_on DESC, i.id DESC LIMIT ${filter.limit + 1}`,
    where.values,
  )
  return page(rows, filter.limit, {
    key: row => [row.happened_on, row.id],
    item: row => ({
      invoiceId: row.id,
      number: row.number,
      outcome: row.open.match as 'MATCHED',
      codes: row.open.codes ?? [],
      differenceFen: row.balance.verdict.differenceFen,
      eligibleFen: row.balance.eligibleFen,
      rulesVersion: String(row.balance.verdict.ruleVersion),
      inputsHash: row.balance.verdict.inputsHash,
      txId: row.tx_id,
    }),
  })
}
