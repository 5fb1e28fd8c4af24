import { z } from 'zod'
import { routes } from '../platform/http/route.ts'
import { Instant } from '../platform/http/schemas.ts'

export const LakeStatus = z
  .object({
    state: z
      .enum(['FOLLOWING', 'STANDING', 'ABSENT'])
      .describe('ABSENT: no process of this organisation has made a lake yet'),
    block: z.string().describe('The last block in the lake; -1 before block 0'),
    behindBlocks: z.int().describe('Blocks that the read model has and the lake does not'),
    fault: z.string().optional().describe('Why it stands still'),
    faultSince: Instant.optional(),
    stale: z
      .array(z.string())
      .describe('What does not follow what it should: `ledger`, or the name of a stream or job'),
    rebuildingTo: z
      .string()
      .optional()
      .describe('The block that a rebuild has to reach again; until then answers are refused'),
    committedAt: Instant.optional(),
    snapshots: z.int().optional().describe('States of the past that can be asked'),
    oldestAt: Instant.optional(),
    upkeep: z
      .object({
        at: Instant,
        flushedRows: z.int(),
        mergedFiles: z.int(),
        expiredSnapshots: z.int(),
        deletedFiles: z.int(),
        settledTables: z.int(),
      })
      .optional(),
    streams: z
      .array(
        z.object({
          name: z.string(),
          fault: z.string().optional().describe('Why it stands still'),
          faultSince: Instant.optional(),
          facts: z.record(z.string(), z.unknown()).describe('Its own words for how it stands'),
          saidAt: Instant,
        }),
      )
      .describe('What flows in besides the ledger'),
    tables: z.array(
      z.object({
        layer: z
          .enum(['bronze', 'silver', 'gold', 'settled'])
          .describe('Records of gold are views over what is settled and over silver'),
        name: z.string(),
        rows: z.int(),
        files: z.int(),
        bytes: z.int(),
      }),
    ),
  })
  .meta({ id: 'LakeStatus' })
export type LakeStatus = z.infer<typeof LakeStatus>

export const lakeRoutes = routes({
  'lake.get': {
    method: 'GET',
    path: '/v1/lake',
    summary: 'How far the lake is, what lies in it, and why it stands still if it does',
    access: ['operator', 'auditor', 'compliance'],
    organization: true,
    response: LakeStatus,
  },
})
