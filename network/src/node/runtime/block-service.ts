// Serving blocks to other nodes: a range now, or whatever comes next.
import type { Chain } from '../../ledger/index.ts'
import { joinParts } from '../links/frames.ts'

/** An answer stops before it grows beyond this; the first block always goes. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024
const ANSWER_BLOCKS_MAX = 256
/** How long `nextBlocks` waits; the asker's time-out must be longer. */
export const NEXT_BLOCKS_WAIT_MS = 5_000

type BlockReader = Pick<Chain, 'height' | 'block' | 'onCommit'>

/** Blocks first..last, or as many as fit; empty when the first is not there yet. */
export function blocksFrom(chain: BlockReader, first: number, last: number): Uint8Array {
  const blocks: Uint8Array[] = []
  let bytes = 0
  const end = Math.min(last, chain.height() - 1, first + ANSWER_BLOCKS_MAX - 1)
  for (let number = first; number <= end; number += 1) {
    const block = chain.block(number)
    if (!block || (blocks.length > 0 && bytes + block.length > ANSWER_BYTES_MAX)) break
    blocks.push(block)
    bytes += block.length
  }
  return joinParts(blocks)
}

/** Blocks from `first` on; waits for it for a while, then answers with none. */
export async function nextBlocks(
  chain: BlockReader,
  first: number,
  waitMs = NEXT_BLOCKS_WAIT_MS,
): Promise<Uint8Array> {
  if (chain.height() <= first) await committed(chain, first, waitMs)
  return blocksFrom(chain, first, Number.MAX_SAFE_INTEGER)
}

function committed(chain: BlockReader, number: number, waitMs: number): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer)
      unsubscribe()
      resolve()
    }
    const timer = setTimeout(done, waitMs)
    const unsubscribe = chain.onCommit(block => {
      if (block.number >= number) done()
    })
    // A commit between the look and the subscription would otherwise cost a whole wait.
    if (chain.height() > number) done()
  })
}
