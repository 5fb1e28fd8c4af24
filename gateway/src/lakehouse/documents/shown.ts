/** What is shown of documents that were found, read once for each of them. */
import type { LakeReader } from '../engine.ts'
import { createBounded, type Bounded } from './bounded.ts'
import { DOCUMENTS } from './store.ts'

/** Of a long text only so much is read as a snippet may come from. */
const HEAD_MAX = 65_536
/** In characters. */
const KEPT_MAX = 8 * 1024 * 1024

export interface ShownDocument {
  readonly id: string
  readonly cid: string
  readonly kind: string
  readonly name: string
  readonly member: string | undefined
  readonly atMs: number
  /** The beginning of the text. */
  readonly head: string
}

export type Shown = Bounded<number, ShownDocument>
export const createShown = (): Shown => createBounded(KEPT_MAX)

export async function readShown(
  reader: LakeReader,
  kept: Shown,
  numbers: readonly number[],
): Promise<Map<number, ShownDocument>> {
  const found = new Map<number, ShownDocument>()
  const missing: number[] = []
  for (const number of numbers) {
    const known = kept.get(number)
    if (known) found.set(number, known)
    else missing.push(number)
  }
  if (missing.length === 0) return found
  const rows = await reader.query<
    Omit<ShownDocument, 'member'> & { number: string; member: string | null }
  >(
    `SELECT number, id, cid, kind, name, member, epoch_ms("at")::DOUBLE AS "atMs",
       left(text, ${HEAD_MAX}) AS head FROM ${DOCUMENTS} WHERE number IN (${missing.join(', ')})`,
  )
  for (const { number, member, ...known } of rows) {
    const document = { ...known, member: member ?? undefined }
    kept.set(Number(number), document, document.head.length + 200)
    found.set(Number(number), document)
  }
  return found
}
