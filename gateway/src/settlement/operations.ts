import {
  collectableFen,
  operations as ledger,
  type Payment,
  type ReceivableRecord,
  type ReceivableTerms,
  type SettlementTerms,
  type Usage,
} from '@triflow/chaincode/model'
import type { z } from 'zod'
import { newSeed } from '../network/operations.ts'
import { runBulk } from '../operations/bulk.ts'
import type { OperationKind } from '../operations/engine.ts'
import { createGate } from '../operations/submit.ts'
import { faultError, type Run } from '../operations/run.ts'
import { unknownObject } from '../platform/faults.ts'
import { findRecord, findRecords, needPrivate, type Stored } from '../projection/records.ts'
import { needReceivables } from '../receivables/holding.ts'
import type { Services } from '../services.ts'
import type { SettlementInstruction } from './api.ts'
import { leavesOf, shareAll, type Leaf } from './sharing.ts'

type Instruction = z.output<typeof SettlementInstruction>

export interface SettleItem {
  readonly rootId: string
  readonly entryId: string
  readonly amountFen?: string | undefined
  readonly instruction?: Instruction | undefined
}

/** What the obligor hands to its bank for one root. */
export async function settlementInstruction(
  services: Services,
  memberId: string | undefined,
  rootId: string,
): Promise<Instruction> {
  const [held] = await needReceivables(services, memberId, { ids: [rootId], sides: ['OBLIGOR'] })
  if (!held || held.receivable.open.root !== rootId) throw unknownObject('root certificate')
  const settlement = await findRecord<null, Stored<SettlementTerms>>(
    services.database,
    'settlement',
    rootId,
  )
  const { open, secret, opening } = held.receivable
  const paid = BigInt(settlement?.secret?.paidFen ?? '0')
  return {
    rootId,
    obligorMsp: open.obligorMsp,
    terms: opening,
    ...(settlement?.secret ? { settlement: settlement.opening } : {}),
    leaves: await leavesOf(services, [rootId]),
    faceFen: secret.faceFen,
    openFen: String(BigInt(secret.faceFen) - paid),
    dueOn: secret.dueOn,
  }
}

/**
 * Payments on roots, one transaction each; those of one entry go one after the other. Then the holders of
 * leaves are shown what came in, a transaction for many: none of them can hold a payment up.
 */
export function settle(services: Services): OperationKind<{ items: SettleItem[] }> {
  return {
    kind: 'settlement.settle',
    bulk: true,
    async run(run, { items }) {
      run.expect(items.length)
      const byEntry = new Map<string, SettleItem[]>()
      for (const item of items)
        byEntry.set(item.entryId, [...(byEntry.get(item.entryId) ?? []), item])
      const gate = createGate(PARALLEL)
      await Promise.all(
        [...byEntry.values()].map(list =>
          gate(async () => {
            for (const item of list) await settleOne(services, run, item)
          }),
        ),
      )
      const leaves = await run.memo('leaves', () => leavesToShow(services, run, items))
      run.expect(items.length + leaves.length)
      await shareAll(services, run, leaves)
    },
  }
}

/** Of the roots that got their payment: the obligor knows its leaves, a bank those it was told of. */
async function leavesToShow(
  services: Services,
  run: Run,
  items: readonly SettleItem[],
): Promise<Leaf[]> {
  const paid = new Set(run.items().flatMap(item => (item.ok ? [item.id] : [])))
  const done = items.filter(item => paid.has(item.rootId))
  const own = await leavesOf(
    services,
    done.map(item => item.rootId),
  )
  const told = done.flatMap(item => item.instruction?.leaves ?? [])
  return own.length > 0 ? own : told
}

async function settleOne(services: Services, run: Run, item: SettleItem): Promise<void> {
  const result = await run.submit(`settle/${item.rootId}/${item.entryId}`, async () => ({
    operation: await settleOperation(services, item),
  }))
  if (result.ok) await services.height.reached(result.blockNumber)
  run.settle({
    id: item.rootId,
    ok: result.ok,
    ...(result.ok ? { txId: result.txId } : { code: faultError(result.fault).code }),
  })
}

async function settleOperation(services: Services, item: SettleItem) {
  const { database } = services
  const payment = await needPrivate(database, 'payment', item.entryId)
  const usage = await findRecord<null, Stored<Usage>>(database, 'usage', item.entryId)
  const known = await knownRoot(services, item)
  const left = leftOf(payment.secret, usage?.secret ?? undefined)
  const wanted = item.amountFen === undefined ? known.openFen : BigInt(item.amountFen)
  const amount = item.amountFen === undefined && left < wanted ? left : wanted
  return ledger.settlement.settle({
    paymentId: item.entryId,
    bankMsp: payment.secret.bankMsp,
    obligorMsp: known.obligorMsp,
    seed: newSeed(),
    payment: payment.opening,
    ...(usage && usage.opening !== '' ? { usage: usage.opening } : {}),
    roots: [
      {
        rootId: item.rootId,
        terms: known.terms as never,
        ...(known.settlement ? { settlement: known.settlement as never } : {}),
        amountFen: amount as never,
      },
    ],
  })
}

function leftOf(payment: Stored<Payment>, usage: Stored<Usage> | undefined): bigint {
  return BigInt(payment.amountFen) - BigInt(usage?.usedFen ?? '0')
}

interface KnownRoot {
  readonly obligorMsp: string
  readonly terms: string
  readonly settlement: string | undefined
  readonly openFen: bigint
}

/** From the own read model where the bank holds it, else from what the obligor has disclosed. */
async function knownRoot(services: Services, item: SettleItem): Promise<KnownRoot> {
  const { database } = services
  const root = await findRecord<Stored<ReceivableRecord>, Stored<ReceivableTerms> | null>(
    database,
    'receivable',
    item.rootId,
  )
  if (!root) throw unknownObject('root certificate')
  // The obligor's word first: a bank that once held the paper may keep a copy that has moved on.
  const terms = item.instruction?.terms || root.opening
  if (!terms) throw unknownObject('root certificate; pass the obligor’s settlement instruction')
  const own = await findRecord<null, Stored<SettlementTerms>>(database, 'settlement', item.rootId)
  const settlement = own?.opening || item.instruction?.settlement
  const face = BigInt((JSON.parse(terms) as { faceFen: string }).faceFen)
  const paid = settlement ? BigInt((JSON.parse(settlement) as { paidFen: string }).paidFen) : 0n
  return { obligorMsp: root.open.obligorMsp, terms, settlement, openFen: face - paid }
}

const BATCH = 30
const PARALLEL = 3

/** Leaves of the caller’s member that have something to collect. */
export function collect(
  services: Services,
): OperationKind<{ certificateIds?: string[] | undefined }> {
  return {
    kind: 'settlement.collect',
    bulk: true,
    async run(run, { certificateIds }) {
      await runBulk(run, {
        plan: () => collectable(services, run.memberId, certificateIds),
        batchMax: BATCH,
        parallel: PARALLEL,
        build: async ids => collectOperation(services, ids),
      })
    },
  }
}

async function collectable(
  services: Services,
  memberId: string | undefined,
  certificateIds: readonly string[] | undefined,
): Promise<{ id: string; parties: string }[]> {
  const rows = await services.database.query<{
    id: string
    parties: string
    leaf: never
    paid: never
  }>(
    `SELECT r.id, (r.open->>'obligorMsp') || '|' || (r.open->>'holderMsp') AS parties,
       r.secret AS leaf, s.secret AS paid
     FROM records r JOIN records s ON s.kind = 'settlement' AND s.id = r.root
     WHERE r.kind = 'receivable' AND r.open->>'holderMsp' = $1
       AND r.open->>'state' IN ('DUE', 'PAID_PART', 'OVERDUE') AND r.secret IS NOT NULL
       AND s.secret IS NOT NULL AND ($2::text IS NULL OR r.holder = $2)
       AND ($3::text[] IS NULL OR r.id = ANY($3)) ORDER BY r.id`,
    [services.config.mspId, memberId ?? null, certificateIds ?? null],
  )
  return rows.filter(row => hasShare(row.leaf, row.paid))
}

function hasShare(leaf: Stored<ReceivableTerms>, paid: Stored<SettlementTerms>): boolean {
  const big = (text: string) => BigInt(text) as never
  const terms = {
    ...leaf,
    faceFen: big(leaf.faceFen),
    collectedFen: big(leaf.collectedFen),
    rootFaceFen: big(leaf.rootFaceFen),
  }
  const settlement = { ...paid, faceFen: big(paid.faceFen), paidFen: big(paid.paidFen) }
  return collectableFen(terms as never, settlement as never) > 0n
}

async function collectOperation(services: Services, ids: readonly string[]) {
  const leaves = await findRecords<Stored<ReceivableRecord>>(services.database, 'receivable', ids)
  const roots = [...leaves.values()].map(leaf => leaf.open.root)
  const settlements = await findRecords(services.database, 'settlement', roots)
  return ledger.settlement.collect({
    seed: newSeed(),
    items: ids.map(id => {
      const leaf = leaves.get(id)
      if (!leaf) throw unknownObject(`certificate ${id}`)
      return {
        id,
        obligorMsp: leaf.open.obligorMsp,
        holderMsp: leaf.open.holderMsp,
        terms: leaf.opening,
        settlement: settlements.get(leaf.open.root)?.opening ?? ('' as never),
      }
    }),
  })
}

/** Certificates of this organisation whose day has come, rolled to a business day by the contract. */
export async function maturing(
  services: Services,
  memberId: string | undefined,
): Promise<string[]> {
  const today = await services.network.businessDay()
  const rows = await services.database.query<{ id: string }>(
    `SELECT id FROM records WHERE kind = 'receivable' AND open->>'state' IN ('ACTIVE', 'LOCKED')
       AND secret->>'dueOn' <= $1 AND $2 IN (open->>'obligorMsp', open->>'holderMsp')
       AND ($3::text IS NULL OR $3 IN (obligor, holder))
     ORDER BY id LIMIT 2000`,
    [today, services.config.mspId, memberId ?? null],
  )
  return rows.map(row => row.id)
}
