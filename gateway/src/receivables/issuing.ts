import { operations as ledger, type Balance, type InvoiceState } from '@triflow/chaincode/model'
import { dayAfter } from '../network/policy.ts'
import { newSeed } from '../network/operations.ts'
import { runBulk } from '../operations/bulk.ts'
import type { OperationKind } from '../operations/engine.ts'
import type { Run } from '../operations/run.ts'
import { CodedError } from '../platform/faults.ts'
import { findRecords, type Stored } from '../projection/records.ts'
import { boughtInvoices } from '../reconciliation/confirming.ts'
import type { Services } from '../services.ts'

export interface ProposeInput {
  readonly items: readonly { invoiceId: string; amountFen?: string | undefined }[]
  readonly dueOn: string
  readonly offerUntil?: string | undefined
  readonly perInvoice: boolean
}

interface Drawn {
  /** The first invoice, by which the caller knows the item. */
  readonly id: string
  readonly certificateId: string
  readonly parties: string
  readonly uses: readonly { invoiceId: string; amountFen: string }[]
}

const BATCH = 30
const PARALLEL = 4
const OFFER_DAYS = 10
const USES_MAX = 20

/** Draws certificates up over confirmed invoices; the amounts are locked until the offer is answered. */
export function certificatesPropose(services: Services): OperationKind<ProposeInput> {
  return {
    kind: 'certificates.propose',
    bulk: true,
    async run(run, input) {
      const drawn = await run.memo('drawn', () => draw(services, run, input))
      const byId = new Map(drawn.map(one => [one.id, one]))
      const today = await run.memo('today', () => services.network.businessDay())
      const offerUntil = input.offerUntil ?? dayAfter(today, OFFER_DAYS)
      await services.balances.alone(() =>
        runBulk(run, {
          plan: async () => drawn,
          batchMax: BATCH,
          parallel: PARALLEL,
          resultId: id => (byId.get(id) as Drawn).certificateId,
          build: async ids => {
            const chosen = ids.map(id => byId.get(id) as Drawn)
            return proposal(services, chosen, { dueOn: input.dueOn, offerUntil })
          },
        }),
      )
    },
  }
}

async function draw(services: Services, run: Run, input: ProposeInput): Promise<Drawn[]> {
  const ids = [...new Set(input.items.map(item => item.invoiceId))]
  const wanted = new Map(input.items.map(item => [item.invoiceId, item.amountFen]))
  const bought = await boughtInvoices(services, run.memberId, ids)
  const balances = await findRecords<null, Stored<Balance>>(services.database, 'balance', ids)
  const uses = bought.map(invoice => {
    const balance = balances.get(invoice.id)?.secret
    if (!balance) throw new CodedError('NOT_MATCHED', { facts: { invoiceId: invoice.id } })
    const amountFen = wanted.get(invoice.id) ?? String(unusedFen(balance))
    return { invoice, seller: balance.seller, use: { invoiceId: invoice.id, amountFen } }
  })
  const groups = new Map<string, typeof uses>()
  for (const one of uses) {
    const key = input.perInvoice ? one.invoice.id : one.seller
    const open = groups.get(key)
    if (open && open.length < USES_MAX) open.push(one)
    else groups.set(open ? `${key}/${one.invoice.id}` : key, [one])
  }
  return [...groups.values()].map(group => drawnOf(run, group))
}

type Use = {
  invoice: Awaited<ReturnType<typeof boughtInvoices>>[number]
  use: Drawn['uses'][number]
}

function drawnOf(run: Run, group: readonly Use[]): Drawn {
  const [first] = group
  if (!first) throw new Error('a group has a member')
  return {
    id: first.invoice.id,
    certificateId: run.id(`certificate/${first.invoice.id}`),
    parties: `${first.invoice.buyerMsp}|${first.invoice.sellerMsp}`,
    uses: group.map(one => one.use),
  }
}

/** What is confirmed and not used yet. */
export function unusedFen(balance: Stored<Balance>): bigint {
  const used =
    BigInt(balance.lockedFen) + BigInt(balance.certifiedFen) + BigInt(balance.factoredFen)
  const confirmed = BigInt(balance.confirmedFen) - used
  const available = BigInt(balance.availableFen)
  const least = confirmed < available ? confirmed : available
  return least > 0n ? least : 0n
}

async function proposal(
  services: Services,
  chosen: readonly Drawn[],
  days: { dueOn: string; offerUntil: string },
) {
  const ids = chosen.flatMap(one => one.uses.map(use => use.invoiceId))
  const invoices = await findRecords<Stored<InvoiceState>>(services.database, 'invoice', ids)
  const balances = await findRecords<null, Stored<Balance>>(services.database, 'balance', ids)
  return ledger.receivables.propose({
    seed: newSeed(),
    items: chosen.map(one => {
      const first = one.uses[0]?.invoiceId ?? ''
      const open = invoices.get(first)?.open
      return {
        id: one.certificateId,
        obligorMsp: open?.buyerMsp ?? '',
        holderMsp: open?.sellerMsp ?? '',
        terms: {
          holder: balances.get(first)?.secret.seller ?? '',
          dueOn: days.dueOn as never,
          offerUntil: days.offerUntil as never,
          uses: one.uses.map(use => ({
            invoiceId: use.invoiceId,
            amountFen: BigInt(use.amountFen) as never,
          })),
        },
        balances: one.uses.map(use => balances.get(use.invoiceId)?.opening ?? ('' as never)),
      }
    }),
  })
}
