import { createHash } from 'node:crypto'
import type {
  Balance,
  HashHex,
  Invoice,
  InvoiceState,
  operations,
  Order,
  Receipt,
  RuleSet,
} from '@triflow/chaincode/model'
import { CATEGORY } from '../imports/judge.ts'
import { rulesId } from '../network/operations.ts'
import {
  findRecords,
  keep,
  RECORD_COLUMNS,
  type Kept,
  type RecordRow,
  type Stored,
} from '../projection/records.ts'
import type { Services } from '../services.ts'
import { differs, ownTags, SELLER_DIFFERS } from './sellers.ts'

type MatchItem = operations.reconciliation.MatchItem
type InvoiceSecret = Stored<Invoice & { sellerTag: HashHex }>
type InvoiceRecord = Kept<Stored<InvoiceState>, InvoiceSecret>

/** All that is known about one invoice: what a verdict is made of. */
export interface Evidence {
  readonly item: MatchItem
  readonly orderIds: readonly string[]
  /** Changes whenever something new may change the verdict. */
  readonly fingerprint: string
  /** Every order is known, and goods have arrived for each. */
  readonly complete: boolean
}

export interface Lacking {
  readonly lacking: 'RULES_MISSING' | 'INVOICE_UNKNOWN' | typeof SELLER_DIFFERS
}

/** Openings for the verdicts of some invoices, read together. */
export async function gatherEvidence(
  services: Services,
  invoiceIds: readonly string[],
): Promise<Map<string, Evidence | Lacking>> {
  const { database } = services
  const invoices = await findRecords<Stored<InvoiceState>, InvoiceSecret>(
    database,
    'invoice',
    invoiceIds,
  )
  const held = [...invoices.values()].filter(invoice => invoice.opening !== '')
  const orderIds = [...new Set(held.flatMap(ordersOf))]
  const creditIds = held.flatMap(invoice => invoice.open.credits ?? [])
  const ruleIds = held.map(invoice => rulesOf(services, invoice))
  const sources: Sources = {
    orders: await findRecords<null, Stored<Order>>(database, 'order', orderIds),
    progress: await findRecords<null, { receipts: string[] }>(database, 'progress', orderIds),
    receipts: await receiptsOf(services, orderIds),
    notes: await findRecords(database, 'creditNote', creditIds),
    rules: await findRecords(database, 'rules', ruleIds),
    tags: await ownTags(services),
    balances: await findRecords<null, Stored<Balance>>(database, 'balance', invoiceIds),
  }
  return new Map(
    invoiceIds.map(id => {
      const invoice = invoices.get(id)
      const known = invoice && invoice.opening !== ''
      return [id, known ? evidenceOf(services, invoice, sources) : { lacking: 'INVOICE_UNKNOWN' }]
    }),
  )
}

interface Sources {
  readonly orders: ReadonlyMap<string, Kept<null, Stored<Order>>>
  readonly progress: ReadonlyMap<string, Kept<null, { receipts: string[] }>>
  readonly receipts: ReadonlyMap<string, readonly Kept<null, Stored<Receipt>>[]>
  readonly notes: ReadonlyMap<string, Kept>
  readonly rules: ReadonlyMap<string, Kept<unknown, Stored<RuleSet> | null>>
  readonly tags: Awaited<ReturnType<typeof ownTags>>
  readonly balances: ReadonlyMap<string, Kept<null, Stored<Balance>>>
}

export function ordersOf(invoice: { secret: Stored<Invoice> }): string[] {
  return [...new Set(invoice.secret.lines.map(line => line.orderId))]
}

function rulesOf(services: Services, { secret }: InvoiceRecord): string {
  return rulesId(services.consortiumKey, [secret.buyer, secret.seller, CATEGORY])
}

function evidenceOf(
  services: Services,
  invoice: InvoiceRecord,
  sources: Sources,
): Evidence | Lacking {
  const rules = sources.rules.get(rulesOf(services, invoice))
  if (!rules?.secret) return { lacking: 'RULES_MISSING' }
  // Rules that hold the tag let the ledger say so; older ones would take the seller's word.
  const isTold = rules.secret.sellerTag === sources.tags(invoice.secret.seller)
  if (!isTold && differs(invoice.secret, sources.tags)) return { lacking: SELLER_DIFFERS }
  const orderIds = ordersOf(invoice)
  const orders = orderIds.flatMap(id => sources.orders.get(id) ?? [])
  const receipts = openReceipts(orderIds, sources)
  const balance = invoice.open.match === 'NONE' ? undefined : sources.balances.get(invoice.id)
  const notes =
    invoice.open.match === 'NONE'
      ? (invoice.open.credits ?? []).flatMap(id => sources.notes.get(id) ?? [])
      : []
  const item: MatchItem = {
    buyerMsp: invoice.open.buyerMsp,
    sellerMsp: invoice.open.sellerMsp,
    invoiceId: invoice.id,
    rulesId: rules.id,
    invoice: invoice.opening,
    rules: rules.opening,
    orders: orders.map(order => {
      const progress = sources.progress.get(order.id)
      return {
        orderId: order.id,
        order: order.opening,
        ...(progress ? { progress: progress.opening } : {}),
      }
    }),
    receipts: receipts.map(receipt => ({ receiptId: receipt.id, receipt: receipt.opening })),
    creditNotes: notes.map(note => ({ creditNoteId: note.id, creditNote: note.opening })),
    ...(balance ? { balance: balance.opening } : {}),
  }
  const arrived = orderIds.every(
    id => sources.progress.has(id) || (sources.receipts.get(id) ?? []).length > 0,
  )
  return {
    item,
    orderIds,
    fingerprint: fingerprintOf(item),
    complete: orders.length === orderIds.length && arrived,
  }
}

/** Receipts of the orders that no accepted match has counted yet. */
function openReceipts(
  orderIds: readonly string[],
  sources: Sources,
): Kept<null, Stored<Receipt>>[] {
  const counted = new Set(orderIds.flatMap(id => sources.progress.get(id)?.secret.receipts ?? []))
  const found = orderIds.flatMap(id => sources.receipts.get(id) ?? [])
  const unique = new Map(found.map(receipt => [receipt.id, receipt]))
  return [...unique.values()].filter(receipt => !counted.has(receipt.id))
}

function fingerprintOf(item: MatchItem): string {
  const parts = [
    item.rules,
    ...item.orders.flatMap(order => [order.orderId, order.progress ?? '']),
    ...item.receipts.map(receipt => receipt.receiptId),
  ]
  return createHash('sha256').update(parts.join('\n')).digest('hex')
}

async function receiptsOf(
  services: Services,
  orderIds: readonly string[],
): Promise<Map<string, Kept<null, Stored<Receipt>>[]>> {
  const rows = await services.database.query<RecordRow>(
    `SELECT ${RECORD_COLUMNS} FROM records
     WHERE kind = 'receipt' AND order_ids ?| $1::text[] ORDER BY id`,
    [orderIds],
  )
  const byOrder = new Map<string, Kept<null, Stored<Receipt>>[]>()
  const wanted = new Set(orderIds)
  for (const row of rows) {
    const receipt = keep<null, Stored<Receipt>>(row)
    for (const orderId of new Set(receipt.secret.lines.map(line => line.orderId))) {
      if (!wanted.has(orderId)) continue
      byOrder.set(orderId, [...(byOrder.get(orderId) ?? []), receipt])
    }
  }
  return byOrder
}
