/**
 * The side of the outbox that is read. Transactions commit in another order than they begin; so only those are read
 * before which nothing is open any more, in the order of their numbers: whoever comes later has a higher one, and no
 * position is ever passed by.
 */
import type { Database, Queryable } from '../../platform/database/database.ts'
import { CodedError } from '../../platform/faults.ts'
import { HISTORY_KINDS, historyOf, READER_DAYS, TOLD_TABLES } from './schema.ts'

export interface OutboxRow extends Record<string, unknown> {
  readonly xid: string
  readonly number: string
  readonly kind: string
  /** Microseconds since 1970. */
  readonly at_us: string
  readonly body: string
}

/** Transaction and number of the last row that was read. */
export interface Place {
  readonly xid: string
  readonly number: string
}

export const START: Place = { xid: '0', number: '0' }

export const placeText = ({ xid, number }: Place): string => `${xid}/${number}`

export function parsePlace(text: string | undefined): Place {
  const [xid, number] = (text ?? '0/0').split('/')
  return { xid: xid ?? '0', number: number ?? '0' }
}

const RENEW_HOURS = 24

/**
 * From now on the gateway tells what it does; the first time it also tells what is there already, and so it does to a
 * lake that begins anew after another one. What was not told while the reader was given up is told as a gap.
 */
export async function attend(
  database: Database,
  { isNewLake = false }: { isNewLake?: boolean } = {},
): Promise<void> {
  const [reader] = await database.query<{ hours: number; pruned: boolean }>(
    `SELECT extract(epoch FROM read_until - now())::float8 / 3600 AS hours, pruned FROM outbox_reader`,
  )
  const isAgain = reader !== undefined && reader.pruned && isNewLake
  const isLate = reader !== undefined && reader.hours <= READER_DAYS * 24 - RENEW_HOURS
  if (reader && !isAgain && !isLate) return
  await database.transaction(async tx => {
    if (reader && isLate) await renew(tx)
    if (isAgain) await beginAgain(tx)
    if (!reader) await begin(tx)
  })
}

const UNTIL = `now() + make_interval(days => ${READER_DAYS})`

async function renew(tx: Queryable): Promise<void> {
  await tx.execute(
    `INSERT INTO outbox (kind, body)
     SELECT 'gap', jsonb_build_object('from', read_until, 'to', now())
     FROM outbox_reader WHERE read_until <= now()`,
  )
  await tx.execute(`UPDATE outbox_reader SET read_until = ${UNTIL}`)
}

/** Writers wait meanwhile: a row that neither the history nor a trigger tells of cannot be. */
const LOCK = `LOCK TABLE ${TOLD_TABLES.join(', ')} IN SHARE ROW EXCLUSIVE MODE`

async function begin(tx: Queryable): Promise<void> {
  await tx.execute(LOCK)
  const made = await tx.execute(
    `INSERT INTO outbox_reader (read_until) VALUES (${UNTIL}) ON CONFLICT DO NOTHING`,
  )
  if (made === 0) return
  for (const sql of historyOf()) await tx.execute(sql)
}

async function beginAgain(tx: Queryable): Promise<void> {
  await tx.execute(LOCK)
  const due = await tx.execute('UPDATE outbox_reader SET pruned = false WHERE pruned')
  if (due === 0) return
  await tx.execute('DELETE FROM outbox WHERE kind = ANY($1)', [HISTORY_KINDS])
  for (const sql of historyOf()) await tx.execute(sql)
}

export async function isEmpty(database: Queryable): Promise<boolean> {
  return (await database.query('SELECT 1 FROM outbox LIMIT 1')).length === 0
}

/** Forgets what the lake has. */
export async function prune(database: Queryable, { xid, number }: Place): Promise<void> {
  await database.execute(
    `WITH gone AS (DELETE FROM outbox WHERE (xid, number) <= ($1::text::xid8, $2::bigint) RETURNING 1)
     UPDATE outbox_reader SET pruned = true WHERE NOT pruned AND EXISTS (SELECT 1 FROM gone)`,
    [xid, number],
  )
}

/**
 * What comes behind a place, in order.
 *
 * @throws CodedError OUTBOX_REWOUND where the place lies in the future of this database: it was restored into a server
 * that counts its transactions anew, and what it tells next would be passed by.
 */
export async function readOutbox(
  database: Queryable,
  after: Place,
  limit: number,
): Promise<OutboxRow[]> {
  const [future] = await database.query<{ is_future: boolean }>(
    'SELECT $1::text::xid8 >= pg_snapshot_xmax(pg_current_snapshot()) AS is_future',
    [after.xid],
  )
  if (future?.is_future)
    throw new CodedError('OUTBOX_REWOUND', {
      detail: `the lake is at transaction ${after.xid}, which this database has not reached`,
    })
  return database.query<OutboxRow>(
    `SELECT xid::text AS xid, number::text AS number, kind, body::text AS body,
       (extract(epoch FROM at) * 1000000)::bigint::text AS at_us
     FROM outbox o
     WHERE (o.xid, o.number) > ($1::text::xid8, $2::bigint)
       AND o.xid < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY o.xid, o.number LIMIT $3`,
    [after.xid, after.number, limit],
  )
}

export interface Waiting {
  readonly rows: number
  readonly oldestAt: string | null
}

/** For the status: how much lies behind the place of the lake, and since when. */
export async function waiting(database: Queryable, { xid, number }: Place): Promise<Waiting> {
  const [row] = await database.query<{ rows: number; oldest: string | null }>(
    `SELECT count(*)::int AS rows, min(at) AS oldest FROM outbox
     WHERE (xid, number) > ($1::text::xid8, $2::bigint)`,
    [xid, number],
  )
  return { rows: row?.rows ?? 0, oldestAt: row?.oldest ?? null }
}
