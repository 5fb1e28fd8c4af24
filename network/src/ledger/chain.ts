import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { RECENT_MAX, withOwnMetadata } from './blocks.ts'
import { LedgerFault } from './fault.ts'
import { checkBlockData, headerHash, isBlockFault, readBlock, type Block } from './rules/block.ts'
import { equalBytes } from './rules/wire.ts'
import { BlockFile, REPAIRED, endOf, type FileEnd } from './store/block-file.ts'
import { BlockIndex } from './store/block-index.ts'
import type { Chain, ChainOptions } from './types.ts'

const NOTHING = new Uint8Array(0)

interface Store {
  readonly file: BlockFile
  readonly index: BlockIndex
}

type Listener = (block: { readonly number: number }) => void

const readChecked = (bytes: Uint8Array): Block => {
  const block = readBlock(bytes)
  const fault = isBlockFault(block) ? block : checkBlockData(block)
  if (fault !== undefined) throw new LedgerFault(fault.code, fault.detail)
  return block as Block
}

/** Flags and commit hash of whoever handed the block on are not this node's to keep. */
const withoutVerdicts = (block: Block): Buffer =>
  withOwnMetadata(block, { flags: NOTHING, commitHash: NOTHING })

class BlockChain implements Chain {
  readonly channelId: string
  readonly #store: Store
  readonly #fetch: ChainOptions['fetchBlock']
  readonly #listeners = new Set<Listener>()
  readonly #recent = new Map<number, Uint8Array>()
  #tail: Promise<unknown> = Promise.resolve()
  #lastHeaderHash: Uint8Array = NOTHING
  #closed = false

  constructor(options: ChainOptions, store: Store) {
    this.channelId = options.channelId
    this.#store = store
    this.#fetch = options.fetchBlock
  }

  #open(): void {
    if (this.#closed) throw new LedgerFault('LEDGER_CLOSED', 'the ledger is closed')
  }

  /** Begins with the genesis block, or finds that the folder began with it. */
  async start(genesisBlock: Uint8Array): Promise<void> {
    const genesis = readBlock(genesisBlock)
    if (isBlockFault(genesis) || genesis.number !== 0) {
      throw new LedgerFault('BLOCK_MALFORMED', 'the genesis block is not a block 0')
    }
    if (this.height() === 0) return void (await this.commit(genesisBlock))
    const first = readChecked(this.block(0) as Uint8Array)
    if (!equalBytes(headerHash(first), headerHash(genesis))) {
      throw new LedgerFault('LEDGER_OTHER_GENESIS', 'the folder began with another genesis block')
    }
    this.#lastHeaderHash = headerHash(readChecked(this.block(this.height() - 1) as Uint8Array))
  }

  height(): number {
    return this.#store.index.count
  }

  lastHeaderHash(): Uint8Array {
    return this.#lastHeaderHash
  }

  commit(bytes: Uint8Array): Promise<{ readonly number: number }> {
    this.#open()
    return this.#inOrder(() => this.#append(bytes))
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work)
    this.#tail = done.catch(() => undefined)
    return done
  }

  async #append(received: Uint8Array): Promise<{ readonly number: number }> {
    const block = readChecked(received)
    const { number } = block
    if (number < this.height()) return this.#again(block)
    if (number > this.height()) {
      throw new LedgerFault('BLOCK_OUT_OF_ORDER', `block ${number} comes at ${this.height()}`)
    }
    if (!equalBytes(block.previousHash, this.#lastHeaderHash)) {
      throw new LedgerFault('BLOCK_FORKED', `block ${number} does not follow the last one`)
    }
    const bytes = withoutVerdicts(block)
    const position = await this.#store.file.append(number, { bytes, isJudged: false })
    this.#store.index.put(number, position)
    this.#lastHeaderHash = headerHash(block)
    this.#remember(number, bytes)
    for (const listener of this.#listeners) listener({ number })
    return { number }
  }

  #again(block: Block): { readonly number: number } {
    const { number } = block
    if (equalBytes(headerHash(block), this.#headerHashOf(number))) return { number }
    throw new LedgerFault('BLOCK_FORKED', `another block ${number} is committed`)
  }

  #remember(number: number, bytes: Uint8Array): void {
    this.#recent.set(number, bytes)
    if (this.#recent.size <= RECENT_MAX) return
    this.#recent.delete(this.#recent.keys().next().value as number)
  }

  block(number: number): Uint8Array | undefined {
    this.#open()
    const recent = this.#recent.get(number)
    if (recent !== undefined) return recent
    if (number < 0 || number >= this.height()) return undefined
    const position = this.#store.index.position(number)
    if (position === undefined) throw new LedgerFault('BLOCK_CORRUPT', `block ${number} is lost`)
    return this.#store.file.read(number, position).bytes
  }

  async readBlock(number: number): Promise<Uint8Array | undefined> {
    try {
      return this.block(number)
    } catch (error) {
      if (!(error instanceof LedgerFault) || error.code !== 'BLOCK_CORRUPT') throw error
      const fetched = await this.#fetch?.(number)
      if (fetched === undefined) throw error
      return this.#repair(number, fetched)
    }
  }

  async #repair(number: number, fetched: Uint8Array): Promise<Uint8Array> {
    const block = readChecked(fetched)
    if (!equalBytes(headerHash(block), this.#headerHashOf(number))) {
      throw new LedgerFault('BLOCK_CORRUPT', `block ${number} was brought wrong`)
    }
    const bytes = withoutVerdicts(block)
    const position = await this.#store.file.repair(number, { bytes, isJudged: false })
    this.#store.index.put(number, position)
    return bytes
  }

  /** The block above names it, so also a damaged block's is known. */
  #headerHashOf(number: number): Uint8Array {
    const isLast = number === this.height() - 1
    return isLast
      ? this.#lastHeaderHash
      : readChecked(this.block(number + 1) as Uint8Array).previousHash
  }

  onCommit(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#tail
    this.#store.index.close()
    await this.#store.file.close()
  }
}

/** Where the blocks the index knows end; blocks brought again lie in a file of their own. */
const indexedEnd = (index: BlockIndex): { readonly number: number; readonly end: FileEnd } => {
  for (let number = index.count - 1; number >= 0; number -= 1) {
    const position = index.position(number)
    if (position && position.segment !== REPAIRED)
      return { number: number + 1, end: endOf(position) }
  }
  return { number: 0, end: { segment: 0, offset: 0 } }
}

/** Blocks that were synced and not indexed, and blocks of a time when this node was a peer. */
const recover = async ({ file, index }: Store): Promise<void> => {
  const { frames, end } = file.scan({ ...indexedEnd(index), mayRepeat: true })
  const height = Math.max(index.count, (frames.at(-1)?.number ?? -1) + 1)
  if (index.highest >= height || file.hasFrameAfter(end)) {
    // Not the torn end of an append: cutting here would lose blocks this node has promised to keep.
    throw new LedgerFault('BLOCK_CORRUPT', `block ${height} is damaged and later ones are not`)
  }
  await file.cutAfter(end)
  index.cut(index.count)
  for (const { number, position } of frames) index.put(number, position)
}

/**
 * Opens or creates the chain of a node that orders and is no peer: blocks, checked for form and
 * order, without state. `openLedger` on the same folder builds the state from them. Rejects with
 * LEDGER_OTHER_GENESIS when folder and channel do not fit, and with BLOCK_CORRUPT.
 */
export const openChain = async (options: ChainOptions): Promise<Chain> => {
  const directory = join(options.directory, 'blocks')
  mkdirSync(directory, { recursive: true })
  const file = await BlockFile.open(directory, options.segmentBytesMax)
  const store = { file, index: BlockIndex.open(join(directory, 'index')) }
  const chain = new BlockChain(options, store)
  try {
    await recover(store)
    await chain.start(options.genesisBlock)
    return chain
  } catch (error) {
    await chain.close()
    throw error
  }
}
