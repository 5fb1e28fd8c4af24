/** An exported table as a file. */
import type { Json } from './ast.ts'
import type { Exported } from './export.ts'

export const EXPORT_FORMATS = ['CSV', 'JSON_LINES'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

export const FILE_ENDINGS: Readonly<Record<ExportFormat, string>> = {
  CSV: 'csv',
  JSON_LINES: 'jsonl',
}

export const fileOf = (
  format: ExportFormat,
  exported: Pick<Exported, 'columns' | 'rows'>,
): string =>
  (format === 'CSV' ? csvLines(exported) : jsonLines(exported)).map(line => `${line}\n`).join('')

function csvLines({ columns, rows }: Pick<Exported, 'columns' | 'rows'>): string[] {
  const isText = columns.map(({ type }) => type === 'VARCHAR')
  return [
    columns.map(({ name }) => cell(name, true)).join(','),
    ...rows.map(row => row.map((value, at) => cell(value, isText[at] ?? true)).join(',')),
  ]
}

/** A text that a spreadsheet would take for a formula is given an apostrophe; a negative number is none. */
function cell(value: Json, isText: boolean): string {
  if (value === null) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  const harmless = isText && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

const jsonLines = ({ columns, rows }: Pick<Exported, 'columns' | 'rows'>): string[] =>
  rows.map(row =>
    JSON.stringify(Object.fromEntries(row.map((value, at) => [columns[at]?.name, value]))),
  )
