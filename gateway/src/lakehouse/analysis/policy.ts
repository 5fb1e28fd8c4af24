/**
 * Who sees which rows and which columns, and how much an answer may cost. A table that a role does
 * not list does not exist for it.
 */
import type { Kind, Mask, SensitiveKind } from './masks.ts'
import { KINDS } from './masks.ts'
import type { Catalogue } from './catalogue.ts'

/** MEMBER is whoever acts for one member; the others read for their organisation, by its kind. */
export const ANALYST_ROLES = ['MEMBER', 'CORE', 'BANK', 'REGULATOR'] as const
export type AnalystRole = (typeof ANALYST_ROLES)[number]

/** Who asks; made from a checked session, never from a request's body. */
export interface Reader {
  readonly role: AnalystRole
  readonly mspId: string
  /** The member for whom the user acts. */
  readonly memberId?: string
}

export type RowRule =
  | 'ALL'
  /** One of the columns is the reader's member. */
  | { readonly member: readonly string[] }
  /** One of the columns is the reader's organisation. */
  | { readonly msp: readonly string[] }
  | Among
  | { readonly anyOf: readonly RowRule[] }

/**
 * The column is among `key` of the rows that the reader sees of another table; of those in `where` alone, if that is
 * given: so two tables may each name the other without a circle.
 */
interface Among {
  readonly column: string
  readonly among: string
  readonly key: string
  readonly where?: RowRule
}

export interface Limits {
  readonly timeoutMs: number
  readonly memoryMb: number
  readonly threads: number
  readonly rowsMax: number
  readonly bytesMax: number
}

export interface RolePolicy {
  readonly tables: Readonly<Record<string, RowRule>>
  readonly masks: Readonly<Record<SensitiveKind, Mask>>
  readonly limits: Limits
  /** May ask what the lake said at an earlier version. */
  readonly isTimeTraveller: boolean
  /** Subjects that every exported group has at least. */
  readonly k: number
}

export type Policy = Readonly<Record<AnalystRole, RolePolicy>>

export const LIMITS: Limits = {
  timeoutMs: 10_000,
  memoryMb: 256,
  threads: 1,
  rowsMax: 10_000,
  bytesMax: 4 * 1024 * 1024,
}
export const K_DEFAULT = 10

const masks = (given: Partial<Record<SensitiveKind, Mask>>, rest: Mask): RolePolicy['masks'] =>
  Object.fromEntries(KINDS.map(kind => [kind, given[kind] ?? rest])) as RolePolicy['masks']

const PRIVATE_BY_PARTY: Readonly<Record<string, readonly string[]>> = {
  orders: ['buyer', 'seller'],
  despatches: ['buyer', 'seller'],
  receipts: ['buyer', 'seller'],
  invoices: ['buyer', 'seller'],
  balances: ['buyer', 'seller'],
  credit_notes: ['buyer', 'seller'],
  payments: ['payer', 'payee'],
  receivables: ['obligor', 'holder'],
}
const GOLD_NAMES = ['orders', 'receipts', 'invoices', 'balances', 'payments', 'receivables']

const among = (column: string, other: string, key = 'id'): Among => ({
  column,
  among: other,
  key,
})

const ASKED: RowRule = { member: ['asker'] }
const PLACED: RowRule = { member: ['funder'] }
const OF_ASKED: RowRule = { ...among('request_id', 'silver.requests'), where: ASKED }

/**
 * What a member asked for, with all the bids on it; what it bid on, with its own bid alone: the others are those of its
 * competitors.
 */
function marketRows(): Record<string, RowRule> {
  const requests: RowRule = {
    anyOf: [ASKED, { ...among('id', 'silver.bids', 'request_id'), where: PLACED }],
  }
  const bids: RowRule = { anyOf: [PLACED, OF_ASKED] }
  return {
    'silver.requests': requests,
    'gold.requests': requests,
    'silver.request_states': among('id', 'silver.requests'),
    'silver.bids': bids,
    'gold.bids': bids,
    'silver.bid_states': { anyOf: [OF_ASKED, among('id', 'silver.bids')] },
  }
}

/** A member of an alliance, whose lake holds the private values of its neighbours as well. */
function ownRows(): Record<string, RowRule> {
  const silver = Object.entries(PRIVATE_BY_PARTY).map(
    ([name, member]) => [`silver.${name}`, { member }] as const,
  )
  const gold = GOLD_NAMES.map(
    name => [`gold.${name}`, { member: PRIVATE_BY_PARTY[name] ?? [] }] as const,
  )
  return {
    ...Object.fromEntries([...silver, ...gold]),
    ...marketRows(),
    'silver.members': { member: ['id'] },
    'gold.members': { member: ['id'] },
    'silver.invoice_states': among('id', 'silver.invoices'),
    'silver.receivable_states': among('id', 'silver.receivables'),
    'silver.settlements': among('id', 'silver.receivables'),
  }
}

/**
 * What the bank funds, and what it was asked to fund: a request that it bid on or that is open to
 * it.
 */
function fundedRows(): Record<string, RowRule> {
  const bids: RowRule = { msp: ['bank_msp'] }
  const asked: RowRule = {
    anyOf: [{ msp: ['funder_msp'] }, among('id', 'silver.bid_states', 'request_id')],
  }
  const requests = among('id', 'silver.request_states')
  const receivables: RowRule = {
    anyOf: [{ msp: ['holder_msp'] }, among('id', 'silver.request_states', 'receivable_id')],
  }
  const payments: RowRule = { msp: ['bank_msp', 'payer_msp', 'payee_msp'] }
  return {
    'silver.bid_states': bids,
    'silver.bids': among('id', 'silver.bid_states'),
    'gold.bids': bids,
    'silver.request_states': asked,
    'silver.requests': requests,
    'gold.requests': requests,
    'silver.receivable_states': receivables,
    'silver.receivables': among('id', 'silver.receivable_states'),
    'gold.receivables': among('id', 'silver.receivable_states'),
    'silver.settlements': among('id', 'silver.receivable_states'),
    'silver.payments': payments,
    'gold.payments': payments,
    'silver.members': 'ALL',
    'gold.members': 'ALL',
  }
}

/** What the tables themselves say of a role, and what is said here of those of the ledger. */
const tablesFor =
  (catalogue: Catalogue) =>
  (role: AnalystRole, given: Record<string, RowRule> = {}): Record<string, RowRule> => {
    const own = [...catalogue.values()].flatMap(({ name, rows }) => {
      const rule = rows?.[role]
      return rule === undefined ? [] : [[name, rule] as const]
    })
    return { ...Object.fromEntries(own), ...given }
  }

export function lakePolicy(catalogue: Catalogue, given: Partial<Limits> = {}): Policy {
  const tablesOf = tablesFor(catalogue)
  const common = { limits: { ...LIMITS, ...given }, isTimeTraveller: false, k: K_DEFAULT }
  // Which colleague did what is no question for an analyst: whoever watches has the audit. Counted they can be.
  const display = masks(
    { NAME: 'PLAIN', ID_NUMBER: 'PLAIN', TEXT: 'PLAIN', USER: 'PSEUDONYM' },
    'PARTIAL',
  )
  return {
    MEMBER: { ...common, tables: tablesOf('MEMBER', ownRows()), masks: display },
    CORE: { ...common, tables: tablesOf('CORE'), masks: display, isTimeTraveller: true },
    BANK: {
      ...common,
      tables: tablesOf('BANK', fundedRows()),
      masks: { ...display, TEXT: 'HIDDEN' },
    },
    REGULATOR: {
      ...common,
      tables: tablesOf('REGULATOR'),
      masks: masks({ TEXT: 'HIDDEN', PHONE: 'HIDDEN', ADDRESS: 'HIDDEN' }, 'PSEUDONYM'),
      isTimeTraveller: true,
    },
  }
}

export const maskFor = (policy: RolePolicy, kind: Kind): Mask =>
  kind === 'PLAIN' ? 'PLAIN' : policy.masks[kind]
