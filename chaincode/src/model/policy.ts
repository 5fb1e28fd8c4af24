/** Whatever a regulator or the consortium may change: versioned, dated, never a constant in code. */
import { amountFen, ratePpm } from './brand.ts'
import { refuse } from './fault.ts'
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

/** The version in force on a day: the latest that is effective. */
export const policyOn = (versions: readonly PolicyVersion[], day: LocalDate): PolicyVersion => {
  const effective = versions.filter(({ effectiveFrom }) => effectiveFrom <= day)
  const latest = effective.reduce<PolicyVersion | undefined>(
    (best, each) => (best === undefined || each.version > best.version ? each : best),
    undefined,
  )
  return latest ?? refuse('POLICY_MISSING')
}

/** Public holidays of mainland China and the weekend days worked in exchange. */
export const CALENDAR_CN = {
  holidays: [
    '2025-01-01',
    '2025-01-28',
    '2025-01-29',
    '2025-01-30',
    '2025-01-31',
    '2025-02-03',
    '2025-02-04',
    '2025-04-04',
    '2025-05-01',
    '2025-05-02',
    '2025-05-05',
    '2025-06-02',
    '2025-10-01',
    '2025-10-02',
    '2025-10-03',
    '2025-10-06',
    '2025-10-07',
    '2025-10-08',
    '2026-01-01',
    '2026-01-02',
    '2026-02-16',
    '2026-02-17',
    '2026-02-18',
    '2026-02-19',
    '2026-02-20',
    '2026-02-23',
    '2026-04-06',
    '2026-05-01',
    '2026-05-04',
    '2026-05-05',
    '2026-06-19',
    '2026-09-25',
    '2026-10-01',
    '2026-10-02',
    '2026-10-05',
    '2026-10-06',
    '2026-10-07',
  ] as LocalDate[],
  workdays: [
    '2025-01-26',
    '2025-02-08',
    '2025-04-27',
    '2025-09-28',
    '2025-10-11',
    '2026-01-04',
    '2026-02-14',
    '2026-02-28',
    '2026-05-09',
    '2026-09-20',
    '2026-10-10',
  ] as LocalDate[],
} satisfies Calendar

/** The policy a network starts with; the fingerprint key's hash is its own. */
export const DEFAULT_POLICY = {
  tenorMonthsMax: 6,
  splitDepthMax: 6,
  splitChildrenMax: 20,
  faceMinFen: amountFen(100n),
  offerDaysMax: 30,
  graceDays: 3,
  lateInterestPpm: ratePpm(500n),
  confirmDaysMax: 30,
  freezeDaysMax: 180,
  calendar: CALENDAR_CN,
} as const satisfies Omit<PolicyParameters, 'fingerprintKeyHash'>
