import { operations as ledger } from '@triflow/chaincode/model'
import { newSeed } from '../network/operations.ts'
import { runBatch } from '../operations/bulk.ts'
import type { OperationKind } from '../operations/engine.ts'
import type { Run } from '../operations/run.ts'
import { createGate } from '../operations/submit.ts'
import { CodedError } from '../platform/faults.ts'
import type { Services } from '../services.ts'
import { gatherEvidence, type Evidence } from './evidence.ts'

export interface MatchInput {
  readonly invoiceIds?: readonly string[] | undefined
  /** The worker judges what is complete and leaves the rest for later goods; a person judges all. */
  readonly completeOnly: boolean
}

const BATCH = 50
const PARALLEL = 4
const WINDOW = 1_000
/** After so many days in the book without goods an invoice is judged as it stands. */
const PATIENCE_DAYS = 30

/**
 * Judges invoices in rounds. In one round each order occurs once, so that no two transactions of it write one
 * order’s progress; a second invoice of an order is judged in the next round, against what the first has left.
 */
export function matchingRun(services: Services): OperationKind<MatchInput> {
  // Two runs at once would judge the same invoices: the second waits and finds what the first has left.
  const alone = createGate(1)
  return {
    kind: 'matching.run',
    bulk: true,
    run: (run, input) => alone(() => judgeAll(services, run, input)),
  }
}

async function judgeAll(services: Services, run: Run, input: MatchInput): Promise<void> {
  for (let round = 0; ; round++) {
    const chosen = await run.memo(`round/${round}`, () => chooseRound(services, input))
    if (chosen.length === 0) return
    run.expect(run.items().length + chosen.length)
    const gate = createGate(PARALLEL)
    await Promise.all(
      batchesOf(chosen).map((ids, index) =>
        gate(() => judgeBatch(services, run, { step: `match/${round}/${index}`, ids })),
      ),
    )
    await services.height.reached(run.lastBlock)
    await remember(services, chosen)
  }
}

interface Chosen {
  readonly id: string
  readonly parties: string
  readonly fingerprint: string
}

async function chooseRound(services: Services, input: MatchInput): Promise<Chosen[]> {
  const candidates = await candidatesOf(services, input)
  const chosen: Chosen[] = []
  const taken = new Set<string>()
  for (let at = 0; at < candidates.length; at += 200) {
    const slice = candidates.slice(at, at + 200)
    const evidence = await gatherEvidence(
      services,
      slice.map(c => c.id),
    )
    const judged = await judgedBefore(
      services,
      slice.map(c => c.id),
    )
    for (const candidate of slice) {
      const found = evidence.get(candidate.id)
      if (!found || 'lacking' in found) continue
      if (judged.get(candidate.id) === found.fingerprint) continue
      if (input.completeOnly && !found.complete && !candidate.overdue) continue
      if (found.orderIds.some(id => taken.has(id))) continue
      found.orderIds.forEach(id => taken.add(id))
      chosen.push(chosenOf(candidate.id, found))
    }
  }
  return chosen
}

function chosenOf(id: string, { item, fingerprint }: Evidence): Chosen {
  return { id, parties: `${item.buyerMsp}|${item.sellerMsp}`, fingerprint }
}

interface Candidate {
  readonly id: string
  readonly overdue: boolean
}

/** Invoices this organisation’s members bought, not yet matched, oldest first. */
async function candidatesOf(services: Services, input: MatchInput): Promise<Candidate[]> {
  return services.database.query<{ id: string; overdue: boolean }>(
    `SELECT id, updated_at < now() - make_interval(days => $2) AS overdue FROM records
     WHERE kind = 'invoice' AND approval = 'SUBMITTED' AND match IN ('NONE', 'EXCEPTION')
       AND open->>'buyerMsp' = $1 AND secret_text IS NOT NULL AND ($3::text[] IS NULL OR id = ANY($3))
     ORDER BY happened_on, id LIMIT ${input.invoiceIds ? 10_000 : WINDOW * 10}`,
    [services.config.mspId, PATIENCE_DAYS, input.invoiceIds ?? null],
  )
}

async function judgedBefore(
  services: Services,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const rows = await services.database.query<{ invoice_id: string; fingerprint: string }>(
    'SELECT invoice_id, fingerprint FROM judged WHERE invoice_id = ANY($1)',
    [ids],
  )
  return new Map(rows.map(row => [row.invoice_id, row.fingerprint]))
}

async function remember(services: Services, chosen: readonly Chosen[]): Promise<void> {
  await services.database.execute(
    `INSERT INTO judged (invoice_id, fingerprint)
     SELECT * FROM unnest($1::text[], $2::text[])
     ON CONFLICT (invoice_id) DO UPDATE SET fingerprint = excluded.fingerprint, at = now()`,
    [chosen.map(c => c.id), chosen.map(c => c.fingerprint)],
  )
}

function batchesOf(chosen: readonly Chosen[]): string[][] {
  const batches: string[][] = []
  const open = new Map<string, string[]>()
  for (const { id, parties } of chosen) {
    const current = open.get(parties)
    if (current && current.length < BATCH) current.push(id)
    else {
      const fresh = [id]
      open.set(parties, fresh)
      batches.push(fresh)
    }
  }
  return batches
}

async function judgeBatch(
  services: Services,
  run: Run,
  batch: { step: string; ids: readonly string[] },
): Promise<void> {
  await runBatch(run, {
    ...batch,
    build: async ids => {
      const evidence = await gatherEvidence(services, ids)
      const items = ids.map(id => {
        const found = evidence.get(id)
        // Items and ids go together: one that is left out would give its verdict to its neighbour.
        if (!found || 'lacking' in found)
          throw new CodedError('EVIDENCE_GONE', { status: 409, facts: { invoiceId: id } })
        return found.item
      })
      return ledger.reconciliation.match({ seed: newSeed(), items })
    },
  })
}
