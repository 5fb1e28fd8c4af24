/** `triflow lake kpi`: the figures that the lake answers. */
import type { Config } from '../../platform/config.ts'
import { askKpi } from '../../lakehouse/marts/ask.ts'
import { findKpi, KPIS } from '../../lakehouse/marts/catalogue.ts'
import { UsageFault } from '../access.ts'
import { table } from '../table.ts'
import { settingsOf, withEngine, type Say } from './open.ts'
import { linesOf } from './query.ts'

export async function printKpi(
  config: Config,
  name: string | undefined,
  say: Say,
): Promise<boolean> {
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
