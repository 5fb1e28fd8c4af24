import {
  operations as ledger,
  SHORT_PAY_REASONS,
  type Balance,
  type InvoiceState,
  type Payment,
  type ShortPayReason,
  type Usage,
} from '@triflow/chaincode/model'
import { CATEGORY } from '../imports/judge.ts'
import { decodeRemittance } from '../imports/post-statements.ts'
import { newSeed, rulesId } from '../network/operations.ts'
import type { OperationKind } from '../operations/engine.ts'
import { faultError, type Run } from '../operations/run.ts'
import { createGate } from '../operations/submit.ts'
import {
  findRecord,
  keep,
  RECORD_COLUMNS,
  type Kept,
  type RecordRow,
  type Stored,
} from '../projection/records.ts'
import type { Services } from '../services.ts'

type PaymentRecord = Kept<null, Stored<Payment>>

const PARALLEL = 6
const WINDOW = 2_000

/** Puts attested payments on the invoices they name; what names none or does not fit stays unallocated. */
export function paymentsAllocate(
  services: Services,
): OperationKind<{ entryIds?: string[] | undefined; quiet?: boolean }> {
  const alone = createGate(1)
  return {
    kind: 'payments.allocate',
    run: (run, input) => alone(() => allocateAll(services, run, input)),
  }
}

async function allocateAll(
  services: Services,
  run: Run,
  { entryIds, quiet }: { entryIds?: string[] | undefined; quiet?: boolean },
): Promise<void> {
  const ids = await run.memo('payments', () =>
    openPayments(services, run.memberId, { entryIds, quiet: quiet ?? false }),
  )
  run.expect(ids.length)
  const gate = createGate(PARALLEL)
  const busy = createKeyLock()
  await Promise.all(
    ids.map(({ id, remittance }) =>
      gate(() =>
        // Two payments on one invoice go one after the other; all others side by side.
        busy(numbersIn(remittance), () =>
          services.balances.shared(() => allocate(services, run, id)),
        ),
      ),
    ),
  )
}

function numbersIn(remittance: string): string[] {
  return decodeRemittance(remittance).items.map(item => item.number)
}

/** Work that names the same key never runs at once. */
function createKeyLock(): (keys: readonly string[], work: () => Promise<void>) => Promise<void> {
  const held = new Map<string, Promise<void>>()
  return async (keys, work) => {
    for (;;) {
      const before = keys.flatMap(key => held.get(key) ?? [])
      if (before.length === 0) break
      await Promise.all(before)
    }
    const mine = work()
    const ended = mine.catch(() => undefined)
    for (const key of keys) held.set(key, ended)
    try {
      await mine
    } finally {
      for (const key of keys) if (held.get(key) === ended) held.delete(key)
    }
  }
}

async function openPayments(
  services: Services,
  memberId: string | undefined,
  wanted: { entryIds: readonly string[] | undefined; quiet: boolean },
): Promise<{ id: string; remittance: string }[]> {
  return services.database.query<{ id: string; remittance: string }>(
    `SELECT p.id, p.secret->>'remittance' AS remittance FROM records p
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

interface Placed {
  readonly invoiceId: string
  readonly number: string
  readonly amountFen: bigint
  readonly reason: ShortPayReason | undefined
}

async function allocate(services: Services, run: Run, id: string): Promise<void> {
  const payment = await findRecord<null, Stored<Payment>>(services.database, 'payment', id)
  const placed = payment ? await place(services, payment) : []
  if (!payment || placed.length === 0) {
    await setAside(services, id, 'NO_INVOICE')
    run.settle({ id, ok: false, code: 'NO_INVOICE' })
    return
  }
  const result = await run.submit(`allocate/${id}`, async () => ({
    operation: await allocation(services, payment, await place(services, payment)),
  }))
  if (result.ok) {
    await services.height.reached(result.blockNumber)
    run.settle({ id, ok: true, txId: result.txId })
    return
  }
  const { code } = faultError(result.fault)
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

/** The named invoices that have a verdict and something left to pay, and how much of it goes on each. */
async function place(services: Services, payment: PaymentRecord): Promise<Placed[]> {
  const { items } = decodeRemittance(payment.secret.remittance)
  const usage = await findRecord<null, Stored<Usage>>(services.database, 'usage', payment.id)
  let left = BigInt(payment.secret.amountFen) - BigInt(usage?.secret?.usedFen ?? '0')
  const placed: Placed[] = []
  for (const item of items) {
    const invoice = await payable(services, payment, item.number)
    if (!invoice || left <= 0n) continue
    const wanted = item.amountFen > 0n ? item.amountFen : left
    const amountFen = [wanted, left, invoice.openFen].reduce((a, b) => (b < a ? b : a))
    if (amountFen <= 0n) continue
    left -= amountFen
    const isShort = amountFen < invoice.openFen
    const reason = SHORT_PAY_REASONS.find(one => one === item.reason)
    placed.push({
      invoiceId: invoice.id,
      number: item.number,
      amountFen,
      reason: isShort ? reason : undefined,
    })
  }
  return placed
}

async function payable(
  services: Services,
  payment: PaymentRecord,
  number: string,
): Promise<{ id: string; openFen: bigint } | undefined> {
  const rows = await services.database.query<RecordRow>(
    `SELECT ${RECORD_COLUMNS} FROM records
     WHERE kind = 'invoice' AND secret ? 'number' AND secret->>'number' = $1
       AND secret->>'seller' = $2 AND secret->>'buyer' = $3`,
    [number, payment.secret.payee, payment.secret.payer],
  )
  const [invoice] = rows.map(row => keep<Stored<InvoiceState>>(row))
  if (!invoice) return undefined
  const balance = await findRecord<null, Stored<Balance>>(services.database, 'balance', invoice.id)
  if (!balance?.secret) return undefined
  return { id: invoice.id, openFen: BigInt(balance.secret.availableFen) }
}

async function allocation(services: Services, payment: PaymentRecord, placed: readonly Placed[]) {
  const { database, consortiumKey } = services
  const { payer, payee = '', payerMsp, payeeMsp = '' } = payment.secret
  const usage = await findRecord(database, 'usage', payment.id)
  const needsRules = placed.some(item => item.reason !== undefined)
  const rules = needsRules
    ? await findRecord(database, 'rules', rulesId(consortiumKey, [payer, payee, CATEGORY]))
    : undefined
  const allocations = await Promise.all(
    placed.map(async ({ invoiceId, amountFen, reason }) => ({
      invoiceId,
      balance: (await findRecord(database, 'balance', invoiceId))?.opening ?? ('' as never),
      amountFen: amountFen as never,
      ...(reason && rules ? { shortReason: reason } : {}),
    })),
  )
  return ledger.reconciliation.allocatePayment({
    buyerMsp: payerMsp,
    sellerMsp: payeeMsp,
    paymentId: payment.id,
    seed: newSeed(),
    payment: payment.opening,
    ...(usage && usage.opening !== '' ? { usage: usage.opening } : {}),
    ...(rules ? { rulesId: rules.id, rules: rules.opening } : {}),
    allocations,
  })
}
