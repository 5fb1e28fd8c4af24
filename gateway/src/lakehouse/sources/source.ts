/** What the catalogue says of one source. */
import type { z } from 'zod'
import type { Field, Words } from './fields.ts'

export const SOURCE_NAMES = [
  'ledger_behaviour',
  'bank_statements',
  'vat_invoices',
  'tax_filings',
  'business_registry',
  'court_records',
  'customs',
  'utilities',
  'logistics',
  'credit_bureau',
  'ecommerce',
  'social_behaviour',
  'land_production',
] as const
export type SourceName = (typeof SOURCE_NAMES)[number]

/**
 * A member is named by its unified social credit code; a person by the reference that we gave the source when the
 * person was enrolled, never by an identity number.
 */
export const SUBJECT_KINDS = ['MEMBER', 'PERSON'] as const
export interface Subject {
  readonly kind: (typeof SUBJECT_KINDS)[number]
  readonly id: string
}

/** V: read in the text of the statute. S: from a secondary source, to be confirmed by counsel. */
export interface LegalGround {
  readonly zh: string
  readonly en: string
  readonly status: 'V' | 'S'
}

export interface ConsentBasis {
  /**
   * CONTRACT: needed for a contract with the subject, or agreed in it. PUBLIC_RECORD: lawfully made public. The
   * others: only of subjects who said yes, in the form that the law asks for, and for this source; checked for each
   * record. OPT_IN is a separate consent that nothing may depend on.
   */
  readonly kind: 'CONTRACT' | 'PUBLIC_RECORD' | 'WRITTEN_CONSENT' | 'SEPARATE_CONSENT' | 'OPT_IN'
  readonly grounds: readonly LegalGround[]
}

/** How long records are kept; the periods belong to the rules of the lake, not to a source. */
export type RetentionClass =
  | 'ACCOUNTING'
  | 'TRANSACTION'
  | 'TAX'
  | 'PUBLIC_RECORD'
  | 'CREDIT'
  | 'OPERATIONAL'
  | 'PROCESSING_RECORD'
  | 'PERSONAL_OPT_IN'
  | 'BEHAVIOUR'
  | 'DIAGNOSTIC'

export type Fields = Readonly<Record<string, Field>>

export interface Source<F extends Fields = Fields> {
  readonly name: SourceName
  readonly words: Words
  /** LEDGER: computed from the ledger's own tables, not pulled. */
  readonly origin: 'PULLED' | 'LEDGER'
  readonly fields: F
  /** The field, a DAY or an INSTANT, that says when it happened. */
  readonly eventField: string
  /** What makes two records the same one. */
  readonly key: readonly ['id', 'revision']
  /** Older than this, the newest event makes the source STALE. */
  readonly freshDays: number
  /** By kind of subject; a kind that is not named is not a subject of this source. */
  readonly consent: Readonly<Partial<Record<Subject['kind'], ConsentBasis>>>
  readonly retention: RetentionClass
}

export type Body<F extends Fields = Fields> = {
  readonly [K in keyof F]: z.output<F[K]['schema']>
}

type Draft<F extends Fields> = Omit<Source<F>, 'key' | 'origin' | 'eventField'> &
  Partial<Pick<Source, 'origin'>> & { readonly eventField: keyof F & string }

export const source = <F extends Fields>(draft: Draft<F>): Source<F> => ({
  origin: 'PULLED',
  key: ['id', 'revision'],
  ...draft,
})

const ASKED: ReadonlySet<ConsentBasis['kind']> = new Set([
  'WRITTEN_CONSENT',
  'SEPARATE_CONSENT',
  'OPT_IN',
])

/** Whether a subject of this kind has to have said yes before anything of it is kept. */
export function needsConsent({ consent }: Pick<Source, 'consent'>, kind: Subject['kind']): boolean {
  const basis = consent[kind]
  return basis !== undefined && ASKED.has(basis.kind)
}

export const asksAnybody = (source: Pick<Source, 'consent'>): boolean =>
  SUBJECT_KINDS.some(kind => needsConsent(source, kind))
