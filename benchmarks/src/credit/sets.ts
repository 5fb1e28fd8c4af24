/**
 * Real tables to measure on, where they lie beside the checkout. What would give the label away is left out here, and
 * nowhere else: a column that is only known later, or an id.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Column, Labelled } from '@triflow/learning'
import { REPOSITORY } from '../ground/index.ts'

export interface RealSet extends Labelled {
  readonly name: string
  /** Rows that are nearly the same share a group, and stay on one side of every split. */
  readonly groups: readonly string[] | undefined
}

interface Source {
  readonly name: string
  readonly label: string
  readonly leftOut: readonly string[]
  readonly group?: string
}

const SOURCES: readonly Source[] = [
  { name: 'polish_5y', label: 'bankrupt', leftOut: ['row_id'] },
  { name: 'hmeq', label: 'bad', leftOut: ['row_id'], group: 'twin_group' },
  {
    name: 'sba_30k',
    label: 'default',
    // The term leaks the outcome, the disbursement comes after the decision.
    leftOut: ['row_id', 'term_months', 'disbursement_gross', 'disb_lag_days', 'approval_date'],
  },
]

const DATA = path.join(REPOSITORY, '../shared/data/credit')

/** @returns undefined where the data is not there. */
export function realSet(name: string, folder = DATA): RealSet | undefined {
  const source = SOURCES.find(one => one.name === name)
  const file = path.join(folder, name, 'dev.csv')
  return source && existsSync(file) ? read(source, readFileSync(file, 'utf8')) : undefined
}

function read({ name, label, leftOut, group }: Source, text: string): RealSet {
  const [head = '', ...lines] = text.trim().split(/\r?\n/)
  const names = head.split(',')
  const rows = lines.map(line => line.split(','))
  const cellsOf = (column: string): string[] => {
    const at = names.indexOf(column)
    return rows.map(row => row[at] ?? '')
  }
  const asked = names.filter(one => one !== label && one !== group && !leftOut.includes(one))
  const columns = asked.map(one => columnOf(one, cellsOf(one)))
  return {
    name,
    table: {
      columns: columns.map(({ column }) => column),
      values: columns.map(({ values }) => values),
      rowCount: rows.length,
    },
    labels: Float64Array.from(cellsOf(label), Number),
    groups: group ? cellsOf(group) : undefined,
  }
}

const isMissing = (cell: string): boolean => cell === '' || cell === 'NA'

/** Levels are numbered in the order in which they come. */
function columnOf(
  name: string,
  cells: readonly string[],
): { column: Column; values: Float64Array } {
  if (cells.every(cell => isMissing(cell) || Number.isFinite(Number(cell))))
    return {
      column: { name, kind: 'NUMBER' },
      values: Float64Array.from(cells, cell => (isMissing(cell) ? NaN : Number(cell))),
    }
  const levels = [...new Set(cells.filter(cell => !isMissing(cell)))]
  return {
    column: { name, kind: 'CATEGORY' },
    values: Float64Array.from(cells, cell => (isMissing(cell) ? NaN : levels.indexOf(cell))),
  }
}
