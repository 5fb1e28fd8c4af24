import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { ReconciliationReport } from '@triflow/gateway/client'
import { useTranslation } from 'react-i18next'
import { Page, Panel } from '../design/page.tsx'
import { State } from '../design/state.tsx'
import { formatCount, formatInstant } from '../format/index.ts'
import { useUser } from '../session/provider.tsx'
import { Ladder } from './ladder.tsx'
import './overview.css'
import { ThreeFlows } from './three-flows.tsx'
import { Tiles } from './tiles.tsx'
import { Waiting } from './waiting.tsx'

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
  const asOf = report.data?.asOf
  return (
    <Page
      title={t('page.overview')}
      lead={
        asOf &&
        t('overview.asOf', {
          block: formatCount(BigInt(asOf.blockNumber)),
          at: formatInstant(asOf.at),
        })
      }
    >
      <State query={report} empty={null}>
        {value => (
          <div className="stack">
            <Tiles report={value} />
            {value.invoices.count > 0 && <ThreeFlows report={value} />}
            <div className="two">
              <Waiting />
              <Ladder />
            </div>
            <Ledger report={value} />
          </div>
        )}
      </State>
    </Page>
  )
}

/** The part that every organisation sees alike, also one that is no party to any deal. */
function Ledger({ report }: { readonly report: ReconciliationReport }) {
  const { t } = useTranslation()
  const { client } = useUser()
  const chain = useQuery({
    queryKey: ['chain', report.asOf.blockNumber],
    queryFn: () => client.call('reports.chain', {}),
    placeholderData: keepPreviousData,
  })
  return (
    <Panel title={t('overview.ledger')}>
      {chain.data && (
        <dl className="facts">
          <Fact name={t('overview.blocks')} value={formatCount(BigInt(chain.data.height))} />
          <Fact name={t('overview.transactions')} value={formatCount(chain.data.transactions)} />
          <Fact name={t('overview.invalid')} value={formatCount(chain.data.invalid)} />
        </dl>
      )}
      <p className="quiet">{t('overview.ledgerPrivacy')}</p>
    </Panel>
  )
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt className="quiet">{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
