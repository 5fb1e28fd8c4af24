import { z } from 'zod'
import { routes } from '../../platform/http/route.ts'
import { Id, Instant, PageQuery, pageOf } from '../../platform/http/schemas.ts'
import { ChartSchema, WordsSchema } from './charts.ts'
import { TEXT_MAX } from './check.ts'
import { EXPORT_FORMATS } from './formats.ts'
import { KINDS, MASKS } from './masks.ts'
import { ANALYST_ROLES } from './policy.ts'
import { QUERY_KINDS } from './queryLog.ts'
import { PARAMETER_TYPES, ParameterName, ParameterValue, SavedQuerySchema } from './saved.ts'

/**
 * Who decides about money, and who watches over it. Makers and checkers work on single records in the portals; an
 * operator runs the machines and has the command line.
 */
const ANALYSTS = ['treasurer', 'auditor', 'compliance'] as const
const WATCHERS = ['auditor', 'compliance'] as const

const Role = z.enum(ANALYST_ROLES)
const Moment = {
  atBlock: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional()
    .describe('The lake as it was when this block was its last'),
  at: Instant.optional().describe('The lake as it was at an instant'),
}
const Question = z.strictObject({
  sql: z.string().min(1).max(TEXT_MAX).describe('One SELECT; tables as gold.invoices'),
  values: z
    .record(ParameterName, z.strictObject({ type: z.enum(PARAMETER_TYPES), value: ParameterValue }))
    .default({})
    .describe('By name of the parameter: $name in the text'),
  ...Moment,
})

const ResultColumn = z.object({ name: z.string(), type: z.string().describe('In DuckDB') })
const answer = {
  columns: z.array(ResultColumn),
  rows: z.array(z.array(z.unknown())).describe('Whole numbers beyond 2^53 are texts'),
  truncated: z.boolean().describe('There is more than is given'),
  tables: z.array(z.string()).describe('What was read'),
  elapsedMs: z.int(),
  snapshot: z.string().optional().describe('Of a question about the past'),
}
export const LakeAnswer = z.object(answer).meta({ id: 'LakeAnswer' })

const Origin = z.object({
  bronze: z.string(),
  field: z
    .string()
    .describe('Path in the value on the ledger; empty where it is not from the value'),
  ledgerKey: z.string().describe('Kind of the record and side of the ledger, e.g. invoice/PRIVATE'),
})
const ColumnLineage = z.object({
  name: z.string(),
  columns: z.array(z.string()).describe('Columns that its value is made from'),
  ledger: z.array(Origin),
})
const decidedBy = z.array(ColumnLineage).describe('What decides which rows there are')

export const LakeTable = z
  .object({
    name: z.string(),
    words: WordsSchema.optional(),
    rows: z.enum(['ALL', 'PART']).describe('PART: those of the caller'),
    columns: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        words: WordsSchema.optional(),
        kind: z.enum(['PLAIN', ...KINDS]).describe('What it holds'),
        mask: z.enum(MASKS).describe('How the caller sees it'),
        isQuasi: z.boolean().describe('With others it tells whom a row is about'),
        isSubject: z.boolean().describe('Whom a row is about; exports count these'),
      }),
    ),
  })
  .meta({ id: 'LakeTable' })

export const SavedLakeQuery = z
  .object({
    savedId: Id,
    version: z.int(),
    ownerId: z.string(),
    mine: z.boolean(),
    shared: z.boolean(),
    madeAt: Instant,
    query: SavedQuerySchema,
  })
  .meta({ id: 'SavedLakeQuery' })

const SaveRequest = z.strictObject({
  query: SavedQuerySchema,
  shared: z
    .boolean()
    .default(false)
    .describe('Others of the organisation may run it, over their own rows'),
})

export const LakeExport = z
  .object({
    exportId: Id,
    at: Instant,
    userId: z.string(),
    purpose: z.string(),
    sql: z.string(),
    format: z.enum(EXPORT_FORMATS),
    k: z.int().describe('Subjects that every group has at least'),
    rows: z.int(),
    suppressed: z.int().describe('Rows, or groups of an aggregate, that were left out'),
    tooSimilar: z.int().describe('Of these, too near to what was exported before'),
    sha256: z.string(),
  })
  .meta({ id: 'LakeExport' })

export const LakeQuery = z
  .object({
    queryNo: z.string(),
    at: Instant,
    userId: z.string(),
    memberId: z.string().optional(),
    role: Role.optional(),
    kind: z.enum(QUERY_KINDS),
    sql: z.string(),
    parameters: z.record(z.string(), z.unknown()),
    snapshot: z.string().optional(),
    subjectId: z.string().optional().describe('The saved query or the export'),
    tables: z.array(z.string()),
    rows: z.int().optional(),
    elapsedMs: z.int(),
    outcome: z.string().describe('ANSWERED, or the code of the refusal'),
  })
  .meta({ id: 'LakeQuery' })

const savedId = z.object({ savedId: Id })
const exportId = z.object({ exportId: Id })

export const analysisRoutes = routes({
  'lakeTables.list': {
    method: 'GET',
    path: '/v1/lake/tables',
    summary: 'Tables and columns that I may ask, what they hold and how I see them',
    access: ANALYSTS,
    response: z.object({
      role: Role,
      k: z.int(),
      timeTravel: z.boolean(),
      rowsMax: z.int(),
      timeoutMs: z.int(),
      tables: z.array(LakeTable),
    }),
  },
  'lakeColumns.lineage': {
    method: 'GET',
    path: '/v1/lake/tables/:table/columns/:column/lineage',
    summary: 'Where a column comes from, down to the field of a value on the ledger',
    access: ANALYSTS,
    params: z.object({ table: z.string().max(100), column: z.string().max(100) }),
    response: ColumnLineage.extend({ decidedBy }),
  },
  'lakeQueries.run': {
    method: 'POST',
    path: '/v1/lake/queries/run',
    summary:
      'Ask the lake: rows and columns are those of the caller, names and numbers masked by role',
    access: ANALYSTS,
    body: Question,
    response: LakeAnswer,
  },
  'lakeQueries.check': {
    method: 'POST',
    path: '/v1/lake/queries/check',
    summary:
      'Whether a query may be asked, and where each of its columns comes from; nothing is run',
    access: ANALYSTS,
    body: Question,
    response: z.object({
      tables: z.array(z.string()),
      parameters: z.array(z.string()),
      columns: z.array(ColumnLineage),
      decidedBy,
    }),
  },
  'lakeQueries.list': {
    method: 'GET',
    path: '/v1/lake/queries',
    summary: 'Who asked what, and what became of it; newest first',
    access: WATCHERS,
    organization: true,
    query: PageQuery.extend({
      userId: z.string().max(100).optional(),
      outcome: z.string().max(60).optional(),
    }),
    response: pageOf(LakeQuery),
  },
  'lakeSaved.create': {
    method: 'POST',
    path: '/v1/lake/saved-queries',
    summary: 'Save a query with its parameters and its chart; it is tried out first',
    access: ANALYSTS,
    write: true,
    status: 201,
    body: SaveRequest,
    response: SavedLakeQuery,
  },
  'lakeSaved.list': {
    method: 'GET',
    path: '/v1/lake/saved-queries',
    summary: 'Saved queries: mine, and those shared with me',
    access: ANALYSTS,
    response: z.object({ items: z.array(SavedLakeQuery) }),
  },
  'lakeSaved.get': {
    method: 'GET',
    path: '/v1/lake/saved-queries/:savedId',
    summary: 'A saved query in its last version',
    access: ANALYSTS,
    params: savedId,
    response: SavedLakeQuery,
  },
  'lakeSaved.revise': {
    method: 'PUT',
    path: '/v1/lake/saved-queries/:savedId',
    summary: 'A new version of a saved query of mine',
    access: ANALYSTS,
    write: true,
    params: savedId,
    body: SaveRequest,
    response: SavedLakeQuery,
  },
  'lakeSaved.remove': {
    method: 'DELETE',
    path: '/v1/lake/saved-queries/:savedId',
    summary: 'Remove a saved query of mine',
    access: ANALYSTS,
    write: true,
    params: savedId,
    response: z.object({ removed: z.literal(true) }),
  },
  'lakeSaved.run': {
    method: 'POST',
    path: '/v1/lake/saved-queries/:savedId/run',
    summary: 'Run a saved query over the rows of the caller; the chart and the data behind it',
    access: ANALYSTS,
    params: savedId,
    body: z.strictObject({
      values: z.record(ParameterName, ParameterValue).default({}),
      ...Moment,
    }),
    response: LakeAnswer.extend({ version: z.int(), chart: ChartSchema.optional() }),
  },
  'lakeExports.create': {
    method: 'POST',
    path: '/v1/lake/exports',
    summary: 'Export an answer that is k-anonymous, also together with what was exported before',
    access: ANALYSTS,
    write: true,
    status: 201,
    body: Question.extend({
      format: z.enum(EXPORT_FORMATS).default('CSV'),
      purpose: z.string().min(3).max(500).describe('Why it leaves the house'),
    }),
    response: LakeExport,
  },
  'lakeExports.list': {
    method: 'GET',
    path: '/v1/lake/exports',
    summary: 'What has been exported to readers like me; newest first, at most 500',
    access: ANALYSTS,
    response: z.object({ items: z.array(LakeExport) }),
  },
  'lakeExports.file': {
    method: 'GET',
    path: '/v1/lake/exports/:exportId/file',
    summary: 'The exported file, word for word as it was released',
    access: ANALYSTS,
    params: exportId,
    response: z.string(),
    responseMedia: 'application/octet-stream',
  },
})
