import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { Panel } from '../design/page.tsx'
import { State } from '../design/state.tsx'
import { formatCount } from '../format/index.ts'
import { useWaiting, useWorklist } from '../worklist/use-work.ts'
import type { WorkKind } from '../worklist/actions.ts'

/** What waits, by kind. */
export function Waiting() {
  const { t } = useTranslation()
  const worklist = useWorklist()
  const waiting = useWaiting()
  return (
    <Panel
      title={t('page.worklist')}
      extra={waiting > 0 && <Link to="/work">{t('overview.toWork')}</Link>}
    >
      <State
        query={worklist}
        isEmpty={({ items }) => items.length === 0}
        empty={<p className="quiet">{t('worklist.emptyWhy')}</p>}
      >
        {({ counts }) => (
          <ul className="duties">
            {Object.entries(counts).map(([kind, count]) => (
              <li key={kind}>
                <span>{t(`worklist.kind.${kind as WorkKind}`)}</span>
                <strong>{formatCount(count)}</strong>
              </li>
            ))}
          </ul>
        )}
      </State>
    </Panel>
  )
}
