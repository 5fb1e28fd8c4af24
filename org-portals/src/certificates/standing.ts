import type { Certificate } from '@triflow/gateway/client'
import type { Tone } from '../design/status.tsx'

export const stateTone = {
  PROPOSED: 'wait',
  OFFERED: 'wait',
  ACTIVE: 'good',
  LOCKED_TRANSFER: 'busy',
  LOCKED_FINANCE: 'busy',
  LOCKED_PLEDGE: 'busy',
  CONSUMED: 'idle',
  DUE: 'wait',
  PAID_PART: 'near',
  OVERDUE: 'bad',
  RECOURSE: 'bad',
  REDEEMED: 'good',
  CANCELLED: 'idle',
  WRITTEN_OFF: 'idle',
} as const satisfies Record<Certificate['state'], Tone>

export type Standing = 'offered' | 'live' | 'overdue' | 'redeemed'

/** Where a certificate stands on its way to redemption; nothing for one that claims nothing any more. */
export function standingOf(state: Certificate['state']): Standing | undefined {
  switch (state) {
    case 'PROPOSED':
    case 'OFFERED':
      return 'offered'
    case 'OVERDUE':
    case 'RECOURSE':
      return 'overdue'
    case 'REDEEMED':
      return 'redeemed'
    case 'CONSUMED':
    case 'CANCELLED':
    case 'WRITTEN_OFF':
      return undefined
    default:
      return 'live'
  }
}

/** Something is still to be paid on its due date. */
export function isOpen(state: Certificate['state']): boolean {
  const standing = standingOf(state)
  return standing !== undefined && standing !== 'redeemed'
}
