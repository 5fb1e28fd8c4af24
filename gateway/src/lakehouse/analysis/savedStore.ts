/**
 * Saved queries, each with all its versions. Sharing reaches the organisation where staff shares, and the member's own
 * users where somebody shares who acts for a member: members are rivals, and a question tells something too.
 */
import { randomUUID } from 'node:crypto'
import type { Database, Queryable } from '../../platform/database/database.ts'
import { CodedError, unknownObject } from '../../platform/faults.ts'
import type { Caller } from '../../platform/http/tokens.ts'
import { scopeOf } from '../../services.ts'
import type { SavedQuery } from './saved.ts'

export interface Saved {
  readonly savedId: string
  readonly version: number
  readonly ownerId: string
  readonly mine: boolean
  readonly shared: boolean
  readonly madeAt: string
  readonly query: SavedQuery
}

export interface SavedStore {
  /** @throws SAVED_QUERY_EXISTS for a second one of the same name. */
  create(caller: Caller, fresh: Change): Promise<Saved>
  /** A version more; by its owner. */
  revise(caller: Caller, savedId: string, change: Change): Promise<Saved>
  list(caller: Caller): Promise<readonly Saved[]>
  /** @throws OBJECT_UNKNOWN also for one that is somebody else's. */
  get(caller: Caller, savedId: string): Promise<Saved>
  /** @throws ROLE_MISSING for one that is only shared with the caller. */
  own(caller: Caller, savedId: string): Promise<Saved>
  remove(caller: Caller, savedId: string): Promise<void>
}

export interface Change {
  readonly query: SavedQuery
  readonly shared: boolean
}

interface SavedRow extends Record<string, unknown> {
  readonly saved_id: string
  readonly version: number
  readonly owner_user: string
  readonly shared: boolean
  readonly made_at: string
  readonly content: SavedQuery
}

const VISIBLE = `SELECT q.saved_id, q.version, q.owner_user, q.shared, v.made_at, v.content
  FROM lake_saved_queries q JOIN lake_saved_query_versions v USING (saved_id, version)
  WHERE q.deleted_at IS NULL
    AND (q.owner_user = $1 OR q.shared AND (q.owner_member IS NULL OR q.owner_member = $2))`

export function createSavedStore(database: Database): SavedStore {
  const whose = (caller: Caller) => [caller.userId, scopeOf(caller) ?? null]

  async function find(db: Queryable, caller: Caller, savedId: string): Promise<Saved> {
    const [row] = await db.query<SavedRow>(`${VISIBLE} AND q.saved_id = $3`, [
      ...whose(caller),
      savedId,
    ])
    if (!row) throw unknownObject('saved query')
    return savedOf(row, caller)
  }

  async function own(db: Queryable, caller: Caller, savedId: string): Promise<Saved> {
    await db.execute('SELECT 1 FROM lake_saved_queries WHERE saved_id = $1 FOR UPDATE', [savedId])
    const found = await find(db, caller, savedId)
    if (!found.mine)
      throw new CodedError('ROLE_MISSING', { detail: 'only its owner changes it; save your own' })
    return found
  }

  return {
    create: (caller, { query, shared }) =>
      database.transaction(async tx => {
        const savedId = randomUUID()
        await named(query.name, () =>
          tx.execute(
            `INSERT INTO lake_saved_queries (saved_id, name, owner_user, owner_member, shared, version)
             VALUES ($3, $4, $1, $2, $5, 0)`,
            [...whose(caller), savedId, query.name, shared],
          ),
        )
        await addVersion(tx, { savedId, caller, query, shared, version: 1 })
        return find(tx, caller, savedId)
      }),
    revise: (caller, savedId, { query, shared }) =>
      database.transaction(async tx => {
        const { version } = await own(tx, caller, savedId)
        await addVersion(tx, { savedId, caller, query, shared, version: version + 1 })
        return find(tx, caller, savedId)
      }),
    async list(caller) {
      const rows = await database.query<SavedRow>(
        `${VISIBLE} ORDER BY q.name, q.saved_id`,
        whose(caller),
      )
      return rows.map(row => savedOf(row, caller))
    },
    get: (caller, savedId) => find(database, caller, savedId),
    own: (caller, savedId) => own(database, caller, savedId),
    remove: (caller, savedId) =>
      database.transaction(async tx => {
        await own(tx, caller, savedId)
        await tx.execute('UPDATE lake_saved_queries SET deleted_at = now() WHERE saved_id = $1', [
          savedId,
        ])
      }),
  }
}

interface Version extends Change {
  readonly savedId: string
  readonly caller: Caller
  readonly version: number
}

async function addVersion(tx: Queryable, next: Version): Promise<void> {
  const { savedId, caller, query, shared, version } = next
  await tx.execute(
    `INSERT INTO lake_saved_query_versions (saved_id, version, content, made_by)
     VALUES ($1, $2, $3, $4)`,
    [savedId, version, JSON.stringify(query), caller.userId],
  )
  await named(query.name, () =>
    tx.execute(
      'UPDATE lake_saved_queries SET version = $2, name = $3, shared = $4 WHERE saved_id = $1',
      [savedId, version, query.name, shared],
    ),
  )
}

const UNIQUE = '23505'

async function named(name: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if ((error as { code?: string }).code !== UNIQUE) throw error
    throw new CodedError('SAVED_QUERY_EXISTS', { detail: `you have one called ${name}` })
  }
}

const savedOf = (row: SavedRow, caller: Caller): Saved => ({
  savedId: row.saved_id,
  version: row.version,
  ownerId: row.owner_user,
  mine: row.owner_user === caller.userId,
  shared: row.shared,
  madeAt: row.made_at,
  query: row.content,
})
