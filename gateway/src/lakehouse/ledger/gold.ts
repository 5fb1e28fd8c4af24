/**
 * Gold: every record once, as it stands now.
 *
 * Silver has a row for each version, and to find the last ones of ten million rows takes seconds. So those up to some
 * block lie in a table of their own, in order of their ids; a view adds what came after that block. When more than a
 * twentieth lies behind it, the table is written anew: what is ever written stays in proportion to what came.
 */
import type { LakeTransaction } from '../engine.ts'
import type { Table } from '../family.ts'
import { lakeHeight } from './height.ts'
import { columnsOf, LAKE } from '../names.ts'
import { GOLD, SILVER, type GoldView, type SilverTable } from './tables.ts'

/** Up to which block the last versions of a silver table are settled; the newest row of a name counts. */
export const SETTLED: Table = {
  name: 'settled',
  columns: { name: 'VARCHAR', block: 'BIGINT', rows: 'BIGINT' },
}

/** By silver table. */
type Settled = ReadonlyMap<string, { readonly block: bigint; readonly rows: number }>

export const SETTLES: readonly SilverTable[] = SILVER.filter(({ name }) =>
  GOLD.some(({ terms, states }) => terms === name || states === name),
)

const settledTable = (name: string): string => `${LAKE}.settled.${name}`

/** Nothing is settled yet: the tables are empty, and the views read all of silver. */
export const goldSchema = (): string[] => [
  `DELETE FROM ${LAKE}.bronze.${SETTLED.name}`,
  ...SETTLES.flatMap(table => [
    `DROP TABLE IF EXISTS ${settledTable(table.name)}`,
    `CREATE TABLE ${settledTable(table.name)} (${columnsOf(table)})`,
  ]),
  ...GOLD.map(view => viewSql(view, new Map())),
]

const LAST = 'row_number() OVER (PARTITION BY id ORDER BY block DESC, tx_index DESC) = 1'

/** The last version of every record, found among all. */
export const lastVersions = (name: string): string =>
  `(SELECT * FROM (SELECT * FROM ${LAKE}.silver.${name} QUALIFY ${LAST}) WHERE NOT deleted)`

/** The same, where what is settled need not be looked for. */
export function currentVersions(name: string, settled: Settled): string {
  const block = settled.get(name)?.block
  if (block === undefined) return lastVersions(name)
  const later = `FROM ${LAKE}.silver.${name} WHERE block > ${block}`
  return `(SELECT * FROM ${settledTable(name)} ANTI JOIN (SELECT id ${later}) USING (id)
    UNION ALL SELECT * FROM (SELECT * ${later} QUALIFY ${LAST}) WHERE NOT deleted)`
}

function viewSql({ name, terms, states }: GoldView, settled: Settled): string {
  const view = `CREATE OR REPLACE VIEW ${LAKE}.gold.${name} AS`
  const rows = currentVersions(terms, settled)
  if (states === undefined) return `${view} SELECT * EXCLUDE (deleted) FROM ${rows}`
  const own = new Set(columnNames(terms))
  const added = columnNames(states).filter(column => !own.has(column))
  const columns = [
    't.* EXCLUDE (deleted)',
    ...added.map(column => `s."${column}"`),
    's.block AS state_block',
    's."at" AS state_at',
  ]
  return `${view} SELECT ${columns.join(', ')} FROM ${rows} t
    LEFT JOIN ${currentVersions(states, settled)} s ON s.id = t.id`
}

const columnNames = (table: string): string[] =>
  Object.keys(SILVER.find(({ name }) => name === table)?.columns ?? {})

type Asking = Pick<LakeTransaction, 'query'>

export async function settledNow({ query }: Asking): Promise<Settled> {
  const rows = await query<{ name: string; block: string; rows: string }>(
    `SELECT name, max(block) AS block, arg_max(rows, block) AS rows
     FROM ${LAKE}.bronze.${SETTLED.name} GROUP BY name`,
  )
  return new Map(
    rows.map(({ name, block, rows: count }) => [
      name,
      { block: BigInt(block), rows: Number(count) },
    ]),
  )
}

/** So many rows are looked through at every question. */
const LATER_ROWS = 50_000
const LATER_SHARE = 1 / 20

/** Silver tables with more behind their settled block than a question should look through. */
export async function tablesToSettle(asking: Asking, laterRows = LATER_ROWS): Promise<string[]> {
  const settled = await settledNow(asking)
  const due: string[] = []
  for (const { name } of SETTLES) {
    const { block = -1n, rows = 0 } = settled.get(name) ?? {}
    const [later] = await asking.query<{ rows: string }>(
      `SELECT count(*) AS rows FROM ${LAKE}.silver.${name} WHERE block > ${block}`,
    )
    if (Number(later?.rows) > Math.max(laterRows, rows * LATER_SHARE)) due.push(name)
  }
  return due
}

/** Settles these tables up to the last block of the lake; part of one transaction. */
export async function settle(
  transaction: LakeTransaction,
  names: readonly string[],
): Promise<void> {
  const { run, query } = transaction
  const settled = new Map(await settledNow(transaction))
  const block = await lakeHeight(transaction)
  for (const name of names) {
    await run(
      `CREATE OR REPLACE TABLE ${settledTable(name)} AS
       SELECT * FROM ${currentVersions(name, settled)} ORDER BY id`,
    )
    const [row] = await query<{ rows: string }>(
      `SELECT count(*) AS rows FROM ${settledTable(name)}`,
    )
    settled.set(name, { block, rows: Number(row?.rows) })
    await run(
      `INSERT INTO ${LAKE}.bronze.${SETTLED.name} VALUES ('${name}', ${block}, ${row?.rows})`,
    )
  }
  for (const view of GOLD) await run(viewSql(view, settled))
}
