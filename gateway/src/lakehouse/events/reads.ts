/** What auditors and compliance look at is told as well: how much of the book a person has seen, and in what time. */
import type { Database } from '../../platform/database/database.ts'
import type { ReadEntry } from '../../platform/http/bind.ts'
import type { Role } from '../../platform/http/route.ts'
import type { Log } from '../../platform/log.ts'

const WATCHED: readonly Role[] = ['auditor', 'compliance']

/** @returns what is called for every answered read; it never fails, and does nothing while no lake reads. */
export function createReadTeller(database: Database, log: Log): (entry: ReadEntry) => void {
  return ({ caller, route, objectId }) => {
    const role = WATCHED.find(one => caller.roles.includes(one))
    if (!role) return
    const body = {
      userId: caller.userId,
      role,
      route,
      status: 200,
      ...(objectId ? { objectId } : {}),
    }
    database
      .execute(
        `INSERT INTO outbox (kind, body) SELECT 'read', $1::jsonb
         FROM outbox_reader WHERE read_until > now()`,
        [JSON.stringify(body)],
      )
      .catch((error: unknown) => log.warn({ err: error, route }, 'a read was not told'))
  }
}
