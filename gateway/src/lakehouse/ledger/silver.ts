import { isMarkerSql } from '../privacy/marker.ts'
import type { SilverTable } from './tables.ts'

/**
 * The rows of a silver table as they follow from writes of bronze; each value is parsed once. What is not of its
 * column's type is NULL, never guessed. A value that was taken out leaves a version that says nothing.
 */
export function silverRows(table: SilverTable, writes: string): string {
  const fields = Object.entries(table.fields)
  const shape = Object.fromEntries(fields.map(([column, field]) => [field, table.columns[column]]))
  const read = fields.map(([column, field]) => `parsed."${field}" AS "${column}"`)
  return `SELECT id, block, tx_index, "at", value IS NULL OR ${isMarkerSql('value')} AS deleted, ${read.join(', ')}
    FROM (SELECT *, json_transform(if(json_valid(value), value, NULL), '${JSON.stringify(shape)}') AS parsed
      FROM ${writes} WHERE kind = '${table.kind}' AND side = '${table.side}')`
}
