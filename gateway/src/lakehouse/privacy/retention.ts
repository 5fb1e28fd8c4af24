/** Once a day: rows whose time is over go. What was done stands in a book that outlives the lake. */
import type { Database } from '../../platform/database/database.ts'
import type { Engine } from '../engine.ts'
import { LAKE, quoted } from '../names.ts'
import type { Rules } from './classes.ts'
import { PERSONAL, TIMED } from './declarations.ts'
import { takeDocuments } from './documents.ts'
import { countDocuments, deleteRows, isOfDocuments, notePlaces, placesOf, redact } from './erase.ts'
import { ERASED, REDACTING } from './family.ts'
import { keepTimeOfLogs } from './logs.ts'
import { rewrite } from './purge.ts'
import { inTimeSql, isOverSql, type Timed } from './sql.ts'

export interface RetentionParts {
  readonly engine: Engine
  readonly database: Database
  readonly rules: Rules
  readonly now: Date
}

export const dayOf = (now: Date): string => `retention ${now.toISOString().slice(0, 10)}`

/** A table whose rows keep their place says a commitment where its value was; of any other the row goes. */
const isRedacted = (table: string): boolean =>
  PERSONAL.some(one => one.table === table && one.erase === 'REDACT')

/**
 * Deletes what is past its time now. Out of the files it is at once, out of the past when its snapshots are forgotten,
 * `keepDays` later.
 */
export async function keepTime(parts: RetentionParts): Promise<void> {
  const { engine, database, rules, now } = parts
  const job = dayOf(now)
  await database.execute(
    `INSERT INTO lake_retention_days (job, until, step) VALUES ($1, $2, 'BEGUN')
     ON CONFLICT DO NOTHING`,
    [job, now.toISOString()],
  )
  const whereOf = (timed: Timed): string =>
    `${inTimeSql(timed)} AND ${isOverSql(timed, rules, now)}`
  const redacted = TIMED.filter(({ table }) => isRedacted(table))
  const places = await placesOf(engine, redacted.map(whereOf))
  await notePlaces(database, job, places)
  for (const timed of TIMED.filter(isOfDocuments)) {
    const count = countDocuments({ job, now })
    await takeDocuments({ engine, database, where: whereOf(timed), job, now, count })
  }
  await keepTimeOfLogs(database, { job, rules, now })
  const due = await dueTables(engine, whereOf)
  if (due.length + places.length > 0)
    await engine.write({ [REDACTING.name]: places }, async transaction => {
      await redact(transaction, { job, now })
      for (const timed of due)
        await deleteRows(transaction, { table: timed.table, where: whereOf(timed), job, now })
    })
  await rewrite(engine, await bookOf(engine, database, job))
  await database.execute(
    `UPDATE lake_retention_days SET step = 'DONE', until = $2 WHERE job = $1`,
    [job, now.toISOString()],
  )
}

/** A day on which nothing is due costs no commit. */
async function dueTables(engine: Engine, whereOf: (timed: Timed) => string): Promise<Timed[]> {
  const due: Timed[] = []
  for (const timed of TIMED.filter(one => !isRedacted(one.table) && !isOfDocuments(one))) {
    const [row] = await engine.query<{ is: boolean }>(
      `SELECT count(*) > 0 AS "is" FROM ${LAKE}.${timed.table} WHERE ${whereOf(timed)}`,
    )
    if (row?.is) due.push(timed)
  }
  return due
}

/** Copies the counts of a job, which its transactions have left in the lake, into the book; the tables that it names. */
async function bookOf(engine: Engine, database: Database, job: string): Promise<string[]> {
  const rows = await engine.query<{ name: string; class: string; rows: string; at: string }>(
    `SELECT table_name AS name, class, sum(rows)::BIGINT AS rows, max("at")::VARCHAR AS "at"
     FROM ${LAKE}.bronze.${ERASED.name} WHERE job = ${quoted(job)} GROUP BY ALL`,
  )
  for (const { name, class: kind, rows: count, at } of rows.filter(row => row.rows !== '0'))
    await database.execute(
      `INSERT INTO lake_retention (job, table_name, class, rows, at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (job, table_name, class) DO UPDATE SET rows = excluded.rows`,
      [job, name, kind, count, `${at}Z`],
    )
  return [...new Set(rows.map(({ name }) => name))]
}

/** Whether today's work is still to be done. */
export async function isDue(database: Database, now: Date): Promise<boolean> {
  const rows = await database.query(
    `SELECT 1 FROM lake_retention_days WHERE job = $1 AND step = 'DONE'`,
    [dayOf(now)],
  )
  return rows.length === 0
}
