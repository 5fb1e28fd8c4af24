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
import { lakeStatus } from '../lakehouse/status.ts'
import { marked } from '../lakehouse/documents/snippet.ts'
import { search } from '../lakehouse/documents/search.ts'
import { verifyLake } from '../lakehouse/ledger/verify.ts'
import { UsageFault } from './access.ts'
import { table } from './table.ts'

type Say = (line: string) => void
export type LakeFlags = Readonly<Partial<Record<'atBlock' | 'at', string>>>

export async function runLake(
  argv: readonly string[],
  words: readonly string[],
  flags: LakeFlags,
  say: Say,
): Promise<boolean> {
  const [command, sql] = words
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
    default:
      throw new UsageFault(
        'triflow lake status | query SQL | search WORDS | verify | upkeep, with --config FILE',
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
  const rows = await withEngine(config, snapshot === undefined ? {} : { snapshot }, engine =>
    engine.query(sql),
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
  let saidMs = 0
  try {
    const report = await withEngine(config, {}, engine =>
      verifyLake({
        engine,
        ledger,
        ownMsp: config.mspId,
        onProgress(block) {
          if (Date.now() - saidMs < 1_000) return
          saidMs = Date.now()
          say(`block ${block}`)
        },
      }),
    )
    say(`Compared with the ledger from block 0 to ${report.blocks}: ${report.rows} rows of bronze`)
    if (report.differing.length > 0) say(`Blocks that differ: ${report.differing.join(', ')}`)
    if (report.unlinked.length > 0) say(`Blocks out of the chain: ${report.unlinked.join(', ')}`)
    for (const [name, different] of Object.entries(report.silver))
      if (different !== 0) say(`silver.${name}: ${different} rows do not follow from bronze`)
    for (const [name, different] of Object.entries(report.gold))
      if (different !== 0) say(`gold of silver.${name}: ${different} records are not as they stand`)
    say(report.equal ? 'Equal, row by row.' : 'NOT EQUAL: see docs/how-to/run-a-lake.md.')
    return report.equal
  } finally {
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
