import type { Database, Queryable } from './database.ts'

/** One step of the schema; applied once, in order, each in the same transaction as its record. */
export interface Migration {
  readonly id: string
  readonly sql: string
}

// Two processes of one organisation may start at once: one migrates, the other waits.
const LOCK = 7_274_001

/** Applies what is missing to `schema`. The names in the SQL are unqualified. */
export async function migrate(
  database: Database,
  schema: string,
  migrations: readonly Migration[],
): Promise<string[]> {
  return database.transaction(async tx => {
    await tx.execute('SELECT pg_advisory_xact_lock($1)', [LOCK])
    await createSchema(tx, schema)
    await tx.execute(`SET LOCAL search_path TO ${schema}`)
    await tx.execute(
      `CREATE TABLE IF NOT EXISTS migrations (id text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`,
    )
    return applyMissing(tx, migrations)
  })
}

/**
 * IF NOT EXISTS would ask this connection's cache, which may remember from before the wait that there is none; a
 * query looks.
 */
async function createSchema(tx: Queryable, schema: string): Promise<void> {
  const found = await tx.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema])
  if (found.length === 0) await tx.execute(`CREATE SCHEMA ${schema}`)
}

async function applyMissing(tx: Queryable, migrations: readonly Migration[]): Promise<string[]> {
  const done = new Set((await tx.query<{ id: string }>('SELECT id FROM migrations')).map(r => r.id))
  const applied: string[] = []
  for (const migration of migrations) {
    if (done.has(migration.id)) continue
    await tx.execute(migration.sql)
    await tx.execute('INSERT INTO migrations (id) VALUES ($1)', [migration.id])
    applied.push(migration.id)
  }
  return applied
}
