/** Blocks into the lake: each once, whatever is killed and whoever else tries. */
import { INGESTED_BY } from '../history.ts'
import type { LedgerBlock } from '../../platform/ledger/blocks.ts'
import type { Engine } from '../engine.ts'
import { lakeHeight } from './height.ts'
import { rowsOf, type BlockRows } from './rows.ts'
import type { Cell } from '../session.ts'
import { LAKE, STAGING } from '../names.ts'
import { silverRows } from './silver.ts'
import { BRONZE, SILVER } from './tables.ts'
import {
  markerOf,
  NO_REDACTIONS,
  placeText,
  type Redactions,
  type RedactionsOf,
} from '../privacy/marker.ts'

/** A block and when this process received it, in milliseconds since 1970. */
export interface Arrived {
  readonly block: LedgerBlock
  readonly atMs: number
}

/** The blocks to be written do not follow what the lake has: somebody else has written meanwhile. */
export class NotNext extends Error {
  constructor(height: bigint) {
    super(`the lake is at block ${height}`)
  }
}

export interface Ingest {
  /**
   * Writes consecutive blocks in one transaction. Of two processes that write the same blocks one wins: both would
   * make the same snapshot.
   *
   * @throws NotNext when the first block does not follow the lake.
   */
  take(arrived: readonly Arrived[]): Promise<void>
}

/** @param redactions values that were taken out of a lake of before, and stay out. */
/** Whoever asks wants the ledger as it is now; what sources tell may come a second later. */
const URGENT = { isUrgent: true }

export function createIngest(
  engine: Engine,
  ownMsp: string,
  redactions: RedactionsOf = NO_REDACTIONS,
): Ingest {
  /** What this process has committed last; nobody else has written while the snapshot is that one. */
  let known: { snapshot: bigint; height: bigint } | undefined

  return {
    async take(arrived) {
      const [first, last] = [arrived[0]?.block.number, arrived.at(-1)?.block.number]
      if (first === undefined || last === undefined) return
      const rows = redact(rowsOfAll(arrived, ownMsp), await redactions(first, last))
      const snapshot = await engine.write(
        rows,
        async transaction => {
          const height =
            known?.snapshot === transaction.snapshot ? known.height : await lakeHeight(transaction)
          if (height !== first - 1n) throw new NotNext(height)
          for (const name of Object.keys(BRONZE))
            await transaction.run(`INSERT INTO ${LAKE}.bronze.${name} FROM ${STAGING}.${name}`)
          for (const table of silverOf(rows))
            await transaction.run(
              `INSERT INTO ${LAKE}.silver.${table.name} ${silverRows(table, `${STAGING}.writes`)}`,
            )
          await transaction.run(
            `CALL ${LAKE}.set_commit_message('${INGESTED_BY}', 'blocks ${first} to ${last}',
             extra_info => '${last}')`,
          )
          return transaction.snapshot + 1n
        },
        URGENT,
      )
      known = { snapshot, height: last }
    },
  }
}

function rowsOfAll(arrived: readonly Arrived[], ownMsp: string): BlockRows {
  const each = arrived.map(({ block, atMs }) => rowsOf(block, ownMsp, atMs))
  return {
    blocks: each.flatMap(rows => rows.blocks),
    transactions: each.flatMap(rows => rows.transactions),
    writes: each.flatMap(rows => rows.writes),
  }
}

function redact(rows: BlockRows, places: Redactions): BlockRows {
  if (places.size === 0) return rows
  const writes = rows.writes.map(row => {
    const value = row[VALUE]
    const isOut = places.has(placeText(row[BLOCK], row[TX_INDEX], row[POSITION]))
    return isOut && typeof value === 'string' ? row.with(VALUE, markerOf(value)) : row
  })
  return { ...rows, writes }
}

const columns = Object.keys(BRONZE.writes.columns)
const [BLOCK, TX_INDEX] = [columns.indexOf('block'), columns.indexOf('tx_index')]
const [POSITION, VALUE] = [columns.indexOf('position'), columns.indexOf('value')]
const [SIDE, KIND] = [columns.indexOf('side'), columns.indexOf('kind')]
const kindAndSide = (row: readonly Cell[]): string => `${row[KIND]}/${row[SIDE]}`

/** Those that get rows: a statement that adds none costs as much as one that does. */
function silverOf({ writes }: BlockRows) {
  const kinds = new Set(writes.map(kindAndSide))
  return SILVER.filter(({ kind, side }) => kinds.has(`${kind}/${side}`))
}
