/** The tables of what sources have told, as data, and the SQL that fills them. */
import type { Table } from '../family.ts'
import { LAKE, snake } from '../names.ts'
import { PULLED } from './catalogue/index.ts'
import type { Field, Masking } from './fields.ts'
import type { Source, SourceName } from './source.ts'

/** As it was kept; the name of a source is a value here, so that a new one needs no table. */
export const SOURCE_RECORDS = {
  name: 'source_records',
  columns: {
    source: 'VARCHAR',
    id: 'VARCHAR',
    revision: 'BIGINT',
    /** MEMBER, whose id is the unified social credit code, or PERSON. */
    subject_kind: 'VARCHAR',
    subject: 'VARCHAR',
    event_at: 'TIMESTAMP',
    arrived_at: 'TIMESTAMP',
    /** The how manieth record of its source it is: the order of arrival, also within one page. */
    arrival: 'BIGINT',
    /** JSON: the fields of the catalogue, plain. */
    body: 'VARCHAR',
    fingerprint: 'VARCHAR',
  },
} as const

export const DEAD_LETTERS = {
  name: 'dead_letters',
  columns: {
    source: 'VARCHAR',
    /** The how manieth of its source. */
    number: 'BIGINT',
    code: 'VARCHAR',
    path: 'VARCHAR',
    raw: 'VARCHAR',
    is_cut: 'BOOLEAN',
    arrived_at: 'TIMESTAMP',
  },
} as const

/** Each revision of each record, in columns, with everything hidden that the catalogue hides. */
export interface SourceTable extends Table {
  readonly source: Source
}

/** What every record has beside the fields of its source. */
const COMMON = [
  'id',
  'revision',
  'subject_kind',
  'subject',
  'event_at',
  'arrived_at',
  'arrival',
] as const

const tableOf = (source: Source): SourceTable => ({
  source,
  name: `source_${source.name}`,
  columns: {
    ...Object.fromEntries(COMMON.map(name => [name, SOURCE_RECORDS.columns[name]])),
    ...Object.fromEntries(
      Object.entries(source.fields).map(([name, { column }]) => [snake(name), column]),
    ),
  },
})

export const SOURCE_TABLES: readonly SourceTable[] = PULLED.map(tableOf)

const TABLE_OF = new Map(SOURCE_TABLES.map(table => [table.source.name, table]))
export const sourceTable = (name: SourceName): SourceTable | undefined => TABLE_OF.get(name)

const stars = (length: string): string => `repeat('*', ${length})`

const starred = (text: string, first: number, last: number): string =>
  `CASE WHEN length(${text}) <= ${first + last} THEN ${stars(`length(${text})`)}
   ELSE left(${text}, ${first}) || ${stars(`length(${text}) - ${first + last}`)} || right(${text}, ${last}) END`

/** The rules of mask.ts, in SQL: a claim compares the two. NULL stays NULL. */
const MASKED: Readonly<Record<Masking, (text: string) => string>> = {
  NONE: text => text,
  NAME: text => starred(text, 1, 0),
  ID_NUMBER: text => starred(text, 3, 2),
  ACCOUNT: text => starred(text, 0, 4),
  PHONE: text => starred(text, 3, 4),
  ADDRESS: text => `left(${text}, least(6, length(${text}) // 2)) || '***'`,
  FREE_TEXT: text => `CASE WHEN ${text} IS NOT NULL THEN '***' END`,
}
export const maskedSql = (masking: Masking, text: string): string => MASKED[masking](text)

const shown = ([name, { masking }]: [string, Field]): string =>
  `${maskedSql(masking, `parsed."${name}"`)} AS "${snake(name)}"`

/**
 * The rows of a silver table as they follow from records of bronze: whether those wait in memory for their transaction
 * or lie in the lake.
 */
export function sourceRows({ source }: SourceTable, records: string): string {
  const fields = Object.entries(source.fields)
  const shape = Object.fromEntries(fields.map(([name, { column }]) => [name, column]))
  return `SELECT ${[...COMMON, ...fields.map(shown)].join(', ')}
    FROM (SELECT *, json_transform(body, '${JSON.stringify(shape)}') AS parsed
      FROM ${records} WHERE source = '${source.name}')`
}

/**
 * Each record once, as its newest revision says: that may have come before an older one. No `row_number() = 1`: under a
 * column that is always NULL the optimizer of DuckDB 1.5 stumbles over it.
 */
export const newestSql = ({ name }: Pick<Table, 'name'>): string =>
  `CREATE OR REPLACE VIEW ${LAKE}.gold.${name} AS
   SELECT * FROM ${LAKE}.silver.${name}
   QUALIFY revision = max(revision) OVER (PARTITION BY id)`
