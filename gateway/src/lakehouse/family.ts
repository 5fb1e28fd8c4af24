/** What one stream adds to the schema of the lake; schema.ts lists them all. */
import type { Described } from './analysis/described.ts'
import type { Layer } from './names.ts'
import type { Personal, Retained } from './privacy/declared.ts'

export interface Table {
  readonly name: string
  /** Name and type, in order. */
  readonly columns: Readonly<Record<string, string>>
}

export interface PlacedTable extends Table {
  readonly layer: Layer
}

export interface Family {
  /** What arrived: made where it is missing, and never remade. */
  readonly kept: readonly PlacedTable[]
  /**
   * Statements that make silver and gold anew out of what is kept, in place of those of another catalogue; they run
   * in one transaction whenever the text of any of them has changed.
   */
  readonly derived: () => readonly string[]
  /** Tables of this process's memory, in which rows wait for the transaction that brings them into the lake. */
  readonly staged: readonly Table[]
  /** How long its rows are kept, table by table; a claim fails where one is missing. */
  readonly retention?: readonly Retained[]
  /** How rows of a person or a member are found, and what becomes of them when they are forgotten. */
  readonly personal?: readonly Personal[]
  /** Of these tables, what analysts may ask, and who of them: one that is not described is closed. */
  readonly described?: readonly Described[]
  /** How the files of a kept table are written, where that is not as usual; DuckLake's own names and values. */
  readonly options?: readonly TableOption[]
}

export interface TableOption {
  readonly layer: Layer
  readonly table: string
  readonly option: string
  readonly value: string
}

export const inLayer = (layer: Layer, tables: readonly Table[]): PlacedTable[] =>
  tables.map(table => ({ ...table, layer }))
