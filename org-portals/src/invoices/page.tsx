import { useInfiniteQuery } from '@tanstack/react-query'
import type { Invoice, Principal } from '@triflow/gateway/client'
import { Button, Flex, Tag, Tooltip } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Records, type Field } from '../design/records.tsx'
import { State } from '../design/state.tsx'
import { outcomeColour } from '../design/theme.ts'
import { formatDay, formatFen, formatTxId } from '../format/index.ts'
import { useUser } from '../session/provider.tsx'
import type { WorkKind } from '../worklist/actions.ts'
import { useWork } from '../worklist/use-work.ts'

function useInvoices() {
  const { client } = useUser()
  return useInfiniteQuery({
    queryKey: ['invoices'],
    queryFn: ({ pageParam }) =>
      client.call('invoices.list', {
        query: { limit: 100, ...(pageParam ? { cursor: pageParam } : {}) },
      }),
    initialPageParam: '',
    getNextPageParam: page => page.nextCursor,
  })
}

/** What this person may do with an invoice from here, if anything. */
function nextStep(user: Principal, invoice: Invoice): WorkKind | undefined {
  if (invoice.buyer.memberId !== user.memberId) return undefined
  const judgedWell = ['MATCHED', 'WITHIN_TOLERANCE', 'OVERRIDDEN'].includes(invoice.match)
  if (user.roles.includes('checker') && invoice.approval === 'PROPOSED') return 'CONFIRM_APPROVE'
  if (user.roles.includes('maker') && invoice.approval === 'SUBMITTED' && judgedWell) {
    return 'CONFIRM_PROPOSE'
  }
  return undefined
}

function useFields(user: Principal): Field<Invoice>[] {
  const { t } = useTranslation()
  const counterparty = (invoice: Invoice) =>
    invoice.buyer.memberId === user.memberId ? invoice.seller : invoice.buyer
  return [
    { key: 'number', title: t('invoice.number'), render: invoice => invoice.number },
    {
      key: 'counterparty',
      title: t('invoice.counterparty'),
      render: invoice => counterparty(invoice).name ?? counterparty(invoice).memberId,
    },
    { key: 'issued', title: t('invoice.issuedOn'), render: invoice => formatDay(invoice.issuedOn) },
    {
      key: 'gross',
      title: t('invoice.gross'),
      amount: true,
      render: invoice => formatFen(invoice.grossFen),
    },
    {
      key: 'eligible',
      title: t('invoice.eligible'),
      amount: true,
      render: invoice => formatFen(invoice.eligibleFen),
    },
    { key: 'match', title: t('invoice.verdict'), render: invoice => <Verdict invoice={invoice} /> },
    {
      key: 'approval',
      title: t('invoice.approval'),
      render: invoice => t(`invoice.approvalState.${invoice.approval}`),
    },
    {
      key: 'tx',
      title: t('invoice.transaction'),
      render: invoice => <code title={invoice.txId}>{formatTxId(invoice.txId)}</code>,
    },
  ]
}

function Verdict({ invoice }: { readonly invoice: Invoice }) {
  const { t } = useTranslation()
  return (
    <Tooltip title={invoice.exceptions.join(', ')}>
      <Tag color={outcomeColour[invoice.match]} variant="solid">
        {t(`invoice.match.${invoice.match}`)}
      </Tag>
    </Tooltip>
  )
}

export function InvoicesPage() {
  const { t } = useTranslation()
  const { user } = useUser()
  const invoices = useInvoices()
  const fields = useFields(user)
  const [selected, setSelected] = useState<readonly string[]>([])
  return (
    <main className="page">
      <h1>{t('page.invoices')}</h1>
      <State
        query={invoices}
        isEmpty={value => value.pages[0]?.items.length === 0}
        emptyText={t('invoice.empty')}
      >
        {({ pages }) => {
          const records = pages.flatMap(page => page.items)
          return (
            <Flex vertical gap={12}>
              <Steps records={records} selected={selected} onDone={() => setSelected([])} />
              <Records
                label={t('page.invoices')}
                records={records}
                idOf={invoice => invoice.invoiceId}
                fields={fields}
                selection={{
                  selected,
                  onSelect: setSelected,
                  canSelect: invoice => nextStep(user, invoice) !== undefined,
                }}
              />
              {invoices.hasNextPage && (
                <Button
                  loading={invoices.isFetchingNextPage}
                  onClick={() => void invoices.fetchNextPage()}
                >
                  {t('action.more')}
                </Button>
              )}
            </Flex>
          )
        }}
      </State>
    </main>
  )
}

interface StepsProps {
  readonly records: readonly Invoice[]
  readonly selected: readonly string[]
  readonly onDone: () => void
}

/** The buttons for what is selected: a maker proposes, a checker confirms. */
function Steps({ records, selected, onDone }: StepsProps) {
  const { t } = useTranslation()
  const { user } = useUser()
  const work = useWork()
  const chosen = records.filter(invoice => selected.includes(invoice.invoiceId))
  const idsFor = (kind: WorkKind) =>
    chosen.filter(invoice => nextStep(user, invoice) === kind).map(invoice => invoice.invoiceId)
  const steps = (['CONFIRM_PROPOSE', 'CONFIRM_APPROVE'] as const).filter(
    kind => idsFor(kind).length > 0,
  )
  if (steps.length === 0) return null
  return (
    <Flex align="center" gap={12} wrap>
      <span aria-live="polite">{t('invoice.selected', { count: chosen.length })}</span>
      {steps.map(kind => (
        <Button
          key={kind}
          type="primary"
          loading={work.isPending}
          onClick={() => work.mutate({ kind, ids: idsFor(kind) }, { onSettled: onDone })}
        >
          {t(kind === 'CONFIRM_APPROVE' ? 'action.confirm' : 'action.propose')}
        </Button>
      ))}
    </Flex>
  )
}
