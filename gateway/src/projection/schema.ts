import type { Migration } from '../platform/database/migrate.ts'
import { sumsMigration } from './sums.ts'

/**
 * The read model: what stands on the ledger and what this organisation holds privately, nothing else. It is
 * written by the projector alone and can be thrown away and rebuilt from block 0.
 *
 * `open` is the public state, `secret_text` the exact text of the own private value (an opening is passed back
 * byte for byte), `secret` the same for queries. Every index stands on columns that an update leaves as they were
 * (`match`, `approval` and a certificate's `holder` apart): then PostgreSQL writes the new version beside the old one and touches no index.
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
  {
    id: '002-columns-for-indexes',
    sql: `
    DROP INDEX records_buyer, records_seller, records_number, records_holder, records_obligor, records_root,
      records_request, records_match, records_receipt_lines, changes_block;
    ALTER TABLE records
      ALTER COLUMN secret DROP EXPRESSION;
    ALTER TABLE records
      ADD COLUMN buyer text GENERATED ALWAYS AS (secret->>'buyer') STORED,
      ADD COLUMN seller text GENERATED ALWAYS AS (secret->>'seller') STORED,
      ADD COLUMN number text GENERATED ALWAYS AS (secret->>'number') STORED,
      ADD COLUMN holder text GENERATED ALWAYS AS (secret->>'holder') STORED,
      ADD COLUMN obligor text GENERATED ALWAYS AS (secret->>'obligor') STORED,
      ADD COLUMN order_ids jsonb GENERATED ALWAYS AS (
        CASE WHEN kind IN ('receipt', 'despatch')
          THEN jsonb_path_query_array(secret, '$.lines[*].orderId') END) STORED,
      ADD COLUMN root text GENERATED ALWAYS AS (open->>'root') STORED,
      ADD COLUMN request_id text GENERATED ALWAYS AS (open->>'requestId') STORED,
      ADD COLUMN match text GENERATED ALWAYS AS (open->>'match') STORED,
      SET (fillfactor = 60);
    CREATE INDEX records_buyer ON records (kind, buyer, happened_on DESC, id DESC) WHERE buyer IS NOT NULL;
    CREATE INDEX records_seller ON records (kind, seller, happened_on DESC, id DESC) WHERE seller IS NOT NULL;
    CREATE INDEX records_number ON records (kind, number) WHERE number IS NOT NULL;
    CREATE INDEX records_holder ON records (holder) WHERE kind = 'receivable';
    CREATE INDEX records_obligor ON records (obligor) WHERE kind = 'receivable';
    CREATE INDEX records_root ON records (root) WHERE kind = 'receivable';
    CREATE INDEX records_request ON records (kind, request_id) WHERE kind IN ('bid', 'notice');
    CREATE INDEX records_match ON records (match) WHERE kind = 'invoice';
    CREATE INDEX records_order_ids ON records USING gin (order_ids) WITH (fastupdate = off)
      WHERE kind = 'receipt';
    `,
  },
  {
    id: '003-waiting-invoices',
    sql: `
    ALTER TABLE records ADD COLUMN approval text GENERATED ALWAYS AS (open->>'approval') STORED;
    DROP INDEX records_match;
    CREATE INDEX records_waiting ON records (match) WHERE kind = 'invoice' AND approval = 'SUBMITTED';
    `,
  },
  sumsMigration,
]
