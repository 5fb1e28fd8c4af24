/** What all families say, put together. */
import { CodedError } from '../../platform/faults.ts'
import { FAMILIES } from '../schema.ts'
import type { Personal, Retained } from './declared.ts'
import type { Timed } from './sql.ts'

export const RETAINED: ReadonlyMap<string, Retained> = new Map(
  FAMILIES.flatMap(({ retention = [] }) => retention).map(one => [one.table, one]),
)
export const PERSONAL: readonly Personal[] = FAMILIES.flatMap(({ personal = [] }) => personal)

export const TIMED: readonly Timed[] = [...RETAINED.values()].filter(
  (one): one is Timed => one.keeps === 'TIME',
)

/** @throws CodedError RETENTION_UNDECLARED: nobody may delete from, or keep, what nobody has thought of. */
export function timedOf(table: string): Timed {
  const found = RETAINED.get(table)
  if (found?.keeps !== 'TIME') throw new CodedError('RETENTION_UNDECLARED', { detail: table })
  return found
}
