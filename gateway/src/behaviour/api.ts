import { z } from 'zod'
import { routes } from '../platform/http/route.ts'
import { Instant } from '../platform/http/schemas.ts'

/** The name of a page or a button as the portal's code has it: never what stands in an address or in a field. */
const Name = z
  .string()
  .regex(/^[a-z][A-Za-z0-9]{0,39}(\.[a-z][A-Za-z0-9]{0,39}){0,3}$/)
  .meta({ id: 'PortalName', description: 'Name in the portal’s code', example: 'invoices.confirm' })

const EVENTS_MAX = 100
const DAY_MS = 86_400_000
const common = { id: z.uuid(), at: Instant.describe('By the browser’s clock'), page: Name }

export const BehaviourEvent = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('page'),
      ...common,
      dwellMs: z.int().min(0).max(DAY_MS).describe('How long it was shown'),
    }),
    z.strictObject({ kind: z.literal('click'), ...common, control: Name }),
    z.strictObject({
      kind: z.literal('error'),
      ...common,
      code: z.string().regex(/^[A-Z][A-Z0-9_]{1,59}$/),
    }),
  ])
  .meta({ id: 'BehaviourEvent' })
export type BehaviourEvent = z.infer<typeof BehaviourEvent>

export const BehaviourBatch = z
  .strictObject({
    sentAt: Instant.describe(
      'By the browser’s clock: how far that is off is taken out of every `at`',
    ),
    language: z.enum(['zh', 'en']),
    viewport: z.enum(['COMPACT', 'MEDIUM', 'WIDE']),
    events: z.array(BehaviourEvent).min(1).max(EVENTS_MAX),
  })
  .meta({ id: 'BehaviourBatch' })
export type BehaviourBatch = z.infer<typeof BehaviourBatch>

const Notice = z.object({
  purpose: z.string(),
  kept: z.string(),
  shownTo: z.string(),
  retention: z.string(),
  rights: z.string(),
})

export const BehaviourChoice = z
  .object({
    choice: z.enum(['NONE', 'ALLOWED', 'REFUSED']).describe('NONE: the user has not chosen yet'),
    isRecording: z
      .boolean()
      .describe('Whether events that are sent now are kept: nobody refused, and a lake reads'),
    noticeVersion: z.int(),
    notice: z.object({ zh: Notice, en: Notice }),
    retentionMonths: z.int(),
  })
  .meta({ id: 'BehaviourChoice' })
export type BehaviourChoice = z.infer<typeof BehaviourChoice>

export const FEEDBACK_TOPICS = [
  'SPEED',
  'EASE',
  'CORRECTNESS',
  'FINANCING',
  'SUPPORT',
  'OTHER',
] as const

export const FeedbackInput = z
  .strictObject({
    score: z.int().min(1).max(5),
    topic: z.enum(FEEDBACK_TOPICS),
    page: Name.optional(),
    at: Instant.optional().describe(
      'When it was given, where it is sent later; at most 31 days ago',
    ),
    text: z
      .string()
      .trim()
      .min(1)
      .max(500)
      .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'one line of text')
      .optional(),
  })
  .meta({ id: 'FeedbackInput' })
export type FeedbackInput = z.infer<typeof FeedbackInput>

export const behaviourRoutes = routes({
  'behaviour.record': {
    method: 'POST',
    path: '/v1/behaviour',
    summary:
      'How the portal is used in my own session, in batches; an event sent again is kept once. 429 RATE_LIMITED beyond 30 batches a minute',
    access: 'user',
    body: BehaviourBatch,
    response: z.object({
      taken: z.int().describe('Events that are kept'),
      tooOld: z.int().describe('Happened more than 31 days ago, or in the future'),
      isRecording: z.boolean().describe('False: send no more'),
    }),
  },
  'behaviour.choice': {
    method: 'GET',
    path: '/v1/behaviour/choice',
    summary: 'What is kept of how I use the portal, why, for how long, and what I chose',
    access: 'user',
    response: BehaviourChoice,
  },
  'behaviour.choose': {
    method: 'PUT',
    path: '/v1/behaviour/choice',
    summary: 'Allow or refuse it; refusing also drops what has not reached the lake yet',
    access: 'user',
    write: true,
    body: z.strictObject({ choice: z.enum(['ALLOWED', 'REFUSED']), noticeVersion: z.int() }),
    response: BehaviourChoice,
  },
  'feedback.give': {
    method: 'POST',
    path: '/v1/feedback',
    summary:
      'A score, a topic and a few words. The operators of the organisation see them without my name; 409 FEEDBACK_NOT_KEPT where no lake reads',
    access: 'user',
    write: true,
    status: 201,
    body: FeedbackInput,
    response: z.object({ feedbackId: z.string() }),
  },
})
