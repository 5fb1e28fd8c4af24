/** A sink in memory, and consents that a test gives and takes. */
import { CodedError } from '../../platform/faults.ts'
import {
  isAt,
  keyText,
  NOTHING,
  subjectText,
  type Batch,
  type Consents,
  type DeadLetter,
  type KeptRecord,
  type SourceSink,
  type SourceState,
} from './sink.ts'
import type { SourceName, Subject } from './source.ts'

export interface MemorySink extends SourceSink {
  readonly records: readonly KeptRecord[]
  readonly dead: readonly DeadLetter[]
  readonly batches: readonly Batch[]
}

export function memorySink(): MemorySink {
  const states = new Map<SourceName, SourceState>()
  const records: KeptRecord[] = []
  const dead: DeadLetter[] = []
  const batches: Batch[] = []
  const fingerprints = new Map<string, string>()
  const place = (source: SourceName, key: string): string => `${source} ${key}`
  return {
    records,
    dead,
    batches,
    state: async source => states.get(source) ?? NOTHING,
    async known(source, keys) {
      const found = keys.flatMap(key => {
        const fingerprint = fingerprints.get(place(source, keyText(key)))
        return fingerprint === undefined ? [] : [[keyText(key), fingerprint] as const]
      })
      return new Map(found)
    },
    lettered: async (source, raws) =>
      new Set(
        dead
          .filter(one => one.source === source && raws.includes(one.raw ?? ''))
          .map(one => one.raw ?? ''),
      ),
    async deliver(batch) {
      if (!isAt(states.get(batch.source) ?? NOTHING, batch))
        throw new CodedError('POSITION_MOVED', { facts: { source: batch.source } })
      for (const record of batch.records) {
        fingerprints.set(place(batch.source, keyText(record)), record.fingerprint)
        records.push(record)
      }
      dead.push(...batch.dead)
      batches.push(batch)
      states.set(batch.source, batch.next)
    },
  }
}

export interface MemoryConsents extends Consents {
  grant(source: SourceName, subject: Subject): void
  withdraw(source: SourceName, subject: Subject): void
}

export function memoryConsents(): MemoryConsents {
  const given = new Map<string, { source: SourceName; number: number }>()
  const withdrawn = new Set<string>()
  let last = 0
  const text = (source: SourceName, subject: Subject): string => `${source} ${subjectText(subject)}`
  return {
    grant(source, subject) {
      const key = text(source, subject)
      if (!given.has(key)) given.set(key, { source, number: (last += 1) })
    },
    withdraw(source, subject) {
      given.delete(text(source, subject))
      withdrawn.add(text(source, subject))
    },
    async granted(source, subjects, { after, upTo } = { after: 0, upTo: Infinity }) {
      const yes = subjects.filter(subject => {
        const { number } = given.get(text(source, subject)) ?? { number: 0 }
        return number > after && number <= upTo
      })
      return new Set(yes.map(subjectText))
    },
    async given(source, after) {
      const standing = [...given].filter(([, one]) => one.source === source && one.number > after)
      return {
        count: standing.length,
        again: standing.filter(([key]) => withdrawn.has(key)).length,
        upTo: Math.max(after, ...standing.map(([, { number }]) => number)),
      }
    },
  }
}

export const MEMBER: Subject = { kind: 'MEMBER', id: '91310115MA1K4ABC4H' }
export const PERSON: Subject = { kind: 'PERSON', id: 'p0123456789abcdef' }

export interface RawRecord {
  readonly id: string
  readonly revision: number
  readonly subject: Subject
  readonly eventAt: string
  readonly body: Readonly<Record<string, unknown>>
}

/** A customs declaration as a source would send it, released on `on`. */
export const customsRecord = (id: string, on = '2026-10-05'): RawRecord => ({
  id,
  revision: 1,
  subject: MEMBER,
  eventAt: `${on}T02:00:00.000Z`,
  body: {
    declaration: id,
    direction: 'EXPORT',
    declaredOn: on,
    statusOn: on,
    status: 'DECLARED',
    hsCode: '73181500',
    country: 'DE',
    valueFen: 12_345_600,
    dutyFen: 0,
    weightKg: 1_200,
  },
})

export const socialRecord = (id: string, subject: Subject = PERSON): RawRecord => ({
  id,
  revision: 1,
  subject,
  eventAt: '2026-10-01T02:00:00.000Z',
  body: {
    period: '2026-09',
    observedOn: '2026-10-01',
    accountDays: 900,
    contacts: 120,
    activeDays: 25,
    nightPpm: 50_000,
    merchantMessages: 40,
    phone: '13800001111',
  },
})
