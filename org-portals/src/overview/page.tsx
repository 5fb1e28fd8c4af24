import { useQuery } from '@tanstack/react-query'
import type { ReconciliationReport } from '@triflow/gateway/client'
import { Card, Statistic } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { State } from '../design/state.tsx'
import { formatFenShort } from '../format/index.ts'
import { useUser } from '../session/provider.tsx'
import { useWorklist } from '../worklist/use-work.ts'
import { Chart } from './chart.tsx'
import { flowBars, flowPicture, verdictPicture, verdictSlices } from './pictures.ts'

function useReport() {
  const { client } = useUser()
  return useQuery({
    queryKey: ['report'],
    queryFn: () => client.call('reports.reconciliation', {}),
    refetchInterval: 15_000,
  })
}

export function OverviewPage() {
  const { t } = useTranslation()
  const report = useReport()
  return (
    <main className="page">
      <h1>{t('page.overview')}</h1>
      <State query={report} emptyText={t('overview.none')}>
        {value => (
          <>
            <Tiles report={value} />
            <Pictures report={value} />
          </>
        )}
      </State>
    </main>
  )
}

interface ReportProps {
  readonly report: ReconciliationReport
}

function Tiles({ report }: ReportProps) {
  const { t, i18n } = useTranslation()
  const worklist = useWorklist()
  const waiting = Object.values(worklist.data?.counts ?? {}).reduce((sum, count) => sum + count, 0)
  const { live, financed, redeemed } = report.certificates
  const money = (fen: string) => formatFenShort(fen, i18n.language)
  return (
    <div className="tiles">
      <Link to="/work">
        <Card size="small" hoverable>
          <Statistic title={t('overview.waiting')} value={waiting} />
        </Card>
      </Link>
      <Link to="/invoices">
        <Card size="small" hoverable>
          <Statistic title={t('overview.invoices')} value={report.invoices.count} />
        </Card>
      </Link>
      {(
        [
          ['certificates', live],
          ['financed', financed],
          ['redeemed', redeemed],
        ] as const
      ).map(([name, figure]) => (
        <Link to="/certificates" key={name}>
          <Card size="small" hoverable>
            <Statistic
              title={`${t(`overview.${name}`)} (${figure.count})`}
              value={money(figure.amountFen)}
              prefix="¥"
            />
          </Card>
        </Link>
      ))}
    </div>
  )
}

function Pictures({ report }: ReportProps) {
  const { t, i18n } = useTranslation()
  const bars = useMemo(() => flowBars(report, key => t(`overview.${key}`)), [report, t])
  const slices = useMemo(() => verdictSlices(report, key => t(`invoice.match.${key}`)), [report, t])
  const flows = useMemo(() => flowPicture(bars, i18n.language), [bars, i18n.language])
  const verdicts = useMemo(() => verdictPicture(slices), [slices])
  return (
    <div className="charts">
      <Chart
        title={t('overview.flows')}
        words={bars.map(bar => `${bar.name} ${formatFenShort(bar.fen, i18n.language)}`).join(', ')}
        option={flows}
      />
      <Chart
        title={t('overview.outcomes')}
        words={slices.map(slice => `${slice.name} ${slice.count}`).join(', ')}
        option={verdicts}
      />
    </div>
  )
}
