/** Final blocks from another orderer's ledger, believed only for the signatures in them. */
import type { ReplicaId } from '../consensus/index.ts'
import { readBlock, type ReadBlock } from './block.ts'
import type { Counters } from './counters.ts'
import type { Notary } from './notary.ts'
import type { OrdererLinks } from './types.ts'

export interface FetcherOptions {
  readonly quorum: number
  readonly configNumber: number
  readonly links: OrdererLinks
  readonly timeoutMs: number
  readonly notary: Notary
  readonly counters: Counters
}

export class BlockFetcher {
  private readonly options: FetcherOptions

  constructor(options: FetcherOptions) {
    this.options = options
  }

  /** The verified blocks from `first` on, as many as are good; none if the source fails. */
  async fetch(from: ReplicaId, first: number, last: number): Promise<ReadBlock[]> {
    const good: ReadBlock[] = []
    try {
      const received = await this.withinTime(from, first, last)
      for (const bytes of received.slice(0, last - first + 1)) {
        const block = readBlock(bytes, this.options.configNumber)
        if (!this.isNext(block, first + good.length, good[good.length - 1])) break
        good.push(block)
      }
    } catch {
      this.options.counters.add('fetch_failed')
    }
    this.options.counters.add('fetched_blocks', good.length)
    return good
  }

  private async withinTime(from: ReplicaId, first: number, last: number): Promise<Uint8Array[]> {
    const { links, timeoutMs } = this.options
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), timeoutMs)
    })
    try {
      return await Promise.race([links.fetchBlocks(from, first, last), late])
    } finally {
      clearTimeout(timer)
    }
  }

  private isNext({ block }: ReadBlock, height: number, before: ReadBlock | undefined): boolean {
    const { certificate, header } = block
    const isLinked = !before || before.block.hash === header.previous
    if (!certificate || header.height !== height || !isLinked) return false
    const voters = new Set(certificate.votes.map(({ replica }) => replica))
    const { quorum, notary } = this.options
    const isQuorum = voters.size === quorum && certificate.votes.length === quorum
    return isQuorum && notary.isFinal(certificate)
  }
}
