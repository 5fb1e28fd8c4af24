/**
 * The one module, with its sessions, that speaks DuckDB. A lake is a DuckLake: Parquet files in a folder or a
 * bucket, its catalogue in the organisation's PostgreSQL; any number of processes read it while one writes.
 */
import { existsSync, mkdirSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { DuckDBInstance, type DuckDBValue } from '@duckdb/node-api'
import { CodedError } from '../platform/faults.ts'
import { CATALOG_SCHEMA, EXTENSIONS, LAKE, quoted } from './names.ts'
import {
  CATALOGUE_IN_USE,
  catalogueNoted,
  catalogueVersion,
  COUNT_OPTIONS,
  derivedSchema,
  keptNames,
  keptSchema,
  optionStatements,
  stagingSchema,
} from './schema.ts'
import { secretOf, secretsOf } from './secret.ts'
import {
  STORAGE_EXTENSION,
  storageSecret,
  storageStatements,
  type StorageSettings,
} from './storage.ts'
import { createTurns } from './turns.ts'
import { openSession, type LakeRow, type Rows, type Session } from './session.ts'

export interface EngineOptions {
  /** PostgreSQL that holds the catalogue, in a schema of its own. */
  readonly catalogUrl: string
  /** A folder, or `s3://bucket/prefix`. */
  readonly dataPath: string
  /** How to reach `dataPath` where it is a bucket. */
  readonly storage?: StorageSettings | undefined
  /** Where the signed extensions lie: `ducklake.duckdb_extension`, `postgres_scanner.duckdb_extension`. */
  readonly extensionFolder: string
  readonly memoryMb: number
  readonly threads: number
  /** Reads only, and from an existing lake; at a snapshot of before where one is named. */
  readonly reading?: { readonly snapshot?: bigint }
}

export type { Cell, LakeRow, Rows } from './session.ts'

export interface Engine {
  /** How much of it work may take. */
  readonly memoryMb: number
  /** Rows with exact values: whole numbers beyond 2^53 are strings. Never waits for a writer. */
  query<R extends LakeRow = LakeRow>(sql: string, values?: readonly DuckDBValue[]): Promise<R[]>
  /**
   * All statements of `work` or none. `staged` lies in the tables of `STAGING` meanwhile. Writers of one process
   * take turns, the urgent first; of two processes that write from the same snapshot one fails.
   */
  write<T>(
    staged: Rows,
    work: (transaction: LakeTransaction) => Promise<T>,
    options?: { readonly isUrgent?: boolean },
  ): Promise<T>
  /** An urgent write comes, at the latest within so many milliseconds: no other begins before it. */
  expectUrgent(withinMs: number): void
  /** For several questions of one moment. */
  reader(): Promise<LakeReader>
  /** A statement that is a transaction of its own, in its turn among the writers. */
  alone<R extends LakeRow = LakeRow>(sql: string): Promise<R[]>
  close(): void
}

/** A connection of its own that stays at one snapshot of the lake, whoever writes, until it is let go. */
export interface LakeReader {
  query<R extends LakeRow = LakeRow>(sql: string, values?: readonly DuckDBValue[]): Promise<R[]>
  /** Lets the snapshot go; the next question sees the lake as it then is. The catalogue holds nothing for it. */
  letGo(): Promise<void>
  close(): void
}

export interface LakeTransaction {
  /** What the transaction sees; its commit makes the next one. */
  readonly snapshot: bigint
  run(sql: string): Promise<void>
  query<R extends LakeRow = LakeRow>(sql: string, values?: readonly DuckDBValue[]): Promise<R[]>
}

/** Up to so many rows of one commit lie in the catalogue; Parquet files of a few rows would cost more than they hold. */
const INLINE_ROWS = 100

/** Opens the lake and, unless it is only read, makes what is missing of it. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const secrets = hiddenOf(options)
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads),
    memory_limit: `${options.memoryMb}MB`,
    autoinstall_known_extensions: 'false',
    // Where what does not fit into the memory is sorted.
    temp_directory: path.join(os.tmpdir(), `triflow-lake-${process.pid}`),
  })
  const session = async (): Promise<Session> => openSession(await instance.connect(), secrets)
  try {
    const writing = await session()
    await loadExtensions(writing, options)
    // Snapshots are numbered one by one. A commit that finds its number taken would look whether the two go
    // together, and rows of the same block do: here it fails, so that no block is written twice.
    await writing.run('SET GLOBAL ducklake_max_retry_count = 0')
    // Files never change, so what their footers say may be kept.
    await writing.run('SET GLOBAL parquet_metadata_cache = true')
    await attach(writing, options)
    const sessions = { reading: await session(), writing, session }
    const engine = over(instance, sessions, options.memoryMb)
    if (!options.reading) await makeSchema(writing, engine)
    return engine
  } catch (error) {
    instance.closeSync()
    throw error
  }
}

async function loadExtensions(
  { run }: Session,
  { extensionFolder, storage }: EngineOptions,
): Promise<void> {
  for (const name of [...EXTENSIONS, ...(storage ? [STORAGE_EXTENSION] : [])]) {
    const file = path.join(extensionFolder, `${name}.duckdb_extension`)
    if (!existsSync(file)) throw new CodedError('LAKE_EXTENSION_MISSING', { detail: file })
    await run(`LOAD ${quoted(file)}`)
  }
}

async function attach({ run }: Session, options: EngineOptions): Promise<void> {
  const { reading, dataPath } = options
  if (!reading && !dataPath.includes('://')) mkdirSync(dataPath, { recursive: true, mode: 0o700 })
  const settings = [
    `DATA_PATH ${quoted(dataPath)}`,
    `METADATA_SCHEMA ${quoted(CATALOG_SCHEMA)}`,
    'META_SECRET catalogue',
    `DATA_INLINING_ROW_LIMIT ${INLINE_ROWS}`,
    ...(reading ? ['READ_ONLY', 'CREATE_IF_NOT_EXISTS false'] : []),
    ...(reading?.snapshot === undefined ? [] : [`SNAPSHOT_VERSION ${reading.snapshot}`]),
  ]
  for (const sql of options.storage ? storageStatements(dataPath, options.storage) : [])
    await run(sql)
  await run(secretOf(options.catalogUrl))
  await run(`ATTACH 'ducklake:postgres:' AS ${LAKE} (${settings.join(', ')})`)
}

/** What no message may show: the password of the catalogue, the key of the storage. */
const hiddenOf = ({ catalogUrl, storage }: EngineOptions): string[] => [
  ...secretsOf(catalogUrl),
  ...(storage ? [storageSecret(storage), storage.keyId] : []),
]

/** A lake of another version of the catalogue gets its silver and gold anew, out of bronze, in one transaction. */
async function makeSchema(session: Session, engine: Engine): Promise<void> {
  for (const sql of stagingSchema()) await session.run(sql)
  const found = await engine.query<{ name: string }>(
    `SELECT schema_name || '.' || table_name AS name FROM duckdb_tables()
     WHERE database_name = '${LAKE}'`,
  )
  const there = new Set(found.map(({ name }) => name))
  if (!keptNames().every(name => there.has(name)))
    await engine.write(NO_ROWS, async ({ run }) => {
      for (const sql of keptSchema()) await run(sql)
    })
  await engine.write(NO_ROWS, async ({ run, query }) => {
    const [inUse] = await query<{ version: string | null }>(CATALOGUE_IN_USE)
    if (inUse?.version === catalogueVersion()) return
    for (const sql of derivedSchema()) await run(sql)
    await run(catalogueNoted())
  })
  const [held] = await engine.query<{ count: string }>(COUNT_OPTIONS)
  if (Number(held?.count) < optionStatements().length)
    for (const sql of optionStatements()) await engine.alone(sql)
}

export const NO_ROWS: Rows = {}

interface Sessions {
  readonly reading: Session
  readonly writing: Session
  readonly session: () => Promise<Session>
}

function over(
  instance: DuckDBInstance,
  { reading, writing, session }: Sessions,
  memoryMb: number,
): Engine {
  const turns = createTurns()
  return {
    memoryMb,
    query: reading.rows,
    write: (staged, work, options) =>
      turns.take(async () => {
        // Before the transaction: one transaction writes into one database.
        for (const [table, rows] of Object.entries(staged)) await writing.stage(table, rows)
        return inTransaction(writing, work)
      }, options),
    expectUrgent: turns.expectUrgent,
    reader: async () => readerOver(await session()),
    alone: sql => turns.take(() => writing.rows(sql)),
    close() {
      reading.close()
      writing.close()
      instance.closeSync()
    },
  }
}

function readerOver({ run, rows, close }: Session): LakeReader {
  let begun: Promise<void> | undefined
  return {
    async query(sql, values) {
      await (begun ??= run('BEGIN'))
      return rows(sql, values)
    },
    async letGo() {
      if (!begun) return
      await begun
      begun = undefined
      await run('ROLLBACK')
    },
    close,
  }
}

async function inTransaction<T>(
  { run, rows }: Session,
  work: (transaction: LakeTransaction) => Promise<T>,
): Promise<T> {
  await run('BEGIN')
  try {
    const [seen] = await rows<{ id: string }>(`FROM ${LAKE}.current_snapshot()`)
    const result = await work({ snapshot: BigInt(seen?.id ?? 0), run, query: rows })
    await run('COMMIT')
    return result
  } catch (error) {
    await run('ROLLBACK').catch(() => undefined)
    throw error
  }
}
