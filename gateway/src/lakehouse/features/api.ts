import { z } from 'zod'
import { routes } from '../../platform/http/route.ts'
import { Id, Instant } from '../../platform/http/schemas.ts'
import { SOURCE_NAMES } from '../sources/source.ts'

const Source = z.enum(SOURCE_NAMES)
const Words = z.object({ zh: z.string(), en: z.string() })
const Unit = z.enum(['FEN', 'COUNT', 'DAYS', 'PPM', 'POINTS', 'KG', 'SQM', 'UNITS'])
const Version = z.string().describe('A hash of all that the value follows from')

export const FeatureValue = z
  .object({
    name: z.string(),
    version: Version,
    source: Source,
    unit: Unit,
    value: z.int().nullable().describe('Whole; null where nothing is known, which is not zero'),
    newestEventAt: Instant.optional().describe('Of the facts that were counted'),
    newestArrivalAt: Instant.optional(),
    isFresh: z.boolean().describe('Whether the source was fresh at the moment'),
  })
  .meta({ id: 'FeatureValue' })

const SourceState = z.object({
  source: Source,
  words: Words,
  freshDays: z.number(),
  newestEventAt: Instant.optional().describe('Of anybody, of what had arrived'),
  isFresh: z.boolean(),
})

export const MemberFeatures = z
  .object({
    memberId: Id,
    at: Instant,
    sources: z.array(SourceState.extend({ given: z.int(), features: z.int() })),
    values: z.array(FeatureValue),
  })
  .meta({ id: 'MemberFeatures' })
export type MemberFeatures = z.infer<typeof MemberFeatures>

export const FeatureCatalogue = z
  .object({
    at: Instant,
    countedAt: Instant.optional().describe('When everybody was counted; absent before'),
    sources: z.array(
      SourceState.extend({
        features: z.int(),
        coveragePpm: z.int().optional().describe('Of values that there could be, those given'),
      }),
    ),
    features: z.array(
      z.object({
        name: z.string(),
        version: Version,
        earlierVersions: z.array(z.string()),
        words: Words,
        source: Source,
        unit: Unit,
        risk: z
          .enum(['HIGHER', 'LOWER', 'NONE'])
          .describe('What a supervisor would expect of the risk when the value rises'),
        whenNone: z.enum(['MISSING', 'KNOWN_ZERO', 'TOLD_ZERO']),
        rule: z.record(z.string(), z.unknown()).describe('The definition, as it is evaluated'),
        subjects: z.int().optional().describe('Members and persons whom the source may speak of'),
        withValue: z.int().optional(),
      }),
    ),
  })
  .meta({ id: 'FeatureCatalogue' })
export type FeatureCatalogue = z.infer<typeof FeatureCatalogue>

export const featureRoutes = routes({
  'features.get': {
    method: 'GET',
    path: '/v1/members/:memberId/features',
    summary:
      'What was known of a member, or of a person by its reference, at a moment; now by default',
    access: ['checker', 'treasurer', 'operator', 'auditor', 'compliance'],
    params: z.object({ memberId: Id }),
    query: z.object({ at: Instant.optional() }),
    response: MemberFeatures,
  },
  'features.list': {
    method: 'GET',
    path: '/v1/lake/features',
    summary: 'Every feature: what it counts, how many have it, how fresh its source is',
    access: ['treasurer', 'operator', 'auditor', 'compliance'],
    organization: true,
    response: FeatureCatalogue,
  },
})
