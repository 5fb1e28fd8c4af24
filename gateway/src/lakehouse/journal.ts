/**
 * What the process of the lake says of itself, kept in the organisation's database: whoever answers a question about
 * the lake need not be the process that fills it, and that one may be dead.
 */
import type { Migration } from '../platform/database/migrate.ts'
import type { Queryable } from '../platform/database/database.ts'
import type { Upkeep } from './history.ts'

export const lakeMigration: Migration = {
  id: '009-lake',
  sql: `
  CREATE TABLE lake_process (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    fault text,
    fault_since timestamptz,
    upkeep jsonb,
    upkeep_at timestamptz
  );
  INSERT INTO lake_process DEFAULT VALUES;`,
}

/** What each stream besides the ledger says of itself. */
export const lakeStreamMigration: Migration = {
  id: '010-lake-streams',
  sql: `
  CREATE TABLE lake_streams (
    name text PRIMARY KEY,
    fault text,
    fault_since timestamptz,
    facts jsonb NOT NULL DEFAULT '{}',
    said_at timestamptz NOT NULL DEFAULT now()
  );`,
}

export interface LakeProcess {
  readonly fault: string | null
  readonly fault_since: string | null
  readonly upkeep: Upkeep | null
  readonly upkeep_at: string | null
}

export interface StreamSaid {
  readonly fault?: string
  readonly facts?: Readonly<Record<string, unknown>>
}

export interface LakeJournal {
  /** Why the lake stands still; undefined once it moves again. Said again and again, it is written once. */
  fault(said: string | undefined): void
  upkeep(done: Upkeep): void
  /** The same of one stream; `facts` are its own words for how it stands. */
  stream(name: string, said: StreamSaid): void
  /** Everything that was said is written. */
  settled(): Promise<void>
}

const STREAM_SAID = `
  INSERT INTO lake_streams AS known (name, fault, fault_since, facts)
  VALUES ($1, nullif($2, ''), CASE WHEN $2 <> '' THEN now() END, coalesce($3::jsonb, '{}'))
  ON CONFLICT (name) DO UPDATE SET
    fault = excluded.fault,
    fault_since = CASE WHEN $2 <> '' THEN coalesce(known.fault_since, now()) END,
    facts = coalesce($3::jsonb, known.facts),
    said_at = now()`

/** @param onFailure the journal itself could not be written; the lake goes on. */
export function createJournal(
  database: Queryable,
  onFailure: (error: unknown) => void,
): LakeJournal {
  /** Nothing: what a process of before has said may still stand there. */
  let known: string | undefined
  const knownOf = new Map<string, string>()
  let last: Promise<unknown> = Promise.resolve()
  const write = (sql: string, values: readonly unknown[]): void => {
    last = last.then(() => database.execute(sql, values)).catch(onFailure)
  }
  return {
    fault(said = '') {
      if (said === known) return
      known = said
      write(
        `UPDATE lake_process SET fault = nullif($1, ''),
           fault_since = CASE WHEN $1 = '' THEN NULL ELSE now() END`,
        [said],
      )
    },
    upkeep: done =>
      write('UPDATE lake_process SET upkeep = $1, upkeep_at = now()', [JSON.stringify(done)]),
    stream(name, { fault = '', facts }) {
      const said = JSON.stringify([fault, facts])
      if (said === knownOf.get(name)) return
      knownOf.set(name, said)
      write(STREAM_SAID, [name, fault, facts === undefined ? null : JSON.stringify(facts)])
    },
    settled: async () => void (await last),
  }
}

export async function readJournal(database: Queryable): Promise<LakeProcess | undefined> {
  const rows = await database.query<LakeProcess & Record<string, unknown>>(
    'SELECT fault, fault_since, upkeep, upkeep_at FROM lake_process',
  )
  return rows[0]
}

export interface StreamRow extends Record<string, unknown> {
  readonly name: string
  readonly fault: string | null
  readonly fault_since: string | null
  readonly facts: Readonly<Record<string, unknown>>
  readonly said_at: string
}

export const readStreams = (database: Queryable): Promise<StreamRow[]> =>
  database.query<StreamRow>(
    'SELECT name, fault, fault_since, facts, said_at FROM lake_streams ORDER BY name',
  )
