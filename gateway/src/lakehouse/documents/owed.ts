/**
 * What the organisation holds and the lake still owes, kept beside the documents themselves: a document is owed from
 * the transaction that makes it, so none is missed, in whatever order transactions commit.
 */
import type { Migration } from '../../platform/database/migrate.ts'
import type { Database, Queryable } from '../../platform/database/database.ts'

export const lakeDocumentsMigration: Migration = {
  id: '013-lake-documents',
  sql: `
  ALTER TABLE documents
    -- When the lake looks at it next; NULL once the lake has it.
    ADD COLUMN lake_due_at timestamptz DEFAULT now(),
    ADD COLUMN lake_attempts int NOT NULL DEFAULT 0,
    -- Why it could not be read the last time.
    ADD COLUMN lake_code text,
    -- Somebody has had it deleted: it never comes into a lake again.
    ADD COLUMN lake_withheld boolean NOT NULL DEFAULT false;
  CREATE INDEX documents_owed ON documents (lake_due_at) WHERE lake_due_at IS NOT NULL;
  -- A lake that was made anew has nothing, whatever the last one had.
  ALTER TABLE lake_process ADD COLUMN documents_lake text;`,
}

export interface OwedDocument extends Record<string, unknown> {
  readonly document_id: string
  readonly file_name: string
  readonly media_type: string
  readonly bytes: string
  readonly sha256: string
  readonly cid: string
  readonly keys: readonly { reader: string; wrapped: string }[]
  readonly member_id: string | null
  readonly created_at: string
  readonly lake_attempts: number
  readonly lake_withheld: boolean
}

/** Everything is owed to a lake that is another one than the last. */
export const oweAllTo = (database: Database, lake: string): Promise<void> =>
  database.transaction(async transaction => {
    const changed = await transaction.execute(
      'UPDATE lake_process SET documents_lake = $1 WHERE documents_lake IS DISTINCT FROM $1',
      [lake],
    )
    if (changed === 0) return
    await transaction.execute(
      'UPDATE documents SET lake_due_at = now(), lake_attempts = 0, lake_code = NULL',
    )
  })

/** Those that are due, the longest first. */
export const readOwed = (database: Queryable, limit: number): Promise<OwedDocument[]> =>
  database.query<OwedDocument>(
    `SELECT document_id, file_name, media_type, bytes, sha256, cid, keys, member_id, created_at,
       lake_attempts, lake_withheld
     FROM documents WHERE lake_due_at <= now() ORDER BY lake_due_at, document_id LIMIT ${limit}`,
  )

/** Those of them that were withheld meanwhile stay due: the next look takes them out of the lake. */
export const settleOwed = (database: Queryable, ids: readonly string[]): Promise<number> =>
  database.execute(
    `UPDATE documents SET lake_due_at = NULL, lake_code = NULL
     WHERE document_id = ANY($1) AND NOT lake_withheld`,
    [ids],
  )

export const settleWithheld = (database: Queryable, id: string): Promise<number> =>
  database.execute('UPDATE documents SET lake_due_at = NULL WHERE document_id = $1', [id])

/** Half a minute, then twice as long each time, an hour at most. */
const AGAIN_SECONDS = 30
const AGAIN_SECONDS_MAX = 3_600

export const putOff = (database: Queryable, id: string, code: string): Promise<number> =>
  database.execute(
    `UPDATE documents SET lake_attempts = lake_attempts + 1, lake_code = $2,
       lake_due_at = now() + least(${AGAIN_SECONDS} * power(2, least(lake_attempts, 20)),
         ${AGAIN_SECONDS_MAX}) * interval '1 second'
     WHERE document_id = $1`,
    [id, code],
  )

/** They are not brought any more, and what has just been brought is taken out at the next look. */
export const withhold = (database: Queryable, ids: readonly string[]): Promise<number> =>
  database.execute(
    'UPDATE documents SET lake_withheld = true, lake_due_at = now() WHERE document_id = ANY($1)',
    [ids],
  )

const NAMED_MAX = 20

/** What the status says. */
export interface OwedFacts {
  readonly waiting: number
  /** Could not be read the last time; each is tried again. */
  readonly unread: number
  /** The first of them. */
  readonly unreadDocuments: readonly { documentId: string; code: string; attempts: number }[]
}

export async function readOwedFacts(database: Queryable): Promise<OwedFacts> {
  const [counts] = await database.query<{ waiting: number; unread: number }>(
    `SELECT count(*)::int AS waiting, count(lake_code)::int AS unread
     FROM documents WHERE lake_due_at IS NOT NULL AND NOT lake_withheld`,
  )
  const { waiting = 0, unread = 0 } = counts ?? {}
  if (unread === 0) return { waiting, unread, unreadDocuments: [] }
  const named = await database.query<{ id: string; code: string; attempts: number }>(
    `SELECT document_id AS id, lake_code AS code, lake_attempts AS attempts FROM documents
     WHERE lake_due_at IS NOT NULL AND lake_code IS NOT NULL AND NOT lake_withheld
     ORDER BY created_at LIMIT ${NAMED_MAX}`,
  )
  const unreadDocuments = named.map(({ id, ...said }) => ({ documentId: id, ...said }))
  return { waiting, unread, unreadDocuments }
}
