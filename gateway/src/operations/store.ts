import type { Queryable, Row } from '../platform/database/database.ts'
import { decodeCursor, page, Where } from '../platform/database/paging.ts'
import { invariant } from '../platform/faults.ts'
import type { WriteRequest } from '../platform/http/idempotency.ts'
import type { ItemOutcome, Operation, Problem } from '../platform/http/schemas.ts'

export type OperationStatus = Operation['status']

export interface OperationRow extends Row {
  operation_id: string
  kind: string
  user_id: string
  member_id: string | null
  input: unknown
  memo: Record<string, unknown>
  status: OperationStatus
  items: ItemOutcome[]
  progress_done: number
  progress_total: number
  problem: Problem | null
  created_at: string
  finished_at: string | null
}

export interface TransactionRow extends Row {
  tx_id: string
  operation_id: string
  step: string
  attempt: number
  items: string[]
  envelope: Uint8Array
  result: Uint8Array
  status: 'stored' | 'committed' | 'invalid' | 'abandoned'
  validation_code: string | null
  block_number: string | null
}

type TransactionView = Pick<
  TransactionRow,
  'tx_id' | 'step' | 'status' | 'validation_code' | 'block_number'
>

export const LEASE_SECONDS = 9

export interface NewOperation {
  readonly operationId: string
  readonly kind: string
  readonly userId: string
  readonly memberId: string | undefined
  readonly input: unknown
  readonly owner: string
  readonly write: WriteRequest | undefined
}

const bigintText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value

/** The operation and the key that started it become durable together: one statement. */
export async function insertOperation(
  database: Queryable,
  fresh: NewOperation,
): Promise<OperationRow> {
  const [row] = await database.query<OperationRow>(
    `WITH keyed AS (UPDATE idempotency SET operation_id = $1 WHERE user_id = $8 AND key = $9)
     INSERT INTO operations (operation_id, kind, user_id, member_id, input, status, lease_owner, lease_until)
     VALUES ($1, $2, $3, $4, $5, 'running', $6, now() + make_interval(secs => $7)) RETURNING *`,
    [
      fresh.operationId,
      fresh.kind,
      fresh.userId,
      fresh.memberId ?? null,
      JSON.stringify(fresh.input, bigintText),
      fresh.owner,
      LEASE_SECONDS,
      fresh.write?.userId ?? null,
      fresh.write?.key ?? null,
    ],
  )
  invariant(row, 'an inserted row is returned')
  return row
}

export async function readOperation(
  database: Queryable,
  operationId: string,
): Promise<OperationRow | undefined> {
  const [row] = await database.query<OperationRow>(
    'SELECT * FROM operations WHERE operation_id = $1',
    [operationId],
  )
  return row
}

/** What the API shows of an operation. */
export async function readView(
  database: Queryable,
  operationId: string,
): Promise<Operation | undefined> {
  const [row] = await database.query<OperationRow & { transactions: TransactionView[] }>(
    `SELECT o.*, coalesce((
         SELECT jsonb_agg(jsonb_build_object('tx_id', t.tx_id, 'step', t.step, 'status', t.status,
           'validation_code', t.validation_code, 'block_number', t.block_number::text)
           ORDER BY t.step, t.attempt)
         FROM transactions t WHERE t.operation_id = o.operation_id), '[]') AS transactions
     FROM operations o WHERE o.operation_id = $1`,
    [operationId],
  )
  return row && operationView(row, row.transactions)
}

/** Takes over operations whose owner has died or that wait for their turn. */
export async function claimStale(
  database: Queryable,
  owner: string,
  limit: number,
): Promise<string[]> {
  const rows = await database.query<{ operation_id: string }>(
    `UPDATE operations SET lease_owner = $1, lease_until = now() + make_interval(secs => $3)
     WHERE operation_id IN (
       SELECT operation_id FROM operations
       WHERE status IN ('running', 'waiting') AND lease_until < now()
       ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
     RETURNING operation_id`,
    [owner, limit, LEASE_SECONDS],
  )
  return rows.map(row => row.operation_id)
}

export async function renewLeases(
  database: Queryable,
  owner: string,
  operationIds: readonly string[],
): Promise<void> {
  await database.execute(
    `UPDATE operations SET lease_until = now() + make_interval(secs => $3)
     WHERE lease_owner = $1 AND operation_id = ANY($2) AND status IN ('running', 'waiting')`,
    [owner, operationIds, LEASE_SECONDS],
  )
}

export interface Ending {
  readonly status: OperationStatus
  readonly items: readonly ItemOutcome[]
  readonly total: number
  readonly problem?: Problem | undefined
  /** Of a waiting operation: when a worker looks at it again. */
  readonly againInSeconds?: number
}

export async function writeEnding(
  database: Queryable,
  operationId: string,
  ending: Ending,
): Promise<void> {
  await database.execute(
    `UPDATE operations SET status = $2, items = $3, progress_done = $4, progress_total = $5, problem = $6,
       finished_at = CASE WHEN $2 IN ('done','refused','failed') THEN now() END,
       lease_until = now() + make_interval(secs => $7)
     WHERE operation_id = $1`,
    [
      operationId,
      ending.status,
      JSON.stringify(ending.items),
      ending.items.length,
      ending.total,
      ending.problem ? JSON.stringify(ending.problem) : null,
      ending.againInSeconds ?? 0,
    ],
  )
}

export async function writeMemo(
  database: Queryable,
  operationId: string,
  memo: { name: string; value: unknown },
): Promise<void> {
  await database.execute(
    `UPDATE operations SET memo = memo || jsonb_build_object($2::text, $3::jsonb) WHERE operation_id = $1`,
    [operationId, memo.name, JSON.stringify(memo.value, bigintText)],
  )
}

/** The attempts of one step, in order. */
export async function attemptsOf(
  database: Queryable,
  operationId: string,
  step: string,
): Promise<TransactionRow[]> {
  return database.query<TransactionRow>(
    'SELECT * FROM transactions WHERE operation_id = $1 AND step = $2 ORDER BY attempt',
    [operationId, step],
  )
}

export async function insertTransaction(
  database: Queryable,
  row: Pick<
    TransactionRow,
    'tx_id' | 'operation_id' | 'step' | 'attempt' | 'items' | 'envelope' | 'result'
  >,
): Promise<void> {
  await database.execute(
    `INSERT INTO transactions (tx_id, operation_id, step, attempt, items, envelope, result, status)
     VALUES ($1, $2, $3, $4, $5, $6, $7, 'stored')`,
    [
      row.tx_id,
      row.operation_id,
      row.step,
      row.attempt,
      JSON.stringify(row.items),
      Buffer.from(row.envelope),
      Buffer.from(row.result),
    ],
  )
}

export async function markTransaction(
  database: Queryable,
  txId: string,
  mark: { status: TransactionRow['status']; code?: string; blockNumber?: bigint },
): Promise<void> {
  await database.execute(
    `UPDATE transactions SET status = $2, validation_code = coalesce($3, validation_code),
       block_number = coalesce($4, block_number) WHERE tx_id = $1`,
    [txId, mark.status, mark.code ?? null, mark.blockNumber?.toString() ?? null],
  )
}

export function operationView(
  row: OperationRow,
  transactions: readonly TransactionView[],
): Operation {
  return {
    operationId: row.operation_id,
    kind: row.kind,
    status: row.status,
    createdAt: row.created_at,
    ...(row.finished_at ? { finishedAt: row.finished_at } : {}),
    ...(row.progress_total > 0
      ? { progress: { done: row.progress_done, total: row.progress_total } }
      : {}),
    transactions: transactions.map(tx => ({
      txId: tx.tx_id,
      step: tx.step,
      status: tx.status,
      ...(tx.block_number === null ? {} : { blockNumber: tx.block_number }),
      ...(tx.validation_code === null ? {} : { validationCode: tx.validation_code }),
    })),
    items: row.items,
    ...(row.problem ? { problem: row.problem } : {}),
  }
}

export interface OperationFilter {
  readonly memberId: string | undefined
  readonly status: OperationStatus | undefined
  readonly cursor: string | undefined
  readonly limit: number
}

export async function listOperations(database: Queryable, filter: OperationFilter) {
  const where = new Where()
    .maybe('member_id = ?', filter.memberId)
    .maybe('status = ?', filter.status)
  const after = decodeCursor(filter.cursor, 2)
  if (after) where.and('(created_at, operation_id) < (?::timestamptz, ?)', ...after)
  const rows = await database.query<OperationRow>(
    `SELECT * FROM operations ${where.sql} ORDER BY created_at DESC, operation_id DESC LIMIT ${filter.limit + 1}`,
    where.values,
  )
  return page(rows, filter.limit, {
    key: row => [row.created_at, row.operation_id],
    item: row => operationView(row, []),
  })
}
