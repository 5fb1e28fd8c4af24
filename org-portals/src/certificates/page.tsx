import type { Certificate } from '@triflow/gateway/client'
import { useTranslation } from 'react-i18next'
import { Due } from '../design/due.tsx'
import { More } from '../design/more.tsx'
import { Page } from '../design/page.tsx'
import { Records, type Field } from '../design/records.tsx'
import { Blank, State } from '../design/state.tsx'
import { Status } from '../design/status.tsx'
import { formatFen, formatId } from '../format/index.ts'
import { useUser } from '../session/provider.tsx'
import { isOpen, stateTone } from './standing.ts'
import { useCertificates } from './use-certificates.ts'

const partyName = (
  party: { memberId: string; name?: string | undefined } | undefined,
  msp: string,
) => party?.name ?? party?.memberId ?? msp

function useFields(): Field<Certificate>[] {
  const { t } = useTranslation()
  return [
    {
      key: 'id',
      title: t('certificate.id'),
      render: paper => <code title={paper.certificateId}>{formatId(paper.certificateId)}</code>,
    },
    {
      key: 'state',
      title: t('certificate.state'),
      kind: 'status',
      render: paper => <Standing paper={paper} />,
    },
    {
      key: 'face',
      title: t('certificate.face'),
      kind: 'amount',
      render: paper => formatFen(paper.faceFen),
    },
    {
      key: 'collected',
      title: t('certificate.collected'),
      kind: 'amount',
      render: paper => formatFen(paper.collectedFen),
    },
    {
      key: 'due',
      title: t('certificate.due'),
      render: paper => <Due day={paper.dueOn} open={isOpen(paper.state)} />,
    },
    {
      key: 'obligor',
      title: t('certificate.obligor'),
      render: paper => partyName(paper.obligor, paper.obligorMsp),
    },
    {
      key: 'holder',
      title: t('certificate.holder'),
      render: paper => partyName(paper.holder, paper.holderMsp),
    },
    {
      key: 'depth',
      title: t('certificate.origin'),
      render: paper =>
        paper.depth === 0
          ? t('certificate.root')
          : t('certificate.child', { depth: paper.depth, root: formatId(paper.rootId) }),
    },
  ]
}

function Standing({ paper }: { readonly paper: Certificate }) {
  const { t } = useTranslation()
  return (
    <>
      <Status tone={stateTone[paper.state]}>{t(`certificate.stateName.${paper.state}`)}</Status>
      {paper.frozen && <Status tone="bad">{t('certificate.frozen')}</Status>}
    </>
  )
}

export function CertificatesPage() {
  const { t } = useTranslation()
  const { user } = useUser()
  const certificates = useCertificates()
  const fields = useFields()
  const trades = user.memberId !== undefined || user.roles.includes('operator')
  return (
    <Page title={t('certificate.title')} lead={t('certificate.lead')}>
      <State
        query={certificates}
        isEmpty={value => value.pages[0]?.items.length === 0}
        empty={
          <Blank
            title={t('certificate.empty')}
            text={t(trades ? 'certificate.emptyWhy' : 'state.private')}
          />
        }
      >
        {({ pages }) => {
          const records = pages.flatMap(page => page.items)
          return (
            <div className="stack">
              <Records
                label={t('certificate.title')}
                records={records}
                idOf={paper => paper.certificateId}
                nameOf={paper => formatId(paper.certificateId)}
                fields={fields}
              />
              <More shown={records.length} query={certificates} />
            </div>
          )
        }}
      </State>
    </Page>
  )
}
