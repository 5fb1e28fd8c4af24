/**
 * Saved queries as data. Whoever runs one runs it over his own views, so that sharing a question
 * shares no answer. Parameters are bound by type, never spliced into the text.
 */
import { z } from 'zod'
import { CodedError, type FieldFault } from '../../platform/faults.ts'
import { ChartSchema, checkChart, WordsSchema } from './charts.ts'
import { TEXT_MAX } from './check.ts'
import type { Reader } from './policy.ts'
import type { Bound, ParameterValue as Value } from './protocol.ts'
import type { Analysis, QueryAnswer } from './query.ts'

export const PARAMETER_TYPES = ['TEXT', 'INTEGER', 'FEN', 'DAY', 'BOOLEAN'] as const
export type ParameterType = (typeof PARAMETER_TYPES)[number]

export const ParameterName = z.string().regex(/^[a-z][a-z0-9_]{0,40}$/)
export const ParameterValue = z.union([z.string().max(1_000), z.boolean(), z.int()])

const Parameter = z.strictObject({
  type: z.enum(PARAMETER_TYPES),
  words: WordsSchema,
  /** Without it the parameter must be given. */
  default: ParameterValue.optional(),
})

export const SavedQuerySchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{1,60}$/),
  words: z.strictObject({ title: WordsSchema, about: WordsSchema.optional() }),
  sql: z.string().min(1).max(TEXT_MAX),
  parameters: z.record(ParameterName, Parameter),
  chart: ChartSchema.optional(),
})

export type SavedQuery = z.infer<typeof SavedQuerySchema>
export type ParameterValues = Readonly<Record<string, Value>>

/** @throws REQUEST_INVALID with the places. */
export function parseSavedQuery(given: unknown): SavedQuery {
  const parsed = SavedQuerySchema.safeParse(given)
  if (!parsed.success) throw invalid(parsed.error.issues.map(faultOfIssue))
  const faults = Object.entries(parsed.data.parameters).flatMap(
    ([name, { type, default: usual }]) =>
      usual === undefined || isOfType(usual, type)
        ? []
        : [{ path: `parameters.${name}.default`, code: 'PARAMETER_TYPE' }],
  )
  if (faults.length > 0) throw invalid(faults)
  return parsed.data
}

const faultOfIssue = ({ path, code }: z.core.$ZodIssue): FieldFault => ({
  path: path.join('.'),
  code,
})

const invalid = (fields: readonly FieldFault[]): CodedError =>
  new CodedError('REQUEST_INVALID', { fields })

const DIGITS = /^-?\d{1,18}$/

function isDay(given: Value): boolean {
  if (typeof given !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(given)) return false
  const instant = new Date(`${given}T00:00:00Z`)
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(given)
}

/** Money and whole numbers come as digits: JSON has no number that is exact beyond 2^53. */
const isWhole = (given: Value): boolean =>
  typeof given === 'number' ? Number.isSafeInteger(given) : DIGITS.test(String(given))

const CHECKS: Readonly<Record<ParameterType, (given: Value) => boolean>> = {
  TEXT: given => typeof given === 'string',
  INTEGER: isWhole,
  FEN: isWhole,
  DAY: isDay,
  BOOLEAN: given => typeof given === 'boolean',
}

const isOfType = (given: Value, type: ParameterType): boolean => CHECKS[type](given)

const BOUND_AS: Readonly<Record<ParameterType, Bound['type']>> = {
  TEXT: 'VARCHAR',
  INTEGER: 'BIGINT',
  FEN: 'BIGINT',
  DAY: 'DATE',
  BOOLEAN: 'BOOLEAN',
}

interface Declared {
  readonly parameters: Readonly<
    Record<string, { readonly type: ParameterType; readonly default?: Value | undefined }>
  >
}

/** @throws REQUEST_INVALID for a value that is missing, unknown or of another type. */
export function boundValues(saved: Declared, given: ParameterValues): Record<string, Bound> {
  const faults: FieldFault[] = Object.keys(given)
    .filter(name => !Object.hasOwn(saved.parameters, name))
    .map(name => ({ path: name, code: 'PARAMETER_UNKNOWN' }))
  const bound: Record<string, Bound> = {}
  for (const [name, { type, default: usual }] of Object.entries(saved.parameters)) {
    const chosen = Object.hasOwn(given, name) ? given[name] : usual
    if (chosen === undefined) faults.push({ path: name, code: 'PARAMETER_MISSING' })
    else if (!isOfType(chosen, type)) faults.push({ path: name, code: 'PARAMETER_TYPE' })
    else bound[name] = { value: chosen, type: BOUND_AS[type] }
  }
  if (faults.length > 0) throw invalid(faults)
  return bound
}

const SAMPLE: Readonly<Record<ParameterType, Value>> = {
  TEXT: '',
  INTEGER: 0,
  FEN: 0,
  DAY: '2000-01-01',
  BOOLEAN: false,
}

/**
 * Before it is saved: the owner may ask it, it uses the parameters that it declares, and its chart
 * fits what it answers.
 *
 * @throws what refuses the query, QUERY_PARAMETER, CHART_INVALID.
 */
export async function checkSavedQuery(
  analysis: Analysis,
  reader: Reader,
  saved: SavedQuery,
): Promise<void> {
  const sample = Object.entries(saved.parameters).map(
    ([name, { type, default: usual }]) => [name, usual ?? SAMPLE[type]] as const,
  )
  const values = boundValues(saved, Object.fromEntries(sample))
  const { columns } = await analysis.runQuery(reader, { sql: saved.sql, values })
  if (saved.chart) checkChart(saved.chart, columns)
}

export async function runSavedQuery(
  analysis: Analysis,
  reader: Reader,
  saved: SavedQuery,
  given: ParameterValues = {},
): Promise<QueryAnswer> {
  return analysis.runQuery(reader, { sql: saved.sql, values: boundValues(saved, given) })
}
