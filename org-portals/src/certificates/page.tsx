import { useInfiniteQuery } from '@tanstack/react-query'
import type { Certificate } from '@triflow/gateway/client'
import { Button, Flex, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { Records, type Field } from '../design/records.tsx'
import { State } from '../design/state.tsx'
import { formatDay, formatFen, formatTxId } from '../format/index.ts'
import { useUser } from '../session/provider.tsx'

function useCertificates() {
  const { client } = useUser()
  return useInfiniteQuery({
    queryKey: ['certificates'],
    queryFn: ({ pageParam }) =>
      client.call('certificates.list', {
        query: { limit: 100, ...(pageParam ? { cursor: pageParam } : {}) },
      }),
    initialPageParam: '',
    getNextPageParam: page => page.nextCursor,
  })
}

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
      render: paper => <code title={paper.certificateId}>{formatTxId(paper.certificateId)}</code>,
    },
    { key: 'state', title: t('certificate.state'), render: paper => <StateTag paper={paper} /> },
    {
      key: 'face',
      title: t('certificate.face'),
      amount: true,
      render: paper => formatFen(paper.faceFen),
    },
    { key: 'due', title: t('certificate.due'), render: paper => formatDay(paper.dueOn) },
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
  ]
}

function StateTag({ paper }: { readonly paper: Certificate }) {
  const { t } = useTranslation()
  const ended = ['CONSUMED', 'REDEEMED', 'CANCELLED', 'WRITTEN_OFF'].includes(paper.state)
  return (
    <Flex gap={4}>
      <Tag color={ended ? 'default' : 'green'}>{t(`certificate.stateName.${paper.state}`)}</Tag>
      {paper.frozen && <Tag color="blue">{t('certificate.frozen')}</Tag>}
    </Flex>
  )
}

export function CertificatesPage() {
  const { t } = useTranslation()
  const certificates = useCertificates()
  const fields = useFields()
  return (
    <main className="page">
      <h1>{t('page.certificates')}</h1>
      <State
        query={certificates}
        isEmpty={value => value.pages[0]?.items.length === 0}
        emptyText={t('certificate.empty')}
      >
        {({ pages }) => (
          <Flex vertical gap={12}>
            <Records
              label={t('page.certificates')}
              records={pages.flatMap(page => page.items)}
              idOf={paper => paper.certificateId}
              fields={fields}
            />
            {certificates.hasNextPage && (
              <Button
                loading={certificates.isFetchingNextPage}
                onClick={() => void certificates.fetchNextPage()}
              >
                {t('action.more')}
              </Button>
            )}
          </Flex>
        )}
      </State>
    </main>
  )
}
