import { createHash } from 'node:crypto'
import { openJournal } from './journal.ts'

/** An assignment entered in the movables registry; the earlier number has priority (Civil Code 768). */
export interface Registration {
  readonly registrationNumber: string
  readonly registeredAt: string
  /** What the registrant gave as its own reference; the same reference is never registered twice. */
  readonly reference: string
  readonly assignor: string
  readonly assignee: string
  readonly subject: string
}

export interface SearchSnapshot {
  readonly searchedAt: string
  readonly subject: string
  readonly registrations: readonly Registration[]
  /** SHA-256 over the canonical text of the other fields. */
  readonly hash: string
}

export interface Register {
  enter(request: Omit<Registration, 'registrationNumber' | 'registeredAt'>): Registration
  search(subject: string): SearchSnapshot
  readonly count: number
  close(): void
}

export function searchHash(snapshot: Omit<SearchSnapshot, 'hash'>): string {
  const { searchedAt, subject, registrations } = snapshot
  const rows = registrations.map(one => [
    one.registrationNumber,
    one.registeredAt,
    one.reference,
    one.assignor,
    one.assignee,
    one.subject,
  ])
  return createHash('sha256')
    .update(JSON.stringify([searchedAt, subject, rows]))
    .digest('hex')
}

export function openRegister(journalFile: string, now: () => Date = () => new Date()): Register {
  const journal = openJournal<Registration>(journalFile)
  return {
    enter(request) {
      const known = journal.entries.find(one => one.reference === request.reference)
      if (known) return known
      const serial = String(journal.entries.length + 1).padStart(12, '0')
      const registration = {
        ...request,
        registrationNumber: `SIM${serial}`,
        registeredAt: now().toISOString(),
      }
      journal.append(registration)
      return registration
    },
    search(subject) {
      const registrations = journal.entries.filter(one => one.subject === subject)
      const snapshot = { searchedAt: now().toISOString(), subject, registrations }
      return { ...snapshot, hash: searchHash(snapshot) }
    },
    get count() {
      return journal.entries.length
    },
    close: () => journal.close(),
  }
}
