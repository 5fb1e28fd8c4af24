import type { Migration } from '../platform/database/migrate.ts'

export const reconciliationMigration: Migration = {
  id: '005-reconciliation',
  sql: `
  -- What an invoice was last judged by: it is judged again only when there is something new.
  CREATE TABLE judged (
    invoice_id text PRIMARY KEY,
    fingerprint text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
  );
  -- Payments the worker has looked at and could not place, until something changes.
  CREATE TABLE unplaced (
    payment_id text PRIMARY KEY,
    reason text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
  );
  `,
}
