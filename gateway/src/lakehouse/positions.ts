/**
 * How far a stream is, kept in the lake beside what it brought: a batch and the position behind it are one
 * transaction, so a batch is there once or not at all. The ledger needs none, its blocks say it.
 */
import { CodedError } from '../platform/faults.ts'
import type { LakeTransaction } from './engine.ts'
import type { Table } from './family.ts'
import { LAKE, quoted } from './names.ts'

/** A row for each batch; the one of the highest number counts. */
export const POSITIONS: Table = {
  name: 'positions',
  columns: { stream: 'VARCHAR', number: 'BIGINT', position: 'VARCHAR', at: 'TIMESTAMP' },
}
const PLACE = `${LAKE}.bronze.${POSITIONS.name}`

type Asking = Pick<LakeTransaction, 'query'>
interface Place {
  readonly number: bigint
  readonly position: string | undefined
}

async function placeOf({ query }: Asking, stream: string): Promise<Place> {
  const [row] = await query<{ number: string | null; position: string | null }>(
    `SELECT max(number) AS number, arg_max(position, number) AS position
     FROM ${PLACE} WHERE stream = ${quoted(stream)}`,
  )
  return { number: BigInt(row?.number ?? -1), position: row?.position ?? undefined }
}

/** The position behind the last batch; undefined before the first. */
export const positionOf = async (asking: Asking, stream: string): Promise<string | undefined> =>
  (await placeOf(asking, stream)).position

/**
 * Part of the transaction that writes the batch.
 *
 * @throws CodedError POSITION_MOVED when the stream is not at `after`: somebody else has brought this batch.
 */
export async function movePosition(
  transaction: LakeTransaction,
  stream: string,
  { after, to }: { readonly after: string | undefined; readonly to: string },
): Promise<void> {
  const { number, position } = await placeOf(transaction, stream)
  if (position !== after) throw new CodedError('POSITION_MOVED', { facts: { stream } })
  await transaction.run(
    `INSERT INTO ${PLACE} VALUES (${quoted(stream)}, ${number + 1n}, ${quoted(to)}, now())`,
  )
}

/** Of many streams, in one question; a stream without a batch is left out. */
export async function positionsOf(
  { query }: Asking,
  streams: readonly string[],
): Promise<ReadonlyMap<string, { readonly number: bigint; readonly position: string }>> {
  const rows = await query<{ stream: string; number: string; position: string }>(
    `SELECT stream, max(number) AS number, arg_max(position, number) AS position
     FROM ${PLACE} WHERE stream IN (${streams.map(quoted).join(', ')}) GROUP BY stream`,
  )
  return new Map(
    rows.map(({ stream, number, position }) => [stream, { number: BigInt(number), position }]),
  )
}

export interface Move {
  readonly stream: string
  /** Whether the stream is where its batch was pulled at. */
  readonly isAt: (position: string | undefined) => boolean
  readonly to: string
}

/**
 * `movePosition` for streams that share a transaction: those that are where they have to be are moved, the others stay.
 *
 * @returns the names of those that were moved.
 */
export async function movePositions(
  transaction: LakeTransaction,
  moves: readonly Move[],
): Promise<ReadonlySet<string>> {
  const places = await positionsOf(
    transaction,
    moves.map(({ stream }) => stream),
  )
  const due = moves.filter(({ stream, isAt }) => isAt(places.get(stream)?.position))
  const rows = due.map(
    ({ stream, to }) =>
      `(${quoted(stream)}, ${(places.get(stream)?.number ?? -1n) + 1n}, ${quoted(to)}, now())`,
  )
  if (rows.length > 0) await transaction.run(`INSERT INTO ${PLACE} VALUES ${rows.join(', ')}`)
  return new Set(due.map(({ stream }) => stream))
}

/** Forgets all but the last of each stream; part of the upkeep. */
export const tidyPositions = ({ run }: LakeTransaction): Promise<void> =>
  run(`DELETE FROM ${PLACE} WHERE (stream, number) NOT IN
    (SELECT (stream, max(number)) FROM ${PLACE} GROUP BY stream)`)
