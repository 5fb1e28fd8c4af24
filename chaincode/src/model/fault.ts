/**
 * Refusals as data. A contract throws `CODE {json}`; whoever receives the text reads code and details back
 * with `parseFault`, never by matching words. The list is closed.
 */

export const FAULTS = {
  // the request itself
  REQUEST_MALFORMED: 'The request does not have the shape of its operation.',
  VALUE_NOT_CANONICAL: 'A value has no canonical form.',
  BATCH_SIZE: 'A batch holds 1 to 50 items (25 where a page says so).',
  BATCH_MIXED_PARTIES: 'All items of a batch must have the same organisations as parties.',
  BATCH_REFUSED: 'At least one item was refused; `refusals` names index and code of each.',
  BATCH_DUPLICATE: 'Two items of one batch are about the same record.',
  // who
  CALLER_UNKNOWN: 'The certificate carries no memberId or role, or the member is not registered.',
  CALLER_SUSPENDED: 'The member is suspended.',
  ROLE_REFUSED: 'The role in the certificate may not do this.',
  ORGANISATION_REFUSED: 'The organisation of the caller is not the one that may do this.',
  MEMBER_REFUSED: 'The member of the caller is not the one that may do this.',
  MAKER_IS_CHECKER: 'The second person must be another person.',
  NOTHING_PENDING: 'No first person has begun this step.',
  FOREIGN_PEER: 'Private values are read through the peer of the own organisation only.',
  // records
  RECORD_UNKNOWN: 'No such record.',
  RECORD_EXISTS: 'A record with this id exists already.',
  RECORD_NOT_AUTHENTIC: 'The collections of the parties do not hold this record.',
  OPENING_WRONG: 'The opening does not hash to what the parties hold.',
  MOVE_REFUSED: 'The life cycle has no such move from the present state.',
  INVOICE_DUPLICATE: 'An invoice with this fingerprint is in the network already.',
  SAME_ORGANISATION: 'Both parties belong to one organisation; the ledger needs two.',
  // policy
  POLICY_MISSING: 'The network has no policy yet.',
  POLICY_EXISTS: 'The network has its policy already.',
  POLICY_VERSION: 'Policy versions and dates only go forward.',
  DAY_BACKWARDS: 'The calendar offset only goes forward.',
  KEY_WRONG: 'The consortium key does not hash to what the policy names.',
  // documents
  DOCUMENT_INCONSISTENT: 'Lines, totals, dates or signs of the document contradict each other.',
  CREDIT_CODE_INVALID:
    'The unified social credit code has a wrong length, letter or check character.',
  CREDIT_EXCEEDS_AVAILABLE:
    'The credit note is larger than the part of the invoice that is still free.',
  TAX_REFUSED: 'The tax state of the invoice does not permit this.',
  // reconciliation
  MATCH_PARTIES:
    'Order, receipt, invoice and rules are not of the same buyer, seller and currency.',
  RULES_NOT_IN_FORCE: 'The rule set takes effect on a later day.',
  RECEIPT_COUNTED: 'The receipt has been matched already.',
  NOT_MATCHED: 'The invoice has no verdict that permits this.',
  AMOUNT_EXCEEDS_ELIGIBLE: 'More than the eligible amount.',
  AMOUNT_EXCEEDS_AVAILABLE: 'More than what is available.',
  AMOUNT_NOT_POSITIVE: 'The amount must be positive.',
  BALANCE_BROKEN: 'The parts of the invoice do not add up to its gross amount.',
  ALLOCATION_EXCEEDS_PAYMENT: 'More was allocated than the payment has left.',
  SHORT_PAY_REASON: 'A short payment needs a reason, and the difference must be within the limits.',
  // certificates
  ISSUE_STOPPED: 'The obligor has an overdue certificate and may not issue.',
  TENOR_EXCEEDED: 'The tenor is longer than the policy permits.',
  USES_MISMATCH: 'The uses do not add up to the face.',
  TERMS_MISMATCH: 'Obligor, holder, currency or due date do not agree.',
  OFFER_EXPIRED: 'The offer has expired.',
  NOT_EXPIRED: 'The time has not come.',
  FROZEN: 'The certificate or its root is frozen.',
  NOT_FROZEN: 'The certificate is not frozen.',
  SPLIT_SUM: 'The children do not add up to the parent.',
  SPLIT_LIMITS: 'Too many children, too deep, or a child below the minimum.',
  TRANSFER_TO_SELF: 'The transferee is the holder.',
  NOT_DUE: 'The certificate is not due yet.',
  PAST_DUE: 'The certificate is at or past its due date.',
  WITHIN_GRACE: 'The grace period is not over.',
  PAID_IN_FULL: 'The root is paid in full; its holders have only to collect.',
  // financing and settlement
  REQUEST_NOT_OPEN: 'The request is not open for this.',
  NOT_INVITED: 'The bank was not invited.',
  PRICE_MISMATCH: 'discount + fees + net is not the face.',
  NOTICE_MISSING: 'The notice of assignment is not acknowledged.',
  REGISTRATION_MISSING: 'The registration or its search snapshot is missing.',
  EVIDENCE_WRONG: 'The statement entry does not prove this payment.',
  ATTESTOR_REFUSED: 'This bank does not attest payments of this member.',
  NOTHING_TO_COLLECT: 'Nothing has been paid on the root that is not collected yet.',
  SETTLEMENT_EXCEEDS_FACE: 'More than what is left to pay on the root.',
} as const
export type FaultCode = keyof typeof FAULTS

export type Fault = { code: FaultCode } & Record<string, unknown>

const printable = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value

/** `CODE {json}`: details never carry a private value, for an error text is seen by every endorser. */
export class CodedError extends Error {
  readonly fault: Fault
  constructor(fault: Fault) {
    const { code, ...details } = fault
    super(`${code} ${JSON.stringify(details, printable)}`)
    this.name = 'CodedError'
    this.fault = fault
  }
}

export const refuse = (code: FaultCode, details: Record<string, unknown> = {}): never => {
  throw new CodedError({ ...details, code })
}

export const isFault = (error: unknown, code?: FaultCode): error is CodedError =>
  error instanceof CodedError && (code === undefined || error.fault.code === code)

const FAULT_TEXT = /(?:^|[\s,:])([A-Z][A-Z_]{3,}) (\{.*\})/s

/** The fault inside an endorser's error text, or undefined where the text carries none of ours. */
export const parseFault = (message: string): Fault | undefined => {
  const found = FAULT_TEXT.exec(message)
  if (found === null || !((found[1] as string) in FAULTS)) return undefined
  try {
    return { ...(JSON.parse(found[2] as string) as object), code: found[1] as FaultCode }
  } catch {
    return undefined
  }
}
