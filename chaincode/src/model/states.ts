/**
 * Life cycles as tables. Contracts ask `canMove`, the diagrams of docs/concepts are generated from them.
 * A lock's kind (TRANSFER, FINANCE, PLEDGE) is part of the record; `frozen` is an orthogonal flag.
 */

import { refuse } from './fault.ts'

type Table<State extends string> = Record<State, Partial<Record<string, State>>>

export const TAX_STATES = ['UNCHECKED', 'VALID', 'INVALID', 'RED_LETTERED', 'VOIDED'] as const
export type TaxState = (typeof TAX_STATES)[number]
export const TAX_MOVES = {
  UNCHECKED: { valid: 'VALID', invalid: 'INVALID' },
  VALID: { valid: 'VALID', redLetter: 'RED_LETTERED', void: 'VOIDED' },
  INVALID: {},
  RED_LETTERED: {},
  VOIDED: {},
} as const satisfies Table<TaxState>

export const MATCH_STATES = [
  'NONE',
  'MATCHED',
  'WITHIN_TOLERANCE',
  'EXCEPTION',
  'OVERRIDDEN',
  'REJECTED',
] as const
export type MatchState = (typeof MATCH_STATES)[number]
/** An exception may be matched again when new receipts arrive; the old verdict stays in history. */
export const MATCH_MOVES = {
  NONE: { match: 'MATCHED', tolerate: 'WITHIN_TOLERANCE', except: 'EXCEPTION' },
  MATCHED: {},
  WITHIN_TOLERANCE: {},
  EXCEPTION: {
    match: 'MATCHED',
    tolerate: 'WITHIN_TOLERANCE',
    except: 'EXCEPTION',
    override: 'OVERRIDDEN',
    reject: 'REJECTED',
  },
  OVERRIDDEN: {},
  REJECTED: {},
} as const satisfies Table<MatchState>

export const APPROVAL_STATES = ['SUBMITTED', 'CONFIRMED', 'REJECTED', 'DISPUTED'] as const
export type ApprovalState = (typeof APPROVAL_STATES)[number]
/** DISPUTED: a part was confirmed and the rest is contested; the confirmed part goes on. */
export const APPROVAL_MOVES = {
  SUBMITTED: { confirm: 'CONFIRMED', dispute: 'DISPUTED', reject: 'REJECTED' },
  CONFIRMED: {},
  DISPUTED: {},
  REJECTED: {},
} as const satisfies Table<ApprovalState>

export const USE_STATES = ['FREE', 'LOCKED', 'ENCUMBERED', 'RELEASED', 'DISCHARGED'] as const
export type UseState = (typeof USE_STATES)[number]
export const USE_MOVES = {
  FREE: { lock: 'LOCKED', discharge: 'DISCHARGED' },
  LOCKED: { lock: 'LOCKED', encumber: 'ENCUMBERED', release: 'RELEASED' },
  ENCUMBERED: {
    lock: 'LOCKED',
    encumber: 'ENCUMBERED',
    release: 'ENCUMBERED',
    discharge: 'DISCHARGED',
  },
  RELEASED: { lock: 'LOCKED', discharge: 'DISCHARGED' },
  DISCHARGED: {},
} as const satisfies Table<UseState>

export const RECEIVABLE_STATES = [
  'PROPOSED',
  'OFFERED',
  'ACTIVE',
  'LOCKED',
  'CONSUMED',
  'DUE',
  'PAID_PART',
  'OVERDUE',
  'RECOURSE',
  'REDEEMED',
  'CANCELLED',
  'WRITTEN_OFF',
] as const
export type ReceivableState = (typeof RECEIVABLE_STATES)[number]
export const RECEIVABLE_MOVES = {
  PROPOSED: { reject: 'CANCELLED', offer: 'OFFERED' },
  OFFERED: { accept: 'ACTIVE', reject: 'CANCELLED', withdraw: 'CANCELLED', expire: 'CANCELLED' },
  ACTIVE: {
    split: 'CONSUMED',
    offerTransfer: 'LOCKED',
    requestFinancing: 'LOCKED',
    mature: 'DUE',
    annul: 'CANCELLED',
  },
  LOCKED: {
    signOff: 'ACTIVE',
    rejectTransfer: 'ACTIVE',
    recallTransfer: 'ACTIVE',
    expireTransfer: 'ACTIVE',
    closeFinancing: 'ACTIVE',
    declineFinancing: 'ACTIVE',
    expireFinancing: 'ACTIVE',
    mature: 'DUE',
  },
  CONSUMED: {},
  DUE: { payPart: 'PAID_PART', redeem: 'REDEEMED', overdue: 'OVERDUE' },
  PAID_PART: { payPart: 'PAID_PART', redeem: 'REDEEMED', overdue: 'OVERDUE' },
  OVERDUE: { payPart: 'OVERDUE', redeem: 'REDEEMED' },
  RECOURSE: {},
  REDEEMED: {},
  CANCELLED: {},
  WRITTEN_OFF: {},
} as const satisfies Table<ReceivableState>

export const REQUEST_STATES = [
  'OPEN',
  'ACCEPTED',
  'PAID',
  'CLOSED',
  'DECLINED',
  'EXPIRED',
  'LAPSED',
] as const
export type RequestState = (typeof REQUEST_STATES)[number]
export const REQUEST_MOVES = {
  OPEN: { acceptBid: 'ACCEPTED', withdraw: 'DECLINED', expire: 'EXPIRED', lapse: 'LAPSED' },
  ACCEPTED: { payOut: 'PAID', decline: 'DECLINED', expire: 'EXPIRED', lapse: 'LAPSED' },
  PAID: { close: 'CLOSED' },
  CLOSED: {},
  DECLINED: {},
  EXPIRED: {},
  LAPSED: {},
} as const satisfies Table<RequestState>

export const BID_STATES = ['PLACED', 'ACCEPTED', 'PAID', 'WITHDRAWN'] as const
export type BidState = (typeof BID_STATES)[number]
export const BID_MOVES = {
  PLACED: { accept: 'ACCEPTED', withdraw: 'WITHDRAWN' },
  ACCEPTED: { payOut: 'PAID' },
  PAID: {},
  WITHDRAWN: {},
} as const satisfies Table<BidState>

export const NOTICE_STATES = ['NOTIFIED', 'ACKNOWLEDGED'] as const
export type NoticeState = (typeof NOTICE_STATES)[number]
export const NOTICE_MOVES = {
  NOTIFIED: { acknowledge: 'ACKNOWLEDGED' },
  ACKNOWLEDGED: {},
} as const satisfies Table<NoticeState>

export const LIFE_CYCLES = {
  tax: TAX_MOVES,
  match: MATCH_MOVES,
  approval: APPROVAL_MOVES,
  use: USE_MOVES,
  receivable: RECEIVABLE_MOVES,
  request: REQUEST_MOVES,
  bid: BID_MOVES,
  notice: NOTICE_MOVES,
} as const
export type LifeCycle = keyof typeof LIFE_CYCLES

type StateOf<L extends LifeCycle> = keyof (typeof LIFE_CYCLES)[L] & string
type UnionKeys<T> = T extends unknown ? keyof T : never
export type MoveOf<L extends LifeCycle> = UnionKeys<
  (typeof LIFE_CYCLES)[L][keyof (typeof LIFE_CYCLES)[L]]
> &
  string

/** The state a move leads to, or undefined where the life cycle has no such move. */
export const nextState = <L extends LifeCycle>(
  cycle: L,
  state: StateOf<L>,
  move: MoveOf<L>,
): StateOf<L> | undefined => {
  const moves = (LIFE_CYCLES[cycle] as Record<string, Record<string, string>>)[state]
  return moves !== undefined && Object.hasOwn(moves, move) ? (moves[move] as StateOf<L>) : undefined
}
export const canMove = <L extends LifeCycle>(
  cycle: L,
  state: StateOf<L>,
  move: MoveOf<L>,
): boolean => nextState(cycle, state, move) !== undefined

/** The state a move leads to; MOVE_REFUSED where there is none. */
export const moveTo = <L extends LifeCycle>(
  cycle: L,
  state: StateOf<L>,
  move: MoveOf<L>,
): StateOf<L> => nextState(cycle, state, move) ?? refuse('MOVE_REFUSED', { cycle, state, move })

/** A mermaid state diagram of one life cycle, for docs/concepts. */
export const stateDiagram = (cycle: LifeCycle): string => {
  const table: Record<string, Record<string, string>> = LIFE_CYCLES[cycle]
  const lines = Object.entries(table).flatMap(([from, moves]) =>
    Object.keys(moves).length === 0
      ? [`  ${from} --> [*]`]
      : Object.entries(moves).map(([move, to]) => `  ${from} --> ${to}: ${move}`),
  )
  return ['stateDiagram-v2', `  [*] --> ${Object.keys(table)[0]}`, ...lines].join('\n')
}
