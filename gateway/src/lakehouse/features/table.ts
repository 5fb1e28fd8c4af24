/**
 * The table of features for many decisions at once, out of the lake: what a training job reads. Every row knows what
 * was known at its own moment and nothing that came later.
 */
import { randomBytes } from 'node:crypto'
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
export const featureRows = (options: TableOptions): Promise<LakeRow[]> =>
  made(options, select => options.engine.query(`${select} ORDER BY n`))

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
  return made(options, async select => {
    const [written] = await options.engine.query<{ Count: string }>(
      `COPY (SELECT * EXCLUDE (n) FROM (${select} ORDER BY n)) TO ${quoted(file)} (${format})`,
    )
    return Number(written?.Count ?? 0)
  })
}

const FORMATS: Readonly<Record<string, string>> = {
  '.parquet': 'FORMAT parquet, COMPRESSION zstd',
  '.csv': 'FORMAT csv, HEADER',
}

async function made<T>(
  { engine, database, decisions, features = FEATURES }: TableOptions,
  work: (select: string) => Promise<T>,
): Promise<T> {
  const prefix = randomBytes(8).toString('hex')
  const { make, select, drop } = compile(features, await decisionsSql(database, decisions), prefix)
  try {
    for (const sql of make) await engine.query(sql)
    return await work(select)
  } finally {
    for (const sql of drop) await engine.query(sql)
  }
}

/** SELECT of n, member, at_us, ledger, subject. */
async function decisionsSql(database: Queryable, decisions: readonly Decision[]): Promise<string> {
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
