import type { Engine, LakeRow } from '../engine.ts'
import { LAKE } from '../names.ts'
import type { DeadCode } from './sink.ts'
import type { SourceName } from './source.ts'
import { DEAD_LETTERS } from './tables.ts'

export interface ShownLetter {
  readonly number: number
  readonly code: DeadCode
  readonly path: string
  readonly isCut: boolean
  readonly raw?: string
  /** ISO, UTC. */
  readonly arrivedAt: string
}

export interface AskedLetters {
  readonly source: SourceName
  /** Those before this number; the newest where it is absent. */
  readonly before: string | undefined
  readonly limit: number
  /** Whether the asker may see what came, which may speak of anybody. */
  readonly isPlain: boolean
}

/** Newest first; `limit + 1` of them, so that a page knows whether another one follows. */
export async function deadLetters(
  { query }: Pick<Engine, 'query'>,
  { source, before, limit, isPlain }: AskedLetters,
): Promise<ShownLetter[]> {
  const rows = await query<LetterRow>(
    `SELECT number, code, path, is_cut, epoch_ms(arrived_at) AS arrived_ms
       ${isPlain ? ', raw' : ''}
     FROM ${LAKE}.bronze.${DEAD_LETTERS.name}
     WHERE source = $1 AND number < $2 ORDER BY number DESC LIMIT ${limit + 1}`,
    [source, BigInt(/^\d{1,18}$/.test(before ?? '') ? (before ?? '') : Number.MAX_SAFE_INTEGER)],
  )
  return rows.map(row => ({
    number: Number(row.number),
    code: row.code,
    path: row.path,
    isCut: row.is_cut,
    ...(row.raw ? { raw: row.raw } : {}),
    arrivedAt: new Date(Number(row.arrived_ms)).toISOString(),
  }))
}

interface LetterRow extends LakeRow {
  readonly number: string
  readonly code: DeadCode
  readonly path: string
  readonly is_cut: boolean
  readonly arrived_ms: string
  readonly raw?: string | null
}
