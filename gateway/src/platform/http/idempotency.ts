import { createHmac, randomUUID } from 'node:crypto'
import type { Database } from '../database/database.ts'
import type { Migration } from '../database/migrate.ts'
import { CodedError } from '../faults.ts'

export const idempotencyMigration: Migration = {
  id: '002-idempotency',
  sql: `CREATE TABLE idempotency (
    user_id text NOT NULL,
    key text NOT NULL,
    route text NOT NULL,
    request_hash text NOT NULL,
    owner text NOT NULL,
    lease_until timestamptz NOT NULL,
    operation_id text,
    status int,
    answer jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key))`,
}

const LEASE_SECONDS = 30
const WAIT_MS = 12_000
const POLL_MS = 40

export interface WriteRequest {
  readonly userId: string
  readonly key: string
  readonly route: string
  readonly requestHash: string
}

/** What is known about a write that carries a key. */
export type Claim =
  /** Nobody did it: the caller does it now and must `settle` or `release`. */
  | { readonly kind: 'mine'; readonly owner: string }
  /** It was answered: say the same again. */
  | { readonly kind: 'answered'; readonly status: number; readonly answer: unknown }
  /** It started an operation on the ledger: answer with that operation as it stands. */
  | { readonly kind: 'operation'; readonly operationId: string }

export interface Idempotency {
  /** What a request asks for. Keyed, for a body may hold a password and a database may leak. */
  hash(parts: readonly unknown[]): string
  claim(request: WriteRequest): Promise<Claim>
  settle(request: WriteRequest, answer: { status: number; body: unknown }): Promise<void>
  /** A write that was refused before it changed anything may be tried again under the same key. */
  release(request: WriteRequest, owner: string): Promise<void>
}

interface KeyRow extends Record<string, unknown> {
  route: string
  request_hash: string
  owner: string
  operation_id: string | null
  status: number | null
  answer: unknown
  expired: boolean
}

const SELECT = `SELECT route, request_hash, owner, operation_id, status, answer,
  lease_until < now() AS expired FROM idempotency WHERE user_id = $1 AND key = $2`

/**
 * Keys of writes. The row is claimed before anything happens, so of two requests at once one works and the
 * other waits for its answer. A claim is a lease: if the process dies, the next request takes it over.
 */
export function createIdempotency(database: Database, hashKey: Uint8Array): Idempotency {
  return {
    hash: parts => createHmac('sha256', hashKey).update(JSON.stringify(parts)).digest('hex'),
    async claim(request) {
      const owner = randomUUID()
      const deadline = Date.now() + WAIT_MS
      for (;;) {
        if (await insert(database, request, owner)) return { kind: 'mine', owner }
        const found = await examine(database, request, owner)
        if (found) return found
        if (Date.now() > deadline)
          throw new CodedError('IDEMPOTENCY_IN_PROGRESS', {
            detail: 'the first request with this key has not ended; ask again later',
          })
        await new Promise(resolve => setTimeout(resolve, POLL_MS))
      }
    },
    async settle(request, answer) {
      await database.execute(
        'UPDATE idempotency SET status = $3, answer = $4 WHERE user_id = $1 AND key = $2',
        [request.userId, request.key, answer.status, JSON.stringify(answer.body)],
      )
    },
    async release(request, owner) {
      await database.execute(
        `DELETE FROM idempotency WHERE user_id = $1 AND key = $2 AND owner = $3
         AND operation_id IS NULL AND status IS NULL`,
        [request.userId, request.key, owner],
      )
    },
  }
}

async function insert(database: Database, request: WriteRequest, owner: string): Promise<boolean> {
  const count = await database.execute(
    `INSERT INTO idempotency (user_id, key, route, request_hash, owner, lease_until)
     VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
     ON CONFLICT DO NOTHING`,
    [request.userId, request.key, request.route, request.requestHash, owner, LEASE_SECONDS],
  )
  return count === 1
}

async function examine(
  database: Database,
  request: WriteRequest,
  owner: string,
): Promise<Claim | undefined> {
  const [row] = await database.query<KeyRow>(SELECT, [request.userId, request.key])
  if (!row) return undefined
  if (row.request_hash !== request.requestHash || row.route !== request.route)
    throw new CodedError('IDEMPOTENCY_KEY_REUSED', {
      detail: 'this key was used for another request; draw a new key for new work',
    })
  if (row.operation_id !== null) return { kind: 'operation', operationId: row.operation_id }
  if (row.status !== null) return { kind: 'answered', status: row.status, answer: row.answer }
  if (!row.expired) return undefined
  const taken = await database.execute(
    `UPDATE idempotency SET owner = $3, lease_until = now() + make_interval(secs => $5)
     WHERE user_id = $1 AND key = $2 AND owner = $4 AND lease_until < now()`,
    [request.userId, request.key, owner, row.owner, LEASE_SECONDS],
  )
  return taken === 1 ? { kind: 'mine', owner } : undefined
}
