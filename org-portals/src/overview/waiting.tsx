import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { Panel } from '../design/page.tsx'
import { formatCount } from '../format/index.ts'
import { useWorklist } from '../worklist/use-work.ts'
import type { WorkKind } from '../worklist/actions.ts'

/** What waits, by kind. Nothing is shown where nothing waits: the first tile says so. */
export function Waiting() {
  const { t } = useTranslation()
  const { data } = useWorklist()
  const duties = Object.entries(data?.counts ?? {})
  if (duties.length === 0) return null
  return (
    <Panel title={t('page.worklist')} extra={<Link to="/work">{t('overview.toWork')}</Link>}>
      <ul className="duties">
        {duties.map(([kind, count]) => (
          <li key={kind}>
            <span>{t(`worklist.kind.${kind as WorkKind}`)}</span>
            <strong>{formatCount(count)}</strong>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
