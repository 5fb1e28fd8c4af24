/** A list of records: a table where there is room, cards on a phone. */
import { useSyncExternalStore, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

export interface Field<T> {
  readonly key: string
  readonly title: string
  /** How it is set: the first field names the record; amounts are aligned, a status stands beside the name. */
  readonly kind?: 'amount' | 'status'
  readonly render: (record: T) => ReactNode
}

export interface Selection<T> {
  readonly selected: readonly string[]
  readonly onSelect: (ids: string[]) => void
  readonly canSelect: (record: T) => boolean
}

interface RecordsProps<T> {
  readonly label: string
  readonly records: readonly T[]
  readonly idOf: (record: T) => string
  /** What a screen reader calls the record, for the checkbox that selects it. */
  readonly nameOf: (record: T) => string
  readonly fields: readonly Field<T>[]
  readonly selection?: Selection<T> | undefined
}

/** Room that a column needs, in pixels: below that the table would have to be pushed about sideways. */
const COLUMN = 125

function useWide(columns: number): boolean {
  const wide = `(min-width: ${columns * COLUMN + 60}px)`
  return useSyncExternalStore(
    changed => {
      const query = matchMedia(wide)
      query.addEventListener('change', changed)
      return () => query.removeEventListener('change', changed)
    },
    () => matchMedia(wide).matches,
    () => true,
  )
}

export function Records<T>(props: RecordsProps<T>) {
  return useWide(props.fields.length) ? <AsTable {...props} /> : <AsCards {...props} />
}

function toggled(selected: readonly string[], id: string): string[] {
  return selected.includes(id) ? selected.filter(other => other !== id) : [...selected, id]
}

export function AsTable<T>(props: RecordsProps<T>) {
  const { label, records, idOf, nameOf, fields, selection } = props
  return (
    <table className="records">
      <caption className="unseen">{label}</caption>
      <thead>
        <tr>
          {selection && (
            <th className="tick" scope="col">
              <TickAll {...props} selection={selection} />
            </th>
          )}
          {fields.map(field => (
            <th key={field.key} scope="col" className={classOf(field)}>
              {field.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {records.map(record => (
          <tr key={idOf(record)} className={chosenClass(selection, idOf(record))}>
            {selection && (
              <td className="tick">
                <Tick
                  record={record}
                  id={idOf(record)}
                  name={nameOf(record)}
                  selection={selection}
                />
              </td>
            )}
            {fields.map((field, place) => (
              <Cell key={field.key} field={field} record={record} first={place === 0} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

interface CellProps<T> {
  readonly field: Field<T>
  readonly record: T
  readonly first: boolean
}

function Cell<T>({ field, record, first }: CellProps<T>) {
  if (first) return <th scope="row">{field.render(record)}</th>
  return <td className={classOf(field)}>{field.render(record)}</td>
}

const classOf = <T,>(field: Field<T>) => (field.kind === 'amount' ? 'amount' : undefined)

const chosenClass = <T,>(selection: Selection<T> | undefined, id: string) =>
  selection?.selected.includes(id) ? 'chosen' : undefined

interface TickProps<T> {
  readonly record: T
  readonly id: string
  readonly name: string
  readonly selection: Selection<T>
}

/** Nothing is drawn for a record that this person can do nothing with. */
function Tick<T>({ record, id, name, selection }: TickProps<T>) {
  const { t } = useTranslation()
  if (!selection.canSelect(record)) return null
  return (
    <input
      type="checkbox"
      aria-label={t('action.select', { name })}
      checked={selection.selected.includes(id)}
      onChange={() => selection.onSelect(toggled(selection.selected, id))}
    />
  )
}

type TickAllProps<T> = RecordsProps<T> & { readonly selection: Selection<T> }

function TickAll<T>({ records, idOf, selection }: TickAllProps<T>) {
  const { t } = useTranslation()
  const ids = records.filter(selection.canSelect).map(idOf)
  if (ids.length === 0) return <span className="unseen">{t('action.selectAll')}</span>
  const chosen = ids.filter(id => selection.selected.includes(id))
  const all = chosen.length === ids.length
  return (
    <input
      type="checkbox"
      aria-label={t('action.selectAll')}
      checked={all}
      ref={box => {
        if (box) box.indeterminate = chosen.length > 0 && !all
      }}
      onChange={() => selection.onSelect(all ? [] : ids)}
    />
  )
}

export function AsCards<T>(props: RecordsProps<T>) {
  const { t } = useTranslation()
  const { label, records, idOf, selection } = props
  const several = selection && records.filter(selection.canSelect).length > 1
  return (
    <div className="stack" style={{ gap: 10 }}>
      {several && (
        <label className="tick card-title">
          <TickAll {...props} selection={selection} />
          <span aria-hidden="true">{t('action.selectAll')}</span>
        </label>
      )}
      <ul className="cards" aria-label={label}>
        {records.map(record => (
          <AsCard key={idOf(record)} record={record} {...props} />
        ))}
      </ul>
    </div>
  )
}

function AsCard<T>({ record, idOf, nameOf, fields, selection }: RecordsProps<T> & { record: T }) {
  const [first, ...others] = fields
  const lines = others.filter(field => field.kind !== 'status')
  const states = others.filter(field => field.kind === 'status')
  const id = idOf(record)
  return (
    <li className={`card ${chosenClass(selection, id) ?? ''}`}>
      <span className="card-title tick">
        {selection && <Tick record={record} id={id} name={nameOf(record)} selection={selection} />}
        <span>{first?.render(record)}</span>
      </span>
      <span>
        {states.map(field => (
          <div key={field.key}>{field.render(record)}</div>
        ))}
      </span>
      <dl>
        {lines.map(field => (
          <FieldLine key={field.key} field={field} record={record} />
        ))}
      </dl>
    </li>
  )
}

function FieldLine<T>({ field, record }: { readonly field: Field<T>; readonly record: T }) {
  return (
    <>
      <dt>{field.title}</dt>
      <dd className={classOf(field)}>{field.render(record)}</dd>
    </>
  )
}
