import type { Config } from '../../platform/config.ts'
import { projectedHeight } from '../../projection/project.ts'
import { lakeStatus } from '../../lakehouse/status.ts'
import { table } from '../table.ts'
import { withDatabase, type Say } from './open.ts'

/** `triflow lake status`: good while blocks flow. */
export async function printStatus(config: Config, say: Say): Promise<boolean> {
  const status = await withDatabase(config, async database =>
    lakeStatus(database, await projectedHeight(database)),
  )
  say(`${status.state}: block ${status.block}, ${status.behindBlocks} behind the read model`)
  if (status.fault) say(`Stands still since ${status.faultSince}: ${status.fault}`)
  if (status.rebuildingTo) say(`Is brought again from block 0 to ${status.rebuildingTo}`)
  if (status.stale.length > 0) say(`Stale: ${status.stale.join(', ')}`)
  for (const { name, fault, faultSince } of status.streams)
    if (fault) say(`The stream ${name} stands still since ${faultSince}: ${fault}`)
  const rows = status.tables.map(one => [
    `${one.layer}.${one.name}`,
    String(one.rows),
    String(one.files),
    String(one.bytes),
  ])
  for (const line of table(['table', 'rows', 'files', 'bytes'], rows)) say(line)
  return status.state === 'FOLLOWING'
}
