import type { Invoice, Principal } from '@triflow/gateway/client'
import type { Tone } from '../design/status.tsx'
import type { WorkKind } from '../worklist/actions.ts'

const JUDGED_WELL: ReadonlySet<Invoice['match']> = new Set([
  'MATCHED',
  'WITHIN_TOLERANCE',
  'OVERRIDDEN',
])

/** What this person may do with an invoice from here, if anything: the buyer's maker proposes, its checker confirms. */
export function nextStep(user: Principal, invoice: Invoice): WorkKind | undefined {
  if (invoice.buyer.memberId !== user.memberId) return undefined
  if (user.roles.includes('checker') && invoice.approval === 'PROPOSED') return 'CONFIRM_APPROVE'
  const eligible = JUDGED_WELL.has(invoice.match) && BigInt(invoice.eligibleFen ?? '0') > 0n
  if (user.roles.includes('maker') && invoice.approval === 'SUBMITTED' && eligible) {
    return 'CONFIRM_PROPOSE'
  }
  return undefined
}

export const matchTone = {
  NONE: 'wait',
  MATCHED: 'good',
  WITHIN_TOLERANCE: 'near',
  EXCEPTION: 'bad',
  OVERRIDDEN: 'busy',
  REJECTED: 'idle',
} as const satisfies Record<Invoice['match'], Tone>

export const approvalTone = {
  SUBMITTED: 'idle',
  PROPOSED: 'wait',
  CONFIRMED: 'good',
  REJECTED: 'bad',
  DISPUTED: 'near',
} as const satisfies Record<Invoice['approval'], Tone>

const MATCHES = Object.keys(matchTone) as Invoice['match'][]

/** The verdict that an address asks for, e.g. `?match=EXCEPTION`; anything else means all. */
export function matchWanted(query: URLSearchParams): Invoice['match'] | undefined {
  return MATCHES.find(match => match === query.get('match'))
}
