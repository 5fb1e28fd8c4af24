/** The three flows on the left, what became of the invoices on the right: the picture is also its table. */
import type { ReconciliationReport } from '@triflow/gateway/client'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { Panel } from '../design/page.tsx'
import { flowColour, outcomeColour } from '../design/theme.ts'
import { formatCount, formatFen, formatFenShort, formatShare } from '../format/index.ts'
import { agreedOf, flowsOf, lengthOf, outcomesOf, type Flow, type FlowStep } from './figures.ts'
import { Ring } from './ring.tsx'

export function ThreeFlows({ report }: { readonly report: ReconciliationReport }) {
  const { t } = useTranslation()
  return (
    <Panel title={t('overview.flows')}>
      <div className="flows">
        <Flows flows={flowsOf(report)} />
        <Streams />
        <Agreement report={report} />
        <Outcomes report={report} />
      </div>
    </Panel>
  )
}

function Flows({ flows }: { readonly flows: readonly Flow[] }) {
  const { t } = useTranslation()
  const most = flows.flatMap(flow => flow.steps).reduce((a, { fen }) => (fen > a ? fen : a), 0n)
  return (
    <ul className="flow-list">
      {flows.map(({ flow, steps }) => (
        <li key={flow} style={{ borderColor: flowColour[flow] }}>
          <strong style={{ color: flow === 'goods' ? '#8f5410' : flowColour[flow] }}>
            {t(`login.flow.${flow}`)}
          </strong>
          {steps.map(step => (
            <Step key={step.name} step={step} most={most} colour={flowColour[flow]} />
          ))}
        </li>
      ))}
    </ul>
  )
}

interface StepProps {
  readonly step: FlowStep
  readonly most: bigint
  readonly colour: string
}

function Step({ step, most, colour }: StepProps) {
  const { t, i18n } = useTranslation()
  const { name, fen, against } = step
  return (
    <div className="flow-step">
      <span>{t(`overview.flow.${name}`)}</span>
      <span className="amount" title={`¥ ${formatFen(String(fen))}`}>
        ¥ {formatFenShort(String(fen), i18n.language)}
      </span>
      <span className="amount quiet">
        {against !== undefined && (
          <span title={t(`overview.against.${name}`)}>
            {formatShare(fen, against)}
            <span className="unseen"> {t(`overview.against.${name}`)}</span>
          </span>
        )}
      </span>
      <svg className="flow-bar" height="6" width="100%" aria-hidden="true">
        <rect width="100%" height="6" rx="3" fill="#edf1f0" />
        <rect width={`${lengthOf(fen, most, 100)}%`} height="6" rx="3" fill={colour} />
      </svg>
    </div>
  )
}

/** Three streams that meet: only a drawing, the figures stand on both sides. */
function Streams() {
  const rows = [
    [50, flowColour.information],
    [150, flowColour.goods],
    [250, flowColour.funds],
  ] as const
  return (
    <svg
      className="flow-streams"
      viewBox="0 0 100 300"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {rows.map(([y, colour]) => (
        <path
          key={y}
          d={`M0 ${y}C60 ${y} 40 150 100 150`}
          fill="none"
          stroke={colour}
          strokeWidth="9"
          vectorEffect="non-scaling-stroke"
        />
      ))}
    </svg>
  )
}

function Agreement({ report }: { readonly report: ReconciliationReport }) {
  const { t } = useTranslation()
  const { agreed, of } = agreedOf(report)
  const share = formatShare(BigInt(agreed), BigInt(of))
  return (
    <Ring
      label={t('overview.agreedLong', { agreed: formatCount(agreed), of: formatCount(of), share })}
      share={share}
      caption={t('overview.agreed')}
      arcs={outcomesOf(report).map(({ match, count }) => ({ count, colour: outcomeColour[match] }))}
    />
  )
}

function Outcomes({ report }: { readonly report: ReconciliationReport }) {
  const { t } = useTranslation()
  const codes = Object.entries(report.exceptionsByCode)
  return (
    <div>
      <table className="outcomes">
        <caption>{t('overview.outcomes')}</caption>
        <tbody>
          {outcomesOf(report).map(({ match, count, fen }) => (
            <tr key={match}>
              <th scope="row">
                <svg width="12" height="12" aria-hidden="true">
                  <rect width="12" height="12" rx="3" fill={outcomeColour[match]} />
                </svg>
                <Link to={`/invoices?match=${match}`}>{t(`invoice.match.${match}`)}</Link>
              </th>
              <td className="amount">{t('overview.sheets', { count: formatCount(count) })}</td>
              <td className="amount">{formatFen(fen)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {codes.length > 0 && (
        <p className="quiet why">
          {t('overview.reasons')}{' '}
          {codes
            .map(
              ([code, { count }]) =>
                `${t(`invoice.exception.${code}`, { defaultValue: code })} ${formatCount(count)}`,
            )
            .join(' · ')}
        </p>
      )}
    </div>
  )
}
