import { z } from 'zod'
import { routes } from '../../platform/http/route.ts'
import { Id, Instant, pageOf, PageQuery } from '../../platform/http/schemas.ts'
import { CONSENT_FORMS } from './consents.ts'
import { MASKINGS } from './fields.ts'
import { DEAD_CODES } from './sink.ts'
import { SOURCE_NAMES, SUBJECT_KINDS } from './source.ts'

const Words = z.object({ zh: z.string(), en: z.string() })
const Counts = z.record(z.string(), z.int())

const Ground = Words.extend({
  status: z
    .enum(['V', 'S'])
    .describe('V: read in the text of the statute; S: from a secondary source, to be confirmed'),
})

const Basis = z.object({
  kind: z.enum(['CONTRACT', 'PUBLIC_RECORD', ...CONSENT_FORMS]),
  grounds: z.array(Ground),
})

const Retelling = z.object({
  begunAt: Instant,
  read: z.int(),
  kept: z.int().describe('Records of those who have consented since they were passed over'),
})

export const LakeSource = z
  .object({
    source: z.enum(SOURCE_NAMES),
    words: Words,
    origin: z.enum(['PULLED', 'LEDGER']).describe('LEDGER: computed from the ledger itself'),
    freshDays: z.number().describe('Older than this, the newest event makes the source STALE'),
    retention: z.string(),
    consent: z
      .object({ MEMBER: Basis.optional(), PERSON: Basis.optional() })
      .describe('On which ground a record is kept, by kind of subject'),
    fields: z.array(
      z.object({
        name: z.string(),
        column: z.string().describe('In `silver.source_<source>`'),
        type: z.string(),
        words: Words,
        masking: z.enum(MASKINGS),
        required: z.boolean(),
      }),
    ),
    state: z.enum(['FRESH', 'STALE', 'FAILING', 'NEVER']),
    fault: z.string().optional(),
    faultSince: Instant.optional(),
    failures: z.int().optional().describe('Failed attempts in a row'),
    lastEventAt: Instant.optional(),
    lastArrivalAt: Instant.optional(),
    records: z.int(),
    deadLetters: z.int(),
    deadByCode: Counts,
    duplicates: z.int(),
    withoutConsent: z.int().describe('Of subjects who had not said yes; nothing of them is kept'),
    lateConsents: z
      .int()
      .describe('Consents given since records were passed over; the source is made to tell again'),
    retelling: Retelling.optional().describe('It tells again from its beginning'),
    retold: Retelling.extend({ endedAt: Instant }).optional().describe('The last time it has'),
    drift: Counts.describe('Fields that the schema does not have, and how often each came'),
    nextAttemptAt: Instant.optional(),
    circuit: z.enum(['CLOSED', 'OPEN']).optional().describe('OPEN: left alone for a while'),
    saidAt: Instant.optional().describe('When its process last said something new'),
  })
  .meta({ id: 'LakeSource' })
export type LakeSource = z.infer<typeof LakeSource>

export const DeadLetter = z
  .object({
    number: z.int(),
    code: z.enum(DEAD_CODES),
    path: z.string().describe('Field of the record; never a value'),
    isCut: z.boolean(),
    raw: z.string().optional().describe('As it came; shown to the role compliance alone'),
    arrivedAt: Instant,
  })
  .meta({ id: 'DeadLetter' })

const Subject = z.object({
  kind: z.enum(SUBJECT_KINDS),
  id: z.string().max(64).describe('Credit code of a member; reference of a person'),
})

export const Consent = z
  .object({
    consentId: z.string(),
    subject: Subject,
    source: z.enum(SOURCE_NAMES),
    form: z.enum(CONSENT_FORMS),
    evidenceDocumentId: z.string().optional(),
    grantedAt: Instant,
    grantedBy: z.string(),
    withdrawnAt: Instant.optional(),
    withdrawnBy: z.string().optional(),
    erasureId: Id.optional().describe('The deletion that the withdrawal has asked for'),
  })
  .meta({ id: 'Consent' })

const LOOKS = ['operator', 'auditor', 'compliance'] as const
const NOTES = ['operator', 'compliance'] as const

export const sourceRoutes = routes({
  'lake.sources': {
    method: 'GET',
    path: '/v1/lake/sources',
    summary: 'The thirteen sources: what each is, on which ground it is kept, and how it stands',
    access: LOOKS,
    organization: true,
    response: z.object({ items: z.array(LakeSource) }),
  },
  'lake.deadLetters': {
    method: 'GET',
    path: '/v1/lake/sources/:source/dead-letters',
    summary: 'What a source has sent that could not be kept, newest first',
    access: LOOKS,
    organization: true,
    params: z.object({ source: z.enum(SOURCE_NAMES) }),
    query: PageQuery,
    response: pageOf(DeadLetter),
  },
  'consents.list': {
    method: 'GET',
    path: '/v1/consents',
    summary: 'Who has said yes to which source, newest first',
    access: LOOKS,
    organization: true,
    query: PageQuery.extend({
      source: z.enum(SOURCE_NAMES).optional(),
      subjectId: z.string().max(64).optional(),
      standing: z.stringbool().optional().describe('Only those that stand, or that do not'),
    }),
    response: pageOf(Consent),
  },
  'consents.grant': {
    method: 'PUT',
    path: '/v1/consents',
    summary: 'Note that a subject has said yes; one that stands already is answered as it is',
    access: NOTES,
    organization: true,
    write: true,
    body: z.object({
      subject: Subject,
      source: z.enum(SOURCE_NAMES),
      form: z.enum(CONSENT_FORMS),
      evidenceDocumentId: Id.optional().describe(
        'What was signed: a document of the vault, or the number of a paper; needed for WRITTEN_CONSENT',
      ),
    }),
    response: Consent,
  },
  'consents.withdraw': {
    method: 'DELETE',
    path: '/v1/consents/:consentId',
    summary: 'Withdraw a consent: nothing new of it is kept, and what rests on it alone is deleted',
    access: NOTES,
    organization: true,
    write: true,
    params: z.object({ consentId: Id }),
    response: Consent,
  },
})
