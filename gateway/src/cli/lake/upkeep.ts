/** `triflow lake upkeep` and `lake rebuild`: its files in order, or its ledger brought again. */
import type { Config } from '../../platform/config.ts'
import { keepUp } from '../../lakehouse/history.ts'
import { rebuild } from '../../lakehouse/ledger/rebuild.ts'
import { settingsOf, withEngine, type Say } from './open.ts'

export async function printUpkeep(config: Config, say: Say): Promise<boolean> {
  const done = await withEngine(config, undefined, engine =>
    keepUp(engine, settingsOf(config).keepDays),
  )
  say(`Rows written into files: ${done.flushedRows}. Files merged: ${done.mergedFiles}.`)
  say(`Snapshots forgotten: ${done.expiredSnapshots}. Files deleted: ${done.deletedFiles}.`)
  say(`Tables of gold settled: ${done.settledTables}.`)
  return true
}

export async function printRebuild(config: Config, say: Say): Promise<boolean> {
  const until = await withEngine(config, undefined, rebuild)
  say(`The ledger's tables are empty. The gateway's process brings them to block ${until} again.`)
  say('Until then a query is refused with LAKE_REBUILDING; lake status says how far it is.')
  return true
}
