import type { Migration } from '../platform/database/migrate.ts'

/**
 * An operation is a piece of work that reaches the ledger; a transaction is one attempt of one of its steps.
 * The envelope is stored before it is sent: after a crash the same bytes can be asked for, or sent once more,
 * and the ledger takes a transaction id at most once.
 */
export const operationMigration: Migration = {
  id: '003-operations',
  sql: `
  CREATE TABLE operations (
    operation_id text PRIMARY KEY,
    kind text NOT NULL,
    user_id text NOT NULL,
    member_id text,
    input jsonb NOT NULL,
    memo jsonb NOT NULL DEFAULT '{}',
    status text NOT NULL CHECK (status IN ('running','waiting','done','refused','failed')),
    items jsonb NOT NULL DEFAULT '[]',
    progress_done int NOT NULL DEFAULT 0,
    progress_total int NOT NULL DEFAULT 0,
    problem jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    lease_owner text NOT NULL,
    lease_until timestamptz NOT NULL
  );
  CREATE INDEX operations_open ON operations (lease_until) WHERE status IN ('running','waiting');
  CREATE INDEX operations_listed ON operations (created_at DESC, operation_id DESC);
  CREATE TABLE transactions (
    tx_id text PRIMARY KEY,
    operation_id text NOT NULL REFERENCES operations,
    step text NOT NULL,
    attempt int NOT NULL,
    items jsonb NOT NULL,
    envelope bytea NOT NULL,
    result bytea NOT NULL,
    status text NOT NULL CHECK (status IN ('stored','submitted','committed','invalid','abandoned')),
    validation_code text,
    block_number bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (operation_id, step, attempt)
  );
  CREATE TABLE audit (
    at timestamptz NOT NULL DEFAULT now(),
    user_id text NOT NULL,
    member_id text,
    route text NOT NULL,
    idempotency_key text,
    status int NOT NULL,
    code text
  );
  CREATE INDEX audit_at ON audit (at);
  `,
}

/** Whether a stored transaction was sent is asked of the ledger, not of a note: what was noted is open like the rest. */
export const storedTransactionMigration: Migration = {
  id: '008-stored-transactions',
  sql: `
  UPDATE transactions SET status = 'stored' WHERE status = 'submitted';
  ALTER TABLE transactions DROP CONSTRAINT transactions_status_check,
    ADD CONSTRAINT transactions_status_check
      CHECK (status IN ('stored','committed','invalid','abandoned'));
  `,
}
