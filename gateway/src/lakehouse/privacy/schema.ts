import type { Migration } from '../../platform/database/migrate.ts'

/**
 * Beside the lake, not in it: a lake that is dropped and built again must leave out the same values, and refuse the
 * same subjects. Nothing here names anybody: the subject of an open request is sealed, and gone when it is done.
 */
export const lakePrivacyMigration: Migration = {
  id: '016-lake-privacy',
  sql: `
  CREATE TABLE lake_erasures (
    erasure_id text PRIMARY KEY,
    kind text NOT NULL,
    subject text NOT NULL,
    sealed bytea,
    source text,
    reason text NOT NULL,
    step text NOT NULL,
    step_at timestamptz NOT NULL DEFAULT now(),
    fault text,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    decided_by text,
    decided_at timestamptz,
    first_snapshot bigint,
    proof jsonb
  );
  CREATE INDEX lake_erasures_open ON lake_erasures (requested_at) WHERE step NOT IN ('DONE', 'REFUSED');
  CREATE TABLE lake_forgotten (
    subject text NOT NULL,
    source text NOT NULL,
    erasure_id text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject, source)
  );
  CREATE TABLE lake_redactions (
    block bigint NOT NULL,
    tx_index int NOT NULL,
    position int NOT NULL,
    commitment text NOT NULL,
    job text NOT NULL,
    PRIMARY KEY (block, tx_index, position)
  );
  CREATE INDEX lake_redactions_job ON lake_redactions (job);
  CREATE TABLE lake_retention (
    job text NOT NULL,
    table_name text NOT NULL,
    class text NOT NULL,
    rows bigint NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (job, table_name, class)
  );
  CREATE TABLE lake_retention_days (
    job text PRIMARY KEY,
    until timestamptz NOT NULL,
    step text NOT NULL
  );`,
}

/** An erasure that a withdrawn consent has asked for: when it is done, a new consent may bring records again. */
export const withdrawnConsentsMigration: Migration = {
  id: '019-withdrawn-consents',
  sql: `
  ALTER TABLE lake_erasures ADD COLUMN consent_id text;
  CREATE UNIQUE INDEX lake_erasures_consent ON lake_erasures (consent_id)
    WHERE consent_id IS NOT NULL;`,
}
