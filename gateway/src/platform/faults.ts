/**
 * The two kinds of failure. A `CodedError` is an operating fault: it has a stable code that becomes a
 * problem+json. Anything else that is thrown is a defect: answered 500 INTERNAL, logged in full.
 */
export interface FieldFault {
  readonly path: string
  readonly code: string
  readonly detail?: string
}

interface FaultOptions {
  readonly status?: number
  readonly detail?: string
  readonly fields?: readonly FieldFault[]
  /** Further members of the problem document; never personal data or amounts of others. */
  readonly facts?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** HTTP status by code; a code that is not listed is a refusal by a rule, 409. */
const STATUS: Readonly<Record<string, number>> = {
  BODY_MALFORMED: 400,
  REQUEST_INVALID: 400,
  CURSOR_INVALID: 400,
  IDEMPOTENCY_KEY_MISSING: 400,
  TOKEN_MISSING: 401,
  TOKEN_INVALID: 401,
  TOKEN_EXPIRED: 401,
  SESSION_ENDED: 401,
  LOGIN_REFUSED: 401,
  PASSWORD_CHANGE_REQUIRED: 403,
  USER_DISABLED: 403,
  ROLE_MISSING: 403,
  MEMBER_MISMATCH: 403,
  CALLER_ROLE: 403,
  CALLER_MSP: 403,
  CALLER_MEMBER: 403,
  MAKER_IS_CHECKER: 403,
  ROUTE_UNKNOWN: 404,
  OBJECT_UNKNOWN: 404,
  LAKE_ABSENT: 404,
  BODY_TOO_LARGE: 413,
  MEDIA_TYPE: 415,
  IDEMPOTENCY_KEY_REUSED: 422,
  USCC_CHECK: 422,
  LOGIN_LOCKED: 429,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  LEDGER_FAULT: 502,
  LEDGER_UNAVAILABLE: 503,
  LOGIN_BUSY: 503,
  NOT_READY: 503,
  ENDORSEMENT_POLICY_FAILURE: 502,
}

export class CodedError extends Error {
  override readonly name = 'CodedError'
  readonly code: string
  readonly status: number
  readonly detail: string | undefined
  readonly fields: readonly FieldFault[]
  readonly facts: Readonly<Record<string, unknown>>

  constructor(code: string, options: FaultOptions = {}) {
    super(options.detail ? `${code}: ${options.detail}` : code, { cause: options.cause })
    this.code = code
    this.status = options.status ?? STATUS[code] ?? 409
    this.detail = options.detail
    this.fields = options.fields ?? []
    this.facts = options.facts ?? {}
  }
}

export function isFault(error: unknown, code?: string): error is CodedError {
  return error instanceof CodedError && (code === undefined || error.code === code)
}

/** A broken assumption of the programmer: never shown to a caller, always logged. */
export function invariant(claim: unknown, what: string): asserts claim {
  if (!claim) throw new Error(`invariant broken: ${what}`)
}

export function unknownObject(what: string): CodedError {
  return new CodedError('OBJECT_UNKNOWN', { detail: `no such ${what}, or not yours` })
}
