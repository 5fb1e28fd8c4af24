/**
 * What stands in place of a value that was taken out: the hash that the ledger keeps of it, and no more than that.
 * The places are known to the organisation's database, so that a lake that is built again leaves the same values out.
 */
import type { Queryable } from '../../platform/database/database.ts'
import { sha256Hex } from '../../platform/ledger/signer.ts'

const BEGINS = '{"redacted":"'

export const markerOf = (value: string): string => `${BEGINS}${sha256Hex(value)}"}`

/** The same as SQL over a column of values. */
export const isMarkerSql = (column: string): string => `starts_with(${column}, '${BEGINS}')`
export const markerSql = (commitment: string): string => `'${BEGINS}' || ${commitment} || '"}'`

export interface Redaction {
  readonly block: string
  readonly txIndex: number
  readonly position: number
  readonly commitment: string
  /** The erasure or the day of retention that took it out. */
  readonly job: string
}

/** Those of a range of blocks, by `placeText`. */
export type Redactions = ReadonlyMap<string, Redaction>
export type RedactionsOf = (first: bigint, last: bigint) => Promise<Redactions>

export const placeText = (block: unknown, txIndex: unknown, position: unknown): string =>
  `${String(block)}/${String(txIndex)}/${String(position)}`

export const NO_REDACTIONS: RedactionsOf = async () => new Map()

export const redactionsIn =
  (database: Queryable): RedactionsOf =>
  async (first, last) => {
    const rows = await database.query<{
      block: string
      tx_index: number
      position: number
      commitment: string
      job: string
    }>(
      `SELECT block, tx_index, position, commitment, job FROM lake_redactions
       WHERE block BETWEEN $1 AND $2`,
      [first.toString(), last.toString()],
    )
    return new Map(
      rows.map(({ block, tx_index: txIndex, position, commitment, job }) => [
        placeText(block, txIndex, position),
        { block, txIndex, position, commitment, job },
      ]),
    )
  }
