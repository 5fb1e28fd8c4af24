/** Each source's records in the order in which it comes to know them; a later clock only adds at the end. */
import { addDays, monthsBetween, type Day } from '../../generator/calendar.ts'
import { createActors, type Actor, type Population } from './actors.ts'
import { createLife, type Life } from './life.ts'
import type { Fact } from './speak/fact.ts'
import { VOICES, type VoiceName } from './speak/index.ts'
import { dealsOf, givenTrade, NO_TRADE, type TradeScale } from './trade.ts'

export interface WorldOptions {
  readonly seed: string
  /** The day on which the world begins. */
  readonly first: Day
  readonly population: Population
  /** The pilot's own year, when it was generated from the same seed. */
  readonly trade?: TradeScale
}

export interface Said extends Omit<Fact, 'sayableFrom'> {
  /** When the source had it; not told to anybody. */
  readonly knownAtMs: number
}

export interface SourceWorld {
  /** Who lives in it, hidden traits and all: for tests and for consents, never for the product. */
  readonly actors: readonly Actor[]
  readonly life: Life
  /** All that the source knows at the instant. */
  said(source: VoiceName, atMs: number): readonly Said[]
}

export function createSourceWorld(options: WorldOptions): SourceWorld {
  const trade = options.trade ? givenTrade(options.seed, options.trade) : NO_TRADE
  const actors = createActors(options, trade.monthlyFen)
  const life = createLife({ ...options, actors, given: dealsOf(trade, actors) })
  const made = new Map<VoiceName, { readonly month: string; readonly all: readonly Said[] }>()
  return {
    actors,
    life,
    said(source, atMs) {
      const today = new Date(atMs).toISOString().slice(0, 10)
      // A month of room: what was begun in a month is whole before any of it can be known.
      const month = addDays(today, 31).slice(0, 7)
      let known = made.get(source)
      if (known === undefined || known.month < month) {
        known = { month, all: speakAll(life, source, monthsBetween(options.first, `${month}-01`)) }
        made.set(source, known)
      }
      return known.all.slice(0, countUntil(known.all, atMs))
    },
  }
}

function speakAll(life: Life, source: VoiceName, months: readonly string[]): Said[] {
  const { speak, delayHours } = VOICES[source]
  const said = speak(life, months).map(({ sayableFrom, ...fact }) => {
    const random = life.random('delay', fact.id, String(fact.revision))
    const lateHours = random.chance(0.05) ? random.whole(3, 10) * 24 : 0
    const from = Date.parse(sayableFrom ?? life.first)
    const knownAtMs =
      Math.max(from, Date.parse(fact.eventAt)) + (delayHours + lateHours) * 3_600_000
    return { ...fact, knownAtMs: knownAtMs + random.whole(0, 3_599_999) }
  })
  return said.sort((a, b) => a.knownAtMs - b.knownAtMs || (a.id < b.id ? -1 : 1))
}

/** How many of the sorted are known at the instant. */
function countUntil(sorted: readonly Said[], atMs: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle]?.knownAtMs ?? Infinity) <= atMs) low = middle + 1
    else high = middle
  }
  return low
}
