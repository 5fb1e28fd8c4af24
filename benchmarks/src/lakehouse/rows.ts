/**
 * Payments, invoices and members in numbers that a year of a large consortium has, the same in the lake and in
 * PostgreSQL: both engines make them from one numbered row, by the same arithmetic.
 */
import { NO_ROWS, type Engine } from '@triflow/gateway/lakehouse/engine'
import type { TestDatabase } from '@triflow/gateway/testing/postgres'

type Database = TestDatabase['database']

export const MEMBERS = 5_000
const COUNTIES = 120
const DAYS = 730
const PER_BLOCK = 50
/** An invoice is paid in this many payments. */
const PARTS = 4
/** Rows of one commit: what a Parquet file of good size holds. */
const PART_ROWS = 1_000_000

/** Odd, so that a row's place is scattered over the members and amounts, and each once. */
const SCATTER = 2_654_435_761

const payment = {
  id: `'p' || i`,
  member: `'m' || ((i * ${SCATTER}) % ${MEMBERS})`,
  invoice: `'i' || (i / ${PARTS})`,
  day: `DATE '2025-01-01' + CAST((i * 7919) % ${DAYS} AS INTEGER)`,
  fen: `(i * ${SCATTER}) % 100000000`,
}

/** What one payment is asked for by; in the middle of all, so that it lies in no first file. */
export const somePayment = (rows: number): string => `p${Math.floor(rows / 2) + 1}`

export const invoicesFor = (payments: number): number => Math.ceil(payments / PARTS)

/** Into the silver tables of the product, with versions and places on the ledger as there. */
export async function fillLake(engine: Engine, from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += PART_ROWS) {
    const last = Math.min(to, first + PART_ROWS)
    await engine.write(NO_ROWS, async ({ run }) => {
      // How far the lake is: up to here gold can be settled.
      await run(
        `INSERT INTO lake.bronze.blocks BY NAME SELECT ${Math.floor((last - 1) / PER_BLOCK)} AS block`,
      )
      await run(`INSERT INTO lake.silver.payments BY NAME
        SELECT ${payment.id} AS id, i // ${PER_BLOCK} AS block, CAST(i % ${PER_BLOCK} AS INTEGER) AS tx_index,
          TIMESTAMP '2025-01-01' AS "at", false AS deleted, ${payment.member} AS payer,
          ${payment.invoice.replace('/', '//')} AS remittance, 'CNY' AS currency,
          ${payment.day} AS value_on, ${payment.fen} AS amount_fen
        FROM range(${first}, ${last}) t(i)`)
      await run(`INSERT INTO lake.silver.invoices BY NAME
        SELECT 'i' || i AS id, i // ${PER_BLOCK} AS block, 0 AS tx_index,
          TIMESTAMP '2025-01-01' AS "at", false AS deleted, 'm' || (i % ${MEMBERS}) AS buyer,
          DATE '2025-01-01' + CAST(i % ${DAYS} AS INTEGER) AS issued_on, i % 1000000 AS total_fen
        FROM range(${invoicesFor(first)}, ${invoicesFor(last)}) t(i)`)
    })
  }
}

export async function fillMembers(engine: Engine): Promise<void> {
  await engine.write(NO_ROWS, ({ run }) =>
    run(`INSERT INTO lake.silver.members BY NAME
      SELECT 'm' || i AS id, 0 AS block, i AS tx_index, TIMESTAMP '2025-01-01' AS "at",
        false AS deleted, 'MSP' || (i % ${COUNTIES}) AS msp_id FROM range(${MEMBERS}) t(i)`),
  )
}

/** The same rows in plain tables with the indexes that these questions want. */
export async function fillPostgres(database: Database, from: number, to: number): Promise<void> {
  if (from === 0)
    for (const sql of [
      'CREATE SCHEMA bench',
      'CREATE TABLE bench.payments (id text, payer text, remittance text, value_on date, amount_fen bigint)',
      'CREATE TABLE bench.invoices (id text, buyer text, issued_on date, total_fen bigint)',
      'CREATE TABLE bench.members (id text, msp_id text)',
      `INSERT INTO bench.members SELECT 'm' || i, 'MSP' || (i % ${COUNTIES}) FROM generate_series(0, ${MEMBERS - 1}) i`,
    ])
      await database.execute(sql)
  for (const name of ['payments_id', 'invoices_id'])
    await database.execute(`DROP INDEX IF EXISTS bench.${name}`)
  await database.execute(`INSERT INTO bench.payments
    SELECT ${payment.id}, ${payment.member}, ${payment.invoice}, ${payment.day}, ${payment.fen}
    FROM generate_series(${from}::bigint, ${to - 1}::bigint) i`)
  await database.execute(`INSERT INTO bench.invoices
    SELECT 'i' || i, 'm' || (i % ${MEMBERS}), DATE '2025-01-01' + CAST(i % ${DAYS} AS INTEGER), i % 1000000
    FROM generate_series(${invoicesFor(from)}::bigint, ${invoicesFor(to) - 1}::bigint) i`)
  await database.execute('CREATE INDEX payments_id ON bench.payments (id)')
  await database.execute('CREATE INDEX invoices_id ON bench.invoices (id)')
  for (const name of ['payments', 'invoices', 'members'])
    await database.execute(`VACUUM ANALYZE bench.${name}`)
}
