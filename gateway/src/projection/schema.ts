import type { Migration } from '../platform/database/migrate.ts'

/**
 * The read model: what stands on the ledger and what this organisation holds privately, nothing else. It is
 * written by the projector alone and can be thrown away and rebuilt from block 0.
 *
 * `open` is the public state, `secret_text` the exact text of the own private value (an opening is passed back
 * byte for byte), `secret` the same for queries.
 */
export const bookMigrations: readonly Migration[] = [
  {
    id: '001-records',
    sql: `
    CREATE TABLE checkpoint (
      singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
      block_number bigint NOT NULL,
      transactions bigint NOT NULL,
      invalid bigint NOT NULL,
      updated_at timestamptz NOT NULL
    );
    CREATE TABLE records (
      kind text NOT NULL,
      id text NOT NULL,
      open jsonb,
      secret_text text,
      secret jsonb GENERATED ALWAYS AS (secret_text::jsonb) STORED,
      happened_on text NOT NULL DEFAULT '',
      block_number bigint NOT NULL,
      tx_index int NOT NULL,
      tx_id text NOT NULL,
      updated_at timestamptz NOT NULL,
      PRIMARY KEY (kind, id)
    );
    CREATE INDEX records_listed ON records (kind, happened_on DESC, id DESC);
    CREATE INDEX records_buyer ON records (kind, (secret->>'buyer'), happened_on DESC, id DESC)
      WHERE secret ? 'buyer';
    CREATE INDEX records_seller ON records (kind, (secret->>'seller'), happened_on DESC, id DESC)
      WHERE secret ? 'seller';
    CREATE INDEX records_number ON records (kind, (secret->>'number')) WHERE secret ? 'number';
    CREATE INDEX records_holder ON records ((secret->>'holder')) WHERE kind = 'receivable';
    CREATE INDEX records_obligor ON records ((secret->>'obligor')) WHERE kind = 'receivable';
    CREATE INDEX records_root ON records ((open->>'root')) WHERE kind = 'receivable';
    CREATE INDEX records_request ON records (kind, (open->>'requestId')) WHERE kind IN ('bid', 'notice');
    CREATE INDEX records_match ON records ((open->>'match')) WHERE kind = 'invoice';
    CREATE INDEX records_receipt_lines ON records USING gin ((secret->'lines') jsonb_path_ops)
      WHERE kind = 'receipt';
    CREATE TABLE changes (
      kind text NOT NULL,
      id text NOT NULL,
      block_number bigint NOT NULL,
      tx_index int NOT NULL,
      tx_id text NOT NULL,
      name text NOT NULL,
      at timestamptz NOT NULL,
      PRIMARY KEY (kind, id, block_number, tx_index)
    );
    CREATE INDEX changes_block ON changes (block_number);
    `,
  },
]
