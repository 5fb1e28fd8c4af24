import { Button, Card, Flex, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { Records } from '../design/records.tsx'
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

function WorkGroup({ kind, items, count }: WorkGroupProps) {
  const { t } = useTranslation()
  const work = useWork()
  const title = `${t(`worklist.kind.${kind}`)} (${count})`
  return (
    <Card size="small" title={title}>
      {!canDo(kind) && (
        <Typography.Text type="secondary">{t('worklist.elsewhere')}</Typography.Text>
      )}
      <Records
        label={title}
        records={items}
        idOf={item => item.objectId}
        fields={[
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
          ...(canDo(kind)
            ? [
                {
                  key: 'do',
                  title: '',
                  render: (item: WorkItem) => (
                    <Button
                      size="small"
                      loading={work.isPending && work.variables.ids.includes(item.objectId)}
                      onClick={() => work.mutate({ kind, ids: [item.objectId] })}
                    >
                      {t('action.do')}
                    </Button>
                  ),
                },
              ]
            : []),
        ]}
      />
    </Card>
  )
}
