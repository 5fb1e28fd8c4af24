/**
 * What a chart shows, as data: checked against the columns that its query really answers, not
 * against a hope.
 */
import { z } from 'zod'
import { CodedError, type FieldFault } from '../../platform/faults.ts'
import type { ResultColumn } from './protocol.ts'

export const CHART_KINDS = ['LINE', 'BAR', 'STACKED', 'PIE', 'HEAT_MAP', 'TABLE'] as const
/** FEN are minor units of money, PERCENT is 0 to 100, DAYS and COUNT are whole. */
export const UNITS = ['FEN', 'PERCENT', 'DAYS', 'COUNT', 'NONE'] as const
export type Unit = (typeof UNITS)[number]

const column = z.string().min(1).max(100)
const Words = z.strictObject({ zh: z.string().min(1).max(200), en: z.string().min(1).max(200) })
const Measure = z.strictObject({ column, unit: z.enum(UNITS), words: Words.optional() })
const measures = z.array(Measure).min(1).max(8)

export const ChartSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('LINE'), x: column, y: measures, series: column.optional() }),
  z.strictObject({ kind: z.literal('BAR'), x: column, y: measures, series: column.optional() }),
  z.strictObject({ kind: z.literal('STACKED'), x: column, y: Measure, series: column }),
  z.strictObject({ kind: z.literal('PIE'), label: column, value: Measure }),
  z.strictObject({ kind: z.literal('HEAT_MAP'), x: column, y: column, value: Measure }),
  z.strictObject({ kind: z.literal('TABLE'), columns: z.array(Measure).min(1).max(50) }),
])
export type Chart = z.infer<typeof ChartSchema>

export { Words as WordsSchema }

type Family = 'WHOLE' | 'NUMBER' | 'DAY' | 'TEXT' | 'OTHER'

const WHOLE = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/
const familyOf = (type: string): Family => {
  if (WHOLE.test(type)) return 'WHOLE'
  if (/^(FLOAT|DOUBLE|DECIMAL)/.test(type)) return 'NUMBER'
  if (/^(DATE|TIMESTAMP)/.test(type)) return 'DAY'
  return type === 'VARCHAR' || type === 'BOOLEAN' ? 'TEXT' : 'OTHER'
}

const ORDERED: readonly Family[] = ['DAY', 'WHOLE', 'NUMBER']
const NAMED: readonly Family[] = ['TEXT', 'DAY', 'WHOLE']
const ANY: readonly Family[] = ['TEXT', 'DAY', 'WHOLE', 'NUMBER']

/** No floats touch money, and a mean of money is rounded where the query says so. */
const UNIT_FAMILIES: Readonly<Record<Unit, readonly Family[]>> = {
  FEN: ['WHOLE'],
  DAYS: ['WHOLE'],
  COUNT: ['WHOLE'],
  PERCENT: ['WHOLE', 'NUMBER'],
  NONE: ['WHOLE', 'NUMBER'],
}

interface Use {
  readonly path: string
  readonly column: string
  readonly families: readonly Family[]
}

type MeasureUse = z.infer<typeof Measure>

const measured = (path: string, { column: name, unit }: MeasureUse): Use => ({
  path,
  column: name,
  families: UNIT_FAMILIES[unit],
})
const plain = (path: string, name: string | undefined, families: readonly Family[]): Use[] =>
  name === undefined ? [] : [{ path, column: name, families }]

function usesOf(chart: Chart): readonly Use[] {
  switch (chart.kind) {
    case 'LINE':
    case 'BAR':
      return [
        ...plain('x', chart.x, chart.kind === 'LINE' ? ORDERED : ANY),
        ...chart.y.map((one, at) => measured(`y.${at}`, one)),
        ...plain('series', chart.series, NAMED),
      ]
    case 'STACKED':
      return [
        ...plain('x', chart.x, ANY),
        measured('y', chart.y),
        ...plain('series', chart.series, NAMED),
      ]
    case 'PIE':
      return [...plain('label', chart.label, NAMED), measured('value', chart.value)]
    case 'HEAT_MAP':
      return [
        ...plain('x', chart.x, ANY),
        ...plain('y', chart.y, ANY),
        measured('value', chart.value),
      ]
    case 'TABLE':
      return chart.columns.map((one, at) =>
        one.unit === 'NONE'
          ? { path: `columns.${at}`, column: one.column, families: ANY }
          : measured(`columns.${at}`, one),
      )
  }
}

/**
 * @throws CHART_INVALID with one fault per column that is missing, there twice, or of the wrong
 * type.
 */
export function checkChart(chart: Chart, columns: readonly ResultColumn[]): void {
  const uses = usesOf(chart)
  const fields = uses.flatMap(use => faultOf(use, columns))
  const axes = uses.map(({ column: name }) => name)
  if (chart.kind !== 'TABLE' && new Set(axes).size < axes.length)
    fields.push({ path: 'kind', code: 'COLUMN_TWICE' })
  if (fields.length > 0) throw new CodedError('CHART_INVALID', { status: 422, fields })
}

function faultOf(
  { path, column: name, families }: Use,
  columns: readonly ResultColumn[],
): FieldFault[] {
  const found = columns.filter(each => each.name === name)
  const [only] = found
  if (!only) return [{ path, code: 'COLUMN_UNKNOWN', detail: name }]
  if (found.length > 1) return [{ path, code: 'COLUMN_AMBIGUOUS', detail: name }]
  if (families.includes(familyOf(only.type))) return []
  return [{ path, code: 'COLUMN_TYPE', detail: `${name} is ${only.type}` }]
}
