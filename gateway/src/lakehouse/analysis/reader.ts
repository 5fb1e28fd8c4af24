/** From a checked session to a reader of the lake: by what the organisation is, and for whom the user acts. */
import { CodedError } from '../../platform/faults.ts'
import type { Config } from '../../platform/config.ts'
import type { Caller } from '../../platform/http/tokens.ts'
import { scopeOf } from '../../services.ts'
import type { AnalystRole, Reader } from './policy.ts'

/**
 * The lake of an organisation holds what it is a party to. Staff of a core firm, an alliance or a carrier see that
 * whole; a bank what it funds or was asked to fund; a regulator everything, under pseudonyms.
 */
const ROLE_OF_KIND: Readonly<Record<NonNullable<Config['kind']>, AnalystRole>> = {
  CORE: 'CORE',
  ALLIANCE: 'CORE',
  LOGISTICS: 'CORE',
  BANK: 'BANK',
  REGULATOR: 'REGULATOR',
}

/** @throws LAKE_READER_UNKNOWN for staff of an organisation that does not say what it is. */
export function readerOf({ kind, mspId }: Pick<Config, 'kind' | 'mspId'>, caller: Caller): Reader {
  const memberId = scopeOf(caller)
  // Whoever acts for a member sees that member's rows, whatever the organisation is.
  if (memberId !== undefined) return { role: 'MEMBER', mspId, memberId }
  if (kind === undefined)
    throw new CodedError('LAKE_READER_UNKNOWN', {
      status: 403,
      detail: 'the configuration of this gateway does not say what the organisation is: set kind',
    })
  return { role: ROLE_OF_KIND[kind], mspId }
}
