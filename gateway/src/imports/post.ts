import { operations as ledger, type Fault, type Operation } from '@triflow/chaincode/model'
import { newSeed } from '../network/operations.ts'
import type { OperationKind } from '../operations/engine.ts'
import type { Run } from '../operations/run.ts'
import { createGate } from '../operations/submit.ts'
import { invariant } from '../platform/faults.ts'
import { refusalsOf } from '../platform/ledger/outcome.ts'
import type { Services } from '../services.ts'
import type { MemberDraft } from './drafts.ts'
import { creditNoteItems } from './post-credit-notes.ts'
import { attestItem, keepEntries, type EntryPayload } from './post-statements.ts'
import { findImport, updateImport, type RowRecord } from './store.ts'

/** What a later kind refers to is posted before it: an invoice before its credit note. */
const ORDER_OF_KINDS = [
  'MEMBER',
  'ORDER',
  'DESPATCH',
  'RECEIPT',
  'INVOICE',
  'CREDIT_NOTE',
  'STATEMENT',
] as const

/** Transactions of one import under way at once. */
const PARALLEL = 4

/** Codes by which the ledger says that it has this document already. */
const DUPLICATES: ReadonlySet<string> = new Set(['RECORD_EXISTS', 'INVOICE_DUPLICATE'])

/** Posts the accepted rows of a file. The rows are the record of progress: what is not PENDING is done. */
export function importPost(services: Services): OperationKind<{ importId: string }> {
  return {
    kind: 'imports.post',
    async run(run, { importId }) {
      const record = await findImport(services.database, importId)
      invariant(record, `import ${importId} exists`)
      const sourceHash = record.sha256
      const pending = await pendingBatches(services, importId)
      for (const kind of ORDER_OF_KINDS) {
        const batches = pending.get(kind) ?? []
        const gate = createGate(PARALLEL)
        await Promise.all(
          batches.map(batch =>
            gate(() => postBatch(services, run, { importId, sourceHash, kind, batch })),
          ),
        )
        if (batches.length > 0) await services.height.reached(run.lastBlock)
      }
      await finish(services, importId)
    },
  }
}

async function pendingBatches(
  services: Services,
  importId: string,
): Promise<ReadonlyMap<string, number[]>> {
  const rows = await services.database.query<{ kind: string; batches: number[] }>(
    `SELECT kind, array_agg(DISTINCT batch ORDER BY batch) AS batches FROM import_rows
     WHERE import_id = $1 AND verdict = 'PENDING' GROUP BY kind`,
    [importId],
  )
  return new Map(rows.map(row => [row.kind, row.batches]))
}

async function finish(services: Services, importId: string): Promise<void> {
  await updateImport(services.database, importId, { status: 'DONE' })
  await services.queue.add('reconcile', {})
}

export interface BatchPlace {
  readonly importId: string
  /** SHA-256 of the uploaded file: the ledger binds what lies in the vault. */
  readonly sourceHash: string
  readonly kind: (typeof ORDER_OF_KINDS)[number]
  readonly batch: number
}

/** Sends one batch until none of its rows is pending; refused rows get their code and stay behind. */
async function postBatch(services: Services, run: Run, place: BatchPlace): Promise<void> {
  for (;;) {
    const rows = await pendingRows(services, place)
    const [first] = rows
    if (!first) return
    if (await handledLocally(services, place, rows)) continue
    const chosen = await choose(services, place, rows)
    if (chosen.length === 0) continue
    // Named by its first row: after a crash the same name finds the transaction that took it.
    const step = `batch/${place.batch}/${first.row}`
    const result = await run.submit(step, async () => ({
      operation: await build(services, place, chosen),
      items: chosen.map(row => String(row.row)),
    }))
    if (result.ok) {
      await accept(services, place, { rows: result.items, txId: result.txId })
      if (result.items.length === rows.length) return
    } else await refuse(services, place.importId, refused(result.fault, chosen))
  }
}

async function pendingRows(services: Services, place: BatchPlace): Promise<RowRecord[]> {
  return services.database.query<RowRecord>(
    `SELECT * FROM import_rows WHERE import_id = $1 AND batch = $2 AND verdict = 'PENDING' ORDER BY row`,
    [place.importId, place.batch],
  )
}

/** Rows that concern this organisation alone: the roster, and entries that are evidence of nothing. */
async function handledLocally(
  services: Services,
  place: BatchPlace,
  rows: readonly RowRecord[],
): Promise<boolean> {
  if (place.kind === 'MEMBER') {
    await takeMembers(services, place, rows)
    return true
  }
  if (place.kind !== 'STATEMENT') return false
  await keepEntries(services, place.importId, rows)
  if (rows.some(row => (row.payload as EntryPayload).attests)) return false
  await accept(services, place, { rows: rows.map(row => String(row.row)) })
  return true
}

async function takeMembers(
  services: Services,
  place: BatchPlace,
  rows: readonly RowRecord[],
): Promise<void> {
  for (const row of rows) {
    const draft = row.payload as MemberDraft
    const known = await services.directory.byId(draft.memberId)
    const own = draft.mspId === services.config.mspId
    const moved = known !== undefined && known.mspId !== draft.mspId
    if (moved || (own && !known)) {
      const code = moved ? 'MEMBER_MISMATCH' : 'MEMBER_NOT_ENROLLED'
      await refuse(services, place.importId, [{ row: row.row, code }])
      continue
    }
    if (!own) await services.directory.take([introductionOf(draft)], false)
    await accept(services, place, { rows: [String(row.row)] })
  }
}

function introductionOf(draft: MemberDraft) {
  return {
    memberId: draft.memberId,
    mspId: draft.mspId,
    kind: draft.memberKind as 'SUPPLIER',
    name: draft.name,
    uscc: draft.uscc,
    ...(draft.tier === undefined ? {} : { tier: draft.tier }),
    ...(draft.account === undefined ? {} : { bankAccount: draft.account }),
  }
}

/** Rows of the batch that can go now; those that cannot go at all are refused here. */
async function choose(
  services: Services,
  place: BatchPlace,
  rows: readonly RowRecord[],
): Promise<readonly RowRecord[]> {
  if (place.kind !== 'CREDIT_NOTE') return rows
  const { ready, unfit } = await creditNoteItems(services, rows, place.sourceHash)
  await refuse(services, place.importId, unfit)
  return rows.filter(row => ready.has(row.row))
}

async function build(
  services: Services,
  place: BatchPlace,
  rows: readonly RowRecord[],
): Promise<Operation> {
  const seed = newSeed()
  const { trade, settlement } = ledger
  const { sourceHash } = place
  const items = rows.map(row => {
    const { document, ...rest } = row.payload as { document?: object }
    return { ...rest, id: row.object_id, document: { ...document, sourceHash } }
  }) as never
  switch (place.kind) {
    case 'ORDER':
      return trade.submitOrders({ seed, items })
    case 'DESPATCH':
      return trade.submitDespatches({ seed, items })
    case 'RECEIPT':
      return trade.submitReceipts({ seed, items })
    case 'INVOICE':
      return trade.submitInvoices({ seed, consortiumKey: services.consortiumKey, items })
    case 'CREDIT_NOTE': {
      const { ready } = await creditNoteItems(services, rows, sourceHash)
      return trade.submitCreditNotes({ seed, items: [...ready.values()] })
    }
    case 'STATEMENT':
      return settlement.attest({
        seed,
        items: rows.map(row => attestItem(row, { bankMsp: services.config.mspId, sourceHash })),
      })
    default:
      throw new Error(`nothing of kind ${place.kind} goes to the ledger`)
  }
}

function refused(fault: Fault, rows: readonly RowRecord[]): { row: number; code: string }[] {
  const named = refusalsOf(fault).flatMap(({ index, code }) => {
    const row = rows[index]
    return row ? [{ row: row.row, code }] : []
  })
  return named.length > 0 ? named : rows.map(row => ({ row: row.row, code: fault.code }))
}

async function accept(
  services: Services,
  { importId, kind }: BatchPlace,
  done: { rows: readonly string[]; txId?: string },
): Promise<void> {
  await services.database.execute(
    `UPDATE import_rows SET verdict = 'ACCEPTED', tx_id = $3, payload = NULL
     WHERE import_id = $1 AND row = ANY($2::int[])`,
    [importId, done.rows.map(Number), done.txId ?? null],
  )
  services.metrics.importRows.inc({ verdict: 'ACCEPTED' }, done.rows.length)
  if (done.txId === undefined || kind !== 'STATEMENT') return
  await services.database.execute(
    `UPDATE statement_entries SET attested = true, tx_id = $3
     WHERE entry_id IN (SELECT object_id FROM import_rows WHERE import_id = $1 AND row = ANY($2::int[]))`,
    [importId, done.rows.map(Number), done.txId],
  )
}

async function refuse(
  services: Services,
  importId: string,
  rows: readonly { row: number; code: string }[],
): Promise<void> {
  for (const { row, code } of rows) {
    const verdict = DUPLICATES.has(code) ? 'DUPLICATE' : 'REFUSED'
    await services.database.execute(
      `UPDATE import_rows SET verdict = $3, code = $4, payload = NULL WHERE import_id = $1 AND row = $2`,
      [importId, row, verdict, code],
    )
    services.metrics.importRows.inc({ verdict })
  }
}

/** The posting of one import, started once and found again after a restart. */
export async function postImport(services: Services, importId: string): Promise<void> {
  const record = await findImport(services.database, importId)
  invariant(record, `import ${importId} exists`)
  await updateImport(services.database, importId, { status: 'POSTING' })
  const operation = await services.engine.complete(
    'imports.post',
    { importId },
    { userId: record.user_id, memberId: record.member_id ?? undefined },
  )
  if (operation.status !== 'failed' && operation.status !== 'refused') return
  await updateImport(services.database, importId, {
    status: 'FAILED',
    code: operation.problem?.code ?? 'LEDGER_REFUSED',
  })
}
