import type { Fault, Operation as LedgerOperation } from '@triflow/chaincode/model'
import { refusalsOf } from '../platform/ledger/outcome.ts'
import type { Run } from './run.ts'
import { createGate } from './submit.ts'

export interface BulkOptions {
  /** Ids in order, each with the key of its parties; made once and remembered. */
  readonly plan: () => Promise<readonly { id: string; parties: string }[]>
  readonly batchMax: number
  /** Batches of this operation under way at once. */
  readonly parallel: number
  /** The transaction for some of the ids, from fresh openings. */
  readonly build: (ids: readonly string[], now: { attempt: number }) => Promise<LedgerOperation>
  /** The id of what an item became, e.g. the certificate drawn over an invoice. */
  readonly resultId?: (id: string) => string
  readonly onBatch?: (done: {
    ids: readonly string[]
    txId: string
    result: Uint8Array
  }) => Promise<void>
  readonly onRefused?: (refused: { id: string; code: string }) => Promise<void>
}

/**
 * Many items in few transactions. A batch that is refused because of some of its items is sent again without
 * them; each item ends with an outcome of its own.
 */
export async function runBulk(run: Run, options: BulkOptions): Promise<void> {
  const batches = await run.memo('batches', async () => cut(await options.plan(), options.batchMax))
  run.expect(batches.reduce((sum, ids) => sum + ids.length, 0))
  const gate = createGate(options.parallel)
  await Promise.all(
    batches.map((ids, index) =>
      gate(() => runBatch(run, { ...options, step: `batch/${index}`, ids })),
    ),
  )
}

function cut(
  items: readonly { id: string; parties: string }[],
  batchMax: number,
): (readonly string[])[] {
  const open = new Map<string, string[]>()
  const batches: string[][] = []
  for (const { id, parties } of items) {
    const current = open.get(parties)
    if (current && current.length < batchMax) {
      current.push(id)
      continue
    }
    const fresh = [id]
    open.set(parties, fresh)
    batches.push(fresh)
  }
  return batches
}

export type BatchOptions = Pick<BulkOptions, 'build' | 'resultId' | 'onBatch' | 'onRefused'> & {
  readonly step: string
  readonly ids: readonly string[]
}

/** One batch: sent again without what was refused, until the rest is committed or nothing is left. */
export async function runBatch(run: Run, options: BatchOptions): Promise<void> {
  let pending = [...options.ids]
  while (pending.length > 0) {
    const now = pending
    const result = await run.submit(options.step, async attempt => ({
      operation: await options.build(now, { attempt }),
      items: now,
    }))
    if (result.ok) {
      await settleBatch(run, options, result)
      // After a restart the recorded transaction may hold fewer items: the others were refused before.
      const left = now.filter(id => !result.items.includes(id))
      for (const id of left) await settleRefused(run, options, { id, code: 'REFUSED_EARLIER' })
      return
    }
    const dropped = refusedIds(result.fault, now)
    for (const refusal of dropped) await settleRefused(run, options, refusal)
    pending = now.filter(id => !dropped.some(refusal => refusal.id === id))
  }
}

async function settleBatch(
  run: Run,
  options: BatchOptions,
  done: { items: readonly string[]; txId: string; result: Uint8Array },
): Promise<void> {
  await options.onBatch?.({ ids: done.items, txId: done.txId, result: done.result })
  for (const id of done.items)
    run.settle({
      id,
      ok: true,
      txId: done.txId,
      ...(options.resultId ? { resultId: options.resultId(id) } : {}),
    })
}

async function settleRefused(
  run: Run,
  options: BatchOptions,
  refused: { id: string; code: string },
): Promise<void> {
  await options.onRefused?.(refused)
  run.settle({ id: refused.id, ok: false, code: refused.code })
}

/** Which items a refusal is about; one that names none is about all of them. */
function refusedIds(fault: Fault, ids: readonly string[]): { id: string; code: string }[] {
  const named = refusalsOf(fault)
    .filter(refusal => ids[refusal.index] !== undefined)
    .map(refusal => ({ id: ids[refusal.index] as string, code: refusal.code }))
  return named.length > 0 ? named : ids.map(id => ({ id, code: fault.code }))
}
