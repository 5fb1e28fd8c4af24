/** What still names a subject, asked of every table there is, and why it may. */
import type { Engine } from '../engine.ts'
import { LAKE, quoted } from '../names.ts'
import { RETAINED, PERSONAL } from './declarations.ts'
import type { Erasing } from './erase.ts'
import { classSql, containsSql, heldUntilSql, instant, inTimeSql, isAskedSql } from './sql.ts'

/**
 * HELD: a law wants it kept, until `until`. LEDGER_PROOF: stands on the ledger for everybody. NOT_ASKED: of another
 * source. FOLLOWS: made of rows that are named for themselves. LEFT: nothing allows it, the deletion is not done.
 */
export type Why = 'HELD' | 'LEDGER_PROOF' | 'NOT_ASKED' | 'FOLLOWS' | 'LEFT'

export interface Remaining {
  readonly table: string
  readonly why: Why
  readonly class: string
  readonly rows: number
  /** The last end of a legal period. */
  readonly until?: string
}

export async function remains(engine: Engine, erasing: Erasing): Promise<Remaining[]> {
  const tables = [...(await textColumns(engine))].map(
    ([table, columns]) => `SELECT ${quoted(table)} AS "table", ${whySql(table, erasing)}
      FROM ${LAKE}.${table}
      WHERE ${columns.map(column => containsSql(column, erasing.named)).join(' OR ')}`,
  )
  const rows = await engine.query<{
    table: string
    why: Why
    class: string
    rows: string
    until: string | null
  }>(
    `SELECT "table", why, class, count(*) AS rows, max("until")::VARCHAR AS "until"
     FROM (${tables.join(' UNION ALL ')}) GROUP BY ALL ORDER BY ALL`,
  )
  return rows.map(({ rows: count, until, ...row }) => ({
    ...row,
    rows: Number(count),
    ...(until ? { until } : {}),
  }))
}

/** By table of the lake, `schema.name`. Views say what tables say. */
async function textColumns(engine: Engine): Promise<Map<string, string[]>> {
  const rows = await engine.query<{ name: string; column: string }>(
    `SELECT c.schema_name || '.' || c.table_name AS name, c.column_name AS "column"
     FROM duckdb_columns() c JOIN duckdb_tables() t
       ON t.database_name = c.database_name AND t.schema_name = c.schema_name
         AND t.table_name = c.table_name
     WHERE c.database_name = '${LAKE}' AND c.data_type LIKE '%VARCHAR%' ORDER BY 1, 2`,
  )
  const tables = new Map<string, string[]>()
  for (const { name, column } of rows) tables.set(name, [...(tables.get(name) ?? []), column])
  return tables
}

/** Three columns: why a row may stay, its class, until when. */
function whySql(table: string, { rules, now, source }: Erasing): string {
  const retained = RETAINED.get(table)
  if (retained?.keeps !== 'TIME')
    return `${quoted(retained ? WHY[retained.keeps] : 'LEFT')} AS why, '' AS class, NULL::TIMESTAMP AS "until"`
  const personal = PERSONAL.find(one => one.table === table)
  const isAsked = personal ? isAskedSql(personal, source) : 'true'
  const until = heldUntilSql(retained, rules)
  return `CASE WHEN NOT (${inTimeSql(retained)}) THEN 'LEDGER_PROOF' WHEN NOT ${isAsked} THEN 'NOT_ASKED'
      WHEN coalesce(${until} > ${instant(now)}, false) THEN 'HELD' ELSE 'LEFT' END AS why,
    ${classSql(retained)} AS class,
    CASE WHEN ${inTimeSql(retained)} AND ${isAsked} THEN ${until} END AS "until"`
}

/** Who says that a table is about nobody must be right. */
const WHY = { NO_PERSONAL_DATA: 'LEFT', LEDGER_PROOF: 'LEDGER_PROOF', FOLLOWS: 'FOLLOWS' } as const
