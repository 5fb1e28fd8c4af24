import type { Migration } from '../../platform/database/migrate.ts'

/**
 * Facts as they are read for one member at once, copied from the lake; how far each kind has been copied; every
 * version of a definition there ever was; and how many members each feature has a value of.
 */
export const featureMigration: Migration = {
  id: '014-lake-features',
  sql: `
  CREATE TABLE feature_facts (
    kind text NOT NULL,
    key text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    subject text NOT NULL,
    event_us bigint NOT NULL,
    arrived_us bigint NOT NULL,
    -- When a later version of the record arrived, of whatever subject.
    superseded_us bigint,
    -- A JSON array, in the order of the kind's cells.
    cells text NOT NULL,
    PRIMARY KEY (kind, key, revision)
  );
  CREATE INDEX feature_facts_subject ON feature_facts (subject);
  CREATE INDEX feature_facts_newest ON feature_facts (kind, event_us);
  CREATE TABLE feature_kinds (
    kind text PRIMARY KEY,
    version text NOT NULL,
    -- Which lake, and the last of its snapshots that was copied.
    lake text NOT NULL,
    snapshot bigint NOT NULL,
    filled_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE feature_definitions (
    name text NOT NULL,
    version text NOT NULL,
    definition jsonb NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, version)
  );
  CREATE TABLE feature_coverage (
    name text PRIMARY KEY,
    version text NOT NULL,
    subjects int NOT NULL,
    with_value int NOT NULL,
    counted_at timestamptz NOT NULL
  );`,
}
