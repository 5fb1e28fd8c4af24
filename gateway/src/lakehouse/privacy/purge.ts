/**
 * Out of the tables is not out of the files. Rows that were deleted lie in Parquet files and in the catalogue's own
 * tables until those are written anew and no snapshot names the old ones.
 */
import type { Database } from '../../platform/database/database.ts'
import { NO_ROWS, type Engine } from '../engine.ts'
import { LAKE, quoted } from '../names.ts'

export interface PurgeOptions {
  readonly engine: Engine
  readonly database: Database
  /** Files that no snapshot knows and that are older than this are what a killed writer has left. */
  readonly orphanMs: number
}

/** Writes the files of these tables without the rows that were deleted. */
export async function rewrite(engine: Engine, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    const [schema = '', name = ''] = table.split('.').map(quoted)
    await engine.alone(
      `CALL ducklake_flush_inlined_data('${LAKE}', schema_name => ${schema}, table_name => ${name})`,
    )
    // In a transaction: outside of one the engine refuses.
    await engine.write(NO_ROWS, ({ query }) =>
      query(
        `CALL ducklake_rewrite_data_files('${LAKE}', ${name}, schema => ${schema}, delete_threshold => 0)`,
      ),
    )
  }
}

/** Forgets every snapshot but the present one, and deletes all files that it does not name. The past is gone for all. */
export async function forgetPast({ engine, database, orphanMs }: PurgeOptions): Promise<void> {
  await engine.alone(`CALL ducklake_expire_snapshots('${LAKE}', older_than => now())`)
  await engine.alone(`CALL ducklake_cleanup_old_files('${LAKE}', cleanup_all => true)`)
  await engine.alone(
    `CALL ducklake_delete_orphaned_files('${LAKE}',
       older_than => now() - INTERVAL ${Math.ceil(orphanMs)} MILLISECOND)`,
  )
  await vacuum(database)
}

/** Tables of the catalogue in which values of rows stand: the rows of small commits, and bounds of columns. */
const WITH_VALUES = `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
  WHERE schemaname = 'lake' AND pg_relation_size(format('%I.%I', schemaname, tablename)::regclass) > 0
    AND (tablename LIKE 'ducklake\\_inlined\\_%'
    OR tablename IN ('ducklake_file_column_stats', 'ducklake_table_column_stats'))`

/**
 * What PostgreSQL has deleted lies in its pages until they are written anew. The tables are small, and locked for
 * milliseconds; who holds them for longer lets this fail, and it is tried again.
 */
async function vacuum(database: Database): Promise<void> {
  const tables = await database.query<{ name: string }>(WITH_VALUES)
  for (const { name } of tables) await database.execute(`VACUUM (FULL) ${name}`)
}

/**
 * The least and the greatest value of a column stay in the catalogue when their row is gone. They are bounds, so a
 * shorter text does as well: of the least its first letter, of the greatest the letter after it.
 */
export async function widenBounds(
  database: Database,
  identifiers: readonly string[],
): Promise<void> {
  const like = identifiers.map(one => `%${one}%`)
  await database.execute(
    `UPDATE lake.ducklake_table_column_stats SET min_value = left(min_value, 1)
     WHERE min_value LIKE ANY($1)`,
    [like],
  )
  await database.execute(
    `UPDATE lake.ducklake_table_column_stats SET max_value = chr(ascii(max_value) + 1)
     WHERE max_value LIKE ANY($1)`,
    [like],
  )
}
