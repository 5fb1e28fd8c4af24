import type {
  Opening,
  PrivateKind,
  PrivateValues,
  PublicStates,
  RecordKind,
} from '@triflow/chaincode/model'
import type { Queryable, Row } from '../platform/database/database.ts'
import { unknownObject } from '../platform/faults.ts'

/** Brands are dropped and closed lists of words kept. */
type Plain<T> = T extends bigint
  ? string
  : string extends T
    ? string
    : T extends { length: number } & object
      ? string
      : T

/** A JSON value as the ledger stores it: every bigint is a decimal string. */
export type Stored<T> = T extends bigint | string
  ? Plain<T>
  : T extends readonly (infer E)[]
    ? Stored<E>[]
    : T extends object
      ? { [K in keyof T]: Stored<T[K]> }
      : T

/** One record of the read model: its public state and, where this organisation is a party, its opening. */
export interface Kept<Open = unknown, Secret = unknown> {
  readonly id: string
  readonly open: Open
  readonly secret: Secret
  /** The exact text whose hash is on the ledger. */
  readonly opening: Opening
  readonly blockNumber: string
  readonly txId: string
  readonly updatedAt: string
}

export interface RecordRow extends Row {
  id: string
  open: unknown
  secret: unknown
  secret_text: string | null
  block_number: string
  tx_id: string
  updated_at: string
}

export function keep<Open = unknown, Secret = unknown>(row: RecordRow): Kept<Open, Secret> {
  return {
    id: row.id,
    open: row.open as Open,
    secret: row.secret as Secret,
    opening: (row.secret_text ?? '') as Opening,
    blockNumber: row.block_number,
    txId: row.tx_id,
    updatedAt: row.updated_at,
  }
}

export const RECORD_COLUMNS = 'id, open, secret, secret_text, block_number, tx_id, updated_at'

export async function findRecord<Open = unknown, Secret = unknown>(
  database: Queryable,
  kind: RecordKind,
  id: string,
): Promise<Kept<Open, Secret> | undefined> {
  const [row] = await database.query<RecordRow>(
    `SELECT ${RECORD_COLUMNS} FROM records WHERE kind = $1 AND id = $2`,
    [kind, id],
  )
  return row ? keep<Open, Secret>(row) : undefined
}

export async function findRecords<Open = unknown, Secret = unknown>(
  database: Queryable,
  kind: RecordKind,
  ids: readonly string[],
): Promise<Map<string, Kept<Open, Secret>>> {
  if (ids.length === 0) return new Map()
  const rows = await database.query<RecordRow>(
    `SELECT ${RECORD_COLUMNS} FROM records WHERE kind = $1 AND id = ANY($2)`,
    [kind, ids],
  )
  return new Map(rows.map(row => [row.id, keep<Open, Secret>(row)]))
}

/** A record this organisation is a party to, with its opening; refused as unknown otherwise. */
export async function needPrivate<K extends PrivateKind & RecordKind>(
  database: Queryable,
  kind: K,
  id: string,
) {
  const record = await findRecord<
    K extends keyof PublicStates ? Stored<PublicStates[K]> : null,
    Stored<PrivateValues[K]>
  >(database, kind, id)
  if (!record || record.opening === '') throw unknownObject(kind)
  return record
}
