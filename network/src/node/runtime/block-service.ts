// Serving blocks to other nodes: a range now, or whatever comes next.
import type { Ledger } from '../../ledger/index.ts'
import { joinParts } from '../links/frames.ts'

/** An answer stops before it grows beyond this; the first block always goes. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024
const ANSWER_BLOCKS_MAX = 256
/** How long `nextBlocks` waits; the asker's time-out must be longer. */
export const NEXT_BLOCKS_WAIT_MS = 5_000

type BlockReader = Pick<Ledger, 'height' | 'block' | 'onCommit'>

/** Blocks first..last, or as many as fit; empty when the first is not there yet. */
export function blocksFrom(ledger: BlockReader, first: number, last: number): Uint8Array {
  const blocks: Uint8Array[] = []
  let bytes = 0
  const end = Math.min(last, ledger.height() - 1, first + ANSWER_BLOCKS_MAX - 1)
  for (let number = first; number <= end; number += 1) {
    const block = ledger.block(number)
    if (!block || (blocks.length > 0 && bytes + block.length > ANSWER_BYTES_MAX)) break
    blocks.push(block)
    bytes += block.length
  }
  return joinParts(blocks)
}

/** Blocks from `first` on; waits for it for a while, then answers with none. */
export async function nextBlocks(
  ledger: BlockReader,
  first: number,
  waitMs = NEXT_BLOCKS_WAIT_MS,
): Promise<Uint8Array> {
  if (ledger.height() <= first) await committed(ledger, first, waitMs)
  return blocksFrom(ledger, first, Number.MAX_SAFE_INTEGER)
}

function committed(ledger: BlockReader, number: number, waitMs: number): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer)
      unsubscribe()
      resolve()
    }
    const timer = setTimeout(done, waitMs)
    const unsubscribe = ledger.onCommit(block => {
      if (block.number >= number) done()
    })
    // A commit between the look and the subscription would otherwise cost a whole wait.
    if (ledger.height() > number) done()
  })
}
