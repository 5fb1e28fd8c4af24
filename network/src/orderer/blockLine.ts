/**
 * The one line in which blocks reach the ledger: in order, each once, one at a time, whether they
 * were decided here or fetched from another orderer.
 */
import type { LedgerBlock } from '../consensus/index.ts'

export interface LineBlock {
  readonly block: LedgerBlock
  readonly bytes: Uint8Array
}

export type BlockHandler = (block: Uint8Array) => Promise<void>

export interface BlockLineOptions {
  /** Number of the last block the ledger has. */
  readonly height: number
  onDurable(block: LedgerBlock): void
  onFault(fault: Error): void
}

export class BlockLine {
  private readonly options: BlockLineOptions
  private readonly waiting: LineBlock[] = []
  private handler: BlockHandler | undefined
  /** Number of the last block that stands in the line or has left it. */
  private tail: number
  private running: Promise<void> | undefined
  private isClosed = false

  constructor(options: BlockLineOptions) {
    this.options = options
    this.tail = options.height
  }

  setHandler(handler: BlockHandler): void {
    if (this.handler) throw new Error('the block handler is set once')
    this.handler = handler
    this.run()
  }

  /** Number of the next block the line takes. */
  get next(): number {
    return this.tail + 1
  }

  get length(): number {
    return this.waiting.length
  }

  /** False when the block is not the next one: known already, or after a gap. */
  push(block: LineBlock): boolean {
    if (this.isClosed || block.block.header.height !== this.next) return false
    this.tail += 1
    this.waiting.push(block)
    this.run()
    return true
  }

  /** The ledger got this block another way: what stands in the line up to it is dropped. */
  skipTo(height: number): void {
    this.tail = Math.max(this.tail, height)
    const isPassed = (one: LineBlock): boolean => one.block.header.height <= height
    while (this.waiting[0] && isPassed(this.waiting[0])) this.waiting.shift()
  }

  private run(): void {
    if (this.isClosed || !this.handler || this.running || this.waiting.length === 0) return
    this.running = this.drain(this.handler).finally(() => {
      this.running = undefined
      this.run()
    })
  }

  private async drain(handler: BlockHandler): Promise<void> {
    while (!this.isClosed) {
      const next = this.waiting.shift()
      if (!next) return
      try {
        await handler(next.bytes)
      } catch (error) {
        this.isClosed = true
        this.options.onFault(error instanceof Error ? error : new Error(String(error)))
        return
      }
      this.options.onDurable(next.block)
    }
  }

  /** Waits for the block the ledger works on. */
  async close(): Promise<void> {
    this.isClosed = true
    this.waiting.length = 0
    await this.running
  }
}
