/** `triflow lake query`: the operator's own question, now or as the lake was. */
import type { Config } from '../../platform/config.ts'
import type { LakeRow } from '../../lakehouse/engine.ts'
import { snapshotAtBlock, snapshotAtTime } from '../../lakehouse/history.ts'
import { refuseWhileRebuilding } from '../../lakehouse/ledger/rebuild.ts'
import { UsageFault } from '../access.ts'
import { table } from '../table.ts'
import { withEngine, type Say } from './open.ts'

export interface Moment {
  readonly atBlock?: string | undefined
  readonly at?: string | undefined
}

export async function printQuery(
  config: Config,
  sql: string,
  { atBlock, at }: Moment,
  say: Say,
): Promise<boolean> {
  const snapshot =
    atBlock === undefined && at === undefined
      ? undefined
      : await withEngine(config, {}, engine =>
          atBlock === undefined
            ? snapshotAtTime(engine, instantOf(at ?? ''))
            : snapshotAtBlock(engine, numberOf(atBlock)),
        )
  const rows = await withEngine(
    config,
    snapshot === undefined ? {} : { snapshot },
    async engine => {
      if (snapshot === undefined) await refuseWhileRebuilding(engine)
      return engine.query(sql)
    },
  )
  for (const line of linesOf(rows)) say(line)
  say(`${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`)
  return true
}

export function numberOf(text: string): bigint {
  if (!/^\d{1,15}$/.test(text)) throw new UsageFault('--at-block takes the number of a block')
  return BigInt(text)
}

export function instantOf(text: string): Date {
  const at = new Date(text)
  if (Number.isNaN(at.getTime()))
    throw new UsageFault('--at takes an instant: 2026-01-31T12:00:00Z')
  return at
}

export function linesOf(rows: readonly LakeRow[]): string[] {
  const [first] = rows
  if (!first) return []
  const names = Object.keys(first)
  const text = (cell: unknown): string =>
    typeof cell === 'object' && cell !== null ? JSON.stringify(cell) : String(cell ?? '')
  return table(
    names,
    rows.map(row => names.map(name => text(row[name]))),
  )
}
