/**
 * The thirteenth source: how members behave on the ledger, computed in the lake.
 *
 * A cut says what was known: the ledger up to a block, as of a day. It is kept, so that what is computed from it is
 * computed again as it was; what comes later, even if it tells of that day, belongs to later cuts.
 */
import { createHash } from 'node:crypto'
import { inLayer, type Family, type Table } from '../../family.ts'
import { columnsOf, LAKE, snake } from '../../names.ts'
import { ofSubject } from '../../privacy/declared.ts'
import { POSITIONS } from '../../positions.ts'
import { CATALOGUE } from '../catalogue/index.ts'
import { newestSql, SOURCE_RECORDS } from '../tables.ts'

const SOURCE = CATALOGUE.ledger_behaviour
export const BEHAVIOUR_STREAM = `source/${SOURCE.name}`

export const CUTS = {
  name: 'behaviour_cuts',
  columns: {
    number: 'BIGINT',
    as_of: 'DATE',
    /** The how manieth of its day. */
    revision: 'BIGINT',
    /** The last block that it knows. */
    block: 'BIGINT',
    /** The instant of which it is; transactions of later instants are not in it. */
    known_at: 'TIMESTAMP',
    /** The day is over. */
    final: 'BOOLEAN',
  },
} as const satisfies Table

/** Which credit code stands behind a pseudonym, as the directory of this organisation came to know it. */
export const MEMBER_CODES = {
  name: 'member_codes',
  columns: { member: 'VARCHAR', credit_code: 'VARCHAR', known_at: 'TIMESTAMP' },
} as const satisfies Table

const { columns } = SOURCE_RECORDS

/** Like the silver of the other sources; the pseudonym beside the credit code, which may not be known. */
export const BEHAVIOUR = {
  name: `source_${SOURCE.name}`,
  columns: {
    id: columns.id,
    revision: columns.revision,
    subject_kind: columns.subject_kind,
    subject: columns.subject,
    event_at: columns.event_at,
    arrived_at: columns.arrived_at,
    /** The number of the cut. */
    arrival: columns.arrival,
    member: 'VARCHAR',
    ...Object.fromEntries(
      Object.entries(SOURCE.fields).map(([name, { column }]) => [snake(name), column]),
    ),
  },
} satisfies Table

/** What happened before does not count any more. */
const YEAR = 'as_of - 365'

/** Of each cut what of a silver table it knows: the last version of each record. */
const heldAt = (table: string): string =>
  `SELECT c.number, c.as_of, v.* FROM cuts c
   JOIN ${LAKE}.silver.${table} v ON v.block <= c.block AND v."at" < c.known_at
   QUALIFY row_number() OVER (
     PARTITION BY c.number, v.id ORDER BY v.block DESC, v.tx_index DESC) = 1`

/** An allocation has the day of value of the payments that it uses: those of the same transaction and parties. */
const PAID = `
  SELECT c.number, c.as_of, p.buyer, p.amount_fen,
    greatest(0, coalesce(p.value_on, CAST(p."at" + INTERVAL 8 HOUR AS DATE)) - p.payable_on) AS late
  FROM cuts c JOIN (
    SELECT b.*, u.value_on FROM (
      SELECT id, block, tx_index, "at", buyer, seller, payable_on, paid_fen - coalesce(
        lag(paid_fen) OVER (PARTITION BY id ORDER BY block, tx_index), 0) AS amount_fen
      FROM ${LAKE}.silver.balances WHERE NOT deleted) b
    LEFT JOIN (
      SELECT w.block, w.tx_index, y.payer, y.payee, max(y.value_on) AS value_on
      FROM ${LAKE}.bronze.writes w JOIN ${LAKE}.silver.payments y ON y.id = w.id
      WHERE w.kind = 'usage' AND w.side = 'PRIVATE' GROUP BY ALL) u
    ON u.block = b.block AND u.tx_index = b.tx_index AND u.payer = b.buyer AND u.payee = b.seller
    WHERE b.amount_fen > 0) p
  ON p.block <= c.block AND p."at" < c.known_at
  WHERE coalesce(p.value_on, CAST(p."at" + INTERVAL 8 HOUR AS DATE)) BETWEEN ${YEAR} AND as_of`

/** A share in parts per million; nothing where there is no whole. */
const ppm = (part: string, whole: string): string =>
  `CAST(round(1000000 * (${part}) / nullif(${whole}, 0)) AS INTEGER)`

/**
 * The rows that follow from cuts. Who is no party to the invoices knows an obligor by its certificates alone.
 *
 * @param cuts a table of `CUTS`, or a question for such rows, in brackets.
 */
export function measuredSql(cuts: string): string {
  return `WITH cuts AS (FROM ${cuts}),
  held AS (SELECT *, available_fen + locked_fen AS open_fen FROM (${heldAt('balances')})
    WHERE NOT deleted),
  sides AS (
    SELECT number, as_of, buyer AS member, seller AS partner, 'BUYER' AS side, held.* EXCLUDE
      (number, as_of) FROM held
    UNION ALL
    SELECT number, as_of, seller, buyer, 'SELLER', held.* EXCLUDE (number, as_of) FROM held),
  partners AS (
    SELECT number, member, max(fen) AS largest_fen, sum(fen) AS all_fen FROM (
      SELECT number, member, partner, sum(gross_fen) AS fen FROM sides
      WHERE payable_on > ${YEAR} GROUP BY ALL) GROUP BY ALL),
  certificates AS (
    SELECT t.*, s.state, t.face_fen - t.collected_fen AS open_fen,
      s.state IN ('OVERDUE', 'RECOURSE') AS is_overdue
    FROM (${heldAt('receivables')}) t JOIN (${heldAt('receivable_states')}) s
      ON s.number = t.number AND s.id = t.id
    WHERE NOT t.deleted AND s.state NOT IN ('PROPOSED', 'OFFERED', 'CONSUMED', 'CANCELLED')),
  certified AS (
    SELECT number, obligor AS member, sum(face_fen) AS confirmed_fen,
      sum(open_fen) FILTER (is_overdue) AS overdue_fen
    FROM certificates GROUP BY ALL),
  late AS (
    SELECT number, buyer AS member, sum(amount_fen * late) / nullif(sum(amount_fen), 0) AS days FROM (
      SELECT number, buyer, amount_fen, late FROM (${PAID})
      UNION ALL
      SELECT number, buyer, open_fen, as_of - payable_on FROM held
      WHERE payable_on < as_of AND open_fen > 0
      UNION ALL
      SELECT number, obligor, open_fen, as_of - due_on FROM certificates WHERE is_overdue
      UNION ALL
      SELECT c.number, c.obligor, s.paid_fen, greatest(0, s.paid_on - c.due_on) FROM certificates c
      JOIN (${heldAt('settlements')}) s ON s.number = c.number AND s.id = c.id
      WHERE s.paid_on BETWEEN c.as_of - 365 AND c.as_of) GROUP BY ALL),
  measured AS (
    SELECT number, member,
      ${ppm(
        `sum(credited_fen) FILTER (side = 'SELLER' AND payable_on > ${YEAR})`,
        `sum(gross_fen) FILTER (side = 'SELLER' AND payable_on > ${YEAR})`,
      )} AS dilution_ppm,
      count(*) FILTER (disputed_fen > 0) AS disputes,
      sum(confirmed_fen) AS confirmed_fen,
      coalesce(sum(open_fen) FILTER (side = 'BUYER' AND payable_on < as_of), 0) AS overdue_fen
    FROM sides GROUP BY ALL),
  members AS (SELECT number, member FROM measured UNION SELECT number, member FROM certified)
  SELECT m.member || '/' || c.as_of AS id,
    c.revision,
    'MEMBER' AS subject_kind, codes.credit_code AS subject,
    least(c.known_at, CAST(c.as_of AS TIMESTAMP) + INTERVAL 15 HOUR + INTERVAL 59 MINUTE) AS event_at,
    c.known_at AS arrived_at, c.number AS arrival, m.member, c.as_of,
    CAST(round(late.days) AS INTEGER) AS days_beyond_terms,
    measured.dilution_ppm, CAST(coalesce(measured.disputes, 0) AS INTEGER) AS disputes,
    ${ppm('partners.largest_fen', 'partners.all_fen')} AS largest_partner_ppm,
    CAST(coalesce(measured.confirmed_fen, certified.confirmed_fen, 0) AS BIGINT) AS confirmed_fen,
    CAST(coalesce(measured.overdue_fen, 0) + coalesce(certified.overdue_fen, 0) AS BIGINT) AS overdue_fen
  FROM members m JOIN cuts c USING (number) LEFT JOIN measured USING (number, member)
  LEFT JOIN partners USING (number, member) LEFT JOIN late USING (number, member)
  LEFT JOIN certified USING (number, member)
  LEFT JOIN ${LAKE}.bronze.${MEMBER_CODES.name} codes
    ON codes.member = m.member AND codes.known_at <= c.known_at`
}

/** Emptied when the catalogue has changed; its stream fills it again, cut by cut, behind the position it has lost. */
export const behaviourFamily: Family = {
  kept: inLayer('bronze', [CUTS, MEMBER_CODES]),
  derived: () => [
    `DELETE FROM ${LAKE}.bronze.${POSITIONS.name} WHERE stream = '${BEHAVIOUR_STREAM}'`,
    `DROP TABLE IF EXISTS ${LAKE}.silver.${BEHAVIOUR.name}`,
    `CREATE TABLE ${LAKE}.silver.${BEHAVIOUR.name} (${columnsOf(BEHAVIOUR)})`,
    // Says of what it will be filled, so that a change of it is a change of the catalogue.
    `SELECT '${createHash('sha256').update(measuredSql('cuts')).digest('hex')}'`,
    newestSql(BEHAVIOUR),
  ],
  staged: [],
  retention: [
    { table: `bronze.${CUTS.name}`, keeps: 'NO_PERSONAL_DATA', why: 'days and numbers of blocks' },
    {
      table: `bronze.${MEMBER_CODES.name}`,
      keeps: 'TIME',
      class: SOURCE.retention,
      clock: 'known_at',
    },
    {
      table: `silver.${BEHAVIOUR.name}`,
      keeps: 'TIME',
      class: SOURCE.retention,
      clock: 'event_at',
    },
  ],
  personal: [
    {
      table: `bronze.${MEMBER_CODES.name}`,
      finds: {
        MEMBER: [
          { by: 'COLUMN', column: 'member' },
          { by: 'COLUMN', column: 'credit_code' },
        ],
      },
      erase: 'DELETE',
    },
    {
      ...ofSubject(`silver.${BEHAVIOUR.name}`, { source: { is: SOURCE.name } }),
      finds: {
        MEMBER: [
          { by: 'COLUMN', column: 'member' },
          { by: 'COLUMN', column: 'subject' },
        ],
      },
    },
  ],
}
