/** The kinds of field that a record of a source may have: how each is checked, stored, and hidden. */
import { z } from 'zod'

/** What a reader without the right to the plain value sees instead. */
export const MASKINGS = [
  'NONE',
  'NAME',
  'ID_NUMBER',
  'ACCOUNT',
  'PHONE',
  'ADDRESS',
  'FREE_TEXT',
] as const
export type Masking = (typeof MASKINGS)[number]

export interface Words {
  readonly zh: string
  readonly en: string
}

export interface Field<S extends z.ZodType = z.ZodType> {
  readonly words: Words
  readonly schema: S
  /** Column type of the lake; fen are BIGINT, days DATE, instants TIMESTAMP in UTC. */
  readonly column: 'VARCHAR' | 'BIGINT' | 'INTEGER' | 'DATE' | 'TIMESTAMP' | 'BOOLEAN'
  readonly masking: Masking
  readonly required: boolean
}

/**
 * PostgreSQL, which keeps the catalogue, takes neither NUL nor half a surrogate pair: one such record would hold up
 * its batch for ever.
 */
export const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed()

export const storable = (max: number) =>
  z.string().min(1).max(max).refine(isStorable, { message: 'not storable' })

/** No column of days holds every day that can be spelt, and none of ours lies outside these. */
const isNear = (text: string): boolean => text >= '1900' && text < '2200'

/** A day that the calendar has; 2026-02-30 is none. */
const Day = z.iso.date().refine(isNear)

/** In UTC, of milliseconds at most. Spelt in one way: two spellings would be two contents of one record. */
export const Instant = z.iso
  .datetime({ offset: false })
  .max(24)
  .refine(isNear)
  .transform(text => new Date(text).toISOString())

const field =
  <S extends z.ZodType>(schema: S, column: Field['column'], masking: Masking = 'NONE') =>
  (zh: string, en: string): Field<S> => ({
    words: { zh, en },
    schema,
    column,
    masking,
    required: true,
  })

/** Money in fen, below 2^53: an exact integer in JSON. */
export const fen = field(z.int(), 'BIGINT')
export const count = field(z.int().min(0).max(2_147_483_647), 'INTEGER')
/** Parts per million, signed. */
export const ppm = field(z.int().min(-2_147_483_648).max(2_147_483_647), 'INTEGER')
export const day = field(Day, 'DATE')
export const instant = field(Instant, 'TIMESTAMP')
export const flag = field(z.boolean(), 'BOOLEAN')
export const month = field(z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/), 'VARCHAR')
/** A number or code of a document or an object: says nothing of a person. */
export const reference = field(z.string().regex(/^[\w.:/()（）\p{Script=Han}-]{1,64}$/u), 'VARCHAR')
export const words = field(storable(200), 'VARCHAR')
export const name = field(storable(120), 'VARCHAR', 'NAME')
export const idNumber = field(z.string().regex(/^[0-9A-Z]{15,18}$/), 'VARCHAR', 'ID_NUMBER')
export const account = field(z.string().regex(/^[0-9A-Za-z*-]{6,34}$/), 'VARCHAR', 'ACCOUNT')
export const phone = field(z.string().regex(/^\+?[0-9-]{7,20}$/), 'VARCHAR', 'PHONE')
export const address = field(storable(200), 'VARCHAR', 'ADDRESS')
export const freeText = field(storable(500), 'VARCHAR', 'FREE_TEXT')

export const oneOf = <const V extends readonly [string, ...string[]]>(
  zh: string,
  en: string,
  values: V,
) => field(z.enum(values), 'VARCHAR')(zh, en)

/** Absent, or null, which is read as absent. */
export const maybe = <S extends z.ZodType>(one: Field<S>) => ({
  ...one,
  schema: one.schema.nullish().transform(value => value ?? undefined),
  required: false,
})
