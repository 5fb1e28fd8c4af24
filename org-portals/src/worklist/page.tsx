import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Page, Panel } from '../design/page.tsx'
import { Records, type Field } from '../design/records.tsx'
import { Blank, State } from '../design/state.tsx'
import { Due } from '../design/due.tsx'
import { formatFen, formatId } from '../format/index.ts'
import { ActBar, Outcome } from './act-bar.tsx'
import { canDo, type WorkItem, type WorkKind } from './actions.ts'
import { useWaiting, useWork, useWorklist, type DoingWork } from './use-work.ts'

/** Work is done kind by kind, in the order in which the gateway lists the duties. */
export function byKind(items: readonly WorkItem[]): [WorkKind, WorkItem[]][] {
  const groups = new Map<WorkKind, WorkItem[]>()
  for (const item of items) {
    const group = groups.get(item.kind)
    if (group) group.push(item)
    else groups.set(item.kind, [item])
  }
  return [...groups]
}

export function WorklistPage() {
  const { t } = useTranslation()
  const worklist = useWorklist()
  const waiting = useWaiting()
  const work = useWork()
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map())
  return (
    <Page title={t('page.worklist')} count={waiting} lead={t('worklist.lead')}>
      <div className="stack">
        <Outcome work={work} nameOf={id => names.get(id) ?? formatId(id)} />
        <State
          query={worklist}
          isEmpty={value => value.items.length === 0}
          empty={<Blank title={t('worklist.empty')} text={t('worklist.emptyWhy')} />}
        >
          {({ items, counts }) => (
            <div className="stack">
              {byKind(items).map(([kind, group]) => (
                <WorkGroup
                  key={kind}
                  kind={kind}
                  items={group}
                  count={counts[kind] ?? group.length}
                  work={work}
                  onStart={() =>
                    setNames(new Map(items.map(item => [item.objectId, titleOf(item)])))
                  }
                />
              ))}
            </div>
          )}
        </State>
      </div>
    </Page>
  )
}

const INVOICE_WORK: ReadonlySet<WorkKind> = new Set([
  'CONFIRM_PROPOSE',
  'CONFIRM_APPROVE',
  'EXCEPTION',
])

/** An invoice is known by its number; a certificate by the beginning of its identifier. */
const titleOf = (item: WorkItem) =>
  INVOICE_WORK.has(item.kind) ? item.title : formatId(item.title)

function useWorkFields(kind: WorkKind): Field<WorkItem>[] {
  const { t } = useTranslation()
  const invoices = INVOICE_WORK.has(kind)
  return [
    {
      key: 'title',
      title: t(invoices ? 'invoice.number' : 'certificate.id'),
      render: item => (invoices ? item.title : <code title={item.title}>{titleOf(item)}</code>),
    },
    {
      key: 'counterparty',
      title: t('invoice.counterparty'),
      render: item => item.counterparty ?? '—',
    },
    {
      key: 'due',
      title: t(invoices ? 'invoice.payableOn' : 'certificate.due'),
      render: item => <Due day={item.dueOn} />,
    },
    {
      key: 'amount',
      title: t(invoices ? 'invoice.eligible' : 'certificate.face'),
      kind: 'amount',
      render: item => formatFen(item.amountFen),
    },
  ]
}

interface WorkGroupProps {
  readonly kind: WorkKind
  readonly items: readonly WorkItem[]
  readonly count: number
  readonly work: DoingWork
  readonly onStart: () => void
}

function WorkGroup({ kind, items, count, work, onStart }: WorkGroupProps) {
  const { t } = useTranslation()
  const fields = useWorkFields(kind)
  const [wanted, setWanted] = useState<readonly string[]>([])
  // What another person has done meanwhile is no longer selected.
  const chosen = items.filter(item => wanted.includes(item.objectId))
  const ids = chosen.map(item => item.objectId)
  const title = t(`worklist.kind.${kind}`)
  const select = (selected: string[]) => {
    onStart()
    setWanted(selected)
  }
  return (
    <Panel
      title={`${title} (${count})`}
      extra={count > items.length && t('worklist.first', { count: items.length })}
    >
      <div className="stack" style={{ gap: 12 }}>
        <Hint kind={kind} route={items[0]?.route} />
        <Records
          label={title}
          records={items}
          idOf={item => item.objectId}
          nameOf={titleOf}
          fields={fields}
          selection={
            canDo(kind) ? { selected: ids, onSelect: select, canSelect: () => true } : undefined
          }
        />
        {canDo(kind) && (work.variables?.kind === kind || !work.isPending) && (
          <ActBar
            kind={kind}
            ids={ids}
            amountsFen={chosen.map(item => item.amountFen)}
            work={work}
            onDone={() => setWanted([])}
          />
        )}
      </div>
    </Panel>
  )
}

/** What the step means; a step that needs more than a yes names the request that does it. */
function Hint({ kind, route }: { readonly kind: WorkKind; readonly route: string | undefined }) {
  const { t } = useTranslation()
  return (
    <p className="quiet">
      {t(`worklist.hint.${kind}`)}
      {!canDo(kind) && route && (
        <>
          {' '}
          {t('worklist.elsewhere')} <code>{route}</code>
        </>
      )}
    </p>
  )
}
