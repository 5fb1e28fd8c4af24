/** A sink in memory, and consents that a test gives and takes. */
import { CodedError } from '../../platform/faults.ts'
import {
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
    async deliver(batch) {
      const position = states.get(batch.source)?.position
      if (position !== batch.after)
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
  const given = new Set<string>()
  const text = (source: SourceName, subject: Subject): string => `${source} ${subjectText(subject)}`
  return {
    grant: (source, subject) => void given.add(text(source, subject)),
    withdraw: (source, subject) => void given.delete(text(source, subject)),
    async granted(source, subjects) {
      const yes = subjects.filter(subject => given.has(text(source, subject)))
      return new Set(yes.map(subjectText))
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
