/**
 * Where batches go, and where the puller learns how far it has come. The lake implements it with one transaction per
 * batch.
 */
import type { SourceName, Subject } from './source.ts'

/** A record as it is kept: the fields of the catalogue and no others. */
export interface KeptRecord {
  readonly source: SourceName
  readonly id: string
  readonly revision: number
  readonly subject: Subject
  /** When it happened, and when it came: a decision of a day knows what had come by then. ISO, UTC. */
  readonly eventAt: string
  readonly arrivedAt: string
  readonly body: Readonly<Record<string, unknown>>
  /** SHA-256 over subject, event time and body: what `known` is asked for. */
  readonly fingerprint: string
}

export const DEAD_CODES = [
  'NOT_AN_OBJECT',
  'KEY_INVALID',
  'SUBJECT_INVALID',
  'SUBJECT_KIND',
  'EVENT_TIME_INVALID',
  'EVENT_TIME_MISMATCH',
  'EVENT_IN_FUTURE',
  'FIELD_MISSING',
  'FIELD_INVALID',
  'CONFLICTING_REVISION',
] as const
export type DeadCode = (typeof DEAD_CODES)[number]

export interface DeadLetter {
  readonly source: SourceName
  readonly code: DeadCode
  /** Field of the record, such as `body.amountFen`; names of the catalogue, never values. */
  readonly path: string
  /** JSON as it came, cut at `RAW_MAX`; absent where nothing of the subject may be kept. */
  readonly raw?: string
  readonly isCut: boolean
  readonly arrivedAt: string
}

export const RAW_MAX = 4_096

/** Counts since the first batch. */
export interface Totals {
  readonly records: number
  readonly dead: number
  readonly deadByCode: Readonly<Partial<Record<DeadCode, number>>>
  /** Came again with the same content, and was dropped. */
  readonly duplicates: number
  /** Of subjects who had not said yes: nothing of them is kept, not even why. */
  readonly withoutConsent: number
  /** Fields that the schema does not have, and how often each came. */
  readonly drift: Readonly<Record<string, number>>
  readonly lastEventAt?: string
  readonly lastArrivalAt?: string
}

/** A source telling again from its beginning, for those who have consented since their records were passed over. */
export interface Retelling {
  /** Of consents by number: those behind `after`, up to `upTo`, are taken up. */
  readonly after: number
  readonly upTo: number
  /** The cursor behind its last page; undefined before the first. */
  readonly position?: string
  /** ISO, UTC. */
  readonly begunAt: string
  /** Records of its pages, and those of them that were kept. */
  readonly read: number
  readonly kept: number
}

export type Retold = Pick<Retelling, 'begunAt' | 'read' | 'kept'> & { readonly endedAt: string }

export interface SourceState {
  /** The cursor behind the last batch; undefined before the first. */
  readonly position: string | undefined
  readonly totals: Totals
  /** The number of the last consent for which nothing has to be told again. */
  readonly takenUp?: number
  /** The one under way, and the last that came to its end. */
  readonly retelling?: Retelling
  readonly retold?: Retold
}

export const NOTHING: SourceState = {
  position: undefined,
  totals: { records: 0, dead: 0, deadByCode: {}, duplicates: 0, withoutConsent: 0, drift: {} },
}

export interface RecordKey {
  readonly id: string
  readonly revision: number
}

export const keyText = ({ id, revision }: RecordKey): string => `${id}/${revision}`

export interface Batch {
  readonly source: SourceName
  /** The position that the batch was pulled at, and how far a retelling was then. */
  readonly after: string | undefined
  readonly retelling: Retelling | undefined
  /** The state that it leads to: its position, and totals that count it in. */
  readonly next: SourceState
  /** Records of the page, whatever came of them. */
  readonly read: number
  readonly records: readonly KeptRecord[]
  readonly dead: readonly DeadLetter[]
  /** Of this batch alone. */
  readonly drift: Readonly<Record<string, number>>
  /** Subjects whose consent the batch rests on, as `kind/id`; a sink that knows consents asks again inside. */
  readonly consentOf: readonly string[]
}

/** Whether the state is the one that the batch was pulled at: of two who bring the same, one is too late. */
export const isAt = (state: SourceState, { after, retelling }: Batch): boolean =>
  state.position === after &&
  state.retelling?.begunAt === retelling?.begunAt &&
  state.retelling?.position === retelling?.position

/** A page of more is part of a history: a look at a source that has told its own finds fewer. */
export const FEW = 100

export interface SourceSink {
  state(source: SourceName): Promise<SourceState>
  /** Fingerprints of those of the keys that are kept, by `keyText`. */
  known(source: SourceName, keys: readonly RecordKey[]): Promise<ReadonlyMap<string, string>>
  /** Those of the texts that dead letters of the source hold. */
  lettered(source: SourceName, raws: readonly string[]): Promise<ReadonlySet<string>>
  /**
   * All of the batch and the move to `next`, or nothing.
   *
   * @throws CodedError POSITION_MOVED when the sink is not where the batch was pulled. CONSENT_WITHDRAWN, if it checks that, when
   * somebody in `consentOf` has changed their mind meanwhile. Either way the batch is pulled anew.
   */
  deliver(batch: Batch): Promise<void>
}

/** Consents have numbers, in each source from one on, and are seen in their order. */
export type Numbers = Pick<Retelling, 'after' | 'upTo'>

/** Consents that stand, behind a number. */
export interface Given {
  readonly count: number
  /** Those among them whose subject had withdrawn before. */
  readonly again: number
  /** The highest of their numbers, or the number that was asked for where there are none. */
  readonly upTo: number
}

/** Who has said yes, as of now. A withdrawal counts from the moment it is made. */
export interface Consents {
  /** Those of the subjects, as `kind/id`, who consent to this source; of consents of these numbers alone, if given. */
  granted(
    source: SourceName,
    subjects: readonly Subject[],
    numbers?: Numbers,
  ): Promise<ReadonlySet<string>>
  given(source: SourceName, after: number): Promise<Given>
}

export const subjectText = ({ kind, id }: Subject): string => `${kind}/${id}`
