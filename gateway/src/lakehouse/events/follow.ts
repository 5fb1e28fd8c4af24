/** Brings what the outbox holds into the lake: each event once, and out of the outbox when it is there. */
import type { Database } from '../../platform/database/database.ts'
import type { Engine } from '../engine.ts'
import { LAKE, STAGING } from '../names.ts'
import { movePosition, positionOf } from '../positions.ts'
import type { Cell } from '../session.ts'
import { pull, type LakeParts, type Stream } from '../stream.ts'
import { silverEvents, silverPlace } from './family.ts'
import {
  attend,
  isEmpty,
  parsePlace,
  placeText,
  prune,
  readOutbox,
  waiting,
  type OutboxRow,
} from './outbox.ts'
import { SILVER_EVENTS, type SilverEvents } from './tables.ts'

export const EVENTS_STREAM = 'events'
const PAUSE_MS = 5_000
const BATCH_ROWS = 5_000

/** Kinds that the routes of behaviour write; everything else is the gateway's own. */
const OF_PORTALS = new Set(['page', 'click', 'error', 'feedback'])

export interface Taking {
  readonly engine: Engine
  readonly database: Database
  readonly rows?: number
  readonly nowMs?: () => number
}

/** @returns how many rows of the outbox were brought. */
export async function takeEvents({
  engine,
  database,
  rows: limit = BATCH_ROWS,
  nowMs = Date.now,
}: Taking): Promise<number> {
  // The lake is not asked while there is nothing to bring.
  if (await isEmpty(database)) return 0
  const after = await positionOf(engine, EVENTS_STREAM)
  const place = parsePlace(after)
  await prune(database, place)
  const rows = await readOutbox(database, place, limit)
  const lastRow = rows.at(-1)
  if (!lastRow) return 0
  const arrived = BigInt(nowMs()) * 1000n
  const own = rows.filter(({ kind }) => !OF_PORTALS.has(kind))
  const portals = rows.filter(({ kind }) => OF_PORTALS.has(kind))
  const staged = {
    events: own.map(row => eventCells(row, arrived)),
    behaviour: portals.map(row => behaviourCells(row, arrived)),
  }
  await engine.write(staged, async transaction => {
    await movePosition(transaction, EVENTS_STREAM, { after, to: placeText(lastRow) })
    if (own.length > 0) await transaction.run(insertOf('events', STAGED_EVENTS))
    if (portals.length > 0) await transaction.run(insertOf('behaviour', NEW_BEHAVIOUR))
    const kinds = new Set(rows.map(({ kind }) => kind))
    for (const table of SILVER_EVENTS.filter(one => one.kinds.some(kind => kinds.has(kind))))
      await transaction.run(silverInsert(table, rows))
  })
  return rows.length
}

const insertOf = (table: string, rows: string): string =>
  `INSERT INTO ${LAKE}.bronze.${table} ${rows}`

const STAGED_EVENTS = `FROM ${STAGING}.events`

/**
 * A browser sends again what it was not told of as received: the same user, event and time is the same event. The time
 * keeps the search to the few files of that time.
 */
const NEW_BEHAVIOUR = `
  SELECT * FROM (FROM ${STAGING}.behaviour
    QUALIFY row_number() OVER (PARTITION BY user_id, event_id ORDER BY xid, number) = 1) staged
  WHERE NOT EXISTS (SELECT 1 FROM ${LAKE}.bronze.behaviour known
    WHERE known.user_id = staged.user_id AND known.event_id = staged.event_id
      AND known."at" BETWEEN (SELECT min("at") FROM ${STAGING}.behaviour) - INTERVAL 1 DAY
        AND (SELECT max("at") FROM ${STAGING}.behaviour) + INTERVAL 1 DAY)`

/** Of behaviour only what was new has come into bronze, and the numbers of the rows say which. */
function silverInsert(table: SilverEvents, rows: readonly OutboxRow[]): string {
  const into = `INSERT INTO ${silverPlace(table)}`
  if (table.from === 'events') return `${into} ${silverEvents(table, `${STAGING}.events`)}`
  const numbers = rows.map(({ number }) => BigInt(number))
  const low = numbers.reduce((least, one) => (one < least ? one : least))
  const brought = `(FROM ${LAKE}.bronze.behaviour WHERE number >= ${low}
    AND (xid, number) IN (SELECT (xid, number) FROM ${STAGING}.behaviour))`
  return `${into} ${silverEvents(table, brought)}`
}

const eventCells = ({ xid, number, kind, at_us: at, body }: OutboxRow, arrived: bigint): Cell[] => [
  BigInt(xid),
  BigInt(number),
  kind,
  BigInt(at),
  arrived,
  body,
]

function behaviourCells(row: OutboxRow, arrived: bigint): Cell[] {
  const { eventId, userId, at } = JSON.parse(row.body) as Record<
    'eventId' | 'userId' | 'at',
    string
  >
  return [
    BigInt(row.xid),
    BigInt(row.number),
    eventId,
    userId,
    row.kind,
    BigInt(Date.parse(at)) * 1000n,
    BigInt(row.at_us),
    arrived,
    row.body,
  ]
}

/** The stream of every lake: what the gateway does is always told. */
export function startEvents(parts: LakeParts): Stream {
  const { engine, database, journal } = parts
  /** Until it has a position, which it keeps. */
  let isNewLake = true
  return pull(
    {
      name: EVENTS_STREAM,
      pauseMs: PAUSE_MS,
      async take() {
        isNewLake &&= (await positionOf(engine, EVENTS_STREAM)) === undefined
        await attend(database, { isNewLake })
        const rows = await takeEvents({ engine, database })
        if (rows === 0) return 'CAUGHT_UP'
        const place = parsePlace(await positionOf(engine, EVENTS_STREAM))
        const left = await waiting(database, place)
        journal.stream(EVENTS_STREAM, {
          facts: { brought: rows, waiting: left.rows, waitingSince: left.oldestAt },
        })
        return rows === BATCH_ROWS ? 'MORE' : 'CAUGHT_UP'
      },
    },
    parts,
  )
}
