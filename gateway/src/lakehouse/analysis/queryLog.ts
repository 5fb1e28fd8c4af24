/** Who asked what of the lake, and what became of it: answers, refusals and exports alike. */
import type { Database } from '../../platform/database/database.ts'
import { Where, decodeCursor, page } from '../../platform/database/paging.ts'
import { isFault } from '../../platform/faults.ts'
import type { Caller } from '../../platform/http/tokens.ts'
import type { AnalystRole } from './policy.ts'

export const QUERY_KINDS = ['RUN', 'CHECK', 'SAVED', 'EXPORT'] as const

export interface Asked {
  readonly kind: (typeof QUERY_KINDS)[number]
  /** Of the audit line. Writes have theirs from the platform. */
  readonly route?: string
  readonly sql: string
  readonly parameters: object
  /** The saved query or the export that it belongs to. */
  readonly subjectId?: string
}

/** What is known only when it was asked. */
export interface Told {
  role?: AnalystRole
  snapshot?: number | undefined
  tables?: readonly string[]
  rows?: number
}

export interface QueryLog {
  /** An answer that could not be noted is not given. */
  noting<T>(caller: Caller, asked: Asked, work: (told: Told) => Promise<T>): Promise<T>
  list(filter: QueryFilter): ReturnType<typeof listQueries>
}

export interface QueryFilter {
  readonly userId?: string | undefined
  readonly outcome?: string | undefined
  readonly cursor?: string | undefined
  readonly limit: number
}

const ANSWERED = 'ANSWERED'

export function createQueryLog(database: Database): QueryLog {
  return {
    async noting(caller, asked, work) {
      const told: Told = {}
      const fromMs = performance.now()
      const note = (outcome: string, status: number): Promise<void> =>
        writeNote(database, {
          caller,
          asked,
          told,
          outcome,
          status,
          tookMs: performance.now() - fromMs,
        })
      try {
        const answer = await work(told)
        await note(ANSWERED, 200)
        return answer
      } catch (error) {
        const [code, status] = isFault(error) ? [error.code, error.status] : ['INTERNAL', 500]
        await note(code, status).catch(() => undefined)
        throw error
      }
    },
    list: filter => listQueries(database, filter),
  }
}

interface Note {
  readonly caller: Caller
  readonly asked: Asked
  readonly told: Told
  readonly outcome: string
  readonly status: number
  readonly tookMs: number
}

async function writeNote(database: Database, note: Note): Promise<void> {
  const { caller, asked, told, outcome, status, tookMs } = note
  await database.execute(
    `WITH line AS (
       INSERT INTO audit (user_id, member_id, route, status, code)
       SELECT $1, $2, $11, $12, nullif($10, '${ANSWERED}') WHERE $11::text IS NOT NULL)
     INSERT INTO lake_queries
       (user_id, member_id, reader_role, kind, sql, parameters, snapshot, subject_id, tables,
        rows, elapsed_ms, outcome)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $13, $14, $10)`,
    [
      caller.userId,
      caller.memberId ?? null,
      told.role ?? null,
      asked.kind,
      asked.sql,
      JSON.stringify(asked.parameters),
      told.snapshot ?? null,
      asked.subjectId ?? null,
      told.tables ?? [],
      outcome,
      asked.route ?? null,
      status,
      told.rows ?? null,
      Math.round(tookMs),
    ],
  )
}

interface QueryRow extends Record<string, unknown> {
  readonly query_no: string
  readonly at: string
  readonly user_id: string
  readonly member_id: string | null
  readonly reader_role: AnalystRole | null
  readonly kind: Asked['kind']
  readonly sql: string
  readonly parameters: Record<string, unknown>
  readonly snapshot: string | null
  readonly subject_id: string | null
  readonly tables: string[]
  readonly rows: number | null
  readonly elapsed_ms: number
  readonly outcome: string
}

async function listQueries(database: Database, filter: QueryFilter) {
  const where = new Where()
    .maybe('user_id = ?', filter.userId)
    .maybe('outcome = ?', filter.outcome)
    .maybe('query_no < ?::bigint', decodeCursor(filter.cursor, 1)?.[0])
  const rows = await database.query<QueryRow>(
    `SELECT * FROM lake_queries ${where.sql} ORDER BY query_no DESC LIMIT ${filter.limit + 1}`,
    where.values,
  )
  return page(rows, filter.limit, { key: row => [row.query_no], item: queryOf })
}

const queryOf = (row: QueryRow) => ({
  queryNo: row.query_no,
  at: row.at,
  userId: row.user_id,
  ...given('memberId', row.member_id),
  ...given('role', row.reader_role),
  kind: row.kind,
  sql: row.sql,
  parameters: row.parameters,
  ...given('snapshot', row.snapshot),
  ...given('subjectId', row.subject_id),
  tables: row.tables,
  ...given('rows', row.rows),
  elapsedMs: row.elapsed_ms,
  outcome: row.outcome,
})

const given = <K extends string, V>(key: K, value: V | null): { [key in K]?: V } =>
  (value === null ? {} : { [key]: value }) as { [key in K]?: V }
