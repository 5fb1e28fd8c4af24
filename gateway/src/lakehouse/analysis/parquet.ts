/**
 * A table as a Parquet file, written by DuckDB in a process that has nothing but the table and one empty folder. What
 * it is given was cleared to leave the house; it reads no lake.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { CodedError } from '../../platform/faults.ts'
import { quotedName } from './ast.ts'
import type { Answer } from './protocol.ts'
import { createSandbox } from './sandbox.ts'

export type Table = Pick<Answer, 'columns' | 'rows'>

const MEMORY_MB = 128
let last: Promise<unknown> = Promise.resolve()

/** One at a time: each takes a process. */
export function parquetOf(table: Table): Promise<Buffer> {
  const turn = last.then(() => written(table))
  last = turn.catch(() => undefined)
  return turn
}

async function written(table: Table): Promise<Buffer> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'triflow-parquet-'))
  const nothing = { attach: [], views: [], secrets: [], hidesRows: false }
  const sandbox = createSandbox({
    ...nothing,
    folders: [folder],
    memoryMb: MEMORY_MB,
    threads: 1,
  })
  try {
    const file = path.join(folder, 'table.parquet')
    await sandbox.pack({ ...packed(table), file })
    return await readFile(file)
  } catch (error) {
    // Its words are the engine's, and may hold a value.
    throw new CodedError('EXPORT_FILE', { status: 500, cause: error })
  } finally {
    sandbox.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Types that a file holds as they are; the others, and what is made of parts, are texts as in the other formats. */
const PLAIN = new Set([
  ...['BOOLEAN', 'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT'],
  ...['UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT'],
  ...['FLOAT', 'DOUBLE', 'VARCHAR', 'DATE', 'TIME', 'TIMESTAMP'],
])
const DECIMAL = /^DECIMAL\(\d{1,2},\s?\d{1,2}\)$/
/** Sums of BIGINT. In a file they would be floating numbers, which money never is. */
const HUGE = new Set(['HUGEINT', 'UHUGEINT'])
const DIGITS_MAX = 38
const WHOLE = new RegExp(`^-?\\d{1,${DIGITS_MAX}}$`)

/** Texts to be cast: the type is one of a list, and never a text that somebody else wrote. */
export function packed({ columns, rows }: Table) {
  const cells = rows.map(row =>
    row.map(value => {
      if (value === null) return null
      return typeof value === 'object' ? JSON.stringify(value) : String(value)
    }),
  )
  const select = columns.map(({ name, type }, at) => {
    const cast = typeIn(
      type,
      cells.map(row => row[at] ?? null),
    )
    return `CAST(c${at} AS ${cast}) AS ${quotedName(name)}`
  })
  return { select: select.join(', '), cells, width: columns.length }
}

function typeIn(type: string, values: readonly (string | null)[]): string {
  if (PLAIN.has(type) || DECIMAL.test(type)) return type
  if (HUGE.has(type) && values.every(value => value === null || WHOLE.test(value)))
    return `DECIMAL(${DIGITS_MAX}, 0)`
  return 'VARCHAR'
}
