import type { Migration } from '../platform/database/migrate.ts'

export const importMigration: Migration = {
  id: '004-imports',
  sql: `
  CREATE TABLE documents (
    document_id text PRIMARY KEY,
    file_name text NOT NULL,
    media_type text NOT NULL,
    bytes bigint NOT NULL,
    sha256 text NOT NULL,
    cid text NOT NULL,
    keys jsonb NOT NULL,
    readers text[] NOT NULL,
    member_id text,
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE imports (
    import_id text PRIMARY KEY,
    document_id text NOT NULL REFERENCES documents,
    -- The same bytes are one import for one scope: a member, or the organisation itself.
    scope text NOT NULL,
    sha256 text NOT NULL,
    file_name text NOT NULL,
    user_id text NOT NULL,
    member_id text,
    format text,
    encoding text,
    status text NOT NULL,
    code text,
    line int,
    operation_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    UNIQUE (scope, sha256)
  );
  CREATE INDEX imports_listed ON imports (created_at DESC, import_id DESC);
  CREATE INDEX imports_open ON imports (created_at) WHERE finished_at IS NULL;
  CREATE TABLE import_rows (
    import_id text NOT NULL REFERENCES imports,
    row int NOT NULL,
    line int NOT NULL,
    entry text,
    kind text,
    number text,
    verdict text NOT NULL,
    code text,
    field text,
    -- The same document is known by this, whatever file it comes in.
    natural_key text,
    batch int,
    payload jsonb,
    object_id text,
    tx_id text,
    PRIMARY KEY (import_id, row)
  );
  CREATE INDEX import_rows_natural ON import_rows (natural_key) WHERE verdict IN ('PENDING', 'ACCEPTED');
  CREATE INDEX import_rows_batch ON import_rows (import_id, batch) WHERE verdict = 'PENDING';
  CREATE INDEX import_rows_object ON import_rows (object_id) WHERE object_id IS NOT NULL;
  CREATE TABLE statement_entries (
    entry_id text PRIMARY KEY,
    statement_id text NOT NULL,
    import_id text NOT NULL REFERENCES imports,
    number text NOT NULL,
    account text NOT NULL,
    member_id text,
    booked_on date NOT NULL,
    direction text NOT NULL,
    amount_fen bigint NOT NULL,
    counterparty_name text,
    counterparty_account text,
    reference text,
    payer text,
    payee text,
    attested boolean NOT NULL DEFAULT false,
    tx_id text
  );
  CREATE INDEX statement_entries_listed ON statement_entries (booked_on DESC, entry_id DESC);
  CREATE INDEX statement_entries_reference ON statement_entries (reference) WHERE reference IS NOT NULL;
  `,
}

/** How often the reading of a file has been begun: one that never ends is given up. */
export const importAttemptsMigration: Migration = {
  id: '006-import-attempts',
  sql: 'ALTER TABLE imports ADD COLUMN attempts int NOT NULL DEFAULT 0',
}
