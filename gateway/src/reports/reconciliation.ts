import type { Row } from '../platform/database/database.ts'
import type { Services } from '../services.ts'
import type { ReconciliationReport } from './api.ts'

export interface Period {
  readonly from?: string | undefined
  readonly to?: string | undefined
}

interface Figure {
  count: number
  amountFen: string
}

interface SumRow extends Row {
  figure: string | null
  count: string
  fen: string
  block_number: string | null
  updated_at: string | null
}

/** Sums and checkpoint in one statement: the figures are those of that block. Stocks have no day. */
const SUMS = `SELECT s.figure, s.count, s.fen, c.block_number, c.updated_at
  FROM (VALUES (1)) AS always LEFT JOIN checkpoint c ON true
    LEFT JOIN (
      SELECT figure, sum(count)::text AS count, sum(fen)::text AS fen FROM sums
      WHERE party = ANY($1) AND (day = '' OR
        ($2::text IS NULL OR day >= $2) AND ($3::text IS NULL OR day <= $3))
      GROUP BY figure HAVING sum(count) <> 0 OR sum(fen) <> 0) s ON true`

/** What the projector has added up for this member, or for everyone here; a recount from the input files must give the same. */
export async function reconciliationReport(
  services: Services,
  memberId: string | undefined,
  period: Period,
): Promise<ReconciliationReport> {
  const parties = memberId === undefined ? ['', services.config.mspId] : [memberId]
  const rows = await services.database.query<SumRow>(SUMS, [
    parties,
    period.from ?? null,
    period.to ?? null,
  ])
  const sums = new Map(rows.map(row => [row.figure ?? '', figureOf(row)]))
  const sum = (name: string): Figure => sums.get(name) ?? EMPTY
  const fen = (name: string): string => sum(name).amountFen
  return {
    asOf: asOf(rows),
    ...(period.from ? { from: period.from } : {}),
    ...(period.to ? { to: period.to } : {}),
    invoices: total([...startingWith(sums, 'match:').values()]),
    matched: sum('match:MATCHED'),
    withinTolerance: {
      ...sum('match:WITHIN_TOLERANCE'),
      differenceFen: fen('difference:WITHIN_TOLERANCE'),
    },
    exceptions: sum('match:EXCEPTION'),
    exceptionsByCode: Object.fromEntries(startingWith(sums, 'code:')),
    unmatched: sum('match:NONE'),
    overridden: sum('match:OVERRIDDEN'),
    rejected: sum('match:REJECTED'),
    confirmed: sum('confirmed'),
    credited: sum('credited'),
    paidDirectly: sum('paidDirectly'),
    certificates: {
      issued: sum('issued'),
      live: sum('live'),
      split: sum('split'),
      financed: sum('financed'),
      redeemed: sum('redeemed'),
    },
    threeFlows: {
      orderedFen: fen('ordered'),
      receivedFen: fen('received'),
      invoicedFen: fen('invoiced'),
      paidFen: fen('paid'),
    },
  }
}

const EMPTY: Figure = { count: 0, amountFen: '0' }

function figureOf(row: SumRow): Figure {
  return { count: Number(row.count), amountFen: row.fen }
}

/** The sums of a family such as `code:`, by what follows the name. */
function startingWith(sums: ReadonlyMap<string, Figure>, family: string): Map<string, Figure> {
  const members = [...sums].filter(([name]) => name.startsWith(family))
  return new Map(members.map(([name, figure]) => [name.slice(family.length), figure]))
}

function total(figures: readonly Figure[]): Figure {
  return {
    count: figures.reduce((sum, { count }) => sum + count, 0),
    amountFen: String(figures.reduce((sum, { amountFen }) => sum + BigInt(amountFen), 0n)),
  }
}

function asOf([row]: readonly SumRow[]): { blockNumber: string; at: string } {
  return { blockNumber: row?.block_number ?? '0', at: row?.updated_at ?? new Date(0).toISOString() }
}

export async function chainReport(services: Services) {
  const [row] = await services.database.query<{
    block_number: string
    transactions: string
    invalid: string
    updated_at: string
  }>('SELECT block_number, transactions, invalid, updated_at FROM checkpoint')
  const height = BigInt(row?.block_number ?? -1) + 1n
  return {
    height: String(height),
    transactions: Number(row?.transactions ?? 0),
    invalid: Number(row?.invalid ?? 0),
    updatedAt: row?.updated_at ?? new Date(0).toISOString(),
  }
}
