/** The figures for analysts: each a table of its own that is worked out when it is asked, over the lake as it stands. */
import type { ColumnClass, Described, DescribedColumn } from '../analysis/described.ts'
import { KPIS } from './catalogue.ts'
import type { Column, ColumnType, CostParameter, Kpi } from './kpi.ts'

/** As an analyst meets them, whatever the query makes of its sums. */
const TYPES: Readonly<Record<ColumnType, string>> = {
  MONTH: 'VARCHAR',
  TEXT: 'VARCHAR',
  COUNT: 'BIGINT',
  SHARE: 'DOUBLE',
  MINUTES: 'DOUBLE',
  FEN: 'HUGEINT',
  SCORE: 'DOUBLE',
  REASON: 'VARCHAR',
}

/** What reads like a county may be more of an address than that: it is masked like the address. */
const CLASSES: Readonly<Record<string, ColumnClass>> = { county: ['ADDRESS', 'QUASI'] }

const classOf = (name: string, { type }: Column): ColumnClass =>
  CLASSES[name] ?? (type === 'MONTH' ? ['PLAIN', 'QUASI'] : ['PLAIN'])

function describedKpi(kpi: Kpi, costs: readonly CostParameter[]): Described {
  const columns = Object.entries(kpi.columns)
  const cast = columns.map(([name, { type }]) => `CAST("${name}" AS ${TYPES[type]}) AS "${name}"`)
  const { x, series } = kpi.chart
  return {
    name: `gold.kpi_${kpi.name}`,
    words: kpi.words,
    columns: Object.fromEntries(
      columns.map(([name, column]): [string, DescribedColumn] => [
        name,
        { type: TYPES[column.type], is: classOf(name, column), words: column.words },
      ]),
    ),
    key: series === undefined ? [x] : [x, series],
    asked: `SELECT ${cast.join(', ')} FROM (${kpi.sql(costs)}) figures`,
    staysInHouse: true,
    // Of the whole organisation, like the figures in its portal: nobody who acts for one member.
    rows: { CORE: 'ALL', BANK: 'ALL', REGULATOR: 'ALL' },
  }
}

export const describedKpis = (costs: readonly CostParameter[]): Described[] =>
  KPIS.map(kpi => describedKpi(kpi, costs))
