/** `triflow lake search`: documents by what is written in them. */
import type { Config } from '../../platform/config.ts'
import { search } from '../../lakehouse/documents/search.ts'
import { marked } from '../../lakehouse/documents/snippet.ts'
import { withEngine, type Say } from './open.ts'

const SHOWN = 20

export async function printFound(config: Config, query: string, say: Say): Promise<boolean> {
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
