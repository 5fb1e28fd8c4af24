/**
 * Kinds of fact: what the ledger and the sources have told, as narrow rows of numbers and texts that features are
 * counted from. Each kind says in SQL how its facts follow from a table of the lake; there is no second way, so that
 * whoever reads a fact reads the same one.
 *
 * A fact has the moment of its event and the moment of its arrival, both in microseconds since 1970. Several facts of
 * one key are versions of one record: from the arrival of a later version on, the earlier one counts no more.
 */
import { LAKE, quoted } from '../names.ts'
import { SOURCE_RECORDS } from '../sources/tables.ts'
import type { SourceName } from '../sources/source.ts'

export const DAY_US = 86_400_000_000
/** Days are those of China, where the sun has been up for eight hours when UTC's day begins. */
const CHINA_US = 8 * 3_600_000_000
/** What a number of JavaScript holds exactly; a fact beyond it stands at the bound. */
export const BOUND = Number.MAX_SAFE_INTEGER

export interface Cell {
  readonly type: 'NUMBER' | 'TEXT'
  /** Over the columns of the kind's table. */
  readonly sql: string
}

export type Cells = Readonly<Record<string, Cell>>
/** Of a body of JSON: type by field. */
export type Shape = Readonly<Record<string, 'BIGINT' | 'VARCHAR' | 'DATE' | 'BOOLEAN'>>

/** What facts are read from: the tables of the lake, or parts of them that were laid aside. */
export interface From {
  readonly rows: string
  readonly blocks: string
}

export interface Kind {
  readonly name: string
  readonly source: SourceName
  /** Of the lake: `bronze.source_records`. */
  readonly table: string
  /** The column in whose order rows come into the table, near enough for whole files to be passed over. */
  readonly along: 'arrived_at' | 'block'
  /** Which of the table's rows are of this kind. */
  readonly where: string
  readonly cells: Cells
  /** The column that names whose row it is. */
  readonly party: string
  /**
   * SELECT of subject, key, revision, event_us, arrived_us and the cells.
   *
   * @param condition over the columns of the table.
   * @param from other tables to read, of the same columns.
   */
  facts(condition: string, from?: From): string
}

/** NULL stays NULL: `least` and `greatest` of DuckDB would pass it over. */
export const bounded = (sql: string): string =>
  `if((${sql}) IS NULL, NULL, CAST(greatest(least(CAST((${sql}) AS HUGEINT), ${BOUND}), -${BOUND}) AS BIGINT))`

export const number = (sql: string): Cell => ({ type: 'NUMBER', sql: bounded(sql) })
export const text = (sql: string): Cell => ({ type: 'TEXT', sql: `CAST(${sql} AS VARCHAR)` })
/** Tells one partner from another and says of none who it is. */
export const pseudonym = (sql: string): Cell => text(`substr(md5(${sql}), 1, 16)`)
const dayUs = (sql: string): string => `epoch_us(CAST(${sql} AS TIMESTAMP)) - ${CHINA_US}`
/** The beginning of a day. */
export const beginOf = (sql: string): Cell => number(dayUs(sql))
/** The end of a day: what is due on it is late from here on. */
export const endOf = (sql: string): Cell => number(`${dayUs(sql)} + ${DAY_US}`)
/** Negative where `to` is before `from`. */
export const daysBetween = (from: string, to: string): Cell =>
  number(`date_diff('day', ${from}, ${to})`)

const selected = (cells: Cells): string =>
  Object.entries(cells)
    .map(([name, { sql }]) => `${sql} AS "${name}"`)
    .join(', ')

const fieldsOf = (shape: Shape): string =>
  Object.keys(shape)
    .map(field => `parsed."${field}" AS "${field}"`)
    .join(', ')

/** Subjects of a kind: parties of the ledger by their ids, those of a source by what the source calls them. */
export const ledgerSubject = (memberId: string): string => `LEDGER/${memberId}`
export const memberSubject = (creditCode: string): string => `MEMBER/${creditCode}`
export const personSubject = (reference: string): string => `PERSON/${reference}`

/** @param shape of the body, whose fields are columns to the cells. */
export function sourceKind(
  name: string,
  source: SourceName,
  { shape, cells }: { readonly shape: Shape; readonly cells: Cells },
): Kind {
  const table = `bronze.${SOURCE_RECORDS.name}`
  // A source that called somebody as the ledger does would speak in the ledger's name.
  const where = `source = ${quoted(source)} AND subject_kind IN ('MEMBER', 'PERSON')`
  return {
    name,
    source,
    table,
    where,
    along: 'arrived_at',
    cells,
    party: 'subject',
    facts: (condition, { rows } = { rows: `${LAKE}.${table}`, blocks: '' }) => `
      SELECT subject_kind || '/' || subject AS subject, id AS key, revision,
        epoch_us(event_at) AS event_us, epoch_us(arrived_at) AS arrived_us, ${selected(cells)}
      FROM (SELECT * EXCLUDE (parsed), ${fieldsOf(shape)}
        FROM (SELECT id, subject_kind, subject, revision, event_at, arrived_at,
            json_transform(if(json_valid(body), body, NULL), '${JSON.stringify(shape)}') AS parsed
          FROM ${rows} WHERE ${where} AND (${condition})))`,
  }
}

interface LedgerKind {
  readonly table: string
  /** The column that names the party whose fact it is. */
  readonly party: string
  /** The business day; without one, the moment of the transaction. */
  readonly on?: string
  readonly cells: Cells
}

/** A transaction index is below this; so the order of versions is one number. */
const INDEX_MAX = 1_000_000

/**
 * A record arrives when its block does, and never before its transaction claims to be made. It is of its business
 * day; of one that is still to come (the pilot's calendar runs ahead, a value day lies behind the booking) it is of
 * the moment of its transaction, since it is known from then on. A version without a readable party, as a deleted
 * record has, is nobody's: it ends the one before and counts for no one.
 */
export function ledgerKind(name: string, { table, party, on, cells }: LedgerKind): Kind {
  const saidUs = 'epoch_us(t."at")'
  const eventUs = on ? `least(coalesce(${dayUs(`t.${on}`)}, ${saidUs}), ${saidUs})` : saidUs
  return {
    name,
    source: 'ledger_behaviour',
    table: `silver.${table}`,
    where: 'true',
    along: 'block',
    cells,
    party,
    facts: (condition, { rows, blocks } = ofLake(table)) => `
      SELECT coalesce('LEDGER/' || t.${party}, '') AS subject, t.id AS key,
        t.block * ${INDEX_MAX} + t.tx_index AS revision, ${eventUs} AS event_us,
        greatest(epoch_us(b.arrived_at), ${saidUs}) AS arrived_us, ${selected(cells)}
      FROM (SELECT * FROM ${rows} WHERE ${condition}) t
      JOIN (SELECT block, arrived_at FROM ${blocks}) b ON b.block = t.block`,
  }
}

export const BLOCKS = `${LAKE}.bronze.blocks`
const ofLake = (table: string): From => ({ rows: `${LAKE}.silver.${table}`, blocks: BLOCKS })

/** The order in which a stored fact has its cells. */
export const cellNames = (kind: Kind): string[] => Object.keys(kind.cells)

/** When each version was succeeded, among all of a kind's facts; SQL for DuckDB. */
export const SUPERSEDED_US = `min(arrived_us) OVER (PARTITION BY key ORDER BY revision DESC
  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`

/** Facts with their cells as one JSON array, as they are stored; all versions of a record among each other. */
export const storedFacts = (kind: Kind, condition: string): string => `
  SELECT subject, key, CAST(revision AS VARCHAR) AS revision, event_us, arrived_us,
    ${SUPERSEDED_US} AS superseded_us,
    CAST(json_array(${cellNames(kind)
      .map(name => `"${name}"`)
      .join(', ')}) AS VARCHAR) AS cells
  FROM (${kind.facts(condition)})`
