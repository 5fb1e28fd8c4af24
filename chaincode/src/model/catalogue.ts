/**
 * Every transaction function: who may send it, who endorses, what can be refused. The contracts take the
 * roles from here, and docs/reference/contracts.md is generated from here, so neither can drift.
 */
import { FINANCE_CATALOGUE } from './catalogueFinance.ts'
import { TRADE_CATALOGUE } from './catalogueTrade.ts'
import type { FaultCode } from './fault.ts'
import type { Role } from './roles.ts'

export type OperationEntry = {
  /** Who, in words: organisation and member. */
  who: string
  roles: readonly Role[]
  endorsers: string
  does: string
  refusals: readonly FaultCode[]
}

export const CATALOGUE = { ...TRADE_CATALOGUE, ...FINANCE_CATALOGUE } as const
export type OperationName = keyof typeof CATALOGUE
