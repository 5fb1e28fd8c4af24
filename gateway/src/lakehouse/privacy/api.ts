import { z } from 'zod'
import { routes } from '../../platform/http/route.ts'
import { Id, Instant } from '../../platform/http/schemas.ts'
import { SOURCE_NAMES } from '../sources/source.ts'
import { Proof } from './proof.ts'
import { REASONS, STEPS } from './requests.ts'

const Ground = z.object({
  zh: z.string(),
  en: z.string(),
  status: z.enum(['V', 'S']).describe('V: read in the text of the statute. S: told by others'),
})

export const LakeRetention = z
  .object({
    classes: z.array(
      z.object({
        class: z.string(),
        keep: z.string().optional().describe('P10Y, P6M, P90D; absent: until withdrawn'),
        atLeast: z.string().optional().describe('Until then the law refuses a deletion'),
        atMost: z.string().optional(),
        from: z.enum(['EVENT', 'END_OF_YEAR']),
        grounds: z.array(Ground),
      }),
    ),
    tables: z.array(
      z.object({
        table: z.string(),
        keeps: z.enum(['NO_PERSONAL_DATA', 'LEDGER_PROOF', 'FOLLOWS', 'TIME']),
        classes: z.array(z.string()),
        note: z.string().optional(),
      }),
    ),
    days: z
      .array(
        z.object({
          job: z.string(),
          until: Instant.describe('What was past its time at this instant is gone'),
          isDone: z.boolean(),
          deleted: z.array(z.object({ table: z.string(), class: z.string(), rows: z.int() })),
        }),
      )
      .describe('The newest first'),
  })
  .meta({ id: 'LakeRetention' })
export type LakeRetention = z.infer<typeof LakeRetention>

export const LakeErasure = z
  .object({
    erasureId: Id,
    kind: z.enum(['MEMBER', 'PERSON']),
    source: z.string().optional(),
    reason: z.enum(REASONS),
    consentId: Id.optional().describe('The consent whose withdrawal has asked for it'),
    step: z.enum(STEPS),
    fault: z.string().optional().describe('Why it has not come to its end; it is tried again'),
    requestedBy: z.string(),
    requestedAt: Instant,
    decidedBy: z.string().optional(),
    decidedAt: Instant.optional(),
    proof: Proof.optional(),
  })
  .meta({ id: 'LakeErasure' })
export type LakeErasure = z.infer<typeof LakeErasure>

const erasureId = z.object({ erasureId: Id })

export const privacyRoutes = routes({
  'lake.retention': {
    method: 'GET',
    path: '/v1/lake/retention',
    summary:
      'How long each class of rows is kept, on what ground, and what was deleted on which day',
    access: ['operator', 'auditor', 'compliance'],
    organization: true,
    response: LakeRetention,
  },
  'lake.erasures.request': {
    method: 'POST',
    path: '/v1/lake/erasures',
    summary: 'Ask that a person, or a member, be forgotten; a second person has to agree',
    access: ['compliance'],
    organization: true,
    write: true,
    status: 202,
    body: z.object({
      subject: z
        .string()
        .max(40)
        .describe('PERSON/ and a reference, or MEMBER/ and a unified social credit code'),
      source: z.enum(SOURCE_NAMES).optional().describe('What this source has told, alone'),
      reason: z.enum(REASONS).describe('The case of PIPL art. 47'),
    }),
    response: LakeErasure,
  },
  'lake.erasures.get': {
    method: 'GET',
    path: '/v1/lake/erasures/:erasureId',
    summary: 'How far it is; its proof when it is done',
    access: ['operator', 'auditor', 'compliance'],
    organization: true,
    params: erasureId,
    response: LakeErasure,
  },
  'lake.erasures.decide': {
    method: 'POST',
    path: '/v1/lake/erasures/:erasureId/decision',
    summary:
      'Agree or refuse, as another person than who asked. What is agreed to cannot be undone',
    access: ['compliance'],
    organization: true,
    write: true,
    params: erasureId,
    body: z.object({ approve: z.boolean() }),
    response: LakeErasure,
  },
})
