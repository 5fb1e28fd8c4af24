/**
 * What the gateway and its portals tell, as tables. Bronze has the JSON as it was told; silver has a row for each event
 * in columns, and views that say how each operation, file and login came out. `xid` and `number` name the event.
 */
import type { Table } from '../family.ts'
import { snake } from '../names.ts'

const PLACE = { xid: 'BIGINT', number: 'BIGINT' } as const
/** When it happened, and when it came into the lake. */
const TIMES = { at: 'TIMESTAMP', arrived_at: 'TIMESTAMP' } as const

export const EVENTS = {
  name: 'events',
  columns: { ...PLACE, kind: 'VARCHAR', ...TIMES, body: 'VARCHAR' },
} as const satisfies Table

export const BEHAVIOUR = {
  name: 'behaviour',
  columns: {
    ...PLACE,
    /** Made by the portal; the same event sent again has the same one. */
    event_id: 'VARCHAR',
    user_id: 'VARCHAR',
    kind: 'VARCHAR',
    at: 'TIMESTAMP',
    /** By the gateway's clock, which corrects that of the browser. */
    received_at: 'TIMESTAMP',
    arrived_at: 'TIMESTAMP',
    body: 'VARCHAR',
  },
} as const satisfies Table

export interface SilverEvents extends Table {
  readonly from: 'events' | 'behaviour'
  readonly kinds: readonly string[]
  /** Field of the body and its type, by column. */
  readonly fields: Readonly<Record<string, readonly [field: string, type: Type]>>
}

type Type = 'VARCHAR' | 'BIGINT' | 'BOOLEAN' | 'TIMESTAMP'

type Fields = Readonly<Partial<Record<Type, readonly string[]>>>

function silver(
  name: string,
  from: SilverEvents['from'],
  kinds: readonly string[],
  given: Fields,
): SilverEvents {
  const fields = Object.fromEntries(
    Object.entries(given).flatMap(([type, names]) =>
      names.map(field => [snake(field), [field, type as Type] as const]),
    ),
  )
  const columns = Object.fromEntries(
    Object.entries(fields).map(([column, [, type]]) => [column, type]),
  )
  const received = from === 'behaviour' ? { user_id: 'VARCHAR', received_at: 'TIMESTAMP' } : {}
  return { name, from, kinds, fields, columns: { ...PLACE, ...TIMES, ...received, ...columns } }
}

export const SILVER_EVENTS: readonly SilverEvents[] = [
  silver('operation_events', 'events', ['operation'], {
    VARCHAR: ['operationId', 'kind', 'userId', 'memberId', 'importId', 'status', 'code'],
    TIMESTAMP: ['createdAt', 'finishedAt'],
    BIGINT: ['items', 'refused'],
  }),
  silver('submission_events', 'events', ['submission'], {
    VARCHAR: ['txId', 'operationId', 'step', 'status', 'validationCode'],
    BIGINT: ['attempt', 'block'],
    TIMESTAMP: ['storedAt'],
    BOOLEAN: ['isHistory'],
  }),
  silver('import_events', 'events', ['import'], {
    VARCHAR: ['importId', 'userId', 'memberId', 'format', 'encoding', 'status', 'code'],
    TIMESTAMP: ['createdAt', 'finishedAt'],
    BIGINT: ['rows', 'accepted', 'refused', 'duplicates'],
  }),
  silver('session_events', 'events', ['session'], {
    VARCHAR: ['session', 'userId'],
    TIMESTAMP: ['openedAt', 'closedAt'],
  }),
  silver('login_failures', 'events', ['login_failure'], {
    VARCHAR: ['userId'],
    BIGINT: ['failures'],
    BOOLEAN: ['isLocked'],
  }),
  silver('user_events', 'events', ['user'], {
    VARCHAR: ['userId', 'memberId', 'roles', 'status'],
    BOOLEAN: ['isService'],
  }),
  silver('member_events', 'events', ['member'], {
    VARCHAR: ['memberId', 'mspId', 'kind', 'uscc'],
    BIGINT: ['tier'],
    BOOLEAN: ['isOwn'],
    TIMESTAMP: ['enrolledAt'],
  }),
  silver('audit_lines', 'events', ['audit', 'read'], {
    VARCHAR: ['userId', 'memberId', 'route', 'code', 'role', 'objectId'],
    BIGINT: ['status'],
  }),
  silver('behaviour', 'behaviour', ['page', 'click', 'error'], {
    VARCHAR: ['eventId', 'session', 'kind', 'page', 'control', 'code', 'language', 'viewport'],
    BIGINT: ['dwellMs'],
  }),
  silver('feedback', 'behaviour', ['feedback'], {
    VARCHAR: ['eventId', 'topic', 'page', 'text'],
    BIGINT: ['score'],
  }),
]

/** Each once, as its last event left it: what has ended has ended, whatever the history told of it later. */
const last = (events: string, id: string, ended: string): string =>
  `(SELECT * FROM lake.silver.${events}
    QUALIFY row_number() OVER (PARTITION BY ${id} ORDER BY ${ended} DESC, xid DESC, number DESC) = 1)`

export const SILVER_VIEWS: Readonly<Record<string, string>> = {
  operations: `SELECT operation_id, kind, user_id, member_id, import_id, status, code, items, refused, created_at,
      finished_at, epoch_ms(finished_at) - epoch_ms(created_at) AS duration_ms
    FROM ${last('operation_events', 'operation_id', '(finished_at IS NOT NULL)')}`,
  // From the moment before it was sent until the ledger's answer was known; of history only the first is.
  submissions: `SELECT tx_id, operation_id, step, attempt, status, validation_code, block, stored_at,
      CASE WHEN is_history THEN NULL ELSE "at" END AS ended_at,
      epoch_ms(ended_at) - epoch_ms(stored_at) AS duration_ms
    FROM ${last('submission_events', 'tx_id', '(block IS NOT NULL)')}`,
  imports: `SELECT import_id, user_id, member_id, format, encoding, status, code, rows, accepted, refused,
      duplicates, created_at, finished_at, epoch_ms(finished_at) - epoch_ms(created_at) AS duration_ms
    FROM (SELECT * FROM lake.silver.import_events
      QUALIFY row_number() OVER (PARTITION BY import_id ORDER BY xid DESC, number DESC) = 1)`,
  logins: `SELECT "session", user_id, opened_at, closed_at
    FROM ${last('session_events', '"session"', '(closed_at IS NOT NULL)')}`,
  users: `SELECT user_id, member_id, roles, status, is_service
    FROM ${last('user_events', 'user_id', 'true')}`,
  firms: `SELECT member_id, msp_id, kind, uscc, tier, is_own, enrolled_at
    FROM ${last('member_events', 'member_id', 'true')}`,
  exports: `SELECT xid, number, "at", user_id, member_id, route, status, code
    FROM lake.silver.audit_lines WHERE route LIKE '%export%'`,
}
