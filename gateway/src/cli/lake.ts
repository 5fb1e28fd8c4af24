/**
 * `triflow lake`: for the operator of a gateway, over its configuration. Reading needs no running gateway; every call
 * is a second process beside the one that writes.
 */
import { openDatabase } from '../platform/database/database.ts'
import { readConfig, ConfigFault, type Config } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import { connectLedger } from '../process.ts'
import { projectedHeight } from '../projection/project.ts'
import { openEngine, type Engine, type LakeRow } from '../lakehouse/engine.ts'
import { keepUp, snapshotAtBlock, snapshotAtTime } from '../lakehouse/history.ts'
import { askKpi } from '../lakehouse/marts/ask.ts'
import { findKpi, KPIS } from '../lakehouse/marts/catalogue.ts'
import { lakeStatus } from '../lakehouse/status.ts'
import { rebuild, refuseWhileRebuilding } from '../lakehouse/ledger/rebuild.ts'
import { marked } from '../lakehouse/documents/snippet.ts'
import { search } from '../lakehouse/documents/search.ts'
import { verifyLake } from '../lakehouse/ledger/verify.ts'
import { redactionsIn } from '../lakehouse/privacy/marker.ts'
import { UsageFault } from './access.ts'
import { check, forget, type ForgetFlags } from './forget.ts'
import { makeFeatureTable } from './features.ts'
import { printLineage, printTables } from './lakeTables.ts'
import { table } from './table.ts'

type Say = (line: string) => void
export type LakeFlags = Readonly<Partial<Record<'atBlock' | 'at' | 'decisions' | 'out', string>>> &
  ForgetFlags

export async function runLake(
  argv: readonly string[],
  words: readonly string[],
  flags: LakeFlags,
  say: Say,
): Promise<boolean> {
  const [command, sql, column] = words
  if (command === 'tables') return printTables(say)
  if (command === 'lineage') return printLineage(sql, column, say)
  const config = readConfig(argv)
  switch (command) {
    case 'status':
      return printStatus(config, say)
    case 'query':
      if (!sql)
        throw new UsageFault('name the query: triflow lake query "SELECT ..." --config FILE')
      return printQuery(config, sql, flags, say)
    case 'search':
      if (!sql)
        throw new UsageFault('name what to look for: triflow lake search WORDS --config FILE')
      return printFound(config, words.slice(1).join(' '), say)
    case 'verify':
      return printVerdict(config, say)
    case 'upkeep':
      return printUpkeep(config, say)
    case 'kpi':
      return printKpi(config, sql, say)
    case 'rebuild':
      return printRebuild(config, say)
    case 'forget':
      return forget(config, flags, say)
    case 'check-proof':
      if (!sql) throw new UsageFault('name the file: triflow lake check-proof PROOF --config FILE')
      return check(config, sql, flags, say)
    case 'features':
      return withEngine(config, {}, engine => makeFeatureTable({ engine, config, say }, flags))
    default:
      throw new UsageFault(
        'triflow lake status | query SQL | verify | upkeep | rebuild | kpi [NAME] | forget | check-proof',
      )
  }
}

function settingsOf(config: Config) {
  if (!config.lake)
    throw new ConfigFault('lake: this gateway has none; set dataPath and extensionFolder')
  return { catalogUrl: config.databaseUrl, ...config.lake }
}

async function withEngine<T>(
  config: Config,
  reading: { snapshot?: bigint } | undefined,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = await openEngine({ ...settingsOf(config), ...(reading ? { reading } : {}) })
  try {
    return await work(engine)
  } finally {
    engine.close()
  }
}

async function printStatus(config: Config, say: Say): Promise<boolean> {
  const log = createLog({ level: 'warn', organization: config.organization })
  const database = openDatabase({ url: config.databaseUrl, connections: 1, log })
  try {
    const status = await lakeStatus(database, await projectedHeight(database))
    say(`${status.state}: block ${status.block}, ${status.behindBlocks} behind the read model`)
    if (status.fault) say(`Stands still since ${status.faultSince}: ${status.fault}`)
    if (status.rebuildingTo) say(`Is brought again from block 0 to ${status.rebuildingTo}`)
    if (status.stale.length > 0) say(`Stale: ${status.stale.join(', ')}`)
    const rows = status.tables.map(one => [
      `${one.layer}.${one.name}`,
      String(one.rows),
      String(one.files),
      String(one.bytes),
    ])
    for (const line of table(['table', 'rows', 'files', 'bytes'], rows)) say(line)
    return status.state === 'FOLLOWING'
  } finally {
    await database.close()
  }
}

async function printQuery(
  config: Config,
  sql: string,
  { atBlock, at }: LakeFlags,
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

const SHOWN = 20

async function printFound(config: Config, query: string, say: Say): Promise<boolean> {
  const { total, hits } = await withEngine(config, {}, engine =>
    search(engine, query, { limit: SHOWN }),
  )
  for (const { id, cid, kind, name, member, snippet } of hits) {
    say(`${name}  ${kind}${member === undefined ? '' : `, of ${member}`}`)
    say(`  document ${id}, CID ${cid}`)
    say(`  ${marked(snippet).replaceAll('\n', ' ')}`)
  }
  say(`${total} ${total === 1 ? 'document' : 'documents'}`)
  return true
}

function numberOf(text: string): bigint {
  if (!/^\d{1,15}$/.test(text)) throw new UsageFault('--at-block takes the number of a block')
  return BigInt(text)
}

function instantOf(text: string): Date {
  const at = new Date(text)
  if (Number.isNaN(at.getTime()))
    throw new UsageFault('--at takes an instant: 2026-01-31T12:00:00Z')
  return at
}

function linesOf(rows: readonly LakeRow[]): string[] {
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

async function printVerdict(config: Config, say: Say): Promise<boolean> {
  const log = createLog({ level: 'warn', organization: config.organization })
  const ledger = connectLedger(config, log)
  const database = openDatabase({ url: config.databaseUrl, connections: 1, log })
  let saidMs = 0
  try {
    const report = await withEngine(config, {}, engine =>
      verifyLake({
        engine,
        ledger,
        ownMsp: config.mspId,
        redactions: redactionsIn(database),
        onProgress(block) {
          if (Date.now() - saidMs < 1_000) return
          saidMs = Date.now()
          say(`block ${block}`)
        },
      }),
    )
    for (const { table: name, file, why } of report.broken) say(`${name}: ${file}: ${why}`)
    if (report.broken.length > 0) {
      say('BROKEN FILES: see docs/how-to/run-a-lake.md. Nothing was compared.')
      return false
    }
    say(`Compared with the ledger from block 0 to ${report.blocks}: ${report.rows} rows of bronze`)
    if (report.differing.length > 0) say(`Blocks that differ: ${report.differing.join(', ')}`)
    if (report.unlinked.length > 0) say(`Blocks out of the chain: ${report.unlinked.join(', ')}`)
    for (const [name, different] of Object.entries(report.silver))
      if (different !== 0) say(`silver.${name}: ${different} rows do not follow from bronze`)
    for (const [name, different] of Object.entries(report.gold))
      if (different !== 0) say(`gold of silver.${name}: ${different} records are not as they stand`)
    for (const [job, values] of Object.entries(report.redacted))
      say(`Taken out on purpose by ${job}: ${values} values`)
    say(report.equal ? 'Equal, row by row.' : 'NOT EQUAL: see docs/how-to/run-a-lake.md.')
    return report.equal
  } finally {
    await database.close()
    ledger.close()
  }
}

async function printUpkeep(config: Config, say: Say): Promise<boolean> {
  const done = await withEngine(config, undefined, engine =>
    keepUp(engine, settingsOf(config).keepDays),
  )
  say(`Rows written into files: ${done.flushedRows}. Files merged: ${done.mergedFiles}.`)
  say(`Snapshots forgotten: ${done.expiredSnapshots}. Files deleted: ${done.deletedFiles}.`)
  say(`Tables of gold settled: ${done.settledTables}.`)
  return true
}

async function printKpi(config: Config, name: string | undefined, say: Say): Promise<boolean> {
  if (!name) {
    const rows = KPIS.map(kpi => [kpi.name, String(kpi.version), kpi.words.en, kpi.words.zh])
    for (const line of table(['name', 'version', 'en', 'zh'], rows)) say(line)
    return true
  }
  const kpi = findKpi(name)
  if (!kpi) throw new UsageFault(`figures: ${KPIS.map(one => one.name).join(', ')}`)
  const { rows, asOf } = await withEngine(config, {}, engine =>
    askKpi(engine, kpi, settingsOf(config).costs),
  )
  say(`${kpi.words.en} / ${kpi.words.zh}, at block ${asOf.block} of ${asOf.at ?? 'no time'}`)
  for (const line of linesOf(rows)) say(line)
  if (kpi.target) say(`Target: ${kpi.target.words.en}`)
  return true
}

async function printRebuild(config: Config, say: Say): Promise<boolean> {
  const until = await withEngine(config, undefined, rebuild)
  say(`The ledger's tables are empty. The gateway's process brings them to block ${until} again.`)
  say('Until then a query is refused with LAKE_REBUILDING; lake status says how far it is.')
  return true
}
