/** A list of records: a table where there is room, cards on a phone. */
import { Card, Checkbox, Flex, Grid, Table } from 'antd'
import type { Key, ReactNode } from 'react'

export interface Field<T> {
  readonly key: string
  readonly title: string
  readonly amount?: boolean
  readonly render: (record: T) => ReactNode
}

interface RecordsProps<T> {
  readonly label: string
  readonly records: readonly T[]
  readonly idOf: (record: T) => string
  readonly fields: readonly Field<T>[]
  readonly selection?: {
    readonly selected: readonly string[]
    readonly onSelect: (ids: string[]) => void
    readonly canSelect: (record: T) => boolean
  }
}

export function Records<T extends object>(props: RecordsProps<T>) {
  const wide = Grid.useBreakpoint().md ?? true
  return wide ? <AsTable {...props} /> : <AsCards {...props} />
}

function AsTable<T extends object>({ label, records, idOf, fields, selection }: RecordsProps<T>) {
  return (
    <Table<T>
      aria-label={label}
      size="middle"
      rowKey={idOf}
      dataSource={[...records]}
      pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
      columns={fields.map(field => ({
        key: field.key,
        title: field.title,
        ...(field.amount ? { align: 'right' as const, className: 'amount' } : {}),
        render: (_: unknown, record: T) => field.render(record),
      }))}
      {...(selection
        ? {
            rowSelection: {
              selectedRowKeys: [...selection.selected],
              onChange: (keys: Key[]) => selection.onSelect(keys.map(String)),
              getCheckboxProps: (record: T) => ({ disabled: !selection.canSelect(record) }),
            },
          }
        : {})}
    />
  )
}

function AsCards<T extends object>({ label, records, idOf, fields, selection }: RecordsProps<T>) {
  const toggle = (id: string, on: boolean) => {
    if (!selection) return
    const others = selection.selected.filter(other => other !== id)
    selection.onSelect(on ? [...others, id] : others)
  }
  return (
    <Flex vertical gap={8} role="list" aria-label={label}>
      {records.map(record => (
        <Card key={idOf(record)} size="small" role="listitem">
          {selection?.canSelect(record) && (
            <Checkbox
              checked={selection.selected.includes(idOf(record))}
              onChange={event => toggle(idOf(record), event.target.checked)}
              aria-label={idOf(record)}
            />
          )}
          <dl className="record" style={{ margin: 0 }}>
            {fields.map(field => (
              <FieldLine key={field.key} title={field.title} value={field.render(record)} />
            ))}
          </dl>
        </Card>
      ))}
    </Flex>
  )
}

function FieldLine({ title, value }: { readonly title: string; readonly value: ReactNode }) {
  return (
    <>
      <dt className="quiet">{title}</dt>
      <dd>{value}</dd>
    </>
  )
}
