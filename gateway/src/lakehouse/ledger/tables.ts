/**
 * The tables of the lake, as data.
 *
 * Bronze is what arrived, as it arrived. Silver is the same in columns, one row for every version of a record, with
 * the salts left out. Gold is what people ask for: the last version of each record. Money is fen in BIGINT, a day is
 * a DATE, an instant a TIMESTAMP in UTC.
 */
import type { RecordKind } from '@triflow/chaincode/model'
import type { Table } from '../family.ts'
import { snake } from '../names.ts'

export const SIDES = ['PUBLIC', 'PRIVATE'] as const
export type Side = (typeof SIDES)[number]

/** Where a row comes from; with it a row is found again on the ledger. */
const ORIGIN = { block: 'BIGINT', tx_index: 'INTEGER', at: 'TIMESTAMP' } as const

export const BRONZE = {
  blocks: {
    name: 'blocks',
    columns: {
      block: 'BIGINT',
      previous_hash: 'VARCHAR',
      data_hash: 'VARCHAR',
      transactions: 'INTEGER',
      writes: 'INTEGER',
      arrived_at: 'TIMESTAMP',
    },
  },
  transactions: {
    name: 'transactions',
    columns: {
      ...ORIGIN,
      tx_id: 'VARCHAR',
      validation_code: 'INTEGER',
      name: 'VARCHAR',
      creator_msp: 'VARCHAR',
    },
  },
  writes: {
    name: 'writes',
    columns: {
      ...ORIGIN,
      position: 'INTEGER',
      side: 'VARCHAR',
      kind: 'VARCHAR',
      id: 'VARCHAR',
      value: 'VARCHAR',
    },
  },
} as const satisfies Record<string, Table>

/** A row for each time the ledger was begun again from block 0: the block that the lake has to reach again. */
export const REBUILDS: Table = {
  name: 'rebuilds',
  columns: { until_block: 'BIGINT', begun_at: 'TIMESTAMP' },
}

export interface SilverTable extends Table {
  readonly kind: RecordKind
  readonly side: Side
  /** Field of the value by column. */
  readonly fields: Readonly<Record<string, string>>
}

type Field = readonly [field: string, type: 'VARCHAR' | 'BIGINT' | 'DATE' | 'INTEGER']

const texts = (...fields: string[]): Field[] => fields.map(field => [field, 'VARCHAR'])
const fens = (...fields: string[]): Field[] => fields.map(field => [field, 'BIGINT'])
const days = (...fields: string[]): Field[] => fields.map(field => [field, 'DATE'])

function silver(name: string, kind: RecordKind, side: Side, fields: readonly Field[]): SilverTable {
  return {
    name,
    kind,
    side,
    columns: {
      id: 'VARCHAR',
      ...ORIGIN,
      deleted: 'BOOLEAN',
      ...Object.fromEntries(fields.map(([field, type]) => [snake(field), type])),
    },
    fields: Object.fromEntries(fields.map(([field]) => [snake(field), field])),
  }
}

export const SILVER: readonly SilverTable[] = [
  silver('members', 'member', 'PUBLIC', texts('mspId', 'kind', 'status')),
  silver('orders', 'order', 'PRIVATE', [
    ...texts('buyer', 'seller', 'number', 'currency', 'category'),
    ...days('orderedOn'),
  ]),
  silver('despatches', 'despatch', 'PRIVATE', [
    ...texts('buyer', 'seller', 'number'),
    ...days('despatchedOn'),
  ]),
  silver('receipts', 'receipt', 'PRIVATE', [
    ...texts('buyer', 'seller', 'number'),
    ...days('receivedOn'),
  ]),
  silver('invoices', 'invoice', 'PRIVATE', [
    ...texts('buyer', 'seller', 'code', 'number', 'currency'),
    ...days('issuedOn', 'payableOn'),
    ...fens('netFen', 'taxFen', 'totalFen'),
  ]),
  silver(
    'invoice_states',
    'invoice',
    'PUBLIC',
    texts('buyerMsp', 'sellerMsp', 'tax', 'match', 'approval', 'use'),
  ),
  silver('balances', 'balance', 'PRIVATE', [
    ...texts('buyer', 'seller', 'currency'),
    ...days('payableOn'),
    ...fens('grossFen', 'eligibleFen', 'confirmedFen', 'availableFen', 'lockedFen'),
    ...fens('certifiedFen', 'factoredFen', 'creditedFen', 'disputedFen', 'paidFen'),
  ]),
  silver('credit_notes', 'creditNote', 'PRIVATE', [
    ...texts('buyer', 'seller', 'invoiceId', 'number'),
    ...days('issuedOn'),
    ...fens('totalFen'),
  ]),
  silver('payments', 'payment', 'PRIVATE', [
    ...texts('payer', 'payee', 'entryReference', 'remittance', 'currency'),
    ...texts('bankMsp', 'payerMsp', 'payeeMsp'),
    ...days('valueOn'),
    ...fens('amountFen'),
  ]),
  silver('receivables', 'receivable', 'PRIVATE', [
    ...texts('obligor', 'holder', 'currency'),
    ...days('issuedOn', 'dueOn', 'offerUntil'),
    ...fens('faceFen', 'collectedFen', 'rootFaceFen'),
  ]),
  silver('receivable_states', 'receivable', 'PUBLIC', [
    ...texts('state', 'obligorMsp', 'holderMsp', 'root', 'parent'),
    ['depth', 'INTEGER'],
  ]),
  silver('requests', 'request', 'PRIVATE', [
    ...texts('receivableId', 'asker', 'obligor', 'currency', 'recourse'),
    ...days('dueOn', 'bidsUntil'),
    ...fens('faceFen'),
  ]),
  silver('request_states', 'request', 'PUBLIC', [
    ...texts('state', 'receivableId', 'askerMsp', 'obligorMsp', 'bidId', 'funderMsp'),
  ]),
  silver('bids', 'bid', 'PRIVATE', [
    ...texts('requestId', 'funder', 'method', 'recourse'),
    ...days('valueOn'),
    ...fens('ratePpm', 'days', 'discountFen', 'feesFen', 'netFen'),
  ]),
  silver('bid_states', 'bid', 'PUBLIC', texts('state', 'requestId', 'bankMsp', 'askerMsp')),
  silver('settlements', 'settlement', 'PRIVATE', [
    ...days('paidOn'),
    ...fens('faceFen', 'paidFen'),
  ]),
]

export interface GoldView {
  readonly name: string
  readonly terms: string
  readonly states: string | undefined
}

/** Each record once, as it stands: its terms, and its public state where it has one. */
export const GOLD: readonly GoldView[] = [
  { name: 'members', terms: 'members', states: undefined },
  { name: 'orders', terms: 'orders', states: undefined },
  { name: 'receipts', terms: 'receipts', states: undefined },
  { name: 'invoices', terms: 'invoices', states: 'invoice_states' },
  { name: 'balances', terms: 'balances', states: undefined },
  { name: 'payments', terms: 'payments', states: undefined },
  { name: 'receivables', terms: 'receivables', states: 'receivable_states' },
  { name: 'requests', terms: 'requests', states: 'request_states' },
  { name: 'bids', terms: 'bids', states: 'bid_states' },
]
