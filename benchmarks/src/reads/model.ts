/**
 * A gateway whose read model grows: first a pilot's blocks, projected; then copies of what they left, made in SQL.
 *
 * A copy has ids of its own, which point to each other as those of the original do, and is of another month of the
 * same year. What waits for somebody is copied like everything else: the work grows with the business.
 */
import { testGateway, type TestGateway } from '@triflow/gateway/testing/gateway'
import { freshDatabase } from '@triflow/gateway/testing/postgres'
import { recount, type Sum } from '@triflow/gateway/projection/sums'
import { blocks, CORE, GENERATION, MONTH, MSP, RECORDS, SUPPLIERS } from './records.ts'

const HOUR_S = 3_600
const MONTHS = 12
const TABLES = ['records', 'changes', 'sums', 'checkpoint'] as const

export interface Size {
  readonly records: number
  /** Of all tables of the read model. */
  readonly rows: number
  /** With indexes. */
  readonly bytes: number
}

/** The pilot's PostgreSQL plans without these; a server that was given keeps what its owner has set. */
async function planAsThePilot(): Promise<void> {
  const store = await freshDatabase()
  if (process.env['DATABASE_URL'] === undefined)
    for (const setting of ['jit = off', 'max_parallel_workers_per_gather = 0'])
      await store.database.execute(`ALTER ROLE CURRENT_USER SET ${setting}`)
  await store.close()
}

/** A gateway of the core enterprise with the read model of one pilot. */
export async function openModel(): Promise<TestGateway> {
  await planAsThePilot()
  const gateway = await testGateway({
    organization: 'core',
    mspId: MSP,
    accessTokenSeconds: HOUR_S,
  })
  const { directory, database } = gateway.services
  const entry = { uscc: '91440304MA3476801A' }
  await directory.take(
    [{ ...entry, memberId: CORE, mspId: MSP, kind: 'OBLIGOR', name: CORE }],
    true,
  )
  const suppliers = SUPPLIERS.map(memberId => ({
    ...entry,
    memberId,
    mspId: 'AllianceMSP',
    kind: 'SUPPLIER' as const,
    name: memberId,
  }))
  await directory.take(suppliers, false)
  for (const each of blocks()) await gateway.project(each)
  await database.execute('CREATE SCHEMA original')
  for (const table of TABLES)
    await database.execute(`CREATE TABLE original.${table} AS SELECT * FROM book.${table}`)
  await settle(gateway)
  return gateway
}

/** Adds the copies `from` to below `to`; the original is copy 0. */
export async function grow(gateway: TestGateway, from: number, to: number): Promise<void> {
  const { database } = gateway.services
  for (const sql of [COPY_RECORDS, COPY_CHANGES, COPY_SUMS, MOVE_CHECKPOINT])
    await database.execute(sql, [from, to - 1])
  await settle(gateway)
}

const COPIES = 'generate_series($1::int, $2::int) AS copy'
const monthOf = (day: string): string =>
  `replace(${day}, '${MONTH}', '-' || lpad((1 + copy % ${MONTHS})::text, 2, '0') || '-')`
const named = (text: string): string =>
  `replace(${text}, '${GENERATION}', 'c' || lpad(copy::text, 3, '0'))`
const LATER = `make_interval(months => copy % ${MONTHS}, secs => copy)`
const HEIGHT = 'SELECT block_number + 1 FROM original.checkpoint'
const TX = `encode(sha256((tx_id || '-' || copy)::bytea), 'hex')`

const COPY_RECORDS = `
  INSERT INTO book.records (kind, id, open, secret_text, secret, happened_on, block_number, tx_index, tx_id, updated_at)
  SELECT kind, ${named('id')}, ${named('open::text')}::jsonb, text, text::jsonb, ${monthOf('happened_on')},
    block_number + copy * (${HEIGHT}), tx_index, ${TX}, updated_at + ${LATER}
  FROM ${COPIES} CROSS JOIN original.records
    CROSS JOIN LATERAL (SELECT ${monthOf(named('secret_text'))} AS text) AS copied`

const COPY_CHANGES = `
  INSERT INTO book.changes (kind, id, block_number, tx_index, tx_id, name, at)
  SELECT kind, ${named('id')}, block_number + copy * (${HEIGHT}), tx_index, ${TX}, name, at + ${LATER}
  FROM ${COPIES} CROSS JOIN original.changes`

/** Amounts and parties are those of the original. */
const COPY_SUMS = `
  INSERT INTO book.sums (party, figure, day, count, fen)
  SELECT party, figure, ${monthOf('day')} AS day, sum(count), sum(fen)
  FROM ${COPIES} CROSS JOIN original.sums GROUP BY 1, 2, 3
  ON CONFLICT (party, figure, day)
  DO UPDATE SET count = sums.count + excluded.count, fen = sums.fen + excluded.fen`

const MOVE_CHECKPOINT = `
  UPDATE book.checkpoint c SET block_number = c.block_number + n * (o.block_number + 1),
    transactions = c.transactions + n * o.transactions
  FROM original.checkpoint o, (SELECT 1 + $2::int - $1::int AS n) AS copies`

/** Statistics, visibility and dirty pages as they are when nothing has been written for a while. */
async function settle({ services: { database } }: TestGateway): Promise<void> {
  await database.execute(`VACUUM ANALYZE ${TABLES.map(table => `book.${table}`).join(', ')}`)
  // Only some roles of a server that was given may ask for it; then it comes by itself.
  await database.execute('CHECKPOINT').catch(() => undefined)
}

export async function sizeOf({ services: { database } }: TestGateway): Promise<Size> {
  const counts = TABLES.map(table => `(SELECT count(*) FROM book.${table})`)
  const sizes = TABLES.map(table => `pg_total_relation_size('book.${table}')`)
  const [row] = await database.query<{ records: string; rows: string; bytes: string }>(
    `SELECT ${counts[0]} AS records, ${counts.join(' + ')} AS rows, ${sizes.join(' + ')} AS bytes`,
  )
  return { records: Number(row?.records), rows: Number(row?.rows), bytes: Number(row?.bytes) }
}

/** Throws unless every record is there and the sums are those of the records: the report must answer real numbers. */
export async function requireWhole(gateway: TestGateway, factor: number): Promise<void> {
  const { database } = gateway.services
  const { records } = await sizeOf(gateway)
  if (records !== factor * RECORDS) throw new Error(`${records} records at ${factor}x`)
  const kept = await database.query<KeptSum>(
    'SELECT party, figure, day, count, fen FROM book.sums WHERE count <> 0 OR fen <> 0',
  )
  const counted = new Map((await recount(database)).map(sum => [keyOf(sum), valueOf(sum)]))
  const isEqual = kept.every(sum => counted.get(keyOf(sum)) === valueOf(sum))
  if (!isEqual || kept.length !== counted.size)
    throw new Error(`the sums are not those of the records at ${factor}x`)
}

type KeptSum = { party: string; figure: string; day: string; count: string; fen: string }
type Key = Pick<Sum, 'party' | 'figure' | 'day'>

const keyOf = ({ party, figure, day }: Key): string => [party, figure, day].join('\u0000')
const valueOf = ({ count, fen }: Pick<Sum | KeptSum, 'count' | 'fen'>): string => `${count} ${fen}`

export type { TestGateway }
