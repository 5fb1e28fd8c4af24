// How a node that does not order gets its blocks: it asks one source at a time for what comes next, verifies, commits.
// A source that fails, lies or holds back while others are ahead is left for the next one.
import { textOf } from '../fault.ts'

export interface PullerPorts {
  height(): number
  /** Names of the nodes that can be asked now, and how high each says it is. */
  sources(): { name: string; height: number }[]
  nextBlocks(source: string, first: number): Promise<Uint8Array[]>
  /** Verifies and commits; rejects when the block does not prove itself. */
  commit(block: Uint8Array): Promise<unknown>
  count(outcome: string): void
  warn(fields: object, text: string): void
}

const PAUSE_MS = 200

export class BlockPuller {
  #ports: PullerPorts
  #source = 0
  #stopped = false
  #done: Promise<void>

  constructor(ports: PullerPorts) {
    this.#ports = ports
    this.#done = this.#run()
  }

  async close(): Promise<void> {
    this.#stopped = true
    await this.#done
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const sources = this.#ports.sources()
      const source = sources[this.#source % Math.max(1, sources.length)]
      if (!source) await this.#pause()
      else if (!(await this.#pullFrom(source.name))) await this.#rotate()
    }
  }

  async #rotate(): Promise<void> {
    this.#source += 1
    await this.#pause()
  }

  #pause(): Promise<void> {
    return new Promise(resolve => setTimeout(resolve, PAUSE_MS))
  }

  /** False: this source is to be left. */
  async #pullFrom(name: string): Promise<boolean> {
    const first = this.#ports.height()
    try {
      const blocks = await this.#ports.nextBlocks(name, first)
      for (const block of blocks) await this.#ports.commit(block)
      if (blocks.length > 0 || !this.#isBehind()) return true
      this.#ports.count('source_withholds')
      return false
    } catch (error) {
      if (this.#stopped) return true
      this.#ports.count('source_failed')
      this.#ports.warn({ source: name, first, reason: textOf(error) }, 'no blocks from this node')
      return false
    }
  }

  #isBehind(): boolean {
    return this.#ports.sources().some(source => source.height > this.#ports.height())
  }
}
