/**
 * Why a person refused or overrode, as a word of a closed list: it stands in public state, where free text would
 * let a price or a name out. What he has to say about it travels as a private remark to the parties.
 */
export const REJECTION_REASONS = [
  'NOT_ORDERED',
  'NOT_RECEIVED',
  'QUANTITY',
  'QUALITY',
  'PRICE',
  'DUPLICATE',
  'WRONG_PARTY',
  'OTHER',
] as const
export type RejectionReason = (typeof REJECTION_REASONS)[number]

export const OVERRIDE_REASONS = [
  'PRICE_AGREED',
  'QUANTITY_AGREED',
  'DELIVERY_AGREED',
  'RECEIPT_MISSING',
  'DOCUMENT_WRONG',
  'OTHER',
] as const
export type OverrideReason = (typeof OVERRIDE_REASONS)[number]

export const REASONS = [...new Set([...REJECTION_REASONS, ...OVERRIDE_REASONS])]
export type Reason = RejectionReason | OverrideReason
