import { z } from 'zod'

/** Money travels as a decimal string of fen (minor units), never as a JSON number. */
export const Fen = z
  .string()
  .regex(/^(0|-?[1-9]\d{0,17})$/)
  .meta({
    id: 'Fen',
    description: 'Amount in fen (minor units) as a decimal string',
    example: '1250000',
  })

export const PositiveFen = z
  .string()
  .regex(/^[1-9]\d{0,17}$/)
  .meta({
    id: 'PositiveFen',
    description: 'Amount above zero, in fen, as a decimal string',
    example: '1250000',
  })

/** Rates are parts per million per year: 36500 is 3.65 %. */
export const RatePpm = z
  .string()
  .regex(/^(0|[1-9]\d{0,6})$/)
  .meta({ id: 'RatePpm', description: 'Annual rate in parts per million', example: '36500' })

export const Day = z.iso
  .date()
  .meta({ id: 'Day', description: 'Calendar day', example: '2026-03-31' })
export const Instant = z.iso.datetime().meta({ id: 'Instant', description: 'UTC instant' })

export const Id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,95}$/)
  .meta({ id: 'Id', description: 'Identifier on the ledger or in this organisation' })

export const MspId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/)

export const FieldProblem = z
  .object({ path: z.string(), code: z.string(), detail: z.string().optional() })
  .meta({ id: 'FieldProblem' })

/** RFC 9457. `code` is stable and is what a program or a translation may switch on. */
export const Problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string().optional(),
    instance: z.string().optional(),
    errors: z.array(FieldProblem).optional(),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof Problem>

/** Keyset paging: pass `nextCursor` of the last answer as `cursor`; it is absent on the last page. */
export const PageQuery = z.object({
  cursor: z.string().max(400).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
})

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().optional() })
}

export const TransactionRef = z
  .object({
    txId: z.string(),
    step: z.string(),
    status: z.enum(['stored', 'committed', 'invalid', 'abandoned']),
    blockNumber: z.string().optional(),
    validationCode: z.string().optional(),
  })
  .meta({ id: 'TransactionRef' })

/** How one element of a bulk request came out. */
export const ItemOutcome = z
  .object({
    id: z.string(),
    ok: z.boolean(),
    txId: z.string().optional(),
    resultId: z.string().optional(),
    code: z.string().optional(),
    detail: z.string().optional(),
  })
  .meta({ id: 'ItemOutcome' })
export type ItemOutcome = z.infer<typeof ItemOutcome>

/**
 * Every write that reaches the ledger is an operation. 200: it ended (`done`). 202: it goes on; ask
 * `GET /v1/operations/{operationId}` (the Location header). A refused single write is a problem+json.
 */
export const Operation = z
  .object({
    operationId: z.string(),
    kind: z.string(),
    status: z.enum(['running', 'waiting', 'done', 'refused', 'failed']),
    createdAt: Instant,
    finishedAt: Instant.optional(),
    progress: z.object({ done: z.int(), total: z.int() }).optional(),
    transactions: z.array(TransactionRef),
    items: z.array(ItemOutcome),
    problem: Problem.optional(),
  })
  .meta({ id: 'Operation' })
export type Operation = z.infer<typeof Operation>

export const Password = z.string().min(12).max(200)

export const Empty = z.object({})
