/** One record as it came: kept, or a dead letter that says why. A function; no clock. */
import { createHash } from 'node:crypto'
import { isCreditCode } from '@triflow/chaincode/model'
import { z } from 'zod'
import { Instant, isStorable } from './fields.ts'
import type { DeadCode, KeptRecord } from './sink.ts'
import { SUBJECT_KINDS, type Source, type Subject } from './source.ts'

export type Checked =
  | { readonly record: KeptRecord; readonly drift: readonly string[] }
  | { readonly code: DeadCode; readonly path: string }

const Key = z.object({
  id: z.string().regex(/^[\w.:/-]{1,128}$/),
  revision: z.int().min(1).max(1_000_000),
})
const Kind = z.object({ kind: z.enum(SUBJECT_KINDS), id: z.string() })

const PERSON = /^p[0-9a-f]{16}$/

type Raw = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Undefined when it cannot be said of whom the record speaks. */
export function subjectOf(raw: unknown): Subject | undefined {
  const found = Kind.safeParse(isObject(raw) ? raw['subject'] : undefined)
  if (!found.success) return undefined
  const { kind, id } = found.data
  return (kind === 'MEMBER' ? isCreditCode(id) : PERSON.test(id)) ? { kind, id } : undefined
}

/** Clocks differ, and a day ends later elsewhere; more than this ahead would let a feature see the future. */
const AHEAD_MS = 24 * 3_600_000

export function check(source: Source, raw: unknown, arrivedAt: string): Checked {
  if (!isObject(raw)) return { code: 'NOT_AN_OBJECT', path: '' }
  const key = Key.safeParse(raw)
  if (!key.success) return { code: 'KEY_INVALID', path: pathOf(key.error) }
  const subject = subjectOf(raw)
  if (!subject) return { code: 'SUBJECT_INVALID', path: 'subject' }
  if (!source.consent[subject.kind]) return { code: 'SUBJECT_KIND', path: 'subject.kind' }
  const at = Instant.safeParse(raw['eventAt'])
  if (!at.success) return { code: 'EVENT_TIME_INVALID', path: 'eventAt' }
  const eventAt = at.data
  if (Date.parse(eventAt) > Date.parse(arrivedAt) + AHEAD_MS)
    return { code: 'EVENT_IN_FUTURE', path: 'eventAt' }
  const parsed = bodyOf(source, raw['body'])
  if ('code' in parsed) return parsed
  const { body } = parsed
  if (!isSameTime(eventAt, String(body[source.eventField])))
    return { code: 'EVENT_TIME_MISMATCH', path: `body.${source.eventField}` }
  const record = { ...key.data, subject, eventAt, arrivedAt, body, source: source.name }
  return { record: { ...record, fingerprint: fingerprint(record) }, drift: parsed.drift }
}

const pathOf = (error: z.ZodError): string => (error.issues[0]?.path ?? []).join('.')

type ParsedBody =
  | { readonly body: Readonly<Record<string, unknown>>; readonly drift: readonly string[] }
  | { readonly code: 'FIELD_MISSING' | 'FIELD_INVALID'; readonly path: string }

/** Field by field: the first that fails names itself, and what the schema does not have is left out. */
function bodyOf(source: Source, raw: unknown): ParsedBody {
  if (!isObject(raw)) return { code: 'FIELD_INVALID', path: 'body' }
  const body: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(source.fields)) {
    const given = Object.hasOwn(raw, name) ? raw[name] : undefined
    if (field.required && given === undefined)
      return { code: 'FIELD_MISSING', path: `body.${name}` }
    const parsed = field.schema.safeParse(given)
    if (!parsed.success) return { code: 'FIELD_INVALID', path: `body.${name}` }
    if (parsed.data !== undefined) body[name] = parsed.data
  }
  const drift = Object.keys(raw).filter(name => !Object.hasOwn(source.fields, name))
  return { body, drift: drift.slice(0, DRIFT_MAX).map(fieldName) }
}

/** New fields that one record is listened to about. */
const DRIFT_MAX = 20
const NAME_MAX = 64

/** A name that we did not choose: short, and storable. */
const fieldName = (name: string): string =>
  isStorable(name) && name.length <= NAME_MAX ? name : '(unprintable)'

const CHINA_MS = 8 * 3_600_000

/** A day is a day in China, where every source keeps its calendar. */
function isSameTime(eventAt: string, stated: string): boolean {
  if (stated.length > 10) return Date.parse(stated) === Date.parse(eventAt)
  return new Date(Date.parse(eventAt) + CHINA_MS).toISOString().slice(0, 10) === stated
}

/** Of what is kept: a source that adds a field to a record has not contradicted itself. */
function fingerprint(record: Pick<KeptRecord, 'subject' | 'eventAt' | 'body'>): string {
  const { kind, id } = record.subject
  // Body fields stand in the order of the catalogue, whatever order they came in.
  const text = JSON.stringify([kind, id, record.eventAt, Object.entries(record.body)])
  return createHash('sha256').update(text).digest('hex')
}
