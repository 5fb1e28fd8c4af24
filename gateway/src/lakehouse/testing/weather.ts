/** What a lake has to stand: a catalogue that is away, and the wait for it to come to something. */
import pg from 'pg'
import type { LedgerBlock } from '../../platform/ledger/blocks.ts'
import type { Engine, EngineOptions } from '../engine.ts'
import { createIngest } from '../ledger/ingest.ts'
import { OWN_MSP } from './chain.ts'

export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('it did not come to that within a minute')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** Nobody reaches the catalogue any more, as when its server is down. */
export async function cutOff(
  { catalogUrl }: Pick<EngineOptions, 'catalogUrl'>,
  isOff: boolean,
): Promise<void> {
  const url = new URL(catalogUrl)
  const name = url.pathname.slice(1)
  url.pathname = '/postgres'
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${!isOff}`)
  if (isOff)
    await client.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
      [name],
    )
  await client.end()
}

/** @param parts in so many transactions. */
export async function bring(
  engine: Engine,
  blocks: readonly LedgerBlock[],
  parts = 1,
): Promise<void> {
  const ingest = createIngest(engine, OWN_MSP)
  const size = Math.ceil(blocks.length / parts)
  for (let from = 0; from < blocks.length; from += size)
    await ingest.take(blocks.slice(from, from + size).map(one => ({ block: one, atMs: 1 })))
}
