/** A calendar day as `YYYY-MM-DD`; trade documents know no hours and no time zone. */
export type Day = string

const MS_PER_DAY = 86_400_000

export const addDays = (day: Day, days: number): Day =>
  new Date(Date.parse(day) + days * MS_PER_DAY).toISOString().slice(0, 10)

/** Whole days from `from` to `to`; negative when `to` lies before. */
export const daysBetween = (from: Day, to: Day): number =>
  (Date.parse(to) - Date.parse(from)) / MS_PER_DAY

export const monthOf = (day: Day): string => day.slice(0, 7)

/** The months touched by [first, last], in order. */
export function monthsBetween(first: Day, last: Day): string[] {
  const months: string[] = []
  for (let day = `${monthOf(first)}-01`; day <= last; day = addDays(`${monthOf(day)}-28`, 4)) {
    day = `${monthOf(day)}-01`
    months.push(monthOf(day))
  }
  return months
}
