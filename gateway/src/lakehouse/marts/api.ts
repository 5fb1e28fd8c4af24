import { z } from 'zod'
import { routes } from '../../platform/http/route.ts'
import { Instant } from '../../platform/http/schemas.ts'

const Words = z.object({ zh: z.string(), en: z.string() })

const KpiColumn = z.object({
  type: z
    .enum(['MONTH', 'TEXT', 'COUNT', 'SHARE', 'MINUTES', 'FEN', 'SCORE', 'REASON'])
    .describe('SHARE is of 1, FEN a decimal string; REASON says why a figure of the row is null'),
  words: Words,
  of: z
    .object({ numerator: z.string(), denominator: z.string() })
    .optional()
    .describe('Of a share: the columns that it is made of'),
})

export const KpiSummary = z
  .object({
    name: z.string(),
    version: z.int().describe('Raised with every change of what is counted'),
    words: Words,
    about: Words.describe('What is counted, and what is not'),
    target: z
      .object({ column: z.string(), value: z.number(), isAtMost: z.boolean(), words: Words })
      .optional(),
    columns: z.record(z.string(), KpiColumn),
    chart: z
      .object({
        kind: z.enum(['LINE', 'BAR', 'STACKED_BAR', 'TABLE']),
        x: z.string(),
        y: z.array(z.string()),
        series: z.string().optional(),
      })
      .describe('How it is drawn, in names of its columns'),
  })
  .meta({ id: 'KpiSummary' })
export type KpiSummary = z.infer<typeof KpiSummary>

export const KpiFigures = KpiSummary.extend({
  rows: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))),
  query: z.string().describe('The SQL that the rows come from, as an analyst may run it'),
  tables: z.array(z.string()).describe('What the query reads: where a figure comes from'),
  asOf: z.object({
    block: z.string().describe('The last block in the lake; -1 before block 0'),
    at: Instant.nullable().describe('The time of the ledger'),
  }),
}).meta({ id: 'KpiFigures' })
export type KpiFigures = z.infer<typeof KpiFigures>

export const kpiRoutes = routes({
  'kpis.list': {
    method: 'GET',
    path: '/v1/lake/kpis',
    summary: 'The figures that the lake can answer, in words, with their targets and pictures',
    access: ['operator', 'auditor', 'compliance', 'treasurer'],
    organization: true,
    response: z.object({ items: z.array(KpiSummary) }),
  },
  'kpis.get': {
    method: 'GET',
    path: '/v1/lake/kpis/:name',
    summary:
      'One figure with its rows, its query and the block it stands at. 404 LAKE_ABSENT without a lake',
    access: ['operator', 'auditor', 'compliance', 'treasurer'],
    organization: true,
    params: z.object({ name: z.string().regex(/^[a-z_]{1,40}$/) }),
    response: KpiFigures,
  },
})
