/** One connection to DuckDB: statements, rows in and out. What it throws is coded and names no secret. */
import {
  DuckDBDataChunk,
  DuckDBTimestampValue,
  TIMESTAMP,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api'
import { CodedError } from '../platform/faults.ts'
import { STAGING } from './names.ts'

/** Values in the order of the columns; an instant is microseconds since 1970. */
export type Cell = bigint | boolean | number | string | null
/** By table of `STAGING`. */
export type Rows = Readonly<Record<string, readonly (readonly Cell[])[]>>

export type LakeRow = Readonly<Record<string, unknown>>

export interface Session {
  run(sql: string): Promise<void>
  /** Whole numbers beyond 2^53 are strings. */
  rows<R extends LakeRow = LakeRow>(sql: string, values?: readonly DuckDBValue[]): Promise<R[]>
  /** Puts these rows, and no others, into a table of this process's memory. */
  stage(table: string, rows: readonly (readonly Cell[])[]): Promise<void>
  close(): void
}

/** @param secrets what no message may show: what cannot connect names everything it has tried to connect with. */
export function openSession(connection: DuckDBConnection, secrets: readonly string[]): Session {
  const coded = (error: unknown): CodedError => {
    const { message } = error as Error
    const shown = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), message)
    return new CodedError('LAKE_QUERY', { detail: shown })
  }
  async function run(sql: string): Promise<void> {
    try {
      await connection.run(sql)
    } catch (error) {
      throw coded(error)
    }
  }
  return {
    run,
    async rows<R extends LakeRow>(sql: string, values: readonly DuckDBValue[] = []) {
      try {
        const reader = await connection.runAndReadAll(sql, [...values])
        return reader.getRowObjectsJson() as R[]
      } catch (error) {
        throw coded(error)
      }
    },
    async stage(table, rows) {
      await run(`TRUNCATE ${STAGING}.${table}`)
      if (rows.length > 0) await append(connection, table, rows)
    },
    close: () => connection.closeSync(),
  }
}

/** Rows of one vector, DuckDB's own size. */
const CHUNK_ROWS = 2_048

/** Column by column: a tenth of what row by row costs. */
async function append(
  connection: DuckDBConnection,
  table: string,
  rows: readonly (readonly Cell[])[],
): Promise<void> {
  const [catalog, schema] = STAGING.split('.')
  const appender = await connection.createAppender(table, schema, catalog)
  const types = Array.from({ length: appender.columnCount }, (_, at) => appender.columnType(at))
  for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
    const part = rows.slice(from, from + CHUNK_ROWS)
    const chunk = DuckDBDataChunk.create(types)
    chunk.setColumns(types.map((type, at) => part.map(row => valueOf(row[at] ?? null, type))))
    appender.appendDataChunk(chunk)
  }
  appender.closeSync()
}

const valueOf = (cell: Cell, type: DuckDBType): DuckDBValue =>
  typeof cell === 'bigint' && type === TIMESTAMP ? new DuckDBTimestampValue(cell) : cell
