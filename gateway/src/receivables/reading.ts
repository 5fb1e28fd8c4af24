import type { ReceivableRecord, ReceivableTerms, TransferTerms } from '@triflow/chaincode/model'
import { decodeCursor, page, Where } from '../platform/database/paging.ts'
import { unknownObject } from '../platform/faults.ts'
import { keep, type RecordRow, type Stored } from '../projection/records.ts'
import type { Services } from '../services.ts'
import type { CERTIFICATE_STATES } from './api.ts'

type State = (typeof CERTIFICATE_STATES)[number]

interface CertificateRow extends RecordRow {
  due_on: string | null
  transfer: Stored<TransferTerms> | null
}

export interface CertificateFilter {
  readonly state?: string | undefined
  readonly side?: 'OBLIGOR' | 'HOLDER' | 'OFFERED' | undefined
  readonly rootId?: string | undefined
  readonly dueBy?: string | undefined
  readonly cursor?: string | undefined
  readonly limit: number
}

const SELECT = `SELECT r.id, r.open, r.secret, r.secret_text, r.block_number, r.tx_id, r.updated_at,
    r.secret->>'dueOn' AS due_on, t.secret AS transfer
  FROM records r LEFT JOIN records t ON t.kind = 'transfer' AND t.id = r.id AND t.secret IS NOT NULL`

const SIDES = {
  OBLIGOR: `r.obligor = ? AND r.open->>'obligorMsp' = ?`,
  HOLDER: `r.holder = ? AND r.open->>'holderMsp' = ?`,
  OFFERED: `(CASE WHEN r.open->>'state' = 'OFFERED' THEN r.holder ELSE t.secret->>'to' END) = ?
    AND (CASE WHEN r.open->>'state' = 'OFFERED' THEN r.open->>'holderMsp'
      ELSE r.open->'lock'->>'toMsp' END) = ?`,
} as const
const OWN_SIDES = {
  OBLIGOR: `r.open->>'obligorMsp' = ?`,
  HOLDER: `r.open->>'holderMsp' = ?`,
  OFFERED: `(CASE WHEN r.open->>'state' = 'OFFERED' THEN r.open->>'holderMsp'
    ELSE r.open->'lock'->>'toMsp' END) = ?`,
} as const

/** The condition that shows a caller only certificates its member has to do with. */
function visible(
  where: Where,
  scope: { memberId: string | undefined; mspId: string; side: CertificateFilter['side'] },
): void {
  const sides = scope.side ? [scope.side] : (['OBLIGOR', 'HOLDER', 'OFFERED'] as const)
  if (scope.memberId === undefined && !scope.side) return
  const conditions = sides.map(side => (scope.memberId ? SIDES[side] : OWN_SIDES[side]))
  const values = sides.flatMap(() =>
    scope.memberId ? [scope.memberId, scope.mspId] : [scope.mspId],
  )
  where.and(`(${conditions.map(c => `(${c})`).join(' OR ')})`, ...values)
}

export async function listCertificates(
  services: Services,
  memberId: string | undefined,
  filter: CertificateFilter,
) {
  const where = new Where()
    .and(`r.kind = 'receivable' AND r.secret IS NOT NULL`)
    .maybe(`r.root = ?`, filter.rootId)
    .maybe(`r.secret->>'dueOn' <= ?`, filter.dueBy)
  stateCondition(where, filter.state)
  visible(where, { memberId, mspId: services.config.mspId, side: filter.side })
  const after = decodeCursor(filter.cursor, 2)
  if (after) where.and('(r.updated_at, r.id) < (?::timestamptz, ?)', ...after)
  const rows = await services.database.query<CertificateRow>(
    `${SELECT} ${where.sql} ORDER BY r.updated_at DESC, r.id DESC LIMIT ${filter.limit + 1}`,
    where.values,
  )
  const name = await names(services)
  return page(rows, filter.limit, {
    key: row => [row.updated_at, row.id],
    item: row => certificateView(row, name),
  })
}

function stateCondition(where: Where, state: string | undefined): void {
  if (state?.startsWith('LOCKED_'))
    where.and(
      `r.open->>'state' = 'LOCKED' AND r.open->'lock'->>'kind' = ?`,
      state.slice('LOCKED_'.length),
    )
  else where.maybe(`r.open->>'state' = ?`, state)
}

export async function getCertificate(
  services: Services,
  memberId: string | undefined,
  certificateId: string,
) {
  const where = new Where().and(
    `r.kind = 'receivable' AND r.secret IS NOT NULL AND r.id = ?`,
    certificateId,
  )
  visible(where, { memberId, mspId: services.config.mspId, side: undefined })
  const [row] = await services.database.query<CertificateRow>(
    `${SELECT} ${where.sql}`,
    where.values,
  )
  if (!row) throw unknownObject('certificate')
  return {
    ...certificateView(row, await names(services)),
    ancestors: await ancestorsOf(services, certificateId),
    children: await childrenOf(services, certificateId),
    history: await historyOf(services, 'receivable', certificateId),
  }
}

async function ancestorsOf(services: Services, id: string): Promise<string[]> {
  const rows = await services.database.query<{ id: string }>(
    `WITH RECURSIVE up(id, parent, depth) AS (
       SELECT id, open->>'parent', 0 FROM records WHERE kind = 'receivable' AND id = $1
       UNION ALL
       SELECT r.id, r.open->>'parent', up.depth + 1 FROM records r JOIN up ON r.id = up.parent
       WHERE r.kind = 'receivable' AND up.depth < 50)
     SELECT id FROM up WHERE depth > 0 ORDER BY depth`,
    [id],
  )
  return rows.map(row => row.id)
}

async function childrenOf(services: Services, id: string): Promise<string[]> {
  const rows = await services.database.query<{ id: string }>(
    `SELECT c.id FROM records c JOIN records p ON p.kind = 'receivable' AND p.id = $1
     WHERE c.kind = 'receivable' AND c.root = p.root AND c.open->>'parent' = $1
     ORDER BY c.id`,
    [id],
  )
  return rows.map(row => row.id)
}

/** Every transaction that touched a record, as this organisation has seen it. */
export async function historyOf(services: Services, kind: string, id: string) {
  const rows = await services.database.query<{ tx_id: string; block_number: string; name: string }>(
    `SELECT tx_id, block_number, name FROM changes WHERE kind = $1 AND id = $2
     ORDER BY block_number, tx_index`,
    [kind, id],
  )
  return rows.map(row => ({ txId: row.tx_id, blockNumber: row.block_number, what: row.name }))
}

export type Names = (memberId: string) => { memberId: string; name?: string }

export async function names(services: Services): Promise<Names> {
  const known = new Map((await services.directory.all()).map(entry => [entry.memberId, entry.name]))
  return memberId => {
    const name = known.get(memberId)
    return name === undefined ? { memberId } : { memberId, name }
  }
}

/** Whose answer is waited for: the payee of an offer, or the member a transfer was offered to. */
function offeredTo(row: CertificateRow, name: Names) {
  const { open, secret } = keep<Stored<ReceivableRecord>, Stored<ReceivableTerms>>(row)
  if (open.state === 'OFFERED') return { offeredTo: name(secret.holder) }
  return open.lock?.kind === 'TRANSFER' && row.transfer ? { offeredTo: name(row.transfer.to) } : {}
}

function certificateView(row: CertificateRow, name: Names) {
  const { id, open, secret, txId, blockNumber, updatedAt } = keep<
    Stored<ReceivableRecord>,
    Stored<ReceivableTerms>
  >(row)
  const { lock } = open
  const state = open.state === 'LOCKED' ? `LOCKED_${lock?.kind ?? 'TRANSFER'}` : open.state
  return {
    certificateId: id,
    rootId: open.root,
    ...(open.parent ? { parentId: open.parent } : {}),
    state: state as State,
    frozen: open.frozen ?? false,
    obligorMsp: open.obligorMsp,
    holderMsp: open.holderMsp,
    obligor: name(secret.obligor),
    holder: name(secret.holder),
    ...offeredTo(row, name),
    ...(lock?.requestId ? { requestId: lock.requestId } : {}),
    faceFen: secret.faceFen,
    collectedFen: secret.collectedFen,
    currency: secret.currency,
    dueOn: secret.dueOn,
    invoiceIds: secret.uses.map(use => use.invoiceId),
    depth: open.depth,
    txId,
    blockNumber,
    updatedAt,
  }
}
