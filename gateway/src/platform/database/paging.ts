import { CodedError } from '../faults.ts'

/** A cursor is the sort key of the last row, opaque to callers. */
export function encodeCursor(parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

export function decodeCursor(cursor: string | undefined, length: number): string[] | undefined {
  if (cursor === undefined) return undefined
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (Array.isArray(parts) && parts.length === length && parts.every(p => typeof p === 'string'))
      return parts
  } catch {
    // falls through: a cursor that does not decode was not made by us
  }
  throw new CodedError('CURSOR_INVALID', { detail: 'pass nextCursor of an earlier answer' })
}

/** Collects conditions and their values; `?` in a condition is the next parameter. */
export class Where {
  readonly values: unknown[] = []
  readonly #conditions: string[] = []

  and(condition: string, ...values: unknown[]): this {
    let next = 0
    this.#conditions.push(
      condition.replace(/\?/g, () => {
        this.values.push(values[next++])
        return `$${this.values.length}`
      }),
    )
    return this
  }

  /** Adds the condition only when the filter was given. */
  maybe(condition: string, value: unknown): this {
    return value === undefined ? this : this.and(condition, value)
  }

  get sql(): string {
    return this.#conditions.length === 0 ? '' : `WHERE ${this.#conditions.join(' AND ')}`
  }
}

/** Cuts a page that was read with one row too many. */
export function page<R, T>(
  rows: readonly R[],
  limit: number,
  options: { key: (row: R) => readonly string[]; item: (row: R) => T },
): { items: T[]; nextCursor?: string } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const items = shown.map(options.item)
  return rows.length > limit && last !== undefined
    ? { items, nextCursor: encodeCursor(options.key(last)) }
    : { items }
}
