/** A question on its way: from what a caller sent to what the lake is asked, and back. */
import type { Caller } from '../../platform/http/tokens.ts'
import type { Moment } from './desk.ts'
import type { Reader } from './policy.ts'
import type { ParameterValue } from './protocol.ts'
import type { Analysis, Question, QueryAnswer } from './query.ts'
import type { Asked, Told } from './queryLog.ts'
import { boundValues, type ParameterType } from './saved.ts'

export interface Asking extends Moment {
  readonly sql: string
  readonly values: Readonly<
    Record<string, { readonly type: ParameterType; readonly value: ParameterValue }>
  >
}

/** Who asks, over which version, and what is to be noted. */
export interface Asker {
  readonly analysis: Analysis
  readonly reader: Reader
  readonly version: number | undefined
  readonly told: Told
}

export type Ask = <T>(
  call: { readonly caller: Caller; readonly asked: Asked; readonly moment?: Moment },
  work: (asker: Asker) => Promise<T>,
) => Promise<T>

export const callOf = (
  caller: Caller,
  asking: Asking,
  asked: Pick<Asked, 'kind' | 'route' | 'subjectId'>,
) => ({
  caller,
  asked: { ...asked, sql: asking.sql, parameters: asking.values },
  moment: asking,
})

export function questionOf({ sql, values }: Asking, version: number | undefined): Question {
  const parameters = Object.entries(values).map(([name, { type }]) => [name, { type }] as const)
  const given = Object.entries(values).map(([name, { value }]) => [name, value] as const)
  const declared = { parameters: Object.fromEntries(parameters) }
  const bound = boundValues(declared, Object.fromEntries(given))
  return { sql, values: bound, ...(version === undefined ? {} : { version }) }
}

export function answerOf(
  { columns, rows, truncated, tables, elapsedMs }: QueryAnswer,
  { told, version }: Pick<Asker, 'told' | 'version'>,
) {
  told.tables = tables
  told.rows = rows.length
  const snapshot = version === undefined ? {} : { snapshot: String(version) }
  return { columns, rows, truncated, tables, elapsedMs: Math.round(elapsedMs), ...snapshot }
}
