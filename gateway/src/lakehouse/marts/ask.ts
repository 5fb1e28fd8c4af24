/**
 * A figure is asked when somebody wants it: a view in gold would make all of silver anew whenever its text changes, and
 * a table would be filled for nobody. An answer holds until the lake has another snapshot.
 */
import type { Engine } from '../engine.ts'
import type { CostParameter, Kpi } from './kpi.ts'

export type Value = string | number | boolean | null
export interface Figures {
  readonly query: string
  readonly rows: readonly Readonly<Record<string, Value>>[]
  /** The last block in the lake and its time when the question was asked. */
  readonly asOf: { readonly block: string; readonly at: string | null }
}

export async function askKpi(
  engine: Pick<Engine, 'query'>,
  kpi: Kpi,
  costs: readonly CostParameter[],
): Promise<Figures> {
  const query = kpi.sql(costs).trim()
  const [last] = await engine.query<{ block: string | null; at: string | null }>(
    `SELECT max(block) AS block, strftime(max("at"), '%Y-%m-%dT%H:%M:%SZ') AS "at"
     FROM lake.bronze.transactions`,
  )
  const rows = await engine.query(query)
  return {
    query,
    rows: rows.map(row => valuesOf(kpi, row)),
    asOf: { block: last?.block ?? '-1', at: last?.at ?? null },
  }
}

/** Whole numbers come as texts; money stays one, for it may be beyond what a number holds. */
function valuesOf(kpi: Kpi, row: Readonly<Record<string, unknown>>): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(kpi.columns).map(([name, { type }]) => {
      const value = row[name] ?? null
      if (value === null || type === 'TEXT' || type === 'MONTH' || type === 'REASON')
        return [name, value === null ? null : String(value)]
      return [name, type === 'FEN' ? String(value) : rounded(Number(value))]
    }),
  )
}

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6
