import type { Ledger } from '../../ledger/index.ts'
import { type DecodedBlock, decodeBlock } from './decode.ts'

/** Blocks kept decoded: streams at the head of the chain all want the same few. */
const DECODED_MAX = 16

/** The blocks of one ledger as they come, shared by every stream of this peer. */
export class BlockFeed {
  private readonly ledger: Ledger
  private readonly decoded = new Map<number, DecodedBlock>()
  private readonly waiting = new Set<() => void>()
  private readonly unsubscribe: () => void

  constructor(ledger: Ledger) {
    this.ledger = ledger
    this.unsubscribe = ledger.onCommit(() => {
      for (const wake of [...this.waiting]) wake()
    })
  }

  close(): void {
    this.unsubscribe()
    for (const wake of [...this.waiting]) wake()
  }

  /** Resolves true when the block is on the ledger, false when the signal is aborted first. */
  async available(number: number, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      if (this.ledger.height() > number) return true
      await this.nextCommit(signal)
    }
    return false
  }

  /** Block bytes with this peer's metadata. */
  async block(number: number): Promise<Uint8Array> {
    const bytes = await this.ledger.readBlock(number)
    if (!bytes) throw new Error(`block ${number} cannot be read`)
    return bytes
  }

  async read(number: number): Promise<DecodedBlock> {
    const known = this.decoded.get(number)
    if (known) return known
    const block = decodeBlock(await this.block(number))
    this.decoded.set(number, block)
    const [oldest] = this.decoded.keys()
    if (this.decoded.size > DECODED_MAX && oldest !== undefined) this.decoded.delete(oldest)
    return block
  }

  private nextCommit(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const wake = (): void => {
        this.waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.waiting.add(wake)
      signal.addEventListener('abort', wake)
    })
  }
}

const feeds = new WeakMap<Ledger, BlockFeed>()

export function feedOf(ledger: Ledger): BlockFeed {
  let feed = feeds.get(ledger)
  if (!feed) {
    feed = new BlockFeed(ledger)
    feeds.set(ledger, feed)
  }
  return feed
}
