/** Requests to forget somebody: who asked, who agreed, how far the work is. Whom, is sealed until it is done. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Database, Queryable } from '../../platform/database/database.ts'
import { CodedError, unknownObject } from '../../platform/faults.ts'
import type { Secrets } from '../../platform/secrets.ts'
import type { SourceName, Subject } from '../sources/source.ts'
import { FORGOTTEN_KEY } from './forgotten.ts'
import type { Proof } from './proof.ts'
import { listTag, parseSubject, subjectText } from './subject.ts'

/** Why it may be asked for: the cases of PIPL art. 47, in order; no text of a person's own stands in a proof. */
export const REASONS = [
  'PURPOSE_ENDED',
  'SERVICE_OR_PERIOD_ENDED',
  'CONSENT_WITHDRAWN',
  'UNLAWFUL',
  'OTHER_LAW',
] as const
export type Reason = (typeof REASONS)[number]

/**
 * REQUESTED waits for a second person. LISTED: what a source sends again is refused. ERASED: out of the tables.
 * PURGED: out of the files. DONE: nothing was found, and the proof is signed.
 */
export const STEPS = [
  'REQUESTED',
  'REFUSED',
  'APPROVED',
  'LISTED',
  'ERASED',
  'PURGED',
  'DONE',
] as const
export type Step = (typeof STEPS)[number]

export interface ErasureRow extends Record<string, unknown> {
  readonly erasure_id: string
  readonly kind: Subject['kind']
  /** HMAC of the organisation. */
  readonly subject: string
  readonly sealed: Buffer | null
  readonly source: SourceName | null
  readonly reason: Reason
  readonly step: Step
  readonly step_at: string
  readonly fault: string | null
  readonly requested_by: string
  readonly requested_at: string
  readonly decided_by: string | null
  readonly decided_at: string | null
  readonly first_snapshot: string | null
  /** The one that was withdrawn, where that is why. */
  readonly consent_id: string | null
  readonly proof: Proof | null
}

const SEALED = 'lake erasure'

/** What only the work itself may know: whom, and the nonce of the proof. */
export interface Secret {
  readonly subject: Subject
  readonly nonce: string
}

export function openSecret(secrets: Secrets, row: ErasureRow): Secret {
  if (!row.sealed) throw new CodedError('ERASURE_ENDED', { detail: row.erasure_id })
  const { subject, nonce } = JSON.parse(secrets.open(SEALED, row.sealed).toString('utf8')) as {
    subject: string
    nonce: string
  }
  return { subject: parseSubject(subject), nonce }
}

export interface Asked {
  readonly subject: Subject
  readonly source: SourceName | undefined
  readonly reason: Reason
  readonly by: string
}

export const requestErasure = (
  database: Queryable,
  secrets: Secrets,
  asked: Asked,
): Promise<string> => note(database, secrets, { ...asked, step: 'REQUESTED', consentId: null })

export interface Withdrawn {
  readonly consentId: string
  readonly subject: Subject
  readonly source: SourceName
  readonly by: string
}

/**
 * What rests on a consent alone goes when it is withdrawn (PIPL art. 47). Nobody may refuse that, so nobody is asked: it
 * stands decided, by no person.
 *
 * @param database the transaction that withdraws.
 */
export const requestForWithdrawal = (
  database: Queryable,
  secrets: Secrets,
  withdrawn: Withdrawn,
): Promise<string> =>
  note(database, secrets, { ...withdrawn, reason: 'CONSENT_WITHDRAWN', step: 'APPROVED' })

interface Noted extends Asked {
  readonly step: Extract<Step, 'REQUESTED' | 'APPROVED'>
  readonly consentId: string | null
}

async function note(
  database: Queryable,
  secrets: Secrets,
  { subject, source, reason, by, step, consentId }: Noted,
): Promise<string> {
  const id = randomUUID()
  const secret = { subject: subjectText(subject), nonce: randomBytes(32).toString('hex') }
  await database.execute(
    `INSERT INTO lake_erasures (erasure_id, kind, subject, sealed, source, reason, step,
       requested_by, requested_at, consent_id, decided_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now(), $9, CASE WHEN $7 = 'APPROVED' THEN now() END)`,
    [
      id,
      subject.kind,
      listTag(secrets.derive(FORGOTTEN_KEY), subject),
      secrets.seal(SEALED, Buffer.from(JSON.stringify(secret))),
      source ?? null,
      reason,
      step,
      by,
      consentId,
    ],
  )
  return id
}

/**
 * A second person agrees or refuses; a request that is refused keeps no name.
 *
 * @throws CodedError MAKER_IS_CHECKER, ERASURE_DECIDED, OBJECT_UNKNOWN
 */
export async function decideErasure(
  database: Database,
  id: string,
  { by, approve }: { readonly by: string; readonly approve: boolean },
): Promise<void> {
  await database.transaction(async tx => {
    const [row] = await tx.query<ErasureRow>(
      'SELECT * FROM lake_erasures WHERE erasure_id = $1 FOR UPDATE',
      [id],
    )
    if (!row) throw unknownObject('erasure')
    if (row.requested_by === by) throw new CodedError('MAKER_IS_CHECKER')
    if (row.step !== 'REQUESTED') throw new CodedError('ERASURE_DECIDED', { detail: row.step })
    await tx.execute(
      `UPDATE lake_erasures SET step = $2, step_at = now(), decided_by = $3, decided_at = now(),
         sealed = CASE WHEN $2 = 'APPROVED' THEN sealed END WHERE erasure_id = $1`,
      [id, approve ? 'APPROVED' : 'REFUSED', by],
    )
  })
}

export async function readErasure(database: Queryable, id: string): Promise<ErasureRow> {
  const [row] = await database.query<ErasureRow>(
    'SELECT * FROM lake_erasures WHERE erasure_id = $1',
    [id],
  )
  if (!row) throw unknownObject('erasure')
  return row
}

/** The oldest that is agreed to and not done; one that does not come to its end lets the others go first. */
export async function nextErasure(database: Queryable): Promise<ErasureRow | undefined> {
  const [row] = await database.query<ErasureRow>(
    `SELECT * FROM lake_erasures WHERE step IN ('APPROVED', 'LISTED', 'ERASED', 'PURGED')
     ORDER BY fault IS NOT NULL, requested_at LIMIT 1`,
  )
  return row
}

/** Who has the machine has the files: at its console one person is enough, and the audit log says who it was. */
export async function approveAtConsole(database: Database, id: string, by: string): Promise<void> {
  await database.transaction(async tx => {
    await tx.execute(
      `UPDATE lake_erasures SET step = 'APPROVED', step_at = now(), decided_by = $2, decided_at = now()
       WHERE erasure_id = $1 AND step = 'REQUESTED'`,
      [id, by],
    )
    await tx.execute(
      `INSERT INTO audit (user_id, route, idempotency_key, status) VALUES ($1, $2, $3, 200)`,
      [by, 'triflow lake forget', id],
    )
  })
}
