/** What tests make go wrong. Records are never lost by a fault: it adds to a page, or spoils the whole answer. */

export interface Faults {
  /** A field that no schema has. */
  readonly drift?: boolean
  /** The first record of a page stands in it twice. */
  readonly duplicates?: boolean
  /** The first record of a page comes again with other content. */
  readonly conflicts?: boolean
  /** Records that are none. */
  readonly garbage?: boolean
  /** Every answer has this status. */
  readonly status?: number
  readonly slowMs?: number
  /** The answer ends in the middle of a word. */
  readonly truncated?: boolean
}

export interface Told {
  readonly id: string
  readonly revision: number
  readonly subject: { readonly kind: string; readonly id: string }
  readonly eventAt: string
  readonly body: Readonly<Record<string, unknown>>
}

/** At most so many records are added, which the page has to have room for. */
export const ADDED_MAX = 5

export function spoiled(records: readonly Told[], faults: Faults): unknown[] {
  const [first] = records
  const drifted = faults.drift
    ? records.map(record => ({ ...record, body: { ...record.body, sourceField2: 'new' } }))
    : records
  if (!first) return [...drifted]
  return [
    ...drifted,
    ...(faults.duplicates ? [first] : []),
    ...(faults.conflicts ? [{ ...first, eventAt: moved(first.eventAt) }] : []),
    ...(faults.garbage
      ? [null, { ...first, id: `${first.id}-x`, body: { junk: [1] } }, 'text']
      : []),
  ]
}

/** A second later is still the same day: the record is well formed, and contradicts itself. */
const moved = (instant: string): string => new Date(Date.parse(instant) + 1_000).toISOString()
