import { decodeCursor, page, Where } from '../platform/database/paging.ts'
import type { Row } from '../platform/database/database.ts'
import { unknownObject } from '../platform/faults.ts'
import { historyOf, names, type Names } from '../receivables/reading.ts'
import type { Services } from '../services.ts'
import {
  creditNoteView,
  invoiceLines,
  invoiceView,
  movementView,
  orderView,
  type InvoiceRow,
  type TradeRow,
} from './views.ts'

/** The file a record came from is known only where it was uploaded. */
const selectFrom = (
  records: string,
): string => `SELECT r.kind, r.id, r.open, r.secret, r.secret_text, r.block_number, r.tx_id, r.updated_at,
    r.happened_on, b.secret AS balance,
    (SELECT i.document_id FROM import_rows w JOIN imports i USING (import_id)
      WHERE w.object_id = r.id LIMIT 1) AS document_id
  FROM ${records} r LEFT JOIN records b ON r.kind = 'invoice' AND b.kind = 'balance' AND b.id = r.id`

type TradeKind = 'order' | 'despatch' | 'receipt' | 'invoice' | 'creditNote'

export interface TradeFilter {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly counterparty?: string | undefined
  readonly number?: string | undefined
  readonly cursor?: string | undefined
  readonly limit: number
}

function base(memberId: string | undefined, filter: TradeFilter): Where {
  return new Where()
    .and('r.secret IS NOT NULL')
    .maybe(`? IN (r.buyer, r.seller)`, memberId)
    .maybe('r.happened_on >= ?', filter.from)
    .maybe('r.happened_on <= ?', filter.to)
    .maybe(`? IN (r.buyer, r.seller)`, filter.counterparty)
    .maybe(`r.number = ?`, filter.number)
}

type ListedRow = InvoiceRow & { happened_on: string; kind: string }

/** Each kind is read along the index of its days, as far as the page reaches; only that page is joined. */
async function list<T>(
  services: Services,
  kinds: readonly TradeKind[],
  where: Where,
  filter: { readonly cursor?: string | undefined; readonly limit: number },
  view: (row: ListedRow, name: Names) => T,
) {
  const after = decodeCursor(filter.cursor, 2)
  if (after) where.and('(r.happened_on, r.id) < (?, ?)', ...after)
  const newest = `ORDER BY r.happened_on DESC, r.id DESC LIMIT ${filter.limit + 1}`
  const ofKind = (kind: TradeKind): string =>
    `(SELECT * FROM records r ${where.sql} AND r.kind = '${kind}' ${newest})`
  const rows = await services.database.query<ListedRow>(
    `${selectFrom(`(${kinds.map(ofKind).join(' UNION ALL ')})`)} ${newest}`,
    where.values,
  )
  const name = await names(services)
  return page(rows, filter.limit, {
    key: row => [row.happened_on, row.id],
    item: row => view(row, name),
  })
}

async function getOne(
  services: Services,
  kind: TradeKind,
  where: Where,
  id: string,
): Promise<ListedRow> {
  where.and('r.kind = ? AND r.id = ?', kind, id)
  const [row] = await services.database.query<ListedRow>(
    `${selectFrom('records')} ${where.sql}`,
    where.values,
  )
  if (!row) throw unknownObject('document')
  return row
}

export async function listOrders(
  services: Services,
  memberId: string | undefined,
  filter: TradeFilter,
) {
  return list(services, ['order'], base(memberId, filter), filter, orderView)
}

export async function getOrder(services: Services, memberId: string | undefined, id: string) {
  const row = await getOne(services, 'order', base(memberId, { limit: 1 }), id)
  return orderView(row, await names(services))
}

export async function listMovements(
  services: Services,
  memberId: string | undefined,
  filter: TradeFilter & { kind?: 'DESPATCH' | 'RECEIPT' | undefined; orderId?: string | undefined },
) {
  const kinds = {
    DESPATCH: ['despatch'],
    RECEIPT: ['receipt'],
    ANY: ['despatch', 'receipt'],
  } as const
  const where = base(memberId, filter)
  if (filter.orderId) where.and(`r.order_ids @> to_jsonb(?::text)`, filter.orderId)
  return list(services, kinds[filter.kind ?? 'ANY'], where, filter, movementView)
}

export interface InvoiceFilter extends TradeFilter {
  readonly match?: string | undefined
  readonly approval?: string | undefined
  readonly use?: string | undefined
  readonly side?: 'BUYER' | 'SELLER' | undefined
}

export async function listInvoices(
  services: Services,
  memberId: string | undefined,
  filter: InvoiceFilter,
) {
  const where = base(memberId, filter)
    .maybe(`r.match = ?`, filter.match)
    .maybe(`r.open->>'use' = ?`, filter.use)
  const proposed = `coalesce(r.open->'pending'->>'step', '') LIKE 'CONFIRM%'`
  if (filter.approval === 'PROPOSED') where.and(`r.approval = 'SUBMITTED' AND ${proposed}`)
  else if (filter.approval === 'SUBMITTED')
    where.and(`r.approval = 'SUBMITTED' AND NOT ${proposed}`)
  else where.maybe(`r.approval = ?`, filter.approval)
  if (filter.side === 'BUYER') where.and(`r.open->>'buyerMsp' = ?`, services.config.mspId)
  if (filter.side === 'SELLER') where.and(`r.open->>'sellerMsp' = ?`, services.config.mspId)
  return list(services, ['invoice'], where, filter, invoiceView)
}

export async function getInvoice(services: Services, memberId: string | undefined, id: string) {
  const row = await getOne(services, 'invoice', base(memberId, { limit: 1 }), id)
  return {
    ...invoiceView(row, await names(services)),
    lines: invoiceLines(row),
    history: await historyOf(services, 'invoice', id),
  }
}

export async function listCreditNotes(
  services: Services,
  memberId: string | undefined,
  filter: TradeFilter & { invoiceId?: string | undefined },
) {
  const where = base(memberId, filter).maybe(`r.secret->>'invoiceId' = ?`, filter.invoiceId)
  return list(services, ['creditNote'], where, filter, creditNoteView)
}

export interface EntryFilter {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly direction?: string | undefined
  readonly reference?: string | undefined
  readonly open?: boolean | undefined
  readonly cursor?: string | undefined
  readonly limit: number
}

interface EntryRow extends Row {
  entry_id: string
  statement_id: string | null
  number: string
  booked_on: string
  direction: 'CREDIT' | 'DEBIT'
  amount_fen: string
  account: string | null
  counterparty_account: string | null
  counterparty_name: string | null
  reference: string | null
  payer: string | null
  payee: string | null
  used_fen: string
  attested: boolean
  tx_id: string | null
}

/**
 * Attested payments this organisation is a party to, and (at the bank) the entries of its statements that are
 * evidence of nothing on the ledger.
 */
const ENTRIES = `WITH entries AS (
  SELECT p.id AS entry_id, e.statement_id, p.secret->>'entryReference' AS number,
    p.happened_on AS booked_on, 'DEBIT' AS direction, p.secret->>'amountFen' AS amount_fen, e.account,
    e.counterparty_account, e.counterparty_name,
    coalesce(e.reference, substring(p.secret->>'remittance' FROM 'E:([^;]+)')) AS reference,
    p.secret->>'payer' AS payer, p.secret->>'payee' AS payee,
    coalesce(u.secret->>'usedFen', '0') AS used_fen, true AS attested, p.tx_id
  FROM records p LEFT JOIN records u ON u.kind = 'usage' AND u.id = p.id
    LEFT JOIN statement_entries e ON e.entry_id = p.id
  WHERE p.kind = 'payment' AND p.secret IS NOT NULL
  UNION ALL
  SELECT entry_id, statement_id, number, booked_on::text, direction, amount_fen::text, account,
    counterparty_account, counterparty_name, reference, payer, payee, '0', false, NULL
  FROM statement_entries WHERE NOT attested)`

export async function listEntries(
  services: Services,
  memberId: string | undefined,
  filter: EntryFilter,
) {
  const where = new Where()
    .maybe('? IN (payer, payee)', isBank(services) ? undefined : memberId)
    .maybe('booked_on >= ?', filter.from)
    .maybe('booked_on <= ?', filter.to)
    .maybe('direction = ?', filter.direction)
    .maybe('reference = ?', filter.reference)
  if (filter.open) where.and('attested AND used_fen::bigint < amount_fen::bigint')
  const after = decodeCursor(filter.cursor, 2)
  if (after) where.and('(booked_on, entry_id) < (?, ?)', ...after)
  const rows = await services.database.query<EntryRow>(
    `${ENTRIES} SELECT * FROM entries ${where.sql}
     ORDER BY booked_on DESC, entry_id DESC LIMIT ${filter.limit + 1}`,
    where.values,
  )
  const name = await names(services)
  return page(rows, filter.limit, {
    key: row => [row.booked_on, row.entry_id],
    item: row => entryView(row, name),
  })
}

/** A bank’s people see the entries their bank booked; others see what their member paid or was paid. */
function isBank({ config }: Services): boolean {
  return config.kind === 'BANK' || config.organization.startsWith('bank')
}

function entryView(row: EntryRow, name: Names) {
  return {
    entryId: row.entry_id,
    ...(row.statement_id ? { statementId: row.statement_id } : {}),
    number: row.number,
    bookedOn: row.booked_on,
    direction: row.direction,
    amountFen: row.amount_fen,
    currency: 'CNY',
    ...(row.account ? { account: row.account } : {}),
    ...(row.counterparty_account ? { counterpartyAccount: row.counterparty_account } : {}),
    ...(row.counterparty_name ? { counterpartyName: row.counterparty_name } : {}),
    ...(row.reference ? { reference: row.reference } : {}),
    ...(row.payer ? { payer: name(row.payer) } : {}),
    ...(row.payee ? { payee: name(row.payee) } : {}),
    allocatedFen: row.used_fen,
    attested: row.attested,
    ...(row.tx_id ? { txId: row.tx_id } : {}),
  }
}

export type { TradeRow }
