/**
 * Gold: every record once, as it stands now.
 *
 * Silver has a row for each version, and to find the last ones of ten million rows takes seconds. So those up to some
 * block lie in a table of their own, in order of their ids; a view adds what came after that block. When more than a
 * twentieth lies behind it, the table is written anew: what is ever written stays in proportion to what came.
 */
import type { LakeTransaction } from '../engine.ts'
import type { Table } from '../family.ts'
import { rowsAtMost } from '../files.ts'
import { lakeHeight } from './height.ts'
import { columnsOf, LAKE } from '../names.ts'
import { slicesOf, WHOLE, type Slice } from './slices.ts'
import { emptyMart, martAfter, martOf, MARTS, settledMart, type Mart } from './marts.ts'
import { GOLD, SILVER, type GoldView, type SilverTable } from './tables.ts'

/** Up to which block the last versions of a silver table are settled; the newest row of a name counts. */
export const SETTLED: Table = {
  name: 'settled',
  columns: { name: 'VARCHAR', block: 'BIGINT', rows: 'BIGINT' },
}

/** By silver table. */
export type Settled = ReadonlyMap<string, { readonly block: bigint; readonly rows: number }>

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
  ...MARTS.flatMap(emptyMart),
  ...viewsSql(new Map()),
]

const LAST = 'row_number() OVER (PARTITION BY id ORDER BY block DESC, tx_index DESC) = 1'

/** The last version of every record, found among all. */
export const lastVersions = (name: string, slice = WHOLE): string =>
  `(SELECT * FROM (SELECT * FROM ${LAKE}.silver.${name} WHERE ${slice} QUALIFY ${LAST})
    WHERE NOT deleted)`

/** The same, where what is settled need not be looked for. */
export function currentVersions(name: string, settled: Settled, slice = WHOLE): string {
  const block = settled.get(name)?.block
  if (block === undefined) return lastVersions(name, slice)
  return `(SELECT * FROM (SELECT * FROM ${settledTable(name)} WHERE ${slice})
      ANTI JOIN ${changedAfter(name, block, slice)} USING (id)
    UNION ALL ${lastAfter(name, block, slice)})`
}

const changedAfter = (name: string, block: bigint, slice = WHOLE): string =>
  `(SELECT id FROM ${LAKE}.silver.${name} WHERE block > ${block} AND ${slice})`

const lastAfter = (name: string, block: bigint, slice = WHOLE): string =>
  `SELECT * FROM (SELECT * FROM ${LAKE}.silver.${name}
     WHERE block > ${block} AND ${slice} QUALIFY ${LAST})
   WHERE NOT deleted`

/** The sums of a mart as the records stand. */
export function currentMart(mart: Mart, settled: Settled): string {
  const block = settled.get(mart.of)?.block
  if (block === undefined) return martOf(mart, lastVersions(mart.of))
  return martAfter(mart, {
    records: settledTable(mart.of),
    changed: changedAfter(mart.of, block),
    later: `(${lastAfter(mart.of, block)})`,
  })
}

const viewsSql = (settled: Settled): string[] => [
  ...GOLD.map(view => viewSql(view, settled)),
  ...MARTS.map(
    mart => `CREATE OR REPLACE VIEW ${LAKE}.gold.${mart.name} AS ${currentMart(mart, settled)}`,
  ),
]

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
  const atMost = await rowsAtMost(asking, 'silver')
  const due: string[] = []
  for (const { name } of SETTLES) {
    const { block = -1n, rows = 0 } = settled.get(name) ?? {}
    const bearable = Math.max(laterRows, rows * LATER_SHARE)
    if ((atMost.get(name) ?? 0) <= bearable) continue
    const [later] = await asking.query<{ rows: string }>(
      `SELECT count(*) AS rows FROM ${LAKE}.silver.${name} WHERE block > ${block}`,
    )
    if (Number(later?.rows) > bearable) due.push(name)
  }
  return due
}

/**
 * Settles these tables up to the last block of the lake; part of one transaction.
 *
 * @param rowsMax are put in order at a time, about.
 */
export async function settle(
  transaction: LakeTransaction,
  names: readonly string[],
  rowsMax: number,
): Promise<void> {
  const { run, query } = transaction
  const settled = new Map(await settledNow(transaction))
  const block = await lakeHeight(transaction)
  const atMost = await rowsAtMost(transaction, 'silver')
  for (const name of names) {
    const sizes = { rows: atMost.get(name) ?? 0, rowsMax }
    await writeSettled(transaction, name, {
      settled,
      slices: await slicesOf(transaction, `${LAKE}.silver.${name}`, sizes),
    })
    for (const mart of MARTS.filter(({ of }) => of === name))
      await run(
        `CREATE OR REPLACE TABLE ${settledMart(mart)} AS ${martOf(mart, settledTable(name))}`,
      )
    const [row] = await query<{ rows: string }>(
      `SELECT count(*) AS rows FROM ${settledTable(name)}`,
    )
    settled.set(name, { block, rows: Number(row?.rows) })
    await run(
      `INSERT INTO ${LAKE}.bronze.${SETTLED.name} VALUES ('${name}', ${block}, ${row?.rows})`,
    )
  }
  for (const sql of viewsSql(settled)) await run(sql)
}

/** A table in order of its ids, slice behind slice: a question for one id then reads one file. */
async function writeSettled(
  { run }: LakeTransaction,
  name: string,
  { settled, slices }: { readonly settled: Settled; readonly slices: readonly Slice[] },
): Promise<void> {
  const next = `${LAKE}.settled.${name}_next`
  const target = slices.length === 1 ? settledTable(name) : next
  for (const [at, slice] of slices.entries()) {
    const head = at === 0 ? `CREATE OR REPLACE TABLE ${target} AS` : `INSERT INTO ${target}`
    await run(`${head} SELECT * FROM ${currentVersions(name, settled, slice)} ORDER BY id`)
  }
  if (target === next) {
    await run(`DROP TABLE ${settledTable(name)}`)
    await run(`ALTER TABLE ${next} RENAME TO ${name}`)
  }
}
