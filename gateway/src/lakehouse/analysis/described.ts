/**
 * How a part of the lake tells analysts of its tables. What is not described does not exist for any of them: a new
 * table, and a new column of a known one, is closed until somebody says what it holds and who may see which rows.
 */
import type { Kind } from './masks.ts'
import type { AnalystRole, RowRule } from './policy.ts'

export interface Words {
  readonly zh: string
  readonly en: string
}

/**
 * QUASI: known to others about a person or firm, so that several of them together tell who it is. SUBJECT: whom the
 * row is about; k-anonymity counts these.
 */
export type ColumnClass = readonly [Kind, ...('QUASI' | 'SUBJECT')[]]

export interface DescribedColumn {
  /** Type in DuckDB, as it was declared. */
  readonly type: string
  readonly is: ColumnClass
  readonly words?: Words
}

export interface Described {
  /** `silver.source_court`, `gold.kpi_approval`. */
  readonly name: string
  readonly words?: Words
  readonly columns: Readonly<Record<string, DescribedColumn>>
  /** Columns that tell one row from another. */
  readonly key: readonly string[]
  /** Where it is no table of the lake: the SELECT that stands in its place, in views that only this lake's readers have. */
  readonly asked?: string
  /**
   * Exports refuse it. Of sums nobody can count whom they are about; and of two tables that tell the same facts one is
   * enough: what is subtracted from each other is only compared within one.
   */
  readonly staysInHouse?: true
  /** A role that is not named does not have the table. */
  readonly rows: Readonly<Partial<Record<AnalystRole, RowRule>>>
}
