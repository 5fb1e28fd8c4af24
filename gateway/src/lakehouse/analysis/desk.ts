/**
 * Where questions of analysts arrive in a process that answers requests: opened at the first one, over the lake that
 * some process of the organisation fills. It holds no engine of its own, and waits for none.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Config } from '../../platform/config.ts'
import type { Database } from '../../platform/database/database.ts'
import { CodedError, isFault } from '../../platform/faults.ts'
import type { Log } from '../../platform/log.ts'
import { openSecrets } from '../../platform/secrets.ts'
import { EXTENSIONS, INGESTED_BY } from '../names.ts'
import { refuseWhileRebuilt } from '../status.ts'
import { catalogRole, type CatalogRole } from './catalogRole.ts'
import type { Analysis } from './query.ts'

export interface DeskOptions {
  readonly config: Config
  readonly database: Database
  readonly log: Log
}

/** A moment of the past: up to a block, or at an instant. */
export interface Moment {
  readonly atBlock?: string | undefined
  readonly at?: string | undefined
}

export interface Desk {
  /** @throws LAKE_ABSENT, LAKE_EXTENSION_MISSING. */
  using<T>(work: (analysis: Analysis) => Promise<T>): Promise<T>
  /**
   * The version of the lake at a moment; undefined for now.
   *
   * @throws LAKE_SNAPSHOT_UNKNOWN for a moment before the history that is kept, or after it.
   */
  versionAt(moment: Moment): Promise<number | undefined>
  close(): void
}

export function createDesk({ config, database, log }: DeskOptions): Desk {
  let opened: Promise<Analysis> | undefined

  const role = (): Promise<CatalogRole> =>
    catalogRole(database, {
      databaseUrl: config.databaseUrl,
      secrets: openSecrets(config.secretsFile),
    })

  async function open(): Promise<Analysis> {
    const settings = settingsOf(config)
    // With the catalogue come the parts of the lake, which need not be there before the first question.
    const { createAnalysis, duckLake, lakeCatalogue, lakePolicy, LIMITS } =
      await import('./index.ts')
    const { describedTables } = await import('../schema.ts')
    const { url, isOwner } = await role()
    if (isOwner)
      log.warn('queries read the catalogue as the owner of the database, which may not make roles')
    const catalogue = lakeCatalogue(describedTables(settings.costs))
    return createAnalysis({
      lake: duckLake({ ...settings, catalogUrl: url }),
      catalogue,
      policy: lakePolicy(catalogue, {
        timeoutMs: settings.queryMs,
        memoryMb: Math.min(settings.memoryMb, LIMITS.memoryMb),
      }),
      secret: openSecrets(config.secretsFile).derive('lake pseudonyms'),
      sandboxesMax: settings.sandboxes,
    })
  }

  async function analysisNow(): Promise<Analysis> {
    await requireLake(config, database)
    opened ??= open()
    opened.catch(() => (opened = undefined))
    return opened
  }

  return {
    async using(work) {
      const analysis = await analysisNow()
      await refuseWhileRebuilt(database)
      try {
        return await work(analysis)
      } catch (error) {
        if (isFault(error, 'SANDBOX_BROKEN')) {
          log.warn({ err: error.cause ?? error }, 'a sandbox of the lake broke')
          // The lake may have been made anew, and with it the rights to read it.
          await role().catch(() => undefined)
        }
        throw error
      }
    },
    versionAt: moment => versionAt(database, moment),
    close() {
      opened?.then(
        analysis => analysis.close(),
        () => undefined,
      )
      opened = undefined
    },
  }
}

function settingsOf({ lake }: Config): NonNullable<Config['lake']> {
  if (!lake)
    throw new CodedError('LAKE_ABSENT', {
      detail: 'this gateway has no lake; its operator sets lake in the configuration',
    })
  return lake
}

async function requireLake(config: Config, database: Database): Promise<void> {
  const { extensionFolder } = settingsOf(config)
  const missing = EXTENSIONS.find(
    name => !existsSync(path.join(extensionFolder, `${name}.duckdb_extension`)),
  )
  if (missing)
    throw new CodedError('LAKE_EXTENSION_MISSING', {
      detail: `${missing} is not there; the operator runs the set-up again with a network`,
    })
  const [row] = await database.query<{ there: boolean }>(
    `SELECT to_regclass('lake.ducklake_snapshot') IS NOT NULL AS there`,
  )
  if (!row?.there)
    throw new CodedError('LAKE_ABSENT', {
      detail: 'nothing has been brought into it yet; a process must play the role lake',
    })
}

async function versionAt(database: Database, moment: Moment): Promise<number | undefined> {
  const { atBlock, at } = moment
  if (atBlock !== undefined && at !== undefined)
    throw new CodedError('REQUEST_INVALID', { detail: 'name a block or an instant, not both' })
  if (atBlock !== undefined) return versionFound(database, AT_BLOCK, [atBlock, INGESTED_BY])
  if (at !== undefined) return versionFound(database, AT_INSTANT, [at])
  return undefined
}

async function versionFound(
  database: Database,
  sql: string,
  values: readonly string[],
): Promise<number> {
  const [row] = await database.query<{ version: string | null }>(sql, values)
  if (!row?.version)
    throw new CodedError('LAKE_SNAPSHOT_UNKNOWN', {
      status: 404,
      detail: 'the lake does not reach to that moment',
    })
  return Number(row.version)
}

const AT_INSTANT = `SELECT max(snapshot_id)::text AS version FROM lake.ducklake_snapshot
  WHERE snapshot_time <= $1::timestamptz`
/** The snapshot in which the lake had exactly this block as its last, or more of the same commit. */
const AT_BLOCK = `SELECT min(snapshot_id)::text AS version FROM lake.ducklake_snapshot_changes
  WHERE author = $2 AND CASE WHEN commit_extra_info ~ '^[0-9]{1,18}$'
    THEN commit_extra_info::bigint >= $1::bigint END`
