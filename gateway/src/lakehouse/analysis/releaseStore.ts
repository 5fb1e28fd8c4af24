/**
 * The book of releases in PostgreSQL: what has left the house, word for word, and the rows behind it. A restart forgets
 * nothing, and of two processes that export at once the second sees what the first has published.
 */
import { createHash, randomUUID } from 'node:crypto'
import type { Database, Queryable } from '../../platform/database/database.ts'
import { unknownObject } from '../../platform/faults.ts'
import type { Caller } from '../../platform/http/tokens.ts'
import type { Exported } from './export.ts'
import { fileOf, type ExportFormat } from './formats.ts'
import { createPace } from './pace.ts'
import { packed, unpacked, type ReleaseBook, type ReleasedRows } from './releases.ts'

export interface ReleaseRequest {
  readonly caller: Caller
  /** Why it leaves the house, in words of whoever asks. */
  readonly purpose: string
  readonly sql: string
  readonly parameters: object
  readonly snapshot: number | undefined
  readonly format: ExportFormat
}

export interface Release {
  readonly exportId: string
  readonly at: string
  readonly userId: string
  readonly purpose: string
  readonly sql: string
  readonly format: ExportFormat
  readonly k: number
  readonly rows: number
  readonly suppressed: number
  readonly tooSimilar: number
  readonly sha256: string
}

export interface ReleaseStore {
  /** A book that writes this one export; `exportId` names it afterwards. */
  bookFor(request: ReleaseRequest): {
    readonly exportId: string
    readonly book: ReleaseBook<Exported>
  }
  list(audience: string): Promise<readonly Release[]>
  /** @throws OBJECT_UNKNOWN also for one of another audience. */
  get(audience: string, exportId: string): Promise<Release>
  content(audience: string, exportId: string): Promise<Buffer>
}

interface ReleaseRow extends Record<string, unknown> {
  readonly release_id: string
  readonly at: string
  readonly user_id: string
  readonly purpose: string
  readonly sql: string
  readonly format: ExportFormat
  readonly k: number
  readonly rows: number
  readonly suppressed: number
  readonly too_similar: number
  readonly sha256: string
}

const COLUMNS =
  'release_id, at, user_id, purpose, sql, format, k, rows, suppressed, too_similar, sha256'

export function createReleaseStore(database: Database): ReleaseStore {
  async function find(audience: string, exportId: string): Promise<Release> {
    const [row] = await database.query<ReleaseRow>(
      `SELECT ${COLUMNS} FROM lake_releases WHERE audience = $1 AND release_id = $2`,
      [audience, exportId],
    )
    if (!row) throw unknownObject('export')
    return releaseOf(row)
  }

  return {
    bookFor(request) {
      const exportId = randomUUID()
      const book: ReleaseBook<Exported> = {
        publish: (audience, judge) =>
          database.transaction(async tx => {
            await tx.execute(`SELECT pg_advisory_xact_lock(hashtextextended($1, 12))`, [audience])
            const { groups, result } = await judge(await groupsOf(tx, audience))
            await writeRelease(tx, { exportId, audience, request, exported: result })
            await writeGroups(tx, { exportId, audience, groups })
            return result
          }),
      }
      return { exportId, book }
    },
    async list(audience) {
      const rows = await database.query<ReleaseRow>(
        `SELECT ${COLUMNS} FROM lake_releases WHERE audience = $1 ORDER BY at DESC LIMIT 500`,
        [audience],
      )
      return rows.map(releaseOf)
    },
    get: find,
    async content(audience, exportId) {
      const [row] = await database.query<{ content: Buffer }>(
        'SELECT content FROM lake_releases WHERE audience = $1 AND release_id = $2',
        [audience, exportId],
      )
      if (!row) throw unknownObject('export')
      return row.content
    },
  }
}

async function groupsOf(tx: Queryable, audience: string): Promise<readonly ReleasedRows[]> {
  const rows = await tx.query<{ people: Buffer }>(
    'SELECT people FROM lake_release_groups WHERE audience = $1',
    [audience],
  )
  const pace = createPace()
  const groups: ReleasedRows[] = []
  for (const { people } of rows) {
    groups.push(unpacked(people))
    await pace()
  }
  return groups
}

interface Written {
  readonly exportId: string
  readonly audience: string
}

async function writeRelease(
  tx: Queryable,
  {
    exportId,
    audience,
    request,
    exported,
  }: Written & { request: ReleaseRequest; exported: Exported },
): Promise<void> {
  const content = await fileOf(request.format, exported)
  await tx.execute(
    `INSERT INTO lake_releases (release_id, audience, user_id, member_id, purpose, sql, parameters,
       snapshot, format, k, rows, suppressed, too_similar, sha256, content)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      exportId,
      audience,
      request.caller.userId,
      request.caller.memberId ?? null,
      request.purpose,
      request.sql,
      JSON.stringify(request.parameters),
      request.snapshot ?? null,
      request.format,
      exported.k,
      exported.rows.length,
      exported.suppressed,
      exported.tooSimilar,
      createHash('sha256').update(content).digest('hex'),
      content,
    ],
  )
}

async function writeGroups(
  tx: Queryable,
  { exportId, audience, groups }: Written & { groups: readonly ReleasedRows[] },
): Promise<void> {
  await tx.execute(
    `INSERT INTO lake_release_groups (audience, release_id, place, people)
     SELECT $1, $2, place, people FROM unnest($3::bytea[]) WITH ORDINALITY AS g (people, place)`,
    [audience, exportId, groups.map(packed)],
  )
}

const releaseOf = (row: ReleaseRow): Release => ({
  exportId: row.release_id,
  at: row.at,
  userId: row.user_id,
  purpose: row.purpose,
  sql: row.sql,
  format: row.format,
  k: row.k,
  rows: row.rows,
  suppressed: row.suppressed,
  tooSimilar: row.too_similar,
  sha256: row.sha256,
})
