/** Rows for the claims about models. */
import { createRandom } from '../random.ts'
import type { Column, Labelled } from '../table.ts'

/**
 * A number that raises the chance of a one (known for four of five rows, and lower where it is not), a category whose
 * levels 0 to 3 matter and whose levels from 10 are rare, and a number that means nothing.
 */
export function drawnTable(rowCount: number, seed: number, monotone?: 1 | -1): Labelled {
  const random = createRandom(seed)
  const rows = Array.from({ length: rowCount }, () => {
    const number = random.next() < 0.2 ? NaN : Math.round(random.next() * 200) / 10
    const level = random.next() < 0.05 ? 10 + random.below(30) : random.below(4)
    const score = (Number.isNaN(number) ? -1.5 : (number - 10) / 5) + (level < 4 ? level - 2 : 2)
    const label = random.next() < 1 / (1 + Math.exp(-score)) ? 1 : 0
    return { values: [number, level, random.next()], label }
  })
  const columns: Column[] = [
    { name: 'number', kind: 'NUMBER', ...(monotone ? { monotone } : {}) },
    { name: 'level', kind: 'CATEGORY' },
    { name: 'noise', kind: 'NUMBER' },
  ]
  return {
    table: {
      columns,
      values: columns.map((_, at) => Float64Array.from(rows, ({ values }) => values[at] as number)),
      rowCount,
    },
    labels: Float64Array.from(rows, ({ label }) => label),
  }
}

export const rowOf = ({ table }: Pick<Labelled, 'table'>, row: number): number[] =>
  table.values.map(column => column[row] as number)
