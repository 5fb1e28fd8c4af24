/** Calendar days without a clock or a time zone: `YYYY-MM-DD` and whole-day arithmetic. */
import type { LocalDate } from './brand.ts'
import { refuse } from './fault.ts'
import type { Calendar } from './policy.ts'

const PATTERN = /^(\d{4})-(\d{2})-(\d{2})$/
const pad = (value: number, width: number): string => String(value).padStart(width, '0')

const leap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
const monthLength = (year: number, month: number): number =>
  month === 2 ? (leap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31

const partsOf = (day: string): [number, number, number] | undefined => {
  const found = PATTERN.exec(day)
  return found === null ? undefined : [Number(found[1]), Number(found[2]), Number(found[3])]
}

export const isLocalDate = (value: string): value is LocalDate => {
  const parts = partsOf(value)
  if (parts === undefined) return false
  const [year, month, date] = parts
  return year >= 1 && month >= 1 && month <= 12 && date >= 1 && date <= monthLength(year, month)
}

export const localDate = (value: string): LocalDate =>
  isLocalDate(value) ? value : refuse('REQUEST_MALFORMED', { expected: 'date YYYY-MM-DD' })

/** Days since 1970-01-01, by the civil-from-days algorithm of the proleptic Gregorian calendar. */
export const dayNumber = (day: LocalDate): number => {
  const [y, month, date] = partsOf(day) as [number, number, number]
  const year = month <= 2 ? y - 1 : y
  const era = Math.floor(year / 400)
  const yearOfEra = year - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + date - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

export const dayOfNumber = (number: number): LocalDate => {
  const shifted = number + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const date = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(date, 2)}` as LocalDate
}

export const addDays = (day: LocalDate, days: number): LocalDate =>
  dayOfNumber(dayNumber(day) + days)

/** Actual days, start in, end out. */
export const daysBetween = (from: LocalDate, to: LocalDate): number =>
  dayNumber(to) - dayNumber(from)

/** The same date some months later, or the last day of a shorter month. */
export const addMonths = (day: LocalDate, months: number): LocalDate => {
  const [year, month, date] = partsOf(day) as [number, number, number]
  const index = year * 12 + month - 1 + months
  const [toYear, toMonth] = [Math.floor(index / 12), (index % 12) + 1]
  const toDate = Math.min(date, monthLength(toYear, toMonth))
  return `${pad(toYear, 4)}-${pad(toMonth, 2)}-${pad(toDate, 2)}` as LocalDate
}

const CHINA_OFFSET_SECONDS = 8 * 3600

/** The business day of a transaction: day of its timestamp in China Standard Time plus the pilot's offset. */
export const businessDay = (input: { epochSeconds: number; offsetDays: number }): LocalDate =>
  dayOfNumber(Math.floor((input.epochSeconds + CHINA_OFFSET_SECONDS) / 86_400) + input.offsetDays)

export const isBusinessDay = (day: LocalDate, calendar: Calendar): boolean => {
  if (calendar.holidays.includes(day)) return false
  if (calendar.workdays.includes(day)) return true
  const weekday = (((dayNumber(day) + 4) % 7) + 7) % 7 // 1970-01-01 was a Thursday; 0 is Sunday
  return weekday !== 0 && weekday !== 6
}

/** A due date on a holiday is paid on the next business day. */
export const rollForward = (day: LocalDate, calendar: Calendar): LocalDate => {
  let rolled = day
  while (!isBusinessDay(rolled, calendar)) rolled = addDays(rolled, 1)
  return rolled
}
