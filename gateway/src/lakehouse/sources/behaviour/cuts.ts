/** Which cuts are due: each day at its end, and the present one now and then. A function; the clock comes in. */
export interface Cut {
  readonly number: number
  /** A day in China. */
  readonly asOf: string
  readonly revision: number
  readonly block: bigint
  readonly knownAtMs: number
  readonly isFinal: boolean
}

/** What the lake has of the ledger. */
export interface Known {
  /** Its last block; -1 before block 0. */
  height(): Promise<bigint>
  /** Of the first transaction. */
  firstMs(): Promise<number | undefined>
  /** The last block before the first one with a transaction of this instant or a later one; if there is one. */
  blockBefore(ms: number): Promise<bigint | undefined>
}

export interface Clock {
  readonly nowMs: number
  /** Since when this process looks: a lake that was closed catches up first. */
  readonly sinceMs: number
  /** How often within a day. */
  readonly everyMs: number
}

const DAY_MS = 86_400_000
const CHINA_MS = 8 * 3_600_000
/** Transactions of a day may be a little behind its end. */
const GRACE_MS = 600_000
/** In one transaction. */
export const CUTS_AT_ONCE = 31

const dayOf = (ms: number): string => new Date(ms + CHINA_MS).toISOString().slice(0, 10)
const endOf = (day: string): number => Date.parse(day) + DAY_MS - CHINA_MS

/** @param last the last cut that was made. */
export async function cutsDue(last: Cut | undefined, known: Known, clock: Clock): Promise<Cut[]> {
  const due: Cut[] = []
  let before = last
  while (due.length < CUTS_AT_ONCE) {
    const next = await nextCut(before, known, clock)
    if (!next) break
    due.push(next)
    before = next
  }
  return due
}

async function nextCut(
  last: Cut | undefined,
  known: Known,
  clock: Clock,
): Promise<Cut | undefined> {
  const asOf = await dayAfter(last, known)
  if (asOf === undefined) return undefined
  const endMs = endOf(asOf)
  const revision = last?.asOf === asOf ? last.revision + 1 : 1
  const numbers = { number: (last?.number ?? -1) + 1, asOf, revision }
  const isOver = clock.nowMs >= endMs
  const block = isOver ? await lastOf(endMs, known, clock) : await moved(last, asOf, known, clock)
  if (block === undefined) return undefined
  return { ...numbers, block, knownAtMs: isOver ? endMs : clock.nowMs, isFinal: isOver }
}

async function dayAfter(last: Cut | undefined, known: Known): Promise<string | undefined> {
  if (last) return last.isFinal ? dayOf(endOf(last.asOf)) : last.asOf
  const firstMs = await known.firstMs()
  return firstMs === undefined ? undefined : dayOf(firstMs)
}

/** A day ends with the first transaction of a later one, or, when none comes, by the clock. */
async function lastOf(endMs: number, known: Known, clock: Clock): Promise<bigint | undefined> {
  const block = await known.blockBefore(endMs)
  if (block !== undefined) return block
  const isQuiet = clock.nowMs >= Math.max(endMs, clock.sinceMs) + GRACE_MS
  return isQuiet ? known.height() : undefined
}

/** Within a day: where the lake is, if that is news and the last cut is old enough. */
async function moved(
  last: Cut | undefined,
  asOf: string,
  known: Known,
  { nowMs, everyMs }: Clock,
): Promise<bigint | undefined> {
  if (last?.asOf === asOf && nowMs < last.knownAtMs + everyMs) return undefined
  const block = await known.height()
  return last?.asOf === asOf && last.block === block ? undefined : block
}
