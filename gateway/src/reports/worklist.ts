import type { Row } from '../platform/database/database.ts'
import type { Caller } from '../platform/http/tokens.ts'
import type { Role } from '../platform/http/route.ts'
import { names } from '../receivables/reading.ts'
import { scopeOf, type Services } from '../services.ts'

/** One kind of work: whom it waits for, and the query that finds it. `$1` own MSP, `$2` member or null. */
interface Duty {
  readonly kind: string
  readonly roles: readonly Role[]
  readonly route: string
  /** Columns id, title, amount_fen, other (member id), due_on. */
  readonly sql: string
}

const invoice = (condition: string): string => `
  SELECT i.id, i.number AS title, coalesce(b.secret->>'eligibleFen', i.secret->>'totalFen') AS amount_fen,
    i.seller AS other, i.secret->>'payableOn' AS due_on
  FROM records i LEFT JOIN records b ON b.kind = 'balance' AND b.id = i.id
  WHERE i.kind = 'invoice' AND i.approval = 'SUBMITTED' AND i.secret IS NOT NULL
    AND i.open->>'buyerMsp' = $1 AND ($2::text IS NULL OR i.buyer = $2) AND ${condition}`

const PENDING = `coalesce(i.open->'pending'->>'step', '') LIKE 'CONFIRM%'`

const certificate = (condition: string, other: 'holder' | 'obligor'): string => `
  SELECT r.id, r.id AS title, r.secret->>'faceFen' AS amount_fen, r.secret->>'${other}' AS other,
    r.secret->>'dueOn' AS due_on
  FROM records r LEFT JOIN records t ON t.kind = 'transfer' AND t.id = r.id
  WHERE r.kind = 'receivable' AND r.secret IS NOT NULL AND ${condition}`

const request = (condition: string): string => `
  SELECT f.id, f.open->>'receivableId' AS title, f.secret->>'faceFen' AS amount_fen,
    f.obligor AS other, f.secret->>'dueOn' AS due_on
  FROM records f LEFT JOIN records n ON n.kind = 'notice' AND n.request_id = f.id
  WHERE f.kind = 'request' AND f.secret IS NOT NULL AND ${condition}`

const DUTIES: readonly Duty[] = [
  {
    kind: 'CONFIRM_PROPOSE',
    roles: ['maker'],
    route: 'confirmations.propose',
    sql: invoice(
      `i.match IN ('MATCHED', 'WITHIN_TOLERANCE', 'OVERRIDDEN') AND NOT ${PENDING}
       AND (b.secret->>'eligibleFen')::numeric > 0`,
    ),
  },
  {
    kind: 'CONFIRM_APPROVE',
    roles: ['checker'],
    route: 'confirmations.approve',
    sql: invoice(PENDING),
  },
  {
    kind: 'EXCEPTION',
    roles: ['maker', 'checker'],
    route: 'overrides.propose',
    sql: invoice(`i.match = 'EXCEPTION'`),
  },
  {
    kind: 'CERTIFICATE_OFFER',
    roles: ['checker'],
    route: 'certificates.offer',
    sql: certificate(
      `r.open->>'state' = 'PROPOSED' AND r.open->>'obligorMsp' = $1
       AND ($2::text IS NULL OR r.obligor = $2)`,
      'holder',
    ),
  },
  {
    kind: 'CERTIFICATE_ACCEPT',
    roles: ['maker', 'checker'],
    route: 'certificates.accept',
    sql: certificate(
      `r.open->>'state' = 'OFFERED' AND r.open->>'holderMsp' = $1
       AND ($2::text IS NULL OR r.holder = $2)`,
      'obligor',
    ),
  },
  {
    kind: 'TRANSFER_SIGN_OFF',
    roles: ['maker', 'checker'],
    route: 'transfers.signOff',
    sql: certificate(
      `r.open->>'state' = 'LOCKED' AND r.open->'lock'->>'kind' = 'TRANSFER'
       AND r.open->'lock'->>'toMsp' = $1 AND ($2::text IS NULL OR t.secret->>'to' = $2)`,
      'holder',
    ),
  },
  {
    kind: 'BID_PLACE',
    roles: ['maker', 'checker', 'treasurer'],
    route: 'bids.place',
    sql: request(
      `f.open->>'state' = 'OPEN' AND f.open->'invited' @> jsonb_build_array($1::text)
       AND NOT EXISTS (SELECT 1 FROM records q WHERE q.kind = 'bid' AND q.request_id = f.id
         AND q.secret IS NOT NULL AND ($2::text IS NULL OR q.secret->>'funder' = $2))`,
    ),
  },
  {
    kind: 'BID_CHOOSE',
    roles: ['maker', 'checker'],
    route: 'bids.accept',
    sql: request(
      `f.open->>'state' = 'OPEN' AND f.open->>'askerMsp' = $1 AND ($2::text IS NULL OR f.secret->>'asker' = $2)
       AND EXISTS (SELECT 1 FROM records q WHERE q.kind = 'bid' AND q.request_id = f.id
         AND q.open->>'state' = 'PLACED')`,
    ),
  },
  {
    kind: 'NOTICE_SEND',
    roles: ['maker', 'checker', 'treasurer'],
    route: 'financing.notify',
    sql: request(`f.open->>'state' = 'ACCEPTED' AND f.open->>'funderMsp' = $1 AND n.id IS NULL
       AND $2::text IS NOT DISTINCT FROM $2`),
  },
  {
    kind: 'NOTICE_ACKNOWLEDGE',
    roles: ['maker', 'checker'],
    route: 'financing.acknowledge',
    sql: `SELECT n.request_id AS id, n.open->>'receivableId' AS title, NULL AS amount_fen,
        n.secret->>'to' AS other, NULL AS due_on
      FROM records n WHERE n.kind = 'notice' AND n.secret IS NOT NULL
        AND n.open->>'state' = 'NOTIFIED' AND n.open->>'obligorMsp' = $1
        AND ($2::text IS NULL OR EXISTS (SELECT 1 FROM records r WHERE r.kind = 'receivable'
          AND r.id = n.open->>'receivableId' AND r.obligor = $2))`,
  },
  {
    kind: 'PAY_OUT',
    roles: ['treasurer', 'operator'],
    route: 'financing.payOut',
    sql: request(`f.open->>'state' = 'ACCEPTED' AND f.open->>'funderMsp' = $1
       AND n.open->>'state' = 'ACKNOWLEDGED' AND $2::text IS NOT DISTINCT FROM $2`),
  },
  {
    kind: 'FINANCING_CLOSE',
    roles: ['maker', 'checker', 'treasurer'],
    route: 'financing.close',
    sql: request(`f.open->>'state' = 'PAID' AND f.open->>'funderMsp' = $1
       AND $2::text IS NOT DISTINCT FROM $2`),
  },
  {
    kind: 'COLLECT',
    roles: ['treasurer', 'operator', 'maker', 'checker'],
    route: 'settlement.collect',
    sql: certificate(
      `r.open->>'state' IN ('DUE', 'PAID_PART', 'OVERDUE') AND r.open->>'holderMsp' = $1
       AND ($2::text IS NULL OR r.holder = $2)
       AND EXISTS (SELECT 1 FROM records s WHERE s.kind = 'settlement' AND s.id = r.root
         AND floor((s.secret->>'paidFen')::numeric * (r.secret->>'faceFen')::numeric
           / (s.secret->>'faceFen')::numeric) > (r.secret->>'collectedFen')::numeric)`,
      'obligor',
    ),
  },
]

interface DutyRow extends Row {
  id: string
  title: string
  amount_fen: string | null
  other: string | null
  due_on: string | null
  total: number
}

/** What waits for this person: by the member it acts for and the roles it has. */
export async function worklist(services: Services, caller: Caller, limit: number) {
  const mine = DUTIES.filter(duty => duty.roles.some(role => caller.roles.includes(role)))
  const values = [services.config.mspId, scopeOf(caller) ?? null]
  const name = await names(services)
  const counts: Record<string, number> = {}
  const items = []
  for (const duty of mine) {
    const rows = await services.database.query<DutyRow>(
      `SELECT d.*, count(*) OVER ()::int AS total FROM (${duty.sql}) d
       ORDER BY due_on NULLS LAST, id LIMIT ${limit}`,
      values,
    )
    const [first] = rows
    if (!first) continue
    counts[duty.kind] = first.total
    for (const row of rows)
      items.push({
        kind: duty.kind as 'EXCEPTION',
        objectId: row.id,
        title: row.title,
        ...(row.amount_fen === null ? {} : { amountFen: row.amount_fen }),
        ...(row.other === null ? {} : { counterparty: name(row.other).name ?? row.other }),
        ...(row.due_on === null ? {} : { dueOn: row.due_on }),
        route: duty.route,
      })
  }
  return { counts, items: items.slice(0, limit) }
}
