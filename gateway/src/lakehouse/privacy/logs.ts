/**
 * What analysts leave beside the lake, in the gateway's own database: the log of their questions, and what they have
 * exported. Rows go when their time is over. Of a subject the identifier goes: that somebody asked, and when, is the
 * record of what was done with people's data, which a law wants kept and which names no subject to say it.
 */
import type { Database, Queryable } from '../../platform/database/database.ts'
import { quoted } from '../names.ts'
import type { Rules } from './classes.ts'
import type { Erasing } from './erase.ts'
import { isOverSql, type Timed } from './sql.ts'

interface LogText {
  readonly column: string
  /** Of bytes only those that are a text in UTF-8. */
  readonly type: 'text' | 'jsonb' | 'bytea'
}

interface Log {
  readonly table: string
  /** In these rows alone. */
  readonly where?: string
  /** Where an identifier may stand. Who asked is the organisation's own user, not a subject of the lake. */
  readonly texts: readonly LogText[]
}

interface TimedLog extends Log {
  readonly key: string
  readonly timed: Timed
  /** A table of rows that belong to one of these, by the same key. */
  readonly parts?: string
}

const timed = (table: string): Timed => ({
  table,
  keeps: 'TIME',
  class: 'PROCESSING_RECORD',
  clock: 'at',
})

const TIMED_LOGS: readonly TimedLog[] = [
  {
    table: 'lake_queries',
    key: 'query_no',
    timed: timed('lake_queries'),
    texts: [
      { column: 'sql', type: 'text' },
      { column: 'parameters', type: 'jsonb' },
    ],
  },
  {
    table: 'lake_releases',
    key: 'release_id',
    timed: timed('lake_releases'),
    parts: 'lake_release_groups',
    texts: [
      { column: 'purpose', type: 'text' },
      { column: 'sql', type: 'text' },
      { column: 'parameters', type: 'jsonb' },
      { column: 'content', type: 'bytea' },
    ],
  },
]

const LOGS: readonly Log[] = [
  ...TIMED_LOGS,
  // Answers that are given again to whoever asks with the same key.
  {
    table: 'idempotency',
    where: `route LIKE 'lake%'`,
    texts: [{ column: 'answer', type: 'jsonb' }],
  },
]

/** As the tables of the lake say it. */
export const RETAINED_LOGS: readonly Timed[] = TIMED_LOGS.map(log => log.timed)

/** Deletes what is past its time, in one transaction with its count in the book of the job. */
export async function keepTimeOfLogs(
  database: Database,
  { job, rules, now }: { readonly job: string; readonly rules: Rules; readonly now: Date },
): Promise<void> {
  await database.transaction(async tx => {
    for (const { table, key, timed, parts } of TIMED_LOGS) {
      // The rules compare instants without a zone.
      const due = `SELECT ${key} FROM
        (SELECT ${key}, ${timed.clock} AT TIME ZONE 'UTC' AS ${timed.clock} FROM ${table}) one
        WHERE ${isOverSql(timed, rules, now)}`
      if (parts) await tx.execute(`DELETE FROM ${parts} WHERE ${key} IN (${due})`)
      const rows = await tx.execute(`DELETE FROM ${table} WHERE ${key} IN (${due})`)
      await note(tx, { job, table, kind: String(timed.class), rows, now })
    }
  })
}

/** Blanks the identifiers. Once more, it finds nothing and changes nothing. */
export async function eraseFromLogs(
  database: Database,
  { job, named, source, now }: Erasing,
): Promise<void> {
  // A question is of no source.
  if (source !== undefined) return
  const { identifiers } = named
  await database.transaction(async tx => {
    for (const log of LOGS) {
      const changes = log.texts.map(text => `${text.column} = ${blankedSql(text, identifiers)}`)
      const rows = await tx.execute(
        `UPDATE ${log.table} SET ${changes.join(', ')} WHERE ${namesSql(log, identifiers)}`,
      )
      await note(tx, { job, table: log.table, kind: 'NAMED_IN_OTHERS', rows, now })
    }
  })
}

/** Rows that name somebody, by table; tables without one are left out. */
export async function searchLogs(
  database: Queryable,
  identifiers: readonly string[],
): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const log of LOGS) {
    const [row] = await database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM ${log.table} WHERE ${namesSql(log, identifiers)}`,
    )
    if (row && row.n > 0) found[log.table] = row.n
  }
  return found
}

/** What PostgreSQL has changed lies in its pages until they are written anew. */
export async function purgeLogs(database: Database, job: string): Promise<void> {
  for (const { table } of await changedLogs(database, job))
    await database.execute(`VACUUM (FULL) ${table}`)
}

interface Changed extends Record<string, unknown> {
  readonly table: string
  readonly class: string
  readonly rows: string
}

/** What a job has done to the logs. */
export const changedLogs = (database: Queryable, job: string): Promise<Changed[]> =>
  database.query<Changed>(
    `SELECT table_name AS "table", class, rows FROM lake_retention
     WHERE job = $1 AND table_name = ANY($2) ORDER BY table_name`,
    [job, LOGS.map(({ table }) => table)],
  )

interface Noted {
  readonly job: string
  readonly table: string
  readonly kind: string
  readonly rows: number
  readonly now: Date
}

async function note(tx: Queryable, { job, table, kind, rows, now }: Noted): Promise<void> {
  if (rows === 0) return
  await tx.execute(
    `INSERT INTO lake_retention AS book (job, table_name, class, rows, at)
     VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (job, table_name, class) DO UPDATE SET rows = book.rows + excluded.rows`,
    [job, table, kind, rows, now.toISOString()],
  )
}

const BLANK = 'REDACTED'

/** Bytes as a text in which letters and digits stand for themselves, whatever else the bytes are. */
const asTextSql = ({ column, type }: LogText): string =>
  ({ text: column, jsonb: `${column}::text`, bytea: `encode(${column}, 'escape')` })[type]

function blankedSql(text: LogText, identifiers: readonly string[]): string {
  const blanked = identifiers.reduce(
    (sql, one) => `replace(${sql}, ${quoted(one)}, '${BLANK}')`,
    asTextSql(text),
  )
  return { text: blanked, jsonb: `(${blanked})::jsonb`, bytea: `decode(${blanked}, 'escape')` }[
    text.type
  ]
}

function namesSql({ texts, where = 'true' }: Log, identifiers: readonly string[]): string {
  const ways = texts.flatMap(text =>
    identifiers.map(one => `position(${quoted(one)} IN coalesce(${asTextSql(text)}, '')) > 0`),
  )
  return `${where} AND (${ways.join(' OR ')})`
}
