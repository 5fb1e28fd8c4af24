import { openDatabase, type Database, type Queryable } from '../platform/database/database.ts'
import { migrate } from '../platform/database/migrate.ts'
import type { Ledger } from '../platform/ledger/ledger.ts'
import type { Log } from '../platform/log.ts'
import { gather } from './gathering.ts'
import { isGroup, lastOf, projectBlocks, projectedHeight } from './project.ts'
import { PROJECTION_SETTINGS } from './projector.ts'
import { bookMigrations } from './schema.ts'

export interface RebuildReport {
  readonly blocks: string
  readonly rows: Readonly<Record<string, number>>
  /** Rows that are in one of the two and not, or not the same, in the other. */
  readonly different: Readonly<Record<string, number>>
  readonly equal: boolean
}

const SCHEMA = 'book_rebuild'
const COMPARED: Readonly<Record<string, (schema: string) => string>> = {
  records: schema =>
    `SELECT kind, id, open, secret_text, happened_on, block_number, tx_index, tx_id, updated_at
     FROM ${schema}.records`,
  changes: schema =>
    `SELECT kind, id, block_number, tx_index, tx_id, name, at FROM ${schema}.changes`,
  checkpoint: schema =>
    `SELECT block_number, transactions, invalid, updated_at FROM ${schema}.checkpoint`,
  // A sum that has come back to nothing says the same as none.
  sums: schema =>
    `SELECT party, figure, day, count, fen FROM ${schema}.sums WHERE count <> 0 OR fen <> 0`,
}

/** Projects the ledger from block 0 into a fresh schema and compares it with the live read model row by row. */
export async function rebuild(options: {
  url: string
  live: Database
  ledger: Ledger
  ownMsp: string
  log: Log
  onProgress?: (block: bigint) => void
}): Promise<RebuildReport> {
  const { live, ledger } = options
  await live.execute(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE`)
  const fresh = openDatabase({
    url: options.url,
    connections: 2,
    log: options.log,
    searchPath: [SCHEMA],
    settings: PROJECTION_SETTINGS,
  })
  try {
    await migrate(fresh, SCHEMA, bookMigrations)
    for (;;) {
      await catchUp(fresh, ledger, options, await projectedHeight(live))
      const report = await compare(live)
      if (report) return await finished(live, report)
    }
  } finally {
    await fresh.close()
  }
}

/** What differs is kept for whoever looks into it. */
async function finished(live: Database, report: RebuildReport): Promise<RebuildReport> {
  if (report.equal) await live.execute(`DROP SCHEMA ${SCHEMA} CASCADE`)
  return report
}

async function catchUp(
  fresh: Database,
  ledger: Ledger,
  options: { ownMsp: string; onProgress?: (block: bigint) => void },
  until: bigint,
): Promise<void> {
  const first = (await projectedHeight(fresh)) + 1n
  if (first > until) return
  const stop = new AbortController()
  const groups = gather(ledger.blocks(first, stop.signal), {
    isAwaited: () => false,
    keepBackMs: 0,
  })
  for await (const group of groups) {
    const blocks = group.filter(({ number }) => number <= until)
    if (!isGroup(blocks)) break
    await projectBlocks(fresh, blocks, { ownMsp: options.ownMsp })
    const last = lastOf(blocks).number
    options.onProgress?.(last)
    if (last >= until) break
  }
  stop.abort()
}

/** In one snapshot, so that a block that arrives meanwhile does not look like a difference. */
async function compare(live: Database): Promise<RebuildReport | undefined> {
  return live.transaction(async tx => {
    await tx.execute('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    const [heights] = await tx.query<{ live: string; fresh: string }>(
      `SELECT (SELECT block_number FROM book.checkpoint) AS live,
              (SELECT block_number FROM ${SCHEMA}.checkpoint) AS fresh`,
    )
    if (!heights || heights.live !== heights.fresh) return undefined
    const rows: Record<string, number> = {}
    const different: Record<string, number> = {}
    for (const [table, of] of Object.entries(COMPARED)) {
      rows[table] = await count(tx, of(SCHEMA))
      different[table] = await count(tx, difference(of('book'), of(SCHEMA)))
    }
    const equal = Object.values(different).every(n => n === 0)
    return { blocks: heights.fresh, rows, different, equal }
  })
}

function difference(one: string, other: string): string {
  return `(${one} EXCEPT ALL ${other}) UNION ALL (${other} EXCEPT ALL ${one})`
}

async function count(tx: Queryable, query: string): Promise<number> {
  const [row] = await tx.query<{ n: number }>(`SELECT count(*)::int AS n FROM (${query}) AS q`)
  return row?.n ?? 0
}
