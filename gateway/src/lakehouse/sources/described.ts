/** What analysts may ask of the sources: silver and gold, in which the catalogue's masks are already on. */
import type { ColumnClass, Described, DescribedColumn } from '../analysis/described.ts'
import { snake } from '../names.ts'
import type { Masking } from './fields.ts'
import type { Source } from './source.ts'
import { SOURCE_RECORDS, type SourceTable } from './tables.ts'

/** What is hidden in silver is what a role may have hidden once more. */
const CLASS: Readonly<Record<Masking, ColumnClass>> = {
  NONE: ['PLAIN'],
  NAME: ['NAME', 'QUASI'],
  ID_NUMBER: ['ID_NUMBER', 'QUASI'],
  ACCOUNT: ['ACCOUNT'],
  PHONE: ['PHONE'],
  ADDRESS: ['ADDRESS', 'QUASI'],
  FREE_TEXT: ['TEXT'],
}

const { columns } = SOURCE_RECORDS
const plain = (type: string, zh: string, en: string): DescribedColumn => ({
  type,
  is: ['PLAIN'],
  words: { zh, en },
})

const COMMON: Readonly<Record<string, DescribedColumn>> = {
  id: plain(columns.id, '记录号', 'record'),
  revision: plain(columns.revision, '版次', 'revision'),
  subject_kind: plain(columns.subject_kind, '主体类型', 'kind of subject'),
  subject: {
    type: columns.subject,
    is: ['ID_NUMBER', 'QUASI', 'SUBJECT'],
    words: { zh: '主体', en: 'subject' },
  },
  event_at: plain(columns.event_at, '发生时间', 'happened at'),
  arrived_at: plain(columns.arrived_at, '到达时间', 'arrived at'),
  arrival: plain(columns.arrival, '到达次序', 'order of arrival'),
}

const fieldsOf = ({ fields }: Source): Record<string, DescribedColumn> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, { column, masking, words }]) => [
      snake(name),
      { type: column, is: CLASS[masking], words },
    ]),
  )

/**
 * Staff alone, and no member's user: what a registry or a court says of a firm was asked for by the organisation, and
 * is not for its neighbours.
 */
const ROWS = { CORE: 'ALL', BANK: 'ALL', REGULATOR: 'ALL' } as const

export function describedSources({ name, source }: SourceTable): Described[] {
  const both = { words: source.words, columns: { ...COMMON, ...fieldsOf(source) }, rows: ROWS }
  return [
    { ...both, name: `silver.${name}`, key: ['id', 'revision'] },
    { ...both, name: `gold.${name}`, key: ['id'] },
  ]
}
