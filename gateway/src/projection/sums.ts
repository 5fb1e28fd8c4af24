import type { Queryable, Row } from '../platform/database/database.ts'
import type { Migration } from '../platform/database/migrate.ts'

/**
 * `sums` is what a report reads: how many records, and how much money, stand in a figure for a party on a day. A
 * party is a member, an MSP (financing, where not every MSP that knows a request takes part in it), or '' for
 * everyone at this organisation. Certificates are stocks: their day is ''.
 *
 * The read model begins again from block 0, so that every record is counted.
 */
export const sumsMigration: Migration = {
  id: '004-sums',
  sql: `
  CREATE TABLE sums (
    party text NOT NULL,
    figure text NOT NULL,
    day text NOT NULL,
    count bigint NOT NULL,
    fen numeric NOT NULL,
    PRIMARY KEY (party, figure, day)
  ) WITH (fillfactor = 60);
  TRUNCATE records, changes, checkpoint;
  `,
}

/** The kinds of record that stand in a figure. */
const COUNTED = ['invoice', 'order', 'receipt', 'payment', 'receivable', 'request'] as const
type Kind = (typeof COUNTED)[number]

/** What is counted of one record. */
interface Fact extends Row {
  readonly id: string
  /** A party that is unknown is null. */
  readonly parties: readonly (string | null)[]
  readonly day: string
}

interface Figure {
  readonly figure: string
  readonly count: number
  readonly fen: string | null
}

interface InvoiceFact extends Fact {
  readonly match: string | null
  readonly approval: string | null
  readonly codes: readonly string[] | null
  readonly gross: string
  readonly net: string
  readonly difference: string | null
  readonly confirmed: string | null
  readonly credited: string | null
  readonly paid: string | null
}

interface AmountFact extends Fact {
  readonly fen: string
}

interface RequestFact extends AmountFact {
  readonly state: string | null
}

interface CertificateFact extends AmountFact {
  readonly state: string | null
  readonly is_root: boolean
  readonly collected: string
}

/** Quantity (10^-3) times price (10^-6 yuan) of one line, in fen. */
const valueOf = (line: string, price: string): string =>
  `round((${line}->>'quantityMilli')::numeric * (${price}->>'unitPriceMicro')::numeric / 10000000)`

/** Facts of a kind, to be followed by a condition on `r`. */
const FACTS: Readonly<Record<Kind, string>> = {
  invoice: `SELECT r.id, ARRAY['', r.buyer, r.seller] AS parties, r.happened_on AS day, r.match, r.approval,
      CASE WHEN r.match = 'EXCEPTION' THEN r.open->'codes' END AS codes,
      r.secret->>'totalFen' AS gross, r.secret->>'netFen' AS net,
      b.secret->'verdict'->>'differenceFen' AS difference, b.secret->>'confirmedFen' AS confirmed,
      b.secret->>'creditedFen' AS credited, b.secret->>'paidFen' AS paid
    FROM records r LEFT JOIN records b ON b.kind = 'balance' AND b.id = r.id
    WHERE r.kind = 'invoice' AND r.secret IS NOT NULL`,
  order: `SELECT r.id, ARRAY['', r.buyer, r.seller] AS parties, r.happened_on AS day,
      (SELECT sum(${valueOf('l', 'l')})::text FROM jsonb_array_elements(r.secret->'lines') AS l) AS fen
    FROM records r
    WHERE r.kind = 'order' AND r.secret IS NOT NULL`,
  receipt: `SELECT r.id, ARRAY['', r.buyer, r.seller] AS parties, r.happened_on AS day, v.fen
    FROM records r
      CROSS JOIN LATERAL (
        SELECT sum(${valueOf('l', 'p')})::text AS fen
        FROM jsonb_array_elements(r.secret->'lines') AS l
          JOIN records o ON o.kind = 'order' AND o.id = l->>'orderId' AND o.secret IS NOT NULL
          JOIN LATERAL jsonb_array_elements(o.secret->'lines') AS p ON p->>'line' = l->>'line') v
    WHERE r.kind = 'receipt' AND r.secret IS NOT NULL AND v.fen IS NOT NULL`,
  payment: `SELECT r.id, ARRAY['', r.secret->>'payer', r.secret->>'payee'] AS parties, r.happened_on AS day,
      r.secret->>'amountFen' AS fen
    FROM records r
    WHERE r.kind = 'payment' AND r.secret IS NOT NULL`,
  receivable: `SELECT r.id, ARRAY['', r.obligor, r.holder] AS parties, '' AS day, r.open->>'state' AS state,
      r.root = r.id AS is_root, r.secret->>'faceFen' AS fen, r.secret->>'collectedFen' AS collected
    FROM records r
    WHERE r.kind = 'receivable' AND r.secret IS NOT NULL`,
  request: `SELECT r.id, ARRAY[r.open->>'askerMsp', r.open->>'obligorMsp', r.open->>'funderMsp',
        r.secret->>'asker', r.obligor, b.secret->>'funder'] AS parties, '' AS day,
      r.open->>'state' AS state, r.secret->>'faceFen' AS fen
    FROM records r LEFT JOIN records b ON b.kind = 'bid' AND b.id = r.open->>'bidId'
    WHERE r.kind = 'request' AND r.secret IS NOT NULL`,
}

const LIVE = ['ACTIVE', 'LOCKED', 'DUE', 'PAID_PART', 'OVERDUE']
const NOT_ISSUED = ['PROPOSED', 'OFFERED', 'CANCELLED']

const one = (figure: string, fen: string | null): Figure => ({ figure, count: 1, fen })
const ofAmount =
  (figure: string) =>
  (fact: Fact): Figure[] => [one(figure, (fact as AmountFact).fen)]

/** What one record adds to which figures. */
const FIGURES: Readonly<Record<Kind, (fact: Fact) => Figure[]>> = {
  invoice: fact => invoiceFigures(fact as InvoiceFact),
  order: ofAmount('ordered'),
  receipt: ofAmount('received'),
  payment: ofAmount('paid'),
  receivable: fact => certificateFigures(fact as CertificateFact),
  request: fact => requestFigures(fact as RequestFact),
}

function invoiceFigures(fact: InvoiceFact): Figure[] {
  const match = fact.match ?? ''
  const moved = (figure: string, fen: string | null): Figure[] =>
    fen === null || fen === '0' ? [] : [one(figure, fen)]
  // A confirmed amount counts when the second person has agreed.
  const isConfirmed = fact.approval === 'CONFIRMED' || fact.approval === 'DISPUTED'
  return [
    one(`match:${match}`, fact.gross),
    { figure: `difference:${match}`, count: 0, fen: fact.difference },
    one('invoiced', fact.net),
    ...moved('credited', fact.credited),
    ...moved('paidDirectly', fact.paid),
    ...(isConfirmed ? [one('confirmed', fact.confirmed)] : []),
    ...(fact.codes ?? []).map(code => one(`code:${code}`, fact.gross)),
  ]
}

function certificateFigures({ state, is_root, fen, collected }: CertificateFact): Figure[] {
  const is = (states: readonly string[]): boolean => state !== null && states.includes(state)
  return [
    ...(is_root && state !== null && !is(NOT_ISSUED) ? [one('issued', fen)] : []),
    ...(is(LIVE) ? [one('live', fen)] : []),
    ...(is(['CONSUMED']) ? [one('split', fen)] : []),
    ...(is(['REDEEMED', 'PAID_PART']) ? [one('redeemed', collected)] : []),
  ]
}

const requestFigures = ({ state, fen }: RequestFact): Figure[] =>
  state === 'CLOSED' ? [one('financed', fen)] : []

/** A record that a block writes; `text` is its new value, null when it is taken away. */
export interface Written {
  readonly kind: string
  readonly id: string
  readonly text: string | null
}

/** The ids of what a block may move a figure of, by kind. */
type Touched = ReadonlyMap<Kind, readonly string[]>

/** Facts by kind and id; those of one record are told apart by their text. */
type Facts = ReadonlyMap<string, { readonly kind: Kind; readonly fact: Fact }>

/** What the records that a block touches count for before it is written. */
export interface Counted {
  readonly touched: Touched
  readonly facts: Facts
}

/** Without facts, this organisation holds no private value of any of them. */
export async function countedBefore(tx: Queryable, writes: readonly Written[]): Promise<Counted> {
  const touched = await touchedBy(tx, writes)
  return { touched, facts: await factsOf(tx, touched) }
}

/**
 * After the block is written: each sum moves by the difference. A record that counts for what it did before costs
 * no write.
 */
export async function moveSums(tx: Queryable, before: Counted): Promise<void> {
  await move(tx, differenceOf(before.facts, await factsOf(tx, before.touched)))
}

/** With the records that a written one counts through: a balance its invoice, an order its receipts, a bid its request. */
async function touchedBy(tx: Queryable, writes: readonly Written[]): Promise<Touched> {
  const of = (kind: string): string[] =>
    writes.filter(written => written.kind === kind).map(({ id }) => id)
  const all: readonly (readonly [Kind, readonly string[]])[] = [
    ['invoice', [...of('invoice'), ...of('balance')]],
    ['order', of('order')],
    ['receipt', [...of('receipt'), ...(await receiptsOf(tx, of('order')))]],
    ['payment', of('payment')],
    ['receivable', of('receivable')],
    ['request', [...of('request'), ...requestsOf(writes)]],
  ]
  const distinct = all.map(([kind, ids]) => [kind, [...new Set(ids)]] as const)
  return new Map(distinct.filter(([, ids]) => ids.length > 0))
}

async function receiptsOf(tx: Queryable, orderIds: readonly string[]): Promise<string[]> {
  if (orderIds.length === 0) return []
  const rows = await tx.query<{ id: string }>(
    `SELECT id FROM records WHERE kind = 'receipt' AND order_ids ?| $1`,
    [orderIds],
  )
  return rows.map(row => row.id)
}

/** A bid names its request in both its halves, and never another one. */
function requestsOf(writes: readonly Written[]): string[] {
  return writes
    .filter(({ kind, text }) => kind === 'bid' && text !== null)
    .map(({ text }) => (JSON.parse(text ?? '') as { requestId: string }).requestId)
}

async function factsOf(tx: Queryable, touched: Touched): Promise<Facts> {
  const facts = new Map<string, { kind: Kind; fact: Fact }>()
  for (const [kind, ids] of touched)
    for (const fact of await tx.query<Fact>(`${FACTS[kind]} AND r.id = ANY($1)`, [ids]))
      facts.set(`${kind}:${fact.id}`, { kind, fact })
  return facts
}

export interface Sum {
  readonly party: string
  readonly figure: string
  readonly day: string
  count: number
  fen: bigint
}

function differenceOf(before: Facts, after: Facts): Sum[] {
  const sums = new Map<string, Sum>()
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(key), after.get(key)]
    if (was && is && JSON.stringify(was.fact) === JSON.stringify(is.fact)) continue
    if (was) add(sums, was.kind, was.fact, -1)
    if (is) add(sums, is.kind, is.fact, 1)
  }
  return [...sums.values()].filter(({ count, fen }) => count !== 0 || fen !== 0n)
}

function add(sums: Map<string, Sum>, kind: Kind, fact: Fact, sign: 1 | -1): void {
  const { day } = fact
  const parties = new Set(fact.parties.filter(party => party !== null))
  for (const { figure, count, fen } of FIGURES[kind](fact))
    for (const party of parties) {
      const key = JSON.stringify([party, figure, day])
      const sum = sums.get(key) ?? { party, figure, day, count: 0, fen: 0n }
      sum.count += sign * count
      sum.fen += BigInt(sign) * BigInt(fen ?? 0)
      sums.set(key, sum)
    }
}

async function move(tx: Queryable, sums: readonly Sum[]): Promise<void> {
  if (sums.length === 0) return
  await tx.execute(
    `INSERT INTO sums (party, figure, day, count, fen)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::numeric[])
     ON CONFLICT (party, figure, day)
     DO UPDATE SET count = sums.count + excluded.count, fen = sums.fen + excluded.fen`,
    [
      sums.map(sum => sum.party),
      sums.map(sum => sum.figure),
      sums.map(sum => sum.day),
      sums.map(sum => sum.count),
      sums.map(sum => sum.fen.toString()),
    ],
  )
}

/** What all records together count for: what `sums` must be, at the price of reading them all. */
export async function recount(tx: Queryable): Promise<Sum[]> {
  const all = new Map<string, { kind: Kind; fact: Fact }>()
  for (const kind of COUNTED)
    for (const fact of await tx.query<Fact>(FACTS[kind]))
      all.set(`${kind}:${fact.id}`, { kind, fact })
  return differenceOf(new Map(), all)
}
