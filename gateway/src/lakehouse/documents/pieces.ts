/**
 * A document as it is shown beside a hit, in pieces. Parquet is read by row groups of 2,048 rows, whole: of long
 * texts that would be hundreds of megabytes for one sentence. A row here is a thousand characters, already packed; the
 * first of a document also says what it is.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Cell, LakeReader } from '../engine.ts'
import { createBounded, type Bounded } from './bounded.ts'
import type { Folded } from './fold.ts'
import { PIECES } from './store.ts'

/** In UTF-16 units of the folded text, in which the index says where a word stands. */
const PIECE_UNITS = 1_024
/** What a piece has of its neighbours: a match at its edge is shown with what stands around it. */
const AROUND = 128
/** Pieces of a document, in the number of a piece. */
const PIECES_MAX = 1_024

export interface ShownDocument {
  readonly id: string
  readonly cid: string
  readonly kind: string
  readonly name: string
  readonly member?: string
  readonly atMs: number
}

export function piecesOf(
  number: number,
  document: ShownDocument,
  { text, folded }: { readonly text: string; readonly folded: Folded },
): Cell[][] {
  const { origin } = folded
  const units = origin.length - 1
  const at = (unit: number): number => origin[Math.min(Math.max(0, unit), units)] ?? text.length
  const count = Math.min(PIECES_MAX, Math.max(1, Math.ceil(units / PIECE_UNITS)))
  return Array.from({ length: count }, (_, piece) => {
    const from = piece * PIECE_UNITS
    const passage = text.slice(at(from - AROUND), at(from + PIECE_UNITS + AROUND)).toWellFormed()
    const said = piece === 0 ? { document, passage } : { passage }
    return [
      BigInt(keyOf(number, piece)),
      deflateRawSync(Buffer.from(JSON.stringify(said))).toString('base64'),
    ]
  })
}

const keyOf = (number: number, piece: number): number => number * PIECES_MAX + piece

/** The rows of one document. */
export const keysOf = (number: number): string =>
  `key BETWEEN ${keyOf(number, 0)} AND ${keyOf(number, PIECES_MAX - 1)}`

/** Where a document is shown from. */
export interface Place {
  readonly document: number
  /** Of the folded text. */
  readonly position: number
}

const pieceKeyOf = ({ document, position }: Place): number =>
  keyOf(document, Math.min(PIECES_MAX - 1, Math.floor(position / PIECE_UNITS)))

interface Piece {
  readonly document?: ShownDocument
  readonly passage: string
}

/** Pieces by their keys; in bytes of what they were unpacked to. */
export type Shown = Bounded<number, Piece>
const KEPT_BYTES = 16 * 1024 * 1024
export const createShown = (): Shown => createBounded(KEPT_BYTES)

export interface ShownPlace {
  readonly document: ShownDocument
  /** What stands around the position. */
  readonly passage: string
}

/** Answers by the number of the document. */
export async function readPlacesShown(
  reader: LakeReader,
  kept: Shown,
  places: readonly Place[],
): Promise<Map<number, ShownPlace>> {
  const keys = new Set(places.flatMap(place => [keyOf(place.document, 0), pieceKeyOf(place)]))
  const pieces = await readPieces(reader, kept, [...keys])
  const shown = new Map<number, ShownPlace>()
  for (const place of places) {
    const document = pieces.get(keyOf(place.document, 0))?.document
    const passage = pieces.get(pieceKeyOf(place))?.passage
    if (document && passage !== undefined) shown.set(place.document, { document, passage })
  }
  return shown
}

async function readPieces(
  reader: LakeReader,
  kept: Shown,
  keys: readonly number[],
): Promise<Map<number, Piece>> {
  const found = new Map<number, Piece>()
  const missing: number[] = []
  for (const key of keys) {
    const known = kept.get(key)
    if (known) found.set(key, known)
    else missing.push(key)
  }
  if (missing.length === 0) return found
  const rows = await reader.query<{ key: string; packed: string }>(
    `SELECT key, to_base64(packed) AS packed FROM ${PIECES} WHERE key IN (${missing.join(', ')})`,
  )
  for (const { key, packed } of rows) {
    const bytes = inflateRawSync(Buffer.from(packed, 'base64'))
    const piece = JSON.parse(bytes.toString()) as Piece
    kept.set(Number(key), piece, bytes.length)
    found.set(Number(key), piece)
  }
  return found
}
