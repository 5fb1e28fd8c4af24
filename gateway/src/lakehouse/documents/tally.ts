/** One row that says how much there is; it moves with every change of documents or of their index. */
import { CodedError } from '../../platform/faults.ts'
import type { LakeTransaction } from '../engine.ts'
import { TALLY } from './store.ts'
import { ANALYSER } from './tokens.ts'

export interface Tally {
  /** The number of the next document. */
  readonly next: number
  readonly documents: number
  readonly words: number
  /** Documents that the index has; fewer than `documents` while it is made anew. */
  readonly indexed: number
  /** Moves when what is already there changes: a segment is made, a document goes. */
  readonly version: number
  /** By which words the index was made. */
  readonly analyser: number
}

const EMPTY: Tally = { next: 0, documents: 0, words: 0, indexed: 0, version: 0, analyser: ANALYSER }

export async function readTally({ query }: Pick<LakeTransaction, 'query'>): Promise<Tally> {
  const [row] = await query<Record<keyof Tally, string>>(`FROM ${TALLY}`)
  if (!row) return EMPTY
  return {
    next: Number(row.next),
    documents: Number(row.documents),
    words: Number(row.words),
    indexed: Number(row.indexed),
    version: Number(row.version),
    analyser: Number(row.analyser),
  }
}

export const isSame = (a: Tally, b: Tally): boolean =>
  (Object.keys(a) as (keyof Tally)[]).every(key => a[key] === b[key])

/**
 * Moves the tally from where the caller prepared its rows; part of the transaction that writes them. Two processes
 * that write at once make the same snapshot, so one fails here or at its commit, and neither gives a number twice.
 *
 * @throws CodedError DOCUMENTS_MOVED when somebody else has written since; the transaction is then to be given up.
 */
export async function moveTally(
  transaction: LakeTransaction,
  { from, to }: { readonly from: Tally; readonly to: Tally },
): Promise<void> {
  if (!isSame(await readTally(transaction), from)) throw new CodedError('DOCUMENTS_MOVED')
  const { next, documents, words, indexed, version, analyser } = to
  await transaction.run(`DELETE FROM ${TALLY}`)
  await transaction.run(
    `INSERT INTO ${TALLY} VALUES (${[next, documents, words, indexed, version, analyser].join(', ')})`,
  )
}
