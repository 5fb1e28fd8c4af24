import type { Fault } from '@triflow/chaincode/model'

/** How one attempt of a transaction came out, as far as is known. */
export type Outcome =
  | { readonly kind: 'committed'; readonly blockNumber: bigint }
  /** Ordered, and marked invalid by every peer for the same reason. */
  | { readonly kind: 'invalid'; readonly code: string; readonly blockNumber: bigint }
  /** A contract refused it at endorsement: nothing was submitted. */
  | { readonly kind: 'refused'; readonly fault: Fault }
  /** The contract broke: it answered with an error that is none of its refusals. */
  | { readonly kind: 'broken'; readonly detail: string }
  /** No endorsement could be had for a technical reason: nothing was submitted. */
  | { readonly kind: 'unendorsed'; readonly detail: string }
  /** It was or may have been submitted, and no peer has said what became of it. */
  | { readonly kind: 'unknown'; readonly detail: string }

export type Next =
  | 'done'
  /** A new proposal with a new transaction id; the piece of work keeps its idempotency key. */
  | 'endorse_again'
  /** The same question to the ledger until it answers; never a second transaction. */
  | 'ask_status'
  /** The ledger cannot be had now: the operation waits and a worker goes on with it. */
  | 'park'
  | 'tell_caller'
  | 'page_operator'

/** Two writers met. The loser read values that have changed, so it starts over from fresh ones. */
const CONFLICTS: ReadonlySet<string> = new Set(['MVCC_READ_CONFLICT', 'PHANTOM_READ_CONFLICT'])

/**
 * A key whose policy an earlier transaction of the same block has set, such as the same new invoice from two
 * files, is closed for the rest of the block. The next endorsement meets it as it stands. Again and again it
 * means that the endorsements were really too few.
 */
const POLICY_CHANGED = 'ENDORSEMENT_POLICY_FAILURE'
const POLICY_ATTEMPTS_MAX = 4

/**
 * Refusals that may only mean that an endorser has not yet committed a block that the caller knows of, from
 * this gateway or another one: they are tried again a few times before the caller is told.
 */
const MAYBE_BEHIND: ReadonlySet<string> = new Set([
  'RECORD_UNKNOWN',
  'RECORD_NOT_AUTHENTIC',
  'OPENING_WRONG',
  'MOVE_REFUSED',
  'NOT_MATCHED',
  'NOTHING_PENDING',
  'CALLER_UNKNOWN',
  'NOTICE_MISSING',
  'POLICY_MISSING',
])

const ATTEMPTS_MAX = 8
const BEHIND_ATTEMPTS_MAX = 7
/** Where no block came in lately, one that the caller saw elsewhere may be under way; the pauses add up to 420 ms. */
const QUIET_ATTEMPTS_MAX = 4

export interface Situation {
  /** From 1. */
  readonly attempt: number
  /** The ledger has moved within the last seconds, so an endorser may not have caught up. */
  readonly recent: boolean
}

/** The decision after an attempt. The switch is exhaustive on purpose. */
export function next(outcome: Outcome, { attempt, recent }: Situation): Next {
  switch (outcome.kind) {
    case 'committed':
      return 'done'
    case 'invalid':
      return afterInvalid(outcome.code, attempt)
    case 'refused':
      return afterRefusal(outcome.fault, { attempt, recent })
    case 'unendorsed':
      return attempt < ATTEMPTS_MAX ? 'endorse_again' : 'park'
    case 'broken':
      return 'page_operator'
    case 'unknown':
      return 'ask_status'
    default:
      return unreachable(outcome)
  }
}

function afterRefusal(fault: Fault, { attempt, recent }: Situation): Next {
  const attemptsMax = recent ? BEHIND_ATTEMPTS_MAX : QUIET_ATTEMPTS_MAX
  const again = attempt < attemptsMax && mayBeBehind(fault)
  return again ? 'endorse_again' : 'tell_caller'
}

function afterInvalid(code: string, attempt: number): Next {
  if (CONFLICTS.has(code)) return attempt < ATTEMPTS_MAX ? 'endorse_again' : 'park'
  if (code === POLICY_CHANGED && attempt < POLICY_ATTEMPTS_MAX) return 'endorse_again'
  if (code === 'DUPLICATE_TXID') return 'ask_status'
  return 'page_operator'
}

function mayBeBehind(fault: Fault): boolean {
  if (fault.code !== 'BATCH_REFUSED') return MAYBE_BEHIND.has(fault.code)
  const refusals = refusalsOf(fault)
  return refusals.length > 0 && refusals.every(refusal => MAYBE_BEHIND.has(refusal.code))
}

export interface Refusal {
  readonly index: number
  readonly code: string
}

/** Which items of a batch were refused, and why. */
export function refusalsOf(fault: Fault): Refusal[] {
  const list = fault['refusals']
  if (!Array.isArray(list)) return []
  return list.filter(
    (entry): entry is Refusal =>
      typeof entry === 'object' &&
      entry !== null &&
      Number.isInteger((entry as Refusal).index) &&
      typeof (entry as Refusal).code === 'string',
  )
}

function unreachable(value: never): never {
  throw new Error(`no such outcome: ${JSON.stringify(value)}`)
}
