import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { daysBetween, formatDay } from '../format/index.ts'
import { useOrganization } from '../session/organization.ts'

/** A day, and how far away it is on this gateway's calendar. `open`: something is still owed on it. */
export function Due({
  day,
  open = true,
}: {
  readonly day: string | undefined
  readonly open?: boolean
}) {
  const { t } = useTranslation()
  const today = useOrganization().data?.businessDay
  const days = open && day && today ? daysBetween(today, day) : undefined
  return (
    <span className="day">
      {formatDay(day)}
      {days !== undefined && <small>{distance(days, t)}</small>}
    </span>
  )
}

function distance(days: number, t: TFunction): string {
  if (days === 0) return t('day.today')
  return days > 0 ? t('day.ahead', { count: days }) : t('day.past', { count: -days })
}
