/** Events of portals go the way of all events: into the outbox, and from there into the lake. */
import type { Queryable } from '../platform/database/database.ts'

export interface PortalEvent {
  readonly kind: 'page' | 'click' | 'error' | 'feedback'
  readonly eventId: string
  readonly userId: string
  /** By the gateway's clock. */
  readonly at: string
  readonly [field: string]: unknown
}

/** Nothing where no lake reads; answers how many were written. */
export async function tellLake(
  database: Queryable,
  events: readonly PortalEvent[],
): Promise<number> {
  if (events.length === 0) return 0
  return database.execute(
    `INSERT INTO outbox (kind, body) SELECT e->>'kind', e
     FROM jsonb_array_elements($1::jsonb) e, outbox_reader WHERE read_until > now()`,
    [JSON.stringify(events)],
  )
}

export interface Standing {
  readonly choice: 'NONE' | 'ALLOWED' | 'REFUSED'
  readonly isAttended: boolean
}

export async function standingOf(database: Queryable, userId: string): Promise<Standing> {
  const [row] = await database.query<{ choice: Standing['choice']; attended: boolean }>(
    `SELECT coalesce((SELECT choice FROM behaviour_choices WHERE user_id = $1), 'NONE') AS choice,
       EXISTS (SELECT 1 FROM outbox_reader WHERE read_until > now()) AS attended`,
    [userId],
  )
  return { choice: row?.choice ?? 'NONE', isAttended: row?.attended ?? false }
}

/** What a user who refuses has not yet left behind in the lake is dropped; what is there is deleted on demand. */
export async function choose(
  tx: Queryable,
  chosen: { userId: string; choice: 'ALLOWED' | 'REFUSED'; notice: number },
): Promise<void> {
  await tx.execute(
    `INSERT INTO behaviour_choices (user_id, choice, notice) VALUES ($1, $2, $3)
     ON CONFLICT (user_id) DO UPDATE SET choice = $2, notice = $3, at = now()`,
    [chosen.userId, chosen.choice, chosen.notice],
  )
  await tx.execute(
    `INSERT INTO outbox (kind, body) SELECT 'behaviour_choice', $1::jsonb
     FROM outbox_reader WHERE read_until > now()`,
    [JSON.stringify(chosen)],
  )
  if (chosen.choice === 'REFUSED')
    await tx.execute(
      `DELETE FROM outbox WHERE kind IN ('page', 'click', 'error') AND body->>'userId' = $1`,
      [chosen.userId],
    )
}
