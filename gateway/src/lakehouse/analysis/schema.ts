import type { Migration } from '../../platform/database/migrate.ts'

/** What was asked, what was saved, and what has left the house: kept beside the lake, never in it. */
export const lakeAnalysisMigration: Migration = {
  id: '012-lake-analysis',
  sql: `
  CREATE TABLE lake_queries (
    query_no bigserial PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    user_id text NOT NULL,
    member_id text,
    reader_role text,
    kind text NOT NULL,
    sql text NOT NULL,
    parameters jsonb NOT NULL DEFAULT '{}',
    snapshot bigint,
    subject_id text,
    tables text[] NOT NULL DEFAULT '{}',
    rows int,
    elapsed_ms int NOT NULL,
    outcome text NOT NULL
  );
  CREATE INDEX lake_queries_user ON lake_queries (user_id, query_no);
  CREATE TABLE lake_saved_queries (
    saved_id text PRIMARY KEY,
    name text NOT NULL,
    owner_user text NOT NULL,
    owner_member text,
    shared boolean NOT NULL,
    version int NOT NULL,
    deleted_at timestamptz
  );
  CREATE UNIQUE INDEX lake_saved_queries_name ON lake_saved_queries (owner_user, name)
    WHERE deleted_at IS NULL;
  CREATE TABLE lake_saved_query_versions (
    saved_id text NOT NULL REFERENCES lake_saved_queries,
    version int NOT NULL,
    content jsonb NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (saved_id, version)
  );
  CREATE TABLE lake_releases (
    release_id text PRIMARY KEY,
    audience text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    user_id text NOT NULL,
    member_id text,
    purpose text NOT NULL,
    sql text NOT NULL,
    parameters jsonb NOT NULL,
    snapshot bigint,
    format text NOT NULL,
    k int NOT NULL,
    rows int NOT NULL,
    suppressed int NOT NULL,
    too_similar int NOT NULL,
    sha256 text NOT NULL,
    content bytea NOT NULL
  );
  CREATE INDEX lake_releases_audience ON lake_releases (audience, at);
  -- The rows behind each published group: eight bytes of the row's hash, eight of its subject's.
  CREATE TABLE lake_release_groups (
    audience text NOT NULL,
    release_id text NOT NULL REFERENCES lake_releases,
    place int NOT NULL,
    people bytea NOT NULL,
    PRIMARY KEY (release_id, place)
  );
  CREATE INDEX lake_release_groups_audience ON lake_release_groups (audience);`,
}
