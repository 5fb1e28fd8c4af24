import type { Migration } from '../platform/database/migrate.ts'

export const userMigration: Migration = {
  id: '001-members-users-sessions',
  sql: `
  CREATE TABLE members (
    member_id text PRIMARY KEY,
    msp_id text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    uscc text NOT NULL,
    tier int,
    bank_account text,
    own boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  );
  -- Branches of a bank share its credit code; a code that names several members is resolved by account.
  CREATE INDEX members_uscc ON members (uscc);
  CREATE TABLE users (
    user_id text PRIMARY KEY,
    login text NOT NULL UNIQUE,
    name text NOT NULL,
    password_hash text NOT NULL,
    roles text[] NOT NULL,
    member_id text REFERENCES members,
    status text NOT NULL DEFAULT 'ACTIVE',
    certificate text NOT NULL,
    sealed_key bytea NOT NULL,
    failures int NOT NULL DEFAULT 0,
    locked_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE sessions (
    session_id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES users,
    created_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz
  );
  CREATE TABLE refresh_tokens (
    token_hash text PRIMARY KEY,
    session_id text NOT NULL REFERENCES sessions,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
  );
  CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
  `,
}

/** Who was enrolled before chose the password or has been using it: it stays good. */
export const oneTimePasswordMigration: Migration = {
  id: '007-one-time-passwords',
  sql: 'ALTER TABLE users ADD COLUMN password_one_time boolean NOT NULL DEFAULT false',
}
