import {
  BATCH_MAX,
  commitmentOf,
  operations as ledger,
  type HashHex,
  type Invoice,
  type InvoiceState,
  type Operation,
  type RejectionReason,
} from '@triflow/chaincode/model'
import { newSeed } from '../network/operations.ts'
import { runBulk, type BulkOptions } from '../operations/bulk.ts'
import type { OperationKind } from '../operations/engine.ts'
import type { Run } from '../operations/run.ts'
import { unknownObject } from '../platform/faults.ts'
import { findRecords, type Stored } from '../projection/records.ts'
import type { Services } from '../services.ts'
import { remarkOf } from './remark.ts'
import { differs, ownTags, SELLER_DIFFERS } from './sellers.ts'

const PARALLEL = 4

interface BoughtInvoice {
  readonly id: string
  readonly buyerMsp: string
  readonly sellerMsp: string
}

/**
 * The invoices that the caller’s member bought; others are unknown to it. The order of the request is kept.
 */
export async function boughtInvoices(
  services: Services,
  memberId: string | undefined,
  ids: readonly string[],
): Promise<BoughtInvoice[]> {
  const found = await findRecords<Stored<InvoiceState>, { buyer: string } | null>(
    services.database,
    'invoice',
    ids,
  )
  return ids.map(id => {
    const invoice = found.get(id)
    const mine = invoice?.secret && (memberId === undefined || invoice.secret.buyer === memberId)
    if (!invoice || !mine || invoice.open.buyerMsp !== services.config.mspId)
      throw unknownObject(`invoice ${id}`)
    return { id, buyerMsp: invoice.open.buyerMsp, sellerMsp: invoice.open.sellerMsp }
  })
}

async function planOf(services: Services, memberId: string | undefined, ids: readonly string[]) {
  const bought = await boughtInvoices(services, memberId, ids)
  return bought.map(({ id, buyerMsp, sellerMsp }) => ({ id, parties: `${buyerMsp}|${sellerMsp}` }))
}

/** Invoices under a credit code that is not the seller's are not proposed, whatever their verdict says. */
async function refuseImpostors<I extends { readonly id: string }>(
  services: Services,
  run: Run,
  items: readonly I[],
): Promise<I[]> {
  const invoices = await findRecords<unknown, Stored<Invoice & { sellerTag: HashHex }> | null>(
    services.database,
    'invoice',
    items.map(item => item.id),
  )
  const tags = await ownTags(services)
  return items.filter(({ id }) => {
    const secret = invoices.get(id)?.secret
    const isImpostor = secret !== null && secret !== undefined && differs(secret, tags)
    if (isImpostor) run.settle({ id, ok: false, code: SELLER_DIFFERS })
    return !isImpostor
  })
}

/** Parties and the balance of each invoice, fresh. An invoice without a verdict has no balance. */
async function withBalances(services: Services, ids: readonly string[]) {
  const invoices = await findRecords<Stored<InvoiceState>>(services.database, 'invoice', ids)
  const balances = await findRecords(services.database, 'balance', ids)
  return ids.map(invoiceId => {
    const open = invoices.get(invoiceId)?.open
    const balance = balances.get(invoiceId)?.opening
    if (!open) throw unknownObject(`invoice ${invoiceId}`)
    return {
      invoiceId,
      buyerMsp: open.buyerMsp,
      sellerMsp: open.sellerMsp,
      balance: (balance ?? '{}') as never,
      commitment: commitmentOf((balance ?? '{}') as never),
    }
  })
}

interface Work {
  readonly plan: BulkOptions['plan']
  readonly build: (known: Awaited<ReturnType<typeof withBalances>>) => Operation
}

/** One move of many invoices; nothing else touches balances meanwhile. */
async function inBatches(services: Services, run: Run, { plan, build }: Work): Promise<void> {
  await services.balances.alone(() =>
    runBulk(run, {
      plan,
      batchMax: BATCH_MAX,
      parallel: PARALLEL,
      build: async ids => build(await withBalances(services, ids)),
    }),
  )
}

export interface ProposeInput {
  readonly items: readonly { invoiceId: string; amountFen?: string | undefined }[]
}

export function confirmationsPropose(services: Services): OperationKind<ProposeInput> {
  return {
    kind: 'confirmations.propose',
    bulk: true,
    async run(run, { items }) {
      const amounts = new Map(items.map(item => [item.invoiceId, item.amountFen]))
      const bought = await planOf(services, run.memberId, [...amounts.keys()])
      const honest = await refuseImpostors(services, run, bought)
      await inBatches(services, run, {
        plan: async () => honest,
        build: known =>
          ledger.confirmation.propose({
            seed: newSeed(),
            items: known.map(({ commitment: _, ...item }) => {
              const amount = amounts.get(item.invoiceId)
              return amount === undefined
                ? item
                : { ...item, confirmedFen: BigInt(amount) as never }
            }),
          }),
      })
    },
  }
}

export function confirmationsApprove(services: Services): OperationKind<{ invoiceIds: string[] }> {
  return {
    kind: 'confirmations.approve',
    bulk: true,
    async run(run, { invoiceIds }) {
      await inBatches(services, run, {
        plan: () => planOf(services, run.memberId, [...new Set(invoiceIds)]),
        build: known =>
          ledger.confirmation.confirm({ items: known.map(({ balance: _, ...item }) => item) }),
      })
    },
  }
}

export function confirmationsReject(
  services: Services,
): OperationKind<{ invoiceIds: string[]; code?: RejectionReason | undefined; reason: string }> {
  return {
    kind: 'confirmations.reject',
    bulk: true,
    async run(run, { invoiceIds, code = 'OTHER', reason }) {
      await inBatches(services, run, {
        plan: () => planOf(services, run.memberId, [...new Set(invoiceIds)]),
        build: known =>
          ledger.confirmation.reject({
            seed: newSeed(),
            items: known.map(({ invoiceId, buyerMsp, sellerMsp }) => ({
              invoiceId,
              buyerMsp,
              sellerMsp,
              reason: code,
              remark: remarkOf(reason),
            })),
          }),
      })
    },
  }
}
