/** Whatever a regulator or the consortium may change: versioned, dated, never a constant in code. */
import type { AmountFen, HashHex, LocalDate, RatePpm } from './brand.ts'

export type Calendar = {
  /** Week days that are not business days, and weekend days that are. */
  holidays: readonly LocalDate[]
  workdays: readonly LocalDate[]
}
export type PolicyParameters = {
  tenorMonthsMax: number
  splitDepthMax: number
  splitChildrenMax: number
  faceMinFen: AmountFen
  offerDaysMax: number
  graceDays: number
  lateInterestPpm: RatePpm
  confirmDaysMax: number
  freezeDaysMax: number
  /** SHA-256 of the consortium key under which invoice fingerprints are computed. */
  fingerprintKeyHash: HashHex
  calendar: Calendar
}
/** What two persons and a majority of the guardians change: a version, the calendar's offset, or both. */
export type PolicyChange = { version?: PolicyVersion; calendarOffsetDays?: number }
export type PolicyVersion = {
  version: number
  effectiveFrom: LocalDate
  parameters: PolicyParameters
}
