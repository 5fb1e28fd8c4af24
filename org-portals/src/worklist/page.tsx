import { Button, Card, Flex, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Records, type Field } from '../design/records.tsx'
import { State } from '../design/state.tsx'
import { formatDay, formatFen } from '../format/index.ts'
import { canDo, type WorkItem, type WorkKind } from './actions.ts'
import { useWork, useWorklist } from './use-work.ts'

function byKind(items: readonly WorkItem[]): [WorkKind, WorkItem[]][] {
  const groups = new Map<WorkKind, WorkItem[]>()
  for (const item of items) groups.set(item.kind, [...(groups.get(item.kind) ?? []), item])
  return [...groups]
}

export function WorklistPage() {
  const { t } = useTranslation()
  const worklist = useWorklist()
  return (
    <main className="page">
      <h1>{t('page.worklist')}</h1>
      <State
        query={worklist}
        isEmpty={value => value.items.length === 0}
        emptyText={t('worklist.empty')}
      >
        {({ items, counts }) => (
          <Flex vertical gap={16}>
            {byKind(items).map(([kind, group]) => (
              <WorkGroup
                key={kind}
                kind={kind}
                items={group}
                count={counts[kind] ?? group.length}
              />
            ))}
          </Flex>
        )}
      </State>
    </main>
  )
}

interface WorkGroupProps {
  readonly kind: WorkKind
  readonly items: readonly WorkItem[]
  readonly count: number
}

function useWorkFields(): Field<WorkItem>[] {
  const { t } = useTranslation()
  return [
    { key: 'title', title: t('invoice.number'), render: item => item.title },
    {
      key: 'counterparty',
      title: t('invoice.counterparty'),
      render: item => item.counterparty ?? '—',
    },
    {
      key: 'amount',
      title: t('invoice.gross'),
      amount: true,
      render: item => formatFen(item.amountFen),
    },
    { key: 'due', title: t('certificate.due'), render: item => formatDay(item.dueOn) },
  ]
}

function WorkGroup({ kind, items, count }: WorkGroupProps) {
  const { t } = useTranslation()
  const fields = useWorkFields()
  const [selected, setSelected] = useState<readonly string[]>([])
  const title = `${t(`worklist.kind.${kind}`)} (${count})`
  return (
    <Card
      size="small"
      title={title}
      extra={<WorkButton kind={kind} selected={selected} onDone={() => setSelected([])} />}
    >
      {!canDo(kind) && (
        <Typography.Text type="secondary">{t('worklist.elsewhere')}</Typography.Text>
      )}
      {count > items.length && (
        <Typography.Text type="secondary">
          {t('worklist.first', { count: items.length })}
        </Typography.Text>
      )}
      <Records
        label={title}
        records={items}
        idOf={item => item.objectId}
        fields={fields}
        {...(canDo(kind)
          ? { selection: { selected, onSelect: setSelected, canSelect: () => true } }
          : {})}
      />
    </Card>
  )
}

interface WorkButtonProps {
  readonly kind: WorkKind
  readonly selected: readonly string[]
  readonly onDone: () => void
}

function WorkButton({ kind, selected, onDone }: WorkButtonProps) {
  const { t } = useTranslation()
  const work = useWork()
  if (!canDo(kind)) return null
  return (
    <Button
      type="primary"
      size="small"
      disabled={selected.length === 0}
      loading={work.isPending}
      onClick={() => work.mutate({ kind, ids: [...selected] }, { onSettled: onDone })}
    >
      {t('action.do', { count: selected.length })}
    </Button>
  )
}
