import { CodedError } from '../../platform/faults.ts'
import type { Engine } from '../engine.ts'
import { TALLY } from './store.ts'

/** How many documents and words there are, and the number of the next document. */
export interface Tally {
  readonly next: number
  readonly documents: number
  readonly words: number
}

export async function readTally(engine: Engine): Promise<Tally> {
  const [row] = await engine.query(`SELECT next, documents, words FROM ${TALLY}`)
  return {
    next: Number(row?.['next'] ?? 0),
    documents: Number(row?.['documents'] ?? 0),
    words: Number(row?.['words'] ?? 0),
  }
}

const KEPT_MS = 5_000
const kept = new WeakMap<Engine, { readonly tally: Tally; readonly atMs: number }>()

/** For weights: what another process has written in the last seconds changes no order that anybody sees. */
export async function keptTally(engine: Engine): Promise<Tally> {
  const known = kept.get(engine)
  if (known && performance.now() - known.atMs < KEPT_MS) return known.tally
  const tally = await readTally(engine)
  kept.set(engine, { tally, atMs: performance.now() })
  return tally
}

/** Within a transaction: of two that change this row the catalogue lets one. */
export async function writeTally(engine: Engine, to: Tally): Promise<void> {
  kept.delete(engine)
  await engine.query(`UPDATE ${TALLY} SET next = $1, documents = $2, words = $3`, [
    BigInt(to.next),
    BigInt(to.documents),
    BigInt(to.words),
  ])
}

/**
 * Writes in one transaction that also moves the tally from where the caller prepared its rows. Of two processes that
 * write at once one fails here, or at its commit, and neither gives a number twice.
 *
 * @throws CodedError DOCUMENTS_MOVED when somebody else has written since; nothing is then written.
 */
export async function withTally(
  engine: Engine,
  { from, to }: { from: Tally; to: Tally },
  work: () => Promise<void>,
): Promise<void> {
  await engine.transaction(async () => {
    const now = await readTally(engine)
    if (now.next !== from.next || now.documents !== from.documents)
      throw new CodedError('DOCUMENTS_MOVED')
    await writeTally(engine, to)
    await work()
  })
}
