/** Whether the lake says what the ledger says: row by row from block 0, and block by block along the chain of hashes. */
import { hashHeader } from '@triflow/network/proof'
import type { LedgerBlock } from '../../platform/ledger/blocks.ts'
import type { Ledger } from '../../platform/ledger/ledger.ts'
import type { Engine, LakeRow } from '../engine.ts'
import { currentVersions, lastVersions, settledNow } from './gold.ts'
import { lakeHeight } from './height.ts'
import {
  isMarkerSql,
  markerOf,
  NO_REDACTIONS,
  placeText,
  type Redactions,
  type RedactionsOf,
} from '../privacy/marker.ts'
import { rowsOf } from './rows.ts'
import type { Cell } from '../session.ts'
import { LAKE } from '../names.ts'
import { silverRows } from './silver.ts'
import { BRONZE, SILVER } from './tables.ts'

export interface LakeReport {
  readonly blocks: string
  readonly rows: number
  /** Blocks whose rows are not those of the ledger, the first ones. */
  readonly differing: readonly string[]
  /** Blocks whose hash does not follow from the one before. */
  readonly unlinked: readonly string[]
  /** Silver rows that do not follow from bronze, or are missing, by table. */
  readonly silver: Readonly<Record<string, number>>
  /** Records that gold does not show as their last version in silver is, by silver table. */
  readonly gold: Readonly<Record<string, number>>
  /** Values that were taken out on purpose, by the job that took them; all else about them is proven. */
  readonly redacted: Readonly<Record<string, number>>
  readonly equal: boolean
}

const SHOWN = 20
const BLOCKS_AT_ONCE = 200

export interface Verifying {
  readonly engine: Engine
  readonly ledger: Ledger
  readonly ownMsp: string
  readonly redactions?: RedactionsOf
  readonly onProgress?: (block: bigint) => void
}

export async function verifyLake(options: Verifying): Promise<LakeReport> {
  const { engine } = options
  const until = await lakeHeight(engine)
  const { rows, differing, unlinked, redacted } = await compareBlocks(options, until)
  const silver = await compareSilver(engine)
  const gold = await compareGold(engine)
  const isEqual =
    differing.length + unlinked.length === 0 &&
    [...Object.values(silver), ...Object.values(gold)].every(one => one === 0)
  return {
    blocks: until.toString(),
    rows,
    differing: differing.slice(0, SHOWN),
    unlinked: unlinked.slice(0, SHOWN),
    silver,
    gold,
    redacted: Object.fromEntries(redacted),
    equal: isEqual,
  }
}

/** Block by block along the chain, and row by row, up to the last block of the lake. */
async function compareBlocks(options: Verifying, until: bigint) {
  const { engine, ledger, ownMsp, redactions = NO_REDACTIONS } = options
  const differing: string[] = []
  const unlinked: string[] = []
  const redacted = new Map<string, number>()
  let rows = 0
  let before: string | undefined
  for await (const part of partsOf(ledger, until)) {
    unlinked.push(...unlinkedIn(part, before))
    before = part.map(hashOf).at(-1)
    const [first = 0n] = part.map(({ number }) => number)
    const last = first + BigInt(part.length - 1)
    const places = await redactions(first, last)
    const found = await compare(engine, part, { ownMsp, places, redacted })
    rows += found.rows
    differing.push(...found.differing)
    options.onProgress?.(last)
  }
  return { rows, differing, unlinked, redacted }
}

/** @param before hash of the block before the first, where there is one. */
function unlinkedIn(part: readonly LedgerBlock[], before: string | undefined): string[] {
  const hashes = [before, ...part.map(hashOf)]
  return part
    .filter(({ previousHash }, at) => hashes[at] !== undefined && hashes[at] !== previousHash)
    .map(({ number }) => number.toString())
}

/** All blocks up to this one, in the parts that are compared at once. */
async function* partsOf(ledger: Ledger, until: bigint): AsyncGenerator<LedgerBlock[]> {
  if (until < 0n) return
  const stop = new AbortController()
  let part: LedgerBlock[] = []
  for await (const block of ledger.blocks(0n, stop.signal)) {
    part.push(block)
    const isLast = block.number >= until
    if (part.length >= BLOCKS_AT_ONCE || isLast) {
      yield part
      part = []
    }
    if (isLast) break
  }
  stop.abort()
}

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

function hashOf({ number, previousHash, dataHash }: LedgerBlock): string {
  const header = { number, previousHash: hex(previousHash), dataHash: hex(dataHash) }
  return Buffer.from(hashHeader(header)).toString('hex')
}

/** The instant of arrival is this lake's own: the ledger says nothing of it. */
const OWN = new Set(['arrived_at'])

async function compare(
  engine: Engine,
  blocks: readonly LedgerBlock[],
  { ownMsp, places, redacted }: Comparing,
): Promise<{ rows: number; differing: string[] }> {
  const isOut = placesOut(await rowsOut(engine, blocks), places, redacted)
  const expected = new Map<string, string[]>()
  const found = new Map<string, string[]>()
  for (const table of Object.values(BRONZE)) {
    const names = Object.keys(table.columns).filter(name => !OWN.has(name))
    const kept = Object.keys(table.columns).map(name => !OWN.has(name))
    for (const block of blocks)
      for (const row of rowsOf(block, ownMsp, 0)[table.name].map(isOut(table.name)))
        note(expected, block.number.toString(), [table.name, ...row.filter((_, at) => kept[at])])
    for (const row of await rowsBetween(engine, { table: table.name, names, blocks }))
      note(found, String(row['block']), [
        table.name,
        ...names.map(name => (row[name] ?? null) as Cell),
      ])
  }
  const differing = blocks
    .map(({ number }) => number.toString())
    .filter(block => textOf(expected.get(block)) !== textOf(found.get(block)))
  return { rows: [...found.values()].reduce((sum, { length }) => sum + length, 0), differing }
}

interface Comparing {
  readonly ownMsp: string
  readonly places: Redactions
  /** Counted up by job. */
  readonly redacted: Map<string, number>
}

/** Rows of bronze that say a commitment in place of their value. */
const rowsOut = (engine: Engine, blocks: readonly LedgerBlock[]): Promise<LakeRow[]> =>
  engine.query(
    `SELECT block, tx_index, position FROM ${LAKE}.bronze.writes
     WHERE ${isMarkerSql('value')}
       AND block BETWEEN ${blocks[0]?.number ?? 0n} AND ${blocks.at(-1)?.number ?? -1n}`,
  )

/**
 * A place that the organisation has noted down may say the hash of the ledger's value; anywhere else, and with any
 * other hash, that is a difference.
 */
function placesOut(rows: readonly LakeRow[], places: Redactions, redacted: Map<string, number>) {
  const out = new Set<string>()
  for (const row of rows) {
    const place = placeText(row['block'], row['tx_index'], row['position'])
    const job = places.get(place)?.job
    if (job === undefined) continue
    out.add(place)
    redacted.set(job, (redacted.get(job) ?? 0) + 1)
  }
  const columns = Object.keys(BRONZE.writes.columns)
  const [block, tx, position] = ['block', 'tx_index', 'position'].map(one => columns.indexOf(one))
  const value = columns.indexOf('value')
  return (table: string) =>
    (row: readonly Cell[]): readonly Cell[] => {
      const text = row[value]
      if (table !== BRONZE.writes.name || typeof text !== 'string' || out.size === 0) return row
      const place = placeText(row[block ?? -1], row[tx ?? -1], row[position ?? -1])
      return out.has(place) ? row.with(value, markerOf(text)) : row
    }
}

function note(rows: Map<string, string[]>, block: string, cells: readonly Cell[]): void {
  const text = JSON.stringify(cells.map(cell => (cell === null ? null : String(cell))))
  const known = rows.get(block)
  if (known) known.push(text)
  else rows.set(block, [text])
}

const textOf = (rows: readonly string[] = []): string => [...rows].sort().join('\n')

async function rowsBetween(
  engine: Engine,
  part: { table: string; names: readonly string[]; blocks: readonly LedgerBlock[] },
): Promise<LakeRow[]> {
  // An instant as the microseconds that it is: its spelling is a matter of taste.
  const columns = part.names.map(name => (name === 'at' ? 'epoch_us("at") AS "at"' : `"${name}"`))
  const [first, last] = [part.blocks[0]?.number ?? 0n, part.blocks.at(-1)?.number ?? -1n]
  return engine.query(
    `SELECT ${columns.join(', ')} FROM ${LAKE}.bronze.${part.table}
     WHERE block BETWEEN ${first} AND ${last}`,
  )
}

/** Silver is what follows from bronze, row by row; tables that are empty on both sides are not looked at. */
async function compareSilver(engine: Engine): Promise<Record<string, number>> {
  const differences: Record<string, number> = {}
  const filled = new Set(await filledTables(engine))
  for (const table of SILVER) {
    differences[table.name] = 0
    if (!filled.has(table.name)) continue
    const wanted = silverRows(table, `${LAKE}.bronze.writes`)
    const have = `FROM ${LAKE}.silver.${table.name}`
    differences[table.name] = await differenceOf(engine, have, wanted)
  }
  return differences
}

/** What is settled, with what came later, is what one finds among all versions. */
async function compareGold(engine: Engine): Promise<Record<string, number>> {
  const settled = await settledNow(engine)
  const differences: Record<string, number> = {}
  for (const name of settled.keys())
    differences[name] = await differenceOf(
      engine,
      `FROM ${currentVersions(name, settled)}`,
      `FROM ${lastVersions(name)}`,
    )
  return differences
}

async function differenceOf(engine: Engine, one: string, other: string): Promise<number> {
  const [row] = await engine.query<{ different: string }>(
    `SELECT count(*) AS different FROM (
       (${one} EXCEPT ALL ${other}) UNION ALL (${other} EXCEPT ALL ${one}))`,
  )
  return Number(row?.different ?? Number.NaN)
}

async function filledTables(engine: Engine): Promise<string[]> {
  const counts = SILVER.map(
    ({ name }) => `SELECT '${name}' AS name, count(*) AS rows FROM ${LAKE}.silver.${name}`,
  )
  const rows = await engine.query<{ name: string; rows: string }>(counts.join(' UNION ALL '))
  const kinds = await engine.query<{ kind: string; side: string }>(
    `SELECT DISTINCT kind, side FROM ${LAKE}.bronze.writes`,
  )
  const inBronze = SILVER.filter(table =>
    kinds.some(({ kind, side }) => kind === table.kind && side === table.side),
  )
  return [...rows.filter(row => row.rows !== '0'), ...inBronze].map(({ name }) => name)
}
