import { z } from 'zod'
import { routes } from '../platform/http/route.ts'
import { Day, Fen, Id, MspId, Operation, RatePpm } from '../platform/http/schemas.ts'

export const Organization = z
  .object({
    organization: z.string(),
    name: z.string(),
    displayName: z.string(),
    /** The outside world (banks’ cores, tax office, registry) is simulated. */
    simulators: z.boolean(),
    mspId: MspId,
    kind: z.enum(['CORE', 'ALLIANCE', 'BANK', 'REGULATOR', 'LOGISTICS']),
    ledger: z.enum(['embedded', 'fabric']),
    channel: z.string(),
    /** Not 0 only in a pilot, which must then say so wherever it shows a date. */
    calendarOffsetDays: z.int(),
    businessDay: Day,
  })
  .meta({ id: 'Organization' })

const Parameters = z.object({
  tenorMonthsMax: z.int().min(1).max(12),
  splitDepthMax: z.int().min(1).max(20),
  splitChildrenMax: z.int().min(2).max(50),
  faceMinFen: Fen,
  offerDaysMax: z.int().min(1).max(90),
  graceDays: z.int().min(0).max(30),
  lateInterestPpm: RatePpm,
  confirmDaysMax: z.int().min(1).max(90),
  freezeDaysMax: z.int().min(1).max(365),
  holidays: z.array(Day).default([]),
  workdays: z.array(Day).default([]),
})

export const Policy = z
  .object({
    version: z.int(),
    effectiveFrom: Day,
    guardians: z.array(MspId),
    calendarOffsetDays: z.int(),
    pendingBy: z.string().optional(),
    parameters: Parameters,
  })
  .meta({ id: 'Policy' })

const NewPolicy = z.object({
  guardians: z.array(MspId).min(2).max(20),
  banks: z.array(MspId).max(50).describe('Organisations whose members finance and attest payments'),
  regulators: z.array(MspId).max(10).default([]),
  carriers: z.array(MspId).max(20).default([]).describe('Organisations that may attest despatches'),
  version: z.int().min(1).default(1),
  effectiveFrom: Day,
  calendarOffsetDays: z.int().min(0).max(3650).default(0),
  parameters: Parameters,
})

export const RuleLimits = z
  .object({
    priceAbsoluteFen: Fen.describe('Per line: difference in value above which a price is refused'),
    priceRatioPpm: RatePpm,
    quantityValueFen: Fen,
    quantityRatioPpm: RatePpm,
    overDeliveryPpm: RatePpm,
    underDeliveryPpm: RatePpm,
    headerCapFen: Fen,
    invoiceDaysMax: z.int().min(0).max(365),
    paymentShortPpm: RatePpm,
    paymentShortFen: Fen,
  })
  .meta({ id: 'RuleLimits' })

const Change = z.object({ calendarOffsetDays: z.int().min(0).max(3650) })

export const networkRoutes = routes({
  'organization.get': {
    method: 'GET',
    path: '/v1/organization',
    summary: 'Whose gateway this is; for the log-in page',
    access: 'anyone',
    response: Organization,
  },
  'policy.get': {
    method: 'GET',
    path: '/v1/policy',
    summary: 'The network’s policy in force',
    access: 'user',
    response: Policy,
  },
  'policy.setUp': {
    method: 'POST',
    path: '/v1/policy',
    summary: 'Once, at bring-up: the first policy, endorsed by every guardian',
    access: ['operator'],
    organization: true,
    write: true,
    body: NewPolicy,
    response: Operation,
  },
  'policy.propose': {
    method: 'POST',
    path: '/v1/policy/changes',
    summary: 'First person: move the pilot’s calendar forward',
    access: ['operator', 'compliance'],
    organization: true,
    write: true,
    body: Change,
    response: Operation,
  },
  'policy.adopt': {
    method: 'POST',
    path: '/v1/policy/changes/adopt',
    summary: 'Second person: adopt exactly what was proposed; a majority of the guardians endorses',
    access: ['operator', 'compliance'],
    organization: true,
    write: true,
    body: Change,
    response: Operation,
  },
  'rules.set': {
    method: 'POST',
    path: '/v1/matching-rules',
    summary:
      'Buyer: the limits of the three-flow match with sellers (default: every supplier this gateway knows); without limits the default rule set',
    access: ['operator', 'checker'],
    write: true,
    body: z.object({
      buyerMemberId: Id.optional(),
      sellerMemberIds: z.array(Id).max(2000).optional(),
      category: z.string().min(1).max(40).default('general'),
      limits: RuleLimits.optional(),
    }),
    response: Operation,
  },
})
