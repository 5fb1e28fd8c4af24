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

interface MatchRow extends Row {
  match: string
  count: number
  gross_fen: string
  difference_fen: string
}

interface SumRow extends Row {
  name: string
  count: number
  amount_fen: string
}

const VISIBLE = `($1::text IS NULL OR $1 IN (i.buyer, i.seller))
  AND ($2::text IS NULL OR i.happened_on >= $2) AND ($3::text IS NULL OR i.happened_on <= $3)`

const INVOICES = `FROM records i LEFT JOIN records b ON b.kind = 'balance' AND b.id = i.id
  WHERE i.kind = 'invoice' AND i.secret IS NOT NULL AND ${VISIBLE}`

/** Every figure is one query over the read model; a recount from the input files must give the same. */
export async function reconciliationReport(
  services: Services,
  memberId: string | undefined,
  period: Period,
): Promise<ReconciliationReport> {
  const values = [memberId ?? null, period.from ?? null, period.to ?? null]
  const byMatch = await services.database.query<MatchRow>(
    `SELECT i.match, count(*)::int AS count,
       coalesce(sum((i.secret->>'totalFen')::numeric), 0)::text AS gross_fen,
       coalesce(sum((b.secret->'verdict'->>'differenceFen')::numeric), 0)::text AS difference_fen
     ${INVOICES} GROUP BY 1`,
    values,
  )
  const money = await figures(services, MONEY, values)
  const flows = await figures(services, FLOWS, values)
  const certificates = await figures(services, CERTIFICATES, [
    memberId ?? null,
    services.config.mspId,
  ])
  const of = (match: string): Figure => figureOf(byMatch.find(row => row.match === match))
  const sum = (name: string): Figure => money.get(name) ?? EMPTY
  const flow = (name: string): string => flows.get(name)?.amountFen ?? '0'
  const stock = (name: string): Figure => certificates.get(name) ?? EMPTY
  return {
    asOf: await asOf(services),
    ...(period.from ? { from: period.from } : {}),
    ...(period.to ? { to: period.to } : {}),
    invoices: total(byMatch),
    matched: of('MATCHED'),
    withinTolerance: {
      ...of('WITHIN_TOLERANCE'),
      differenceFen: byMatch.find(row => row.match === 'WITHIN_TOLERANCE')?.difference_fen ?? '0',
    },
    exceptions: of('EXCEPTION'),
    exceptionsByCode: Object.fromEntries(await figures(services, BY_CODE, values)),
    unmatched: of('NONE'),
    overridden: of('OVERRIDDEN'),
    rejected: of('REJECTED'),
    confirmed: sum('confirmed'),
    credited: sum('credited'),
    paidDirectly: sum('paid'),
    certificates: {
      issued: stock('issued'),
      live: stock('live'),
      split: stock('split'),
      financed: stock('financed'),
      redeemed: stock('redeemed'),
    },
    threeFlows: {
      orderedFen: flow('ordered'),
      receivedFen: flow('received'),
      invoicedFen: flow('invoiced'),
      paidFen: flow('paid'),
    },
  }
}

const EMPTY: Figure = { count: 0, amountFen: '0' }

function figureOf(row: MatchRow | undefined): Figure {
  return row ? { count: row.count, amountFen: row.gross_fen } : EMPTY
}

function total(rows: readonly MatchRow[]): Figure {
  return {
    count: rows.reduce((sum, row) => sum + row.count, 0),
    amountFen: String(rows.reduce((sum, row) => sum + BigInt(row.gross_fen), 0n)),
  }
}

async function figures(
  services: Services,
  sql: string,
  values: readonly unknown[],
): Promise<Map<string, Figure>> {
  const rows = await services.database.query<SumRow>(sql, values)
  return new Map(
    rows.map(row => [row.name, { count: row.count, amountFen: row.amount_fen }] as const),
  )
}

const part = (name: string, field: string): string => `SELECT '${name}' AS name,
    count(*) FILTER (WHERE (b.secret->>'${field}')::numeric > 0)::int AS count,
    coalesce(sum((b.secret->>'${field}')::numeric), 0)::text AS amount_fen ${INVOICES}`

const MONEY = [
  // A confirmed amount counts when the second person has agreed.
  `SELECT 'confirmed' AS name, count(*)::int AS count,
     coalesce(sum((b.secret->>'confirmedFen')::numeric), 0)::text AS amount_fen
   ${INVOICES} AND i.open->>'approval' IN ('CONFIRMED', 'DISPUTED')`,
  part('credited', 'creditedFen'),
  part('paid', 'paidFen'),
].join(' UNION ALL ')

const BY_CODE = `SELECT code AS name, count(*)::int AS count,
    coalesce(sum((i.secret->>'totalFen')::numeric), 0)::text AS amount_fen
  FROM records i CROSS JOIN LATERAL jsonb_array_elements_text(coalesce(i.open->'codes', '[]')) AS code
  WHERE i.kind = 'invoice' AND i.secret IS NOT NULL AND i.match = 'EXCEPTION' AND ${VISIBLE}
  GROUP BY 1`

const LINE_VALUE = `round((l->>'quantityMilli')::numeric * (l->>'unitPriceMicro')::numeric / 10000000)`

const FLOWS = `SELECT 'ordered' AS name, count(DISTINCT i.id)::int AS count,
    coalesce(sum(${LINE_VALUE}), 0)::text AS amount_fen
  FROM records i CROSS JOIN LATERAL jsonb_array_elements(i.secret->'lines') AS l
  WHERE i.kind = 'order' AND i.secret IS NOT NULL AND ${VISIBLE}
  UNION ALL
  SELECT 'received', count(DISTINCT i.id)::int,
    coalesce(sum(round((l->>'quantityMilli')::numeric * p.price / 10000000)), 0)::text
  FROM records i CROSS JOIN LATERAL jsonb_array_elements(i.secret->'lines') AS l
    JOIN (SELECT o.id AS order_id, ol->>'line' AS line, (ol->>'unitPriceMicro')::numeric AS price
      FROM records o CROSS JOIN LATERAL jsonb_array_elements(o.secret->'lines') AS ol
      WHERE o.kind = 'order' AND o.secret IS NOT NULL) p
    ON p.order_id = l->>'orderId' AND p.line = l->>'line'
  WHERE i.kind = 'receipt' AND i.secret IS NOT NULL AND ${VISIBLE}
  UNION ALL
  SELECT 'invoiced', count(*)::int, coalesce(sum((i.secret->>'netFen')::numeric), 0)::text
  FROM records i WHERE i.kind = 'invoice' AND i.secret IS NOT NULL AND ${VISIBLE}
  UNION ALL
  SELECT 'paid', count(*)::int, coalesce(sum((i.secret->>'amountFen')::numeric), 0)::text
  FROM records i WHERE i.kind = 'payment' AND i.secret IS NOT NULL
    AND ($1::text IS NULL OR $1 IN (i.secret->>'payer', i.secret->>'payee'))
    AND ($2::text IS NULL OR i.happened_on >= $2) AND ($3::text IS NULL OR i.happened_on <= $3)`

const FACE = `coalesce(sum((r.secret->>'faceFen')::numeric), 0)::text`
const HELD = `FROM records r WHERE r.kind = 'receivable' AND r.secret IS NOT NULL
  AND ($1::text IS NULL OR $1 IN (r.obligor, r.holder))`

const stockOf = (name: string, condition: string, amount = FACE): string =>
  `SELECT '${name}' AS name, count(*)::int AS count, ${amount} AS amount_fen ${HELD} AND ${condition}`

const CERTIFICATES = [
  stockOf(
    'issued',
    `r.root = r.id AND r.open->>'state' NOT IN ('PROPOSED', 'OFFERED', 'CANCELLED')`,
  ),
  stockOf('live', `r.open->>'state' IN ('ACTIVE', 'LOCKED', 'DUE', 'PAID_PART', 'OVERDUE')`),
  stockOf('split', `r.open->>'state' = 'CONSUMED'`),
  stockOf(
    'redeemed',
    `r.open->>'state' IN ('REDEEMED', 'PAID_PART')`,
    `coalesce(sum((r.secret->>'collectedFen')::numeric), 0)::text`,
  ),
  `SELECT 'financed' AS name, count(*)::int AS count,
     coalesce(sum((f.secret->>'faceFen')::numeric), 0)::text AS amount_fen
   FROM records f WHERE f.kind = 'request' AND f.secret IS NOT NULL AND f.open->>'state' = 'CLOSED'
     AND $2::text IN (f.open->>'askerMsp', f.open->>'obligorMsp', f.open->>'funderMsp')
     AND ($1::text IS NULL OR $1 IN (f.secret->>'asker', f.obligor) OR EXISTS (
       SELECT 1 FROM records b WHERE b.kind = 'bid' AND b.id = f.open->>'bidId'
         AND b.secret->>'funder' = $1))`,
].join(' UNION ALL ')

async function asOf(services: Services): Promise<{ blockNumber: string; at: string }> {
  const [row] = await services.database.query<{ block_number: string; updated_at: string }>(
    'SELECT block_number, updated_at FROM checkpoint',
  )
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
