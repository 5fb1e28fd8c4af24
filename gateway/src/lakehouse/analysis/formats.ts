/** An exported table as a file. */
import type { Json } from './ast.ts'
import { parquetOf, type Table } from './parquet.ts'

export const EXPORT_FORMATS = ['CSV', 'JSON_LINES', 'PARQUET'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

export const FILE_ENDINGS: Readonly<Record<ExportFormat, string>> = {
  CSV: 'csv',
  JSON_LINES: 'jsonl',
  PARQUET: 'parquet',
}

export function fileOf(format: ExportFormat, table: Table): Promise<Buffer> {
  switch (format) {
    case 'CSV':
      return Promise.resolve(linesOf(csvLines(table)))
    case 'JSON_LINES':
      return Promise.resolve(linesOf(jsonLines(table)))
    case 'PARQUET':
      return parquetOf(table)
  }
}

const linesOf = (lines: readonly string[]): Buffer =>
  Buffer.from(lines.map(line => `${line}\n`).join(''))

function csvLines({ columns, rows }: Table): string[] {
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

const jsonLines = ({ columns, rows }: Table): string[] =>
  rows.map(row =>
    JSON.stringify(Object.fromEntries(row.map((value, at) => [columns[at]?.name, value]))),
  )
