/**
 * What has been exported, as the sets of rows behind each published group, so that the next export
 * is not the one that makes a difference of one person out of two large groups.
 */
import { createHash } from 'node:crypto'

/** Rows of one published group: hash of the row to hash of its subject. */
export type ReleasedRows = ReadonlyMap<string, string>

export interface ReleaseBook {
  groupsOf(audience: string): Promise<readonly ReleasedRows[]>
  add(audience: string, groups: readonly ReleasedRows[]): Promise<void>
}

/** Kept in memory: a gateway that restarts must bring a book that does not forget. */
export function createReleaseBook(): ReleaseBook {
  const books = new Map<string, ReleasedRows[]>()
  return {
    async groupsOf(audience) {
      return books.get(audience) ?? []
    },
    async add(audience, groups) {
      books.set(audience, [...(books.get(audience) ?? []), ...groups])
    },
  }
}

const LETTERS = 16
export const hashOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, LETTERS)

/** Subjects of the rows that are in one of two groups and not in the other. */
export function subjectsBetween(one: ReleasedRows, other: ReleasedRows): number {
  const subjects = new Set<string>()
  for (const [row, subject] of one) if (!other.has(row)) subjects.add(subject)
  for (const [row, subject] of other) if (!one.has(row)) subjects.add(subject)
  return subjects.size
}
