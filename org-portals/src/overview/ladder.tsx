/** When certificates fall due, how much, and how far they are: a rung a month. */
import { useTranslation } from 'react-i18next'
import { useCertificates } from '../certificates/use-certificates.ts'
import type { Standing } from '../certificates/standing.ts'
import { Panel } from '../design/page.tsx'
import { State } from '../design/state.tsx'
import { ladderColour } from '../design/theme.ts'
import { useUser } from '../session/provider.tsx'
import { formatCount, formatFen } from '../format/index.ts'
import { ladderOf, lengthOf, type Rung } from './figures.ts'

const STANDINGS = ['redeemed', 'live', 'overdue', 'offered'] as const satisfies readonly Standing[]
const PAPERS_MAX = 500

export function Ladder() {
  const { t } = useTranslation()
  const { user } = useUser()
  const certificates = useCertificates(PAPERS_MAX)
  const trades = user.memberId !== undefined || user.roles.includes('operator')
  return (
    <Panel
      title={t('overview.ladder')}
      extra={
        certificates.hasNextPage && (
          <span className="quiet">{t('overview.ladderPart', { count: PAPERS_MAX })}</span>
        )
      }
    >
      <State
        query={certificates}
        isEmpty={({ pages }) => ladderOf(pages.flatMap(page => page.items)).length === 0}
        empty={<p className="quiet">{t(trades ? 'overview.ladderEmpty' : 'state.private')}</p>}
      >
        {({ pages }) => <Rungs rungs={ladderOf(pages.flatMap(page => page.items))} />}
      </State>
    </Panel>
  )
}

function Rungs({ rungs }: { readonly rungs: readonly Rung[] }) {
  const { t } = useTranslation()
  const most = rungs.reduce((top, { fen }) => (fen > top ? fen : top), 0n)
  const present = STANDINGS.filter(standing => rungs.some(({ parts }) => parts[standing] > 0n))
  return (
    <>
      <table className="ladder">
        <caption className="unseen">{t('overview.ladder')}</caption>
        <thead className="unseen">
          <tr>
            <th scope="col">{t('certificate.due')}</th>
            <th scope="col">{t('certificate.face')}</th>
          </tr>
        </thead>
        <tbody>
          {rungs.map(rung => (
            <RungRow key={rung.month} rung={rung} most={most} />
          ))}
        </tbody>
      </table>
      <ul className="legend">
        {present.map(standing => (
          <li key={standing}>
            <svg width="12" height="12" aria-hidden="true">
              <rect width="12" height="12" rx="3" fill={ladderColour[standing]} />
            </svg>
            {t(`certificate.standing.${standing}`)}
          </li>
        ))}
      </ul>
    </>
  )
}

function RungRow({ rung, most }: { readonly rung: Rung; readonly most: bigint }) {
  const { t } = useTranslation()
  const said = STANDINGS.filter(standing => rung.parts[standing] > 0n)
    .map(one => `${t(`certificate.standing.${one}`)} ${formatFen(String(rung.parts[one]))}`)
    .join(', ')
  return (
    <tr>
      <th scope="row">
        {rung.month}
        <small className="quiet">
          {t('overview.paperCount', { count: rung.count, shown: formatCount(rung.count) })}
        </small>
      </th>
      <td>
        <Bar rung={rung} most={most} />
        <span className="unseen">{said}</span>
      </td>
      <td className="amount">{formatFen(String(rung.fen))}</td>
    </tr>
  )
}

function Bar({ rung, most }: { readonly rung: Rung; readonly most: bigint }) {
  let start = 0
  return (
    <svg height="20" width="100%" aria-hidden="true">
      {STANDINGS.map(standing => {
        const length = lengthOf(rung.parts[standing], most, 100)
        const piece = (
          <rect
            key={standing}
            x={`${start}%`}
            width={`${length}%`}
            height="20"
            fill={ladderColour[standing]}
          />
        )
        start += length
        return piece
      })}
    </svg>
  )
}
