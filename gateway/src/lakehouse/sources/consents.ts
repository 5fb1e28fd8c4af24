/**
 * Who has said yes to which source, when, in which form, and until when. A row is never deleted: what was kept while a
 * consent stood has to be accounted for after it was withdrawn.
 */
import type { Migration } from '../../platform/database/migrate.ts'
import type { Database, Queryable, Row } from '../../platform/database/database.ts'
import { Where } from '../../platform/database/paging.ts'
import { CodedError, unknownObject } from '../../platform/faults.ts'
import type { Secrets } from '../../platform/secrets.ts'
import { requestForWithdrawal } from '../privacy/requests.ts'
import { sourceOf } from './catalogue/index.ts'
import { subjectText, type Consents, type Given, type Numbers } from './sink.ts'
import { needsConsent, type ConsentBasis, type SourceName, type Subject } from './source.ts'

export const sourcesMigration: Migration = {
  id: '011-lake-sources',
  sql: `
  CREATE TABLE source_consents (
    consent_id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    source text NOT NULL,
    form text NOT NULL,
    evidence_document_id text,
    -- As exact as a cursor of the list is.
    granted_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now()),
    granted_by text NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text
  );
  CREATE UNIQUE INDEX source_consents_standing
    ON source_consents (source, subject_kind, subject_id) WHERE withdrawn_at IS NULL;
  CREATE INDEX source_consents_granted ON source_consents (granted_at, consent_id);`,
}

/**
 * Numbers of consents, so that a source can be made to tell again for those given since. Whoever counts holds the
 * source's row until the consent is there: nobody sees a number before every smaller one.
 */
export const lateConsentsMigration: Migration = {
  id: '019-late-consents',
  sql: `
  CREATE TABLE source_grants (source text PRIMARY KEY, number int NOT NULL);
  ALTER TABLE source_consents ADD COLUMN number int;
  UPDATE source_consents SET number = counted.number FROM (
    SELECT consent_id,
      row_number() OVER (PARTITION BY source ORDER BY granted_at, consent_id) AS number
    FROM source_consents) AS counted WHERE counted.consent_id = source_consents.consent_id;
  ALTER TABLE source_consents ALTER COLUMN number SET NOT NULL;
  INSERT INTO source_grants SELECT source, max(number) FROM source_consents GROUP BY source;
  CREATE UNIQUE INDEX source_consents_number ON source_consents (source, number);
  CREATE INDEX source_consents_subject ON source_consents (source, subject_kind, subject_id);`,
}

/** Withdrawals wait for what is being written on the ground of the consent, and count from then on. */
export interface ConsentRegister extends Consents {
  /**
   * Runs `work` with those of the asked (`kind/id` by source) who consent; none of them can withdraw before it ends.
   */
  holding<T>(
    asked: ReadonlyMap<SourceName, readonly string[]>,
    work: (granted: ReadonlyMap<SourceName, ReadonlySet<string>>) => Promise<T>,
  ): Promise<T>
}

export function createConsents(database: Database): ConsentRegister {
  return {
    granted: (source, subjects, numbers) =>
      standing(database, source, subjects.map(subjectText), { numbers }),
    async given(source, after) {
      const [row] = await database.query<Row & Given>(
        `SELECT count(*)::int AS count, coalesce(max(number), $2::int) AS "upTo",
           count(*) FILTER (WHERE EXISTS (SELECT 1 FROM source_consents w
             WHERE w.source = c.source AND w.subject_kind = c.subject_kind
               AND w.subject_id = c.subject_id AND w.withdrawn_at IS NOT NULL))::int AS again
         FROM source_consents c WHERE source = $1 AND number > $2 AND withdrawn_at IS NULL`,
        [source, after],
      )
      return row ?? { count: 0, again: 0, upTo: after }
    },
    async holding(asked, work) {
      const due = [...asked].filter(([, subjects]) => subjects.length > 0)
      if (due.length === 0) return work(new Map())
      return database.transaction(async held => {
        const granted = new Map<SourceName, ReadonlySet<string>>()
        for (const [source, subjects] of due)
          granted.set(source, await standing(held, source, subjects, { lock: 'FOR SHARE' }))
        return work(granted)
      })
    },
  }
}

async function standing(
  database: Queryable,
  source: SourceName,
  subjects: readonly string[],
  { lock = '', numbers }: { readonly lock?: string; readonly numbers?: Numbers | undefined },
): Promise<ReadonlySet<string>> {
  const rows = await database.query<{ subject: string }>(
    `SELECT subject_kind || '/' || subject_id AS subject FROM source_consents
     WHERE source = $1 AND (subject_kind || '/' || subject_id) = ANY($2)
       AND withdrawn_at IS NULL AND ($3::int IS NULL OR number BETWEEN $3 + 1 AND $4) ${lock}`,
    [source, subjects, numbers?.after ?? null, numbers?.upTo ?? null],
  )
  return new Set(rows.map(({ subject }) => subject))
}

export const CONSENT_FORMS = ['WRITTEN_CONSENT', 'SEPARATE_CONSENT', 'OPT_IN'] as const
export type ConsentForm = (typeof CONSENT_FORMS)[number]

export interface Consent {
  readonly consentId: string
  readonly subject: Subject
  readonly source: SourceName
  readonly form: ConsentForm
  readonly evidenceDocumentId?: string
  readonly grantedAt: string
  readonly grantedBy: string
  readonly withdrawnAt?: string
  readonly withdrawnBy?: string
  /** The deletion that the withdrawal has asked for. */
  readonly erasureId?: string
}

interface ConsentRow extends Row {
  consent_id: string
  subject_kind: Subject['kind']
  subject_id: string
  source: SourceName
  form: ConsentForm
  evidence_document_id: string | null
  granted_at: string
  granted_by: string
  withdrawn_at: string | null
  withdrawn_by: string | null
  erasure_id: string | null
}

const CONSENTS = `(SELECT c.*, e.erasure_id FROM source_consents c
  LEFT JOIN lake_erasures e ON e.consent_id = c.consent_id) AS consents`

const consentOf = (row: ConsentRow): Consent => ({
  consentId: row.consent_id,
  subject: { kind: row.subject_kind, id: row.subject_id },
  source: row.source,
  form: row.form,
  ...(row.evidence_document_id === null ? {} : { evidenceDocumentId: row.evidence_document_id }),
  grantedAt: row.granted_at,
  grantedBy: row.granted_by,
  ...(row.withdrawn_at === null ? {} : { withdrawnAt: row.withdrawn_at }),
  ...(row.withdrawn_by === null ? {} : { withdrawnBy: row.withdrawn_by }),
  ...(row.erasure_id === null ? {} : { erasureId: row.erasure_id }),
})

export interface Granting extends Pick<Consent, 'subject' | 'source' | 'form'> {
  readonly evidenceDocumentId?: string | undefined
}

/**
 * Notes a yes; one that stands already is answered as it is.
 *
 * @throws CodedError CONSENT_NOT_ASKED, CONSENT_FORM, CONSENT_EVIDENCE: of what the source's own ground asks for.
 */
export async function grantConsent(
  database: Queryable,
  granting: Granting,
  userId: string,
): Promise<Consent> {
  requireGround(granting)
  const { subject, source, form, evidenceDocumentId } = granting
  await database.execute(
    `WITH counted AS (
       INSERT INTO source_grants AS known (source, number)
       SELECT $3, 1 WHERE NOT EXISTS (SELECT 1 FROM source_consents WHERE source = $3
         AND subject_kind = $1 AND subject_id = $2 AND withdrawn_at IS NULL)
       ON CONFLICT (source) DO UPDATE SET number = known.number + 1 RETURNING number)
     INSERT INTO source_consents
       (subject_kind, subject_id, source, form, evidence_document_id, granted_by, number)
     SELECT $1, $2, $3, $4, $5, $6, number FROM counted
     ON CONFLICT (source, subject_kind, subject_id) WHERE withdrawn_at IS NULL DO NOTHING`,
    [subject.kind, subject.id, source, form, evidenceDocumentId ?? null, userId],
  )
  const [row] = await database.query<ConsentRow>(
    `SELECT * FROM ${CONSENTS} WHERE source = $1 AND subject_kind = $2 AND subject_id = $3
     ORDER BY withdrawn_at IS NULL DESC, granted_at DESC LIMIT 1`,
    [source, subject.kind, subject.id],
  )
  if (!row) throw unknownObject('consent')
  return consentOf(row)
}

function requireGround({ subject, source, form, evidenceDocumentId }: Granting): void {
  const basis: ConsentBasis | undefined = sourceOf(source).consent[subject.kind]
  if (!basis || !needsConsent(sourceOf(source), subject.kind))
    throw new CodedError('CONSENT_NOT_ASKED', {
      detail: basis ? `kept on the ground ${basis.kind}` : 'no such subject of this source',
    })
  if (basis.kind !== form)
    throw new CodedError('CONSENT_FORM', { status: 422, detail: `the law asks for ${basis.kind}` })
  if (form === 'WRITTEN_CONSENT' && evidenceDocumentId === undefined)
    throw new CodedError('CONSENT_EVIDENCE', { status: 422, detail: 'name what was signed' })
}

/**
 * From its answer on nothing new of the subject and the source is kept, and what was kept is to be deleted: both stand
 * in one transaction. A second time changes nothing.
 */
export async function withdrawConsent(
  database: Database,
  secrets: Secrets,
  { consentId, by }: { readonly consentId: string; readonly by: string },
): Promise<Consent> {
  return database.transaction(async tx => {
    const [ended] = await tx.query<ConsentRow>(
      `UPDATE source_consents SET withdrawn_at = now(), withdrawn_by = $2
       WHERE consent_id = $1 AND withdrawn_at IS NULL RETURNING *, NULL AS erasure_id`,
      [consentId, by],
    )
    if (ended) {
      const { subject, source } = consentOf(ended)
      await requestForWithdrawal(tx, secrets, { consentId, subject, source, by })
    }
    const [row] = await tx.query<ConsentRow>(`SELECT * FROM ${CONSENTS} WHERE consent_id = $1`, [
      consentId,
    ])
    if (!row) throw unknownObject('consent')
    return consentOf(row)
  })
}

/** Gives a consent that stands a new number: records were passed over, or deleted, after it had its old one. */
export async function tellAgain(
  database: Queryable,
  source: SourceName,
  { kind, id }: Subject,
): Promise<void> {
  await database.execute(
    `WITH counted AS (
       INSERT INTO source_grants AS known (source, number)
       SELECT $1, 1 WHERE EXISTS (SELECT 1 FROM source_consents WHERE source = $1
         AND subject_kind = $2 AND subject_id = $3 AND withdrawn_at IS NULL)
       ON CONFLICT (source) DO UPDATE SET number = known.number + 1 RETURNING number)
     UPDATE source_consents SET number = counted.number FROM counted
     WHERE source = $1 AND subject_kind = $2 AND subject_id = $3 AND withdrawn_at IS NULL`,
    [source, kind, id],
  )
}

export interface ConsentFilter {
  readonly source?: SourceName | undefined
  readonly subjectId?: string | undefined
  readonly standing?: boolean | undefined
}

/** Newest first; `limit + 1` of them, so that a page knows whether another one follows. */
export async function listConsents(
  database: Queryable,
  { source, subjectId, standing: isStanding }: ConsentFilter,
  { limit, after }: { readonly limit: number; readonly after: readonly string[] | undefined },
): Promise<Consent[]> {
  const where = new Where().maybe('source = ?', source).maybe('subject_id = ?', subjectId)
  if (isStanding !== undefined) where.and(`(withdrawn_at IS NULL) = ?`, isStanding)
  if (after) where.and('(granted_at, consent_id) < (?::timestamptz, ?)', ...after)
  const rows = await database.query<ConsentRow>(
    `SELECT * FROM ${CONSENTS} ${where.sql}
     ORDER BY granted_at DESC, consent_id DESC LIMIT ${limit + 1}`,
    where.values,
  )
  return rows.map(consentOf)
}
