import { useInfiniteQuery } from '@tanstack/react-query'
import type { Invoice, Principal } from '@triflow/gateway/client'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { Due } from '../design/due.tsx'
import { More } from '../design/more.tsx'
import { Page } from '../design/page.tsx'
import { Records, type Field } from '../design/records.tsx'
import { Blank, State } from '../design/state.tsx'
import { Status } from '../design/status.tsx'
import { formatDay, formatFen, formatId } from '../format/index.ts'
import { useUser } from '../session/provider.tsx'
import { ActBar, Outcome } from '../worklist/act-bar.tsx'
import type { WorkKind } from '../worklist/actions.ts'
import { useWork } from '../worklist/use-work.ts'
import { approvalTone, matchTone, matchWanted, nextStep } from './steps.ts'

function useInvoices(match: Invoice['match'] | undefined) {
  const { client } = useUser()
  return useInfiniteQuery({
    queryKey: ['invoices', match],
    queryFn: ({ pageParam }) =>
      client.call('invoices.list', {
        query: { limit: 100, match, ...(pageParam ? { cursor: pageParam } : {}) },
      }),
    initialPageParam: '',
    getNextPageParam: page => page.nextCursor,
  })
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
    {
      key: 'issued',
      title: t('invoice.issuedOn'),
      render: invoice => <span className="day">{formatDay(invoice.issuedOn)}</span>,
    },
    {
      key: 'due',
      title: t('invoice.payableOn'),
      render: invoice => <Due day={invoice.dueOn} open={false} />,
    },
    {
      key: 'gross',
      title: t('invoice.gross'),
      kind: 'amount',
      render: invoice => formatFen(invoice.grossFen),
    },
    {
      key: 'eligible',
      title: t('invoice.eligible'),
      kind: 'amount',
      render: invoice => formatFen(invoice.eligibleFen),
    },
    {
      key: 'match',
      title: t('invoice.verdict'),
      kind: 'status',
      render: invoice => <Verdict invoice={invoice} />,
    },
    {
      key: 'approval',
      title: t('invoice.approval'),
      render: invoice => (
        <Status tone={approvalTone[invoice.approval]}>
          {t(`invoice.approvalState.${invoice.approval}`)}
        </Status>
      ),
    },
    {
      key: 'tx',
      title: t('invoice.transaction'),
      render: invoice => <code title={invoice.txId}>{formatId(invoice.txId)}</code>,
    },
  ]
}

function Verdict({ invoice }: { readonly invoice: Invoice }) {
  const { t } = useTranslation()
  const reasons = invoice.exceptions.map(code =>
    t(`invoice.exception.${code}`, { defaultValue: code }),
  )
  return (
    <>
      <Status tone={matchTone[invoice.match]}>{t(`invoice.match.${invoice.match}`)}</Status>
      {reasons.length > 0 && <small className="reasons">{reasons.join(t('shell.and'))}</small>}
    </>
  )
}

export function InvoicesPage() {
  const { t } = useTranslation()
  const [query] = useSearchParams()
  const match = matchWanted(query)
  return (
    <Page title={t('page.invoices')}>
      <div className="stack">
        <Filter match={match} />
        <InvoiceList key={match ?? 'all'} match={match} />
      </div>
    </Page>
  )
}

const FILTERS = [undefined, 'MATCHED', 'WITHIN_TOLERANCE', 'EXCEPTION', 'OVERRIDDEN'] as const

function Filter({ match }: { readonly match: Invoice['match'] | undefined }) {
  const { t } = useTranslation()
  return (
    <nav className="chips" aria-label={t('invoice.filter')}>
      {FILTERS.map(one => (
        <Link
          key={one ?? 'all'}
          to={one ? `?match=${one}` : '.'}
          aria-current={one === match}
          replace
        >
          {t(one ? `invoice.match.${one}` : 'invoice.all')}
        </Link>
      ))}
    </nav>
  )
}

function InvoiceList({ match }: { readonly match: Invoice['match'] | undefined }) {
  const { t } = useTranslation()
  const { user } = useUser()
  const invoices = useInvoices(match)
  const work = useWork()
  const fields = useFields(user)
  const [selected, setSelected] = useState<readonly string[]>([])
  const records = invoices.data?.pages.flatMap(page => page.items) ?? []
  const mayAct = records.some(invoice => nextStep(user, invoice))
  const numberOf = (id: string) =>
    records.find(invoice => invoice.invoiceId === id)?.number ?? formatId(id)
  return (
    <>
      <Outcome work={work} nameOf={numberOf} />
      <State
        query={invoices}
        isEmpty={value => value.pages[0]?.items.length === 0}
        empty={<NoInvoices filtered={match !== undefined} />}
      >
        {() => (
          <div className="stack">
            <Records
              label={t('page.invoices')}
              records={records}
              idOf={invoice => invoice.invoiceId}
              nameOf={invoice => invoice.number}
              fields={fields}
              selection={
                mayAct
                  ? {
                      selected,
                      onSelect: setSelected,
                      canSelect: invoice => nextStep(user, invoice) !== undefined,
                    }
                  : undefined
              }
            />
            <Steps
              records={records.filter(invoice => selected.includes(invoice.invoiceId))}
              work={work}
              onDone={() => setSelected([])}
            />
            <More shown={records.length} query={invoices} />
          </div>
        )}
      </State>
    </>
  )
}

/** Why there is nothing depends on who looks: only buyer and seller hold an invoice. */
function NoInvoices({ filtered }: { readonly filtered: boolean }) {
  const { t } = useTranslation()
  const { user } = useUser()
  if (filtered) {
    return (
      <Blank title={t('invoice.emptyFilter')}>
        <Link to=".">{t('invoice.showAll')}</Link>
      </Blank>
    )
  }
  const trades = user.memberId !== undefined || user.roles.includes('operator')
  return (
    <Blank title={t('invoice.empty')} text={t(trades ? 'invoice.emptyWhy' : 'state.private')} />
  )
}

interface StepsProps {
  readonly records: readonly Invoice[]
  readonly work: ReturnType<typeof useWork>
  readonly onDone: () => void
}

const STEPS = ['CONFIRM_PROPOSE', 'CONFIRM_APPROVE'] as const satisfies readonly WorkKind[]

/** One bar for each step that the selected invoices are ready for. */
function Steps({ records, work, onDone }: StepsProps) {
  const { user } = useUser()
  return STEPS.map(kind => {
    const ready = records.filter(invoice => nextStep(user, invoice) === kind)
    if (work.isPending && work.variables.kind !== kind) return null
    return (
      <ActBar
        key={kind}
        kind={kind}
        ids={ready.map(invoice => invoice.invoiceId)}
        amountsFen={ready.map(invoice => invoice.eligibleFen)}
        work={work}
        onDone={onDone}
      />
    )
  })
}
