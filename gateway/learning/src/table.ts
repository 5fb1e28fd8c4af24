/** Rows to learn from, a column at a time. */
export interface Column {
  readonly name: string
  /** A category's values are whole numbers from 0, which stand for its levels. */
  readonly kind: 'NUMBER' | 'CATEGORY'
  /** A larger value never lowers (1), or never raises (-1), what is predicted. */
  readonly monotone?: 1 | -1
}

export interface Table {
  readonly columns: readonly Column[]
  /** By column; NaN where nothing is known. */
  readonly values: readonly Float64Array[]
  readonly rowCount: number
}

/** What is to be learnt of each row. */
export interface Labelled {
  readonly table: Table
  /** 0 or 1, or any finite number where a quantity is learnt. */
  readonly labels: Float64Array
  /** How much each row counts; all the same where it is left out. */
  readonly weights?: Float64Array
}

/** By their names, in their order. */
export const areSameColumns = (
  one: readonly Pick<Column, 'name'>[],
  other: readonly Pick<Column, 'name'>[],
): boolean => one.length === other.length && one.every(({ name }, at) => name === other[at]?.name)

/** The named rows, in the named order. */
export function rowsOf(table: Table, rows: Int32Array): Table {
  return {
    columns: table.columns,
    values: table.values.map(column => picked(column, rows)),
    rowCount: rows.length,
  }
}

export const picked = (column: Float64Array, rows: Int32Array): Float64Array =>
  Float64Array.from(rows, row => column[row] as number)

export function labelledRows({ table, labels, weights }: Labelled, rows: Int32Array): Labelled {
  return {
    table: rowsOf(table, rows),
    labels: picked(labels, rows),
    ...(weights ? { weights: picked(weights, rows) } : {}),
  }
}

/** Groups by numbers from 0, in the order in which they come. */
export function numbered(groups: ArrayLike<number | string>): Int32Array {
  const numbers = new Map<number | string, number>()
  return Int32Array.from({ length: groups.length }, (_, row) => {
    const group = groups[row] as number | string
    const number = numbers.get(group) ?? numbers.size
    numbers.set(group, number)
    return number
  })
}
