import type { z } from 'zod'

/** What a user may do. One person may hold several, but never maker and checker on one object. */
export const ROLES = ['maker', 'checker', 'treasurer', 'operator', 'auditor', 'compliance'] as const
export type Role = (typeof ROLES)[number]

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** `anyone`: no token. `user`: any valid token. A list: the token must carry one of the roles. */
export type Access = 'anyone' | 'user' | readonly Role[]

/**
 * One endpoint as data: the server, the OpenAPI document and the typed client are all read from it.
 * A route that changes something is a `write`: it takes an Idempotency-Key and is journalled.
 */
export interface Route {
  readonly method: Method
  /** Express notation, e.g. `/v1/invoices/:invoiceId`. */
  readonly path: string
  readonly summary: string
  readonly access: Access
  /** Concerns the organisation as a whole: closed to everybody who acts for one member, whatever the roles. */
  readonly organization?: boolean
  readonly write?: boolean
  readonly status?: number
  readonly params?: z.ZodType
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  /** Media type of a body that is not JSON; such a body reaches the handler as a stream. */
  readonly bodyMedia?: string
  readonly response: z.ZodType
  /** Media type of an answer that is not JSON. */
  readonly responseMedia?: string
}

/** Keeps the literal types of a table of routes while checking its shape. */
export function routes<const T extends Record<string, Route>>(table: T): T {
  return table
}
