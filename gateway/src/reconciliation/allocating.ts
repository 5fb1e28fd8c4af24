import {
  operations as ledger,
  SHORT_PAY_REASONS,
  type AmountFen,
  type Balance,
  type Payment,
  type ShortPayReason,
  type Usage,
} from '@triflow/chaincode/model'
import { CATEGORY } from '../imports/judge.ts'
import { decodeRemittance } from '../imports/post-statements.ts'
import { newSeed, rulesId } from '../network/operations.ts'
import { runBatch } from '../operations/bulk.ts'
import type { OperationKind } from '../operations/engine.ts'
import type { Run } from '../operations/run.ts'
import { createGate } from '../operations/submit.ts'
import { invariant } from '../platform/faults.ts'
import { findRecords, type Kept, type Stored } from '../projection/records.ts'
import type { Services } from '../services.ts'

type PaymentRecord = Kept<null, Stored<Payment>>
type UsageRecord = Kept<null, Stored<Usage>>
type PaymentItem = ledger.reconciliation.PaymentItem

const PARALLEL = 4
const WINDOW = 2_000
/** One transaction: so many payments, and so many invoices that they name. */
const BATCH = { payments: 50, invoices: 120 }

/** Puts attested payments on the invoices they name; what names none or does not fit stays unallocated. */
export function paymentsAllocate(
  services: Services,
): OperationKind<{ entryIds?: string[] | undefined; quiet?: boolean }> {
  const alone = createGate(1)
  return {
    kind: 'payments.allocate',
    bulk: true,
    run: (run, input) => alone(() => allocateAll(services, run, input)),
  }
}

/** In one round each invoice is paid once; a second payment on it waits for what the first has left. */
async function allocateAll(
  services: Services,
  run: Run,
  { entryIds, quiet }: { entryIds?: string[] | undefined; quiet?: boolean },
): Promise<void> {
  let waiting = await run.memo('payments', () =>
    openPayments(services, run.memberId, { entryIds, quiet: quiet ?? false }),
  )
  run.expect(waiting.length)
  for (let round = 0; waiting.length > 0; round++) {
    const { now, later } = chooseRound(waiting)
    const gate = createGate(PARALLEL)
    await Promise.all(
      batchesOf(now).map((batch, index) =>
        gate(() =>
          services.balances.shared(() =>
            allocateBatch(services, run, { step: `allocate/${round}/${index}`, batch }),
          ),
        ),
      ),
    )
    await services.height.reached(run.lastBlock)
    waiting = later
  }
}

interface OpenPayment {
  readonly id: string
  readonly remittance: string
  readonly parties: string
}

const numbersIn = ({ remittance }: OpenPayment): string[] =>
  decodeRemittance(remittance).items.map(item => item.number)

function chooseRound(waiting: readonly OpenPayment[]): {
  now: OpenPayment[]
  later: OpenPayment[]
} {
  const taken = new Set<string>()
  const now: OpenPayment[] = []
  const later: OpenPayment[] = []
  for (const payment of waiting) {
    const numbers = numbersIn(payment)
    const free = !numbers.some(number => taken.has(number))
    // What waits keeps its place before later payments on the same invoice.
    numbers.forEach(number => taken.add(number))
    if (free) now.push(payment)
    else later.push(payment)
  }
  return { now, later }
}

function batchesOf(payments: readonly OpenPayment[]): OpenPayment[][] {
  const batches: OpenPayment[][] = []
  const open = new Map<string, { batch: OpenPayment[]; invoices: number }>()
  for (const payment of payments) {
    const invoices = numbersIn(payment).length
    const current = open.get(payment.parties)
    const fits =
      current &&
      current.batch.length < BATCH.payments &&
      current.invoices + invoices <= BATCH.invoices
    if (fits) {
      current.batch.push(payment)
      current.invoices += invoices
      continue
    }
    const fresh = [payment]
    open.set(payment.parties, { batch: fresh, invoices })
    batches.push(fresh)
  }
  return batches
}

async function openPayments(
  services: Services,
  memberId: string | undefined,
  wanted: { entryIds: readonly string[] | undefined; quiet: boolean },
): Promise<OpenPayment[]> {
  return services.database.query<{ id: string; remittance: string; parties: string }>(
    `SELECT p.id, p.secret->>'remittance' AS remittance,
       concat_ws('|', p.secret->>'payerMsp', p.secret->>'payeeMsp') AS parties FROM records p
     LEFT JOIN records u ON u.kind = 'usage' AND u.id = p.id
     WHERE p.kind = 'payment' AND p.secret ? 'payee' AND p.secret->>'remittance' LIKE '%I:%'
       AND ($1::text IS NULL OR $1 IN (p.secret->>'payer', p.secret->>'payee'))
       AND ($2::text[] IS NULL OR p.id = ANY($2))
       AND ($2::text[] IS NOT NULL OR u.id IS NULL)
       AND (NOT $3 OR p.id NOT IN (SELECT payment_id FROM unplaced
         WHERE reason <> 'NO_INVOICE' OR at > now() - interval '30 seconds'))
     ORDER BY p.happened_on, p.id LIMIT ${WINDOW}`,
    [memberId ?? null, wanted.entryIds ?? null, wanted.quiet],
  )
}

async function allocateBatch(
  services: Services,
  run: Run,
  { step, batch }: { step: string; batch: readonly OpenPayment[] },
): Promise<void> {
  // Remembered: after a restart what this batch has paid already must not look like a payment without invoice.
  const placeable = await run.memo(step, () => withInvoice(services, batch))
  for (const { id } of batch)
    if (!placeable.includes(id)) await refuse(services, run, { id, code: 'NO_INVOICE' })
  if (placeable.length === 0) return
  await runBatch(run, {
    step,
    ids: placeable,
    build: async ids =>
      ledger.reconciliation.allocatePayments({
        seed: newSeed(),
        items: await allocations(services, ids),
      }),
    onRefused: ({ id, code }) => setAside(services, id, code),
  })
}

async function withInvoice(
  services: Services,
  batch: readonly OpenPayment[],
): Promise<readonly string[]> {
  const known = await knownOf(
    services,
    batch.map(({ id }) => id),
  )
  return known.filter(one => place(one).length > 0).map(({ payment }) => payment.id)
}

async function refuse(
  services: Services,
  run: Run,
  { id, code }: { id: string; code: string },
): Promise<void> {
  await setAside(services, id, code)
  run.settle({ id, ok: false, code })
}

async function setAside(services: Services, id: string, reason: string): Promise<void> {
  await services.database.execute(
    `INSERT INTO unplaced (payment_id, reason) VALUES ($1, $2)
     ON CONFLICT (payment_id) DO UPDATE SET reason = excluded.reason, at = now()`,
    [id, reason],
  )
}

/** An invoice with a verdict that a payment names, and what it says about it. */
interface Named {
  readonly invoiceId: string
  readonly balance: Kept<null, Stored<Balance>>
  /** What the remittance says; 0: as much as is open. */
  readonly wantedFen: bigint
  readonly reason: ShortPayReason | undefined
}

interface Placed extends Named {
  readonly amountFen: bigint
}

/** A payment, what of it is used, and the invoices it names. */
interface Known {
  readonly payment: PaymentRecord
  readonly usage: UsageRecord | undefined
  readonly named: readonly Named[]
}

/** In the order of `ids`, without those that are not in the read model. */
async function knownOf(services: Services, ids: readonly string[]): Promise<Known[]> {
  const { database } = services
  const found = await findRecords<null, Stored<Payment>>(database, 'payment', ids)
  const usages = await findRecords<null, Stored<Usage>>(database, 'usage', ids)
  const payments = ids.flatMap(id => found.get(id) ?? [])
  const invoices = await invoicesNamed(services, payments)
  const balances = await findRecords<null, Stored<Balance>>(database, 'balance', [
    ...invoices.values(),
  ])
  return payments.map(payment => {
    const named = itemsOf(payment).flatMap(item => {
      const invoiceId = invoices.get(placeOfInvoice(payment, item.number))
      const balance = invoiceId === undefined ? undefined : balances.get(invoiceId)
      if (invoiceId === undefined || !balance?.secret) return []
      const reason = SHORT_PAY_REASONS.find(one => one === item.reason)
      return [{ invoiceId, balance, wantedFen: item.amountFen, reason }]
    })
    return { payment, usage: usages.get(payment.id), named }
  })
}

const itemsOf = (payment: PaymentRecord) => decodeRemittance(payment.secret.remittance).items

/** A number is the seller’s own: only with both parties it names one invoice. */
const placeOfInvoice = (
  { secret: { payer, payee } }: { secret: { payer: string; payee?: string } },
  number: string,
): string => JSON.stringify([payer, payee, number])

async function invoicesNamed(
  services: Services,
  payments: readonly PaymentRecord[],
): Promise<ReadonlyMap<string, string>> {
  const numbers = new Set(payments.flatMap(itemsOf).map(({ number }) => number))
  const rows = await services.database.query<{
    id: string
    number: string
    payee: string
    payer: string
  }>(
    `SELECT id, number, seller AS payee, buyer AS payer FROM records
     WHERE kind = 'invoice' AND number = ANY($1)`,
    [[...numbers]],
  )
  return new Map(rows.map(row => [placeOfInvoice({ secret: row }, row.number), row.id]))
}

const smallest = (...amounts: bigint[]): bigint => amounts.reduce((a, b) => (b < a ? b : a))

/** How much of the payment goes on each invoice that has something left to pay. */
function place({ payment, usage, named }: Known): Placed[] {
  let left = BigInt(payment.secret.amountFen) - BigInt(usage?.secret?.usedFen ?? '0')
  const placed: Placed[] = []
  for (const one of named) {
    const openFen = BigInt(one.balance.secret.availableFen)
    const amountFen = smallest(one.wantedFen > 0n ? one.wantedFen : left, left, openFen)
    if (amountFen <= 0n) continue
    left -= amountFen
    placed.push({ ...one, amountFen, reason: amountFen < openFen ? one.reason : undefined })
  }
  return placed
}

async function allocations(services: Services, ids: readonly string[]): Promise<PaymentItem[]> {
  const known = await knownOf(services, ids)
  invariant(known.length === ids.length, 'the payments are in the read model')
  const chosen = known.map(one => {
    const possible = place(one)
    // Paid by someone else meanwhile: the ledger is asked as the payer wrote it, and says why not.
    const placed = possible.length > 0 ? possible : one.named.map(asWritten)
    return { ...one, placed }
  })
  const short = chosen.filter(({ placed }) => placed.some(item => item.reason !== undefined))
  const rules = await findRecords(
    services.database,
    'rules',
    short.map(({ payment }) => rulesOf(services, payment)),
  )
  return chosen.map(one => allocation(one, rules.get(rulesOf(services, one.payment))))
}

const rulesOf = ({ consortiumKey }: Services, { secret }: PaymentRecord): string =>
  rulesId(consortiumKey, [secret.payer, secret.payee ?? '', CATEGORY])

function allocation(
  { payment, usage, placed }: Known & { placed: readonly Placed[] },
  known: Kept | undefined,
): PaymentItem {
  const rules = placed.some(item => item.reason !== undefined) ? known : undefined
  return {
    buyerMsp: payment.secret.payerMsp,
    sellerMsp: payment.secret.payeeMsp ?? '',
    paymentId: payment.id,
    payment: payment.opening,
    ...(usage && usage.opening !== '' ? { usage: usage.opening } : {}),
    ...(rules ? { rulesId: rules.id, rules: rules.opening } : {}),
    allocations: placed.map(({ invoiceId, balance, amountFen, reason }) => ({
      invoiceId,
      balance: balance.opening,
      amountFen: amountFen as AmountFen,
      ...(reason && rules ? { shortReason: reason } : {}),
    })),
  }
}

const asWritten = (named: Named): Placed => ({
  ...named,
  amountFen: named.wantedFen > 0n ? named.wantedFen : 1n,
})
