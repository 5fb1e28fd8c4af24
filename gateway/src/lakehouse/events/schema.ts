/**
 * What the gateway does goes into an outbox with the very statement that does it: a trigger cannot be forgotten by code
 * that comes later, and what is rolled back was never told. Nothing is written while no lake reads.
 *
 * What is told has no name, login, password, token, key, text of a file or amount in it; a session is a hash of its id.
 */
import type { Migration } from '../../platform/database/migrate.ts'

/** A lake that has not asked for so long is given up: what it would have read is not kept for ever. */
export const READER_DAYS = 14

const TABLES = `
  -- Rows are read in the order of their transactions, and only when every transaction before has ended.
  CREATE TABLE outbox (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    number bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    body jsonb NOT NULL,
    PRIMARY KEY (xid, number)
  );
  -- Empty while no lake has ever read.
  CREATE TABLE outbox_reader (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    since timestamptz NOT NULL DEFAULT now(),
    read_until timestamptz NOT NULL,
    -- Something that was read is gone: a lake that begins anew must be told again what stands in the tables.
    pruned boolean NOT NULL DEFAULT false
  );
  CREATE TABLE behaviour_choices (
    user_id text PRIMARY KEY REFERENCES users,
    choice text NOT NULL CHECK (choice IN ('ALLOWED', 'REFUSED')),
    notice int NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
  );`

interface Told {
  readonly table: string
  /** Without it nothing is told of a new row. */
  readonly inserted?: { readonly kind: string }
  readonly updated?: { readonly kind: string; readonly when: string }
  /** An expression over the row \`o\`. */
  readonly body: string
  /** Rows that were there before the first lake; all of them unless it says which. */
  readonly history?: string
}

/** By name of the function that makes the body. */
const TOLD: Readonly<Record<string, Told>> = {
  told_operation: {
    table: 'operations',
    inserted: { kind: 'operation' },
    updated: { kind: 'operation', when: 'NEW.status IS DISTINCT FROM OLD.status' },
    body: `jsonb_build_object('operationId', o.operation_id, 'kind', o.kind, 'userId', o.user_id,
      'memberId', o.member_id, 'status', o.status, 'createdAt', o.created_at,
      'finishedAt', o.finished_at, 'items', o.progress_total,
      'refused', (SELECT count(*) FROM jsonb_array_elements(o.items) i WHERE NOT (i->>'ok')::boolean),
      'code', o.problem->>'code',
      'importId', CASE WHEN o.kind = 'imports.post' THEN o.input->>'importId' END)`,
  },
  told_submission: {
    table: 'transactions',
    updated: {
      kind: 'submission',
      when: `NEW.status IS DISTINCT FROM OLD.status AND NEW.status <> 'stored'`,
    },
    body: `jsonb_build_object('txId', o.tx_id, 'operationId', o.operation_id, 'step', o.step,
      'attempt', o.attempt, 'status', o.status, 'validationCode', o.validation_code,
      'block', o.block_number, 'storedAt', o.created_at)`,
    history: `o.status <> 'stored'`,
  },
  told_import: {
    table: 'imports',
    inserted: { kind: 'import' },
    updated: { kind: 'import', when: 'NEW.status IS DISTINCT FROM OLD.status' },
    body: `jsonb_build_object('importId', o.import_id, 'userId', o.user_id, 'memberId', o.member_id,
      'format', o.format, 'encoding', o.encoding, 'status', o.status, 'code', o.code,
      'operationId', o.operation_id, 'createdAt', o.created_at, 'finishedAt', o.finished_at) ||
      CASE WHEN o.finished_at IS NULL THEN '{}' ELSE (
        SELECT jsonb_build_object('rows', count(*),
          'accepted', count(*) FILTER (WHERE verdict = 'ACCEPTED'),
          'refused', count(*) FILTER (WHERE verdict = 'REFUSED'),
          'duplicates', count(*) FILTER (WHERE verdict = 'DUPLICATE'))
        FROM import_rows r WHERE r.import_id = o.import_id) END`,
  },
  told_session: {
    table: 'sessions',
    inserted: { kind: 'session' },
    updated: { kind: 'session', when: 'NEW.closed_at IS NOT NULL AND OLD.closed_at IS NULL' },
    body: `jsonb_build_object('session', left(encode(sha256(convert_to(o.session_id, 'UTF8')), 'hex'), 24),
      'userId', o.user_id, 'openedAt', o.created_at, 'closedAt', o.closed_at)`,
  },
  told_failure: {
    table: 'users',
    updated: {
      kind: 'login_failure',
      when: `NEW.failures > OLD.failures OR NEW.locked_until IS DISTINCT FROM OLD.locked_until`,
    },
    body: `jsonb_build_object('userId', o.user_id, 'failures', o.failures,
      'isLocked', coalesce(o.locked_until > now(), false))`,
    history: 'false',
  },
  told_user: {
    table: 'users',
    inserted: { kind: 'user' },
    updated: {
      kind: 'user',
      when: `(NEW.roles, NEW.status, NEW.member_id) IS DISTINCT FROM (OLD.roles, OLD.status, OLD.member_id)`,
    },
    body: `jsonb_build_object('userId', o.user_id, 'memberId', o.member_id,
      'roles', array_to_string(o.roles, ','), 'status', o.status, 'isService', o.login = 'service')`,
  },
  told_member: {
    table: 'members',
    inserted: { kind: 'member' },
    updated: {
      kind: 'member',
      when: `(NEW.kind, NEW.uscc, NEW.tier, NEW.own) IS DISTINCT FROM (OLD.kind, OLD.uscc, OLD.tier, OLD.own)`,
    },
    body: `jsonb_build_object('memberId', o.member_id, 'mspId', o.msp_id, 'kind', o.kind, 'uscc', o.uscc,
      'tier', o.tier, 'isOwn', o.own, 'enrolledAt', o.created_at)`,
  },
  told_audit: {
    table: 'audit',
    inserted: { kind: 'audit' },
    body: `jsonb_build_object('userId', o.user_id, 'memberId', o.member_id, 'route', o.route,
      'status', o.status, 'code', o.code, 'at', o.at)`,
  },
}

/** One statement both asks whether a lake reads and tells it. */
const tell = (name: string, kind: string): string => `
  CREATE FUNCTION ${name}_${kind}() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO outbox (kind, body) SELECT '${kind}', ${name}(NEW)
      FROM outbox_reader WHERE read_until > now();
    RETURN NULL;
  END $$;`

const triggersOf = ([name, { table, inserted, updated, body }]: [string, Told]): string => {
  const kinds = new Set([inserted?.kind, updated?.kind].filter(kind => kind !== undefined))
  const row = `FOR EACH ROW`
  return [
    `CREATE FUNCTION ${name}(o ${table}) RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT ${body} $$;`,
    ...[...kinds].map(kind => tell(name, kind)),
    inserted &&
      `CREATE TRIGGER ${name}_inserted AFTER INSERT ON ${table} ${row}
       EXECUTE FUNCTION ${name}_${inserted.kind}();`,
    updated &&
      `CREATE TRIGGER ${name}_updated AFTER UPDATE ON ${table} ${row}
       WHEN (${updated.when}) EXECUTE FUNCTION ${name}_${updated.kind}();`,
  ]
    .filter(Boolean)
    .join('\n')
}

export const eventsMigration: Migration = {
  id: '015-lake-events',
  sql: [TABLES, ...Object.entries(TOLD).map(triggersOf)].join('\n'),
}

/** Held while the first lake is told what was before it: nothing can be written that neither side tells. */
export const TOLD_TABLES = [...new Set(Object.values(TOLD).map(({ table }) => table))]

/** What the history tells of again. */
export const HISTORY_KINDS = [
  ...new Set(
    Object.values(TOLD)
      .filter(({ history }) => history !== 'false')
      .map(({ inserted, updated }) => inserted?.kind ?? updated?.kind ?? ''),
  ),
]

/** What stands in the tables; when it came to stand there is known only where a column says so. */
export const historyOf = (): string[] =>
  Object.entries(TOLD)
    .filter(([, { history }]) => history !== 'false')
    .map(
      ([name, { table, inserted, updated, history }]) =>
        `INSERT INTO outbox (kind, body)
         SELECT '${inserted?.kind ?? updated?.kind}', ${name}(o) || '{"isHistory": true}'
         FROM ${table} o WHERE ${history ?? 'true'}`,
    )
