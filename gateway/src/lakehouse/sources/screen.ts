/** A page of records as it came, into the batch that the sink gets. */
import { check, subjectOf } from './check.ts'
import {
  keyText,
  RAW_MAX,
  subjectText,
  type Batch,
  type Consents,
  type DeadLetter,
  type Given,
  type KeptRecord,
  type Retelling,
  type SourceSink,
  type SourceState,
  type Totals,
} from './sink.ts'
import type { Forgotten } from '../privacy/forgotten.ts'
import { asksAnybody, needsConsent, type Source, type Subject } from './source.ts'

export interface Page {
  readonly records: readonly unknown[]
  readonly next: string
  readonly more: boolean
}

export interface Screening {
  readonly source: Source
  readonly state: SourceState
  readonly page: Page
  readonly arrivedAt: string
  readonly sink: Pick<SourceSink, 'known' | 'lettered'>
  readonly consents: Consents
  readonly forgotten?: Forgotten
}

interface Found {
  readonly records: KeptRecord[]
  readonly dead: DeadLetter[]
  readonly drift: Map<string, number>
  withoutConsent: number
  duplicates: number
}

export async function screen(screening: Screening): Promise<Batch> {
  const { source, state, page, arrivedAt, consents } = screening
  // Asked before anybody's consent is: who consents in between is looked at again, not overlooked.
  const given = asksAnybody(source)
    ? await consents.given(source.name, state.takenUp ?? 0)
    : undefined
  const found = await sift(screening)
  return {
    ...batchOf(screening, found),
    next: {
      ...state,
      position: page.next,
      totals: add(state.totals, found, arrivedAt),
      ...(given && isNothingOwed(state, given) ? { takenUp: given.upTo } : {}),
    },
  }
}

/** Where nobody has been passed over or deleted yet, those who have consented by now have missed nothing. */
const isNothingOwed = ({ position, totals }: SourceState, given: Given): boolean =>
  position === undefined || (totals.withoutConsent === 0 && given.again === 0)

/**
 * A page that is told again: of it only what subjects have been passed over for who have consented since. It moves no
 * position, and no total but those of what is kept: all else was counted when it was told first.
 */
export async function screenAgain(
  screening: Screening & { readonly retelling: Retelling },
): Promise<Batch> {
  const { source, state, page, arrivedAt, sink, consents, retelling } = screening
  const late = await consents.granted(source.name, subjectsOf(page.records), retelling)
  const records = page.records.filter(raw => {
    const subject = subjectOf(raw)
    return subject !== undefined && late.has(subjectText(subject))
  })
  const sifted = await sift({ ...screening, page: { ...page, records } })
  const letters = new Map(sifted.dead.map(one => [one.raw ?? '', one]))
  const lettered = await sink.lettered(source.name, [...letters.keys()])
  const dead = [...letters].filter(([raw]) => !lettered.has(raw)).map(([, one]) => one)
  const found = { ...sifted, dead, ...UNCOUNTED }
  const went = {
    ...retelling,
    position: page.next,
    read: retelling.read + page.records.length,
    kept: retelling.kept + found.records.length,
  }
  const { retelling: _, ...rest } = state
  const totals = add(state.totals, found, arrivedAt)
  return {
    ...batchOf({ ...screening, page: { ...page, records } }, found),
    next: { ...rest, totals, ...(page.more ? { retelling: went } : ended(state, went, arrivedAt)) },
  }
}

const UNCOUNTED = { withoutConsent: 0, duplicates: 0, drift: new Map<string, number>() } as const

const ended = (
  { takenUp = 0 }: SourceState,
  { upTo, begunAt, read, kept }: Retelling,
  endedAt: string,
): Pick<SourceState, 'takenUp' | 'retold'> => ({
  takenUp: Math.max(takenUp, upTo),
  retold: { begunAt, endedAt, read, kept },
})

const batchOf = ({ source, state, page }: Screening, found: Sifted): Omit<Batch, 'next'> => ({
  source: source.name,
  after: state.position,
  retelling: state.retelling,
  read: page.records.length,
  records: found.records,
  dead: found.dead,
  drift: Object.fromEntries(found.drift),
  consentOf: found.consentOf,
})

interface Sifted extends Found {
  /** As `Batch` has it. */
  readonly consentOf: readonly string[]
}

async function sift(screening: Screening): Promise<Sifted> {
  const { source, page, arrivedAt } = screening
  const permission = await permissionOf(screening)
  const found: Found = {
    records: [],
    dead: [],
    drift: new Map(),
    withoutConsent: 0,
    duplicates: 0,
  }
  const candidates: { record: KeptRecord; raw: unknown }[] = []
  for (const raw of page.records) {
    const subject = subjectOf(raw)
    const may = permission.of(subject)
    if (may === 'REFUSED') {
      found.withoutConsent += 1
      continue
    }
    const checked = check(source, raw, arrivedAt)
    if ('code' in checked) {
      const { code, path } = checked
      const letter = { source: source.name, code, path, arrivedAt }
      found.dead.push({ ...letter, ...(may === 'UNKNOWN' ? WITHHELD : rawText(raw)) })
      continue
    }
    for (const name of checked.drift) found.drift.set(name, (found.drift.get(name) ?? 0) + 1)
    candidates.push({ record: checked.record, raw })
  }
  await keepNew(screening, candidates, found)
  const kept = found.records.map(({ subject }) => subject).filter(permission.isAsked)
  const consentOf = [
    ...new Set([...kept.map(subjectText), ...permission.lettersRestOn(found.dead)]),
  ]
  return { ...found, consentOf }
}

const subjectsOf = (records: readonly unknown[]): Subject[] =>
  records.map(subjectOf).filter(subject => subject !== undefined)

interface Permission {
  /** UNKNOWN: it cannot be said whose the record is, or there is no ground on which to have it. */
  of(subject: Subject | undefined): 'GRANTED' | 'REFUSED' | 'UNKNOWN'
  isAsked(subject: Subject): boolean
  /** A raw record in a dead letter rests on its subject's consent as much as a kept one. */
  lettersRestOn(dead: readonly DeadLetter[]): string[]
}

async function permissionOf({ source, page, consents, forgotten }: Screening): Promise<Permission> {
  const isAsked = ({ kind }: Subject): boolean => needsConsent(source, kind)
  const asks = asksAnybody(source)
  const asked = new Map<string, Subject>()
  const all = subjectsOf(page.records)
  const gone = (await forgotten?.among(source.name, all)) ?? new Set<string>()
  for (const subject of all) {
    if (isAsked(subject)) asked.set(subjectText(subject), subject)
  }
  const granted =
    asked.size > 0 ? await consents.granted(source.name, [...asked.values()]) : new Set<string>()
  return {
    isAsked,
    of(subject) {
      if (!subject) return asks ? 'UNKNOWN' : 'GRANTED'
      if (gone.has(subjectText(subject))) return 'REFUSED'
      // Nothing allows us to have it: it becomes a dead letter without its content.
      if (!source.consent[subject.kind]) return 'UNKNOWN'
      return !isAsked(subject) || granted.has(subjectText(subject)) ? 'GRANTED' : 'REFUSED'
    },
    lettersRestOn: dead =>
      dead.some(({ raw }) => raw !== undefined)
        ? [...asked.keys()].filter(k => granted.has(k))
        : [],
  }
}

const WITHHELD = { isCut: false } as const

function rawText(raw: unknown): Pick<DeadLetter, 'raw' | 'isCut'> {
  let text: string
  try {
    text = JSON.stringify(raw)
  } catch {
    // Nested deeper than the stack: nobody's record, and not worth more.
    return { raw: '"(nested too deep)"', isCut: true }
  }
  if (text.length <= RAW_MAX) return { raw: text, isCut: false }
  return { raw: text.slice(0, RAW_MAX).toWellFormed(), isCut: true }
}

/** Each id and revision once, whether it came before or twice in this page; the first content stands. */
async function keepNew(
  { source, sink }: Screening,
  candidates: readonly { readonly record: KeptRecord; readonly raw: unknown }[],
  found: Found,
): Promise<void> {
  if (candidates.length === 0) return
  const keys = candidates.map(({ record: { id, revision } }) => ({ id, revision }))
  const known = new Map(await sink.known(source.name, keys))
  for (const { record, raw } of candidates) {
    const before = known.get(keyText(record))
    if (before === undefined) {
      known.set(keyText(record), record.fingerprint)
      found.records.push(record)
    } else if (before === record.fingerprint) found.duplicates += 1
    else {
      const { arrivedAt } = record
      const why = { code: 'CONFLICTING_REVISION', path: 'revision' } as const
      found.dead.push({ source: source.name, ...why, arrivedAt, ...rawText(raw) })
    }
  }
}

/** So many names of unknown fields are told apart; a source that makes up names counts under the last. */
export const DRIFT_NAMES_MAX = 50
const FURTHER = '(further)'

function add(totals: Totals, found: Found, arrivedAt: string): Totals {
  const drift = new Map(Object.entries(totals.drift))
  for (const [name, times] of found.drift) {
    const under = drift.has(name) || drift.size < DRIFT_NAMES_MAX ? name : FURTHER
    drift.set(under, (drift.get(under) ?? 0) + times)
  }
  const deadByCode = { ...totals.deadByCode }
  for (const { code } of found.dead) deadByCode[code] = (deadByCode[code] ?? 0) + 1
  const newest = found.records.map(({ eventAt }) => eventAt).concat(totals.lastEventAt ?? [])
  return {
    ...totals,
    records: totals.records + found.records.length,
    dead: totals.dead + found.dead.length,
    deadByCode,
    duplicates: totals.duplicates + found.duplicates,
    withoutConsent: totals.withoutConsent + found.withoutConsent,
    drift: Object.fromEntries(drift),
    ...(newest.length > 0 ? { lastEventAt: newest.reduce((a, b) => (a > b ? a : b)) } : {}),
    ...(found.records.length > 0 ? { lastArrivalAt: arrivedAt } : {}),
  }
}
