/** Blocks through the product's own way into the lake: rows of bronze, what follows from them in silver, one commit. */
import type { Engine } from '@triflow/gateway/lakehouse/engine'
import { createIngest } from '@triflow/gateway/lakehouse/ledger/ingest'
import { block } from '@triflow/gateway/testing/ledger'
import { invoiceOf, invoiceState } from '@triflow/gateway/testing/records'

const OWN_MSP = 'AllianceMSP'
const SIDES = { buyer: 'm00000000000000cc', seller: 'm00000000000000aa' }
const TRANSACTIONS = 5
const INVOICES = 20
/** Blocks of one commit: what a lake that catches up takes at once. */
const AT_ONCE = 100

function blockOf(number: number) {
  return block(
    number,
    Array.from({ length: TRANSACTIONS }, (_, index) => {
      const ids = Array.from({ length: INVOICES }, (_, at) => `${number}-${index}-${at}`)
      return {
        writes: ids.map(id => ({ key: `I:${id}`, value: invoiceState })),
        secrets: ids.map(id => ({ key: `I:${id}`, value: invoiceOf(SIDES, id) })),
      }
    }),
  )
}

/** Rows of bronze and silver per second; the blocks are made before, as a peer would hand them on. */
export async function ingestRate(engine: Engine, blocks: number): Promise<number> {
  const arrived = Array.from({ length: blocks }, (_, number) => ({
    block: blockOf(number),
    atMs: Date.now(),
  }))
  const ingest = createIngest(engine, OWN_MSP)
  const beganMs = performance.now()
  for (let from = 0; from < blocks; from += AT_ONCE)
    await ingest.take(arrived.slice(from, from + AT_ONCE))
  const seconds = (performance.now() - beganMs) / 1000
  return (await rowsOfLake(engine)) / seconds
}

const FILLED = [
  'bronze.blocks',
  'bronze.transactions',
  'bronze.writes',
  'silver.invoices',
  'silver.invoice_states',
]

async function rowsOfLake(engine: Engine): Promise<number> {
  const counts = FILLED.map(name => `SELECT count(*) AS rows FROM lake.${name}`)
  const [sum] = await engine.query<{ rows: string }>(
    `SELECT sum(rows) AS rows FROM (${counts.join(' UNION ALL ')})`,
  )
  return Number(sum?.rows)
}
