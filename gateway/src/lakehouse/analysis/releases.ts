/**
 * What has been exported, as the sets of rows behind each published group, so that the next export
 * is not the one that makes a difference of one person out of two large groups.
 */
import { createHash } from 'node:crypto'

/** Rows of one published group: hash of the row to hash of its subject. */
export type ReleasedRows = ReadonlyMap<string, string>

export interface Judged<T> {
  readonly groups: readonly ReleasedRows[]
  readonly result: T
}

export interface ReleaseBook<T> {
  /**
   * Nobody publishes to the audience between what `judge` is shown and what it answers; that is in
   * the book before anybody is told.
   */
  publish(
    audience: string,
    judge: (before: readonly ReleasedRows[]) => Promise<Judged<T>>,
  ): Promise<T>
}

/** Kept in memory, for claims about what a book is for. */
export function createReleaseBook<T>(): ReleaseBook<T> {
  const books = new Map<string, ReleasedRows[]>()
  const last = new Map<string, Promise<unknown>>()
  return {
    publish(audience, judge) {
      const turn = (last.get(audience) ?? Promise.resolve()).then(async () => {
        const before = books.get(audience) ?? []
        const { groups, result } = await judge(before)
        books.set(audience, [...before, ...groups])
        return result
      })
      last.set(
        audience,
        turn.catch(() => undefined),
      )
      return turn
    },
  }
}

const LETTERS = 16
export const hashOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, LETTERS)

/** Subjects of the rows that are in one of two groups and not in the other, counted up to `enough`. */
export function subjectsBetween(one: ReleasedRows, other: ReleasedRows, enough: number): number {
  const subjects = new Set<string>()
  for (const [these, those] of [
    [one, other],
    [other, one],
  ] as const)
    for (const [row, subject] of these) {
      if (!those.has(row)) subjects.add(subject)
      if (subjects.size >= enough) return enough
    }
  return subjects.size
}

export function packed(rows: ReleasedRows): Buffer {
  return Buffer.from([...rows].map(([row, subject]) => row + subject).join(''), 'hex')
}

export function unpacked(bytes: Buffer): ReleasedRows {
  const text = bytes.toString('hex')
  const rows = new Map<string, string>()
  for (let at = 0; at < text.length; at += 2 * LETTERS)
    rows.set(text.slice(at, at + LETTERS), text.slice(at + LETTERS, at + 2 * LETTERS))
  return rows
}
