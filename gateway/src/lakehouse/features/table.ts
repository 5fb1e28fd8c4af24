/**
 * The table of features for many decisions at once, out of the lake: what a training job reads. Every row knows what
 * was known at its own moment and nothing that came later.
 */
import path from 'node:path'
import type { Queryable } from '../../platform/database/database.ts'
import { CodedError } from '../../platform/faults.ts'
import type { Engine, LakeRow } from '../engine.ts'
import { quoted } from '../names.ts'
import { FEATURES } from './catalogue/index.ts'
import { compile } from './compile.ts'
import type { Feature } from './definition.ts'
import { subjectNames } from './store.ts'

export interface Decision {
  /** A member by its id, a person by its reference. */
  readonly member: string
  readonly atMs: number
}

export interface TableOptions {
  readonly engine: Pick<Engine, 'query'>
  /** Which credit code a member has. */
  readonly database: Queryable
  readonly decisions: readonly Decision[]
  readonly features?: readonly Feature[]
}

/** One row for each decision, in their order: n from 0, member, at, and a column for each feature. */
export async function featureRows(options: TableOptions): Promise<LakeRow[]> {
  return options.engine.query(`${await statement(options)} ORDER BY n`)
}

/**
 * The same into a file: Parquet or CSV, by its name.
 *
 * @returns the number of rows.
 * @throws CodedError FILE_KIND for a name that ends otherwise.
 */
export async function writeFeatureTable(options: TableOptions, file: string): Promise<number> {
  const format = FORMATS[path.extname(file)]
  if (!format)
    throw new CodedError('FILE_KIND', { detail: 'name it .parquet or .csv', status: 422 })
  const sql = `SELECT * EXCLUDE (n) FROM (${await statement(options)}) ORDER BY n`
  const [written] = await options.engine.query<{ Count: string }>(
    `COPY (${sql}) TO ${quoted(file)} (${format})`,
  )
  return Number(written?.Count ?? 0)
}

const FORMATS: Readonly<Record<string, string>> = {
  '.parquet': 'FORMAT parquet, COMPRESSION zstd',
  '.csv': 'FORMAT csv, HEADER',
}

async function statement(options: TableOptions): Promise<string> {
  const { decisions, features = FEATURES } = options
  return compile(features, await decisionsSql(options.database, decisions))
}

/** SELECT of n, member, at_us, ledger, subject. */
export async function decisionsSql(
  database: Queryable,
  decisions: readonly Decision[],
): Promise<string> {
  const codes = await creditCodes(database)
  const rows = decisions.map(({ member, atMs }, n) => ({
    n,
    member,
    at_us: atMs * 1000,
    ...subjectNames(member, codes.get(member)),
  }))
  return `SELECT unnest(from_json(${quoted(JSON.stringify(rows))}, ${quoted(SHAPE)}), recursive := true)`
}

const SHAPE = JSON.stringify([
  { n: 'BIGINT', member: 'VARCHAR', at_us: 'BIGINT', ledger: 'VARCHAR', subject: 'VARCHAR' },
])

async function creditCodes(database: Queryable): Promise<ReadonlyMap<string, string>> {
  const rows = await database.query<{ member_id: string; uscc: string }>(
    'SELECT member_id, uscc FROM members',
  )
  return new Map(rows.map(row => [row.member_id, row.uscc]))
}
