/** What nobody sees and every source shows: how a firm or a person really does. */
import { addDays, daysBetween, type Day } from '../../generator/calendar.ts'
import type { Random } from '../../generator/random.ts'

export interface Traits {
  /** Typical days behind a due day. */
  readonly daysLate: number
  /** Of the turnover, in a year; 0.1 is ten percent more. */
  readonly growthYear: number
  /** From this day on things get worse, month by month. */
  readonly distressFrom: Day | undefined
  /** Writes invoices without goods behind them. */
  readonly isGhost: boolean
  readonly season: { readonly amplitude: number; readonly peakMonth: number }
}

const SHARES = { late: 0.25, distressed: 0.12, ghost: 0.08 } as const

export function drawTraits(random: Random, first: Day): Traits {
  const isLate = random.chance(SHARES.late)
  const isDistressed = random.chance(SHARES.distressed)
  const isGhost = random.chance(SHARES.ghost)
  return {
    daysLate: isLate ? random.whole(25, 60) : random.whole(0, 4),
    growthYear: random.whole(-15, 35) / 100,
    distressFrom: isDistressed ? addDays(first, random.whole(45, 270)) : undefined,
    isGhost,
    season: { amplitude: random.whole(5, 40) / 100, peakMonth: random.whole(1, 12) },
  }
}

/** Months since distress began; 0 while it has not. */
export function distressMonths({ distressFrom }: Traits, on: Day): number {
  if (distressFrom === undefined || on < distressFrom) return 0
  return 1 + Math.floor(daysBetween(distressFrom, on) / 30)
}

/** When what is due is paid; undefined is never. */
export function paidOn(traits: Traits, dueOn: Day, random: Random): Day | undefined {
  const months = distressMonths(traits, dueOn)
  // Drawn whether it is used or not, so that one trait does not shift the draws of another.
  const spread = random.whole(50, 150)
  const isGivenUp = random.chance(Math.min(0.7, 0.12 * Math.max(0, months - 1)))
  if (isGivenUp) return undefined
  return addDays(dueOn, Math.round((traits.daysLate * spread) / 100) + months * 9)
}

/** Part of the usual turnover in a month. */
export function activity(traits: Traits, first: Day, month: string): number {
  const on = `${month}-15`
  const years = daysBetween(first, on) / 365
  const { amplitude, peakMonth } = traits.season
  const angle = ((Number(month.slice(5)) - peakMonth) / 12) * 2 * Math.PI
  const decline = 0.88 ** distressMonths(traits, on)
  return (1 + traits.growthYear) ** years * (1 + amplitude * Math.cos(angle)) * decline
}
