import { operations as ledger, type ReceivableRecord } from '@triflow/chaincode/model'
import { runBatch, runBulk } from '../operations/bulk.ts'
import type { OperationKind } from '../operations/engine.ts'
import type { Run } from '../operations/run.ts'
import { unknownObject } from '../platform/faults.ts'
import { findRecords, type Stored } from '../projection/records.ts'
import type { Services } from '../services.ts'

/** A leaf of a root, for each organisation that holds one: what was paid on the root is shown to it. */
export interface Leaf {
  readonly certificateId: string
  readonly holderMsp: string
}

const BATCH = 30
const PARALLEL = 3
const LIVE = ['ACTIVE', 'LOCKED', 'DUE', 'PAID_PART', 'OVERDUE']

/**
 * One leaf for each organisation that holds paper of the roots. Only an obligor can tell: it holds the terms
 * of every leaf, written with its own endorsement; a public record alone may be anybody's invention.
 */
export async function leavesOf(services: Services, rootIds: readonly string[]): Promise<Leaf[]> {
  const rows = await services.database.query<{ id: string; msp: string }>(
    `SELECT DISTINCT ON (leaf.root, leaf.open->>'holderMsp')
       leaf.id, leaf.open->>'holderMsp' AS msp
     FROM records leaf JOIN records root ON root.kind = 'receivable' AND root.id = leaf.root
     WHERE leaf.kind = 'receivable' AND leaf.root = ANY($1)
       AND leaf.open->>'obligorMsp' = $2 AND leaf.open->>'state' = ANY($3)
       AND leaf.secret_text IS NOT NULL AND root.secret_text IS NOT NULL
       AND leaf.secret->>'rootFaceFen' = root.secret->>'faceFen'
     ORDER BY leaf.root, leaf.open->>'holderMsp', leaf.id`,
    [rootIds, services.config.mspId, LIVE],
  )
  return rows.map(row => ({ certificateId: row.id, holderMsp: row.msp }))
}

/** Shows what was paid on their roots to the holders of leaves; what is on the root by then is what they see. */
async function shareOperation(services: Services, ids: readonly string[]) {
  const leaves = await findRecords<Stored<ReceivableRecord>>(services.database, 'receivable', ids)
  const roots = [...leaves.values()].map(leaf => leaf.open.root)
  const settlements = await findRecords(services.database, 'settlement', roots)
  return ledger.settlement.share({
    items: ids.map(id => {
      const leaf = leaves.get(id)
      const settlement = leaf && settlements.get(leaf.open.root)?.opening
      if (!leaf || !settlement) throw unknownObject(`settlement of certificate ${id}`)
      const { obligorMsp, holderMsp } = leaf.open
      return { id, obligorMsp, holderMsp, settlement }
    }),
  })
}

/** The leaves of one operation's roots, after its payments are on them. */
export async function shareAll(
  services: Services,
  run: Run,
  leaves: readonly Leaf[],
): Promise<void> {
  const byHolder = new Map<string, string[]>()
  for (const { certificateId, holderMsp } of leaves)
    byHolder.set(holderMsp, [...(byHolder.get(holderMsp) ?? []), certificateId])
  for (const [holderMsp, ids] of byHolder)
    for (let first = 0; first < ids.length; first += BATCH)
      await runBatch(run, {
        step: `share/${holderMsp}/${first}`,
        ids: ids.slice(first, first + BATCH),
        build: some => shareOperation(services, some),
      })
}

/** The obligor shows again: to a holder that was left out, or that became one after the payment. */
export function share(services: Services): OperationKind<{ rootIds?: string[] | undefined }> {
  return {
    kind: 'settlement.share',
    bulk: true,
    async run(run, { rootIds }) {
      await runBulk(run, {
        plan: async () => {
          const leaves = await leavesOf(services, await paidRoots(services, rootIds))
          return leaves.map(leaf => ({ id: leaf.certificateId, parties: leaf.holderMsp }))
        },
        batchMax: BATCH,
        parallel: PARALLEL,
        build: ids => shareOperation(services, ids),
      })
    },
  }
}

async function paidRoots(services: Services, rootIds: string[] | undefined): Promise<string[]> {
  const rows = await services.database.query<{ id: string }>(
    `SELECT id FROM records WHERE kind = 'settlement' AND secret_text IS NOT NULL
       AND ($1::text[] IS NULL OR id = ANY($1)) ORDER BY id`,
    [rootIds ?? null],
  )
  return rows.map(row => row.id)
}
