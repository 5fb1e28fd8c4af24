import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { BlockReader } from './blocks.ts'
import { Committer } from './committer.ts'
import { DefinitionBook } from './definitions.ts'
import { LedgerFault } from './fault.ts'
import { historyOf } from './history.ts'
import { PrivateAccess } from './private-access.ts'
import { headerHash, isBlockFault, readBlock } from './rules/block.ts'
import { TxCode } from './rules/codes.ts'
import { isRefused, readEnvelope } from './rules/envelope.ts'
import { equalBytes } from './rules/wire.ts'
import { TransactionSimulation } from './simulation.ts'
import { BlockFile } from './store/block-file.ts'
import { readGenesisHash, readSavepoint } from './store/block-rows.ts'
import { LedgerDatabase, StateView } from './store/database.ts'
import { transactionKey } from './store/keys.ts'
import { readLocation } from './store/rows.ts'
import type {
  ChaincodeDefinition,
  CollectionDefinition,
  CommittedBlock,
  FetchOutcome,
  FetchedPrivate,
  Ledger,
  LedgerOptions,
  MissingPrivate,
  PrivatePlace,
  PrivateTransaction,
  Simulation,
  SimulationOptions,
  TransactionLocation,
} from './types.ts'

const TRANSIENT_BLOCKS_DEFAULT = 1_000

interface Parts {
  readonly file: BlockFile
  readonly database: LedgerDatabase
  readonly blocks: BlockReader
  readonly definitions: DefinitionBook
  readonly committer: Committer<{ readonly mspId: string; readonly bytes: Uint8Array }>
  readonly privates: PrivateAccess
}

type CommitListener = (block: CommittedBlock) => void
type Waiter = (location: TransactionLocation) => void

/** A listener's fault is its own: the block is committed whatever it throws. */
const tell = (listener: CommitListener, block: CommittedBlock): void => {
  try {
    listener(block)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

class ChannelLedger implements Ledger {
  readonly channelId: string
  readonly #parts: Parts
  readonly #view: StateView
  readonly #history: ReturnType<typeof historyOf>
  readonly #listeners = new Set<CommitListener>()
  readonly #waiters = new Map<string, Set<Waiter>>()
  #closed = false

  constructor(channelId: string, parts: Parts) {
    this.channelId = channelId
    this.#parts = parts
    this.#view = new StateView(parts.database.tables)
    this.#history = historyOf(number => parts.blocks.read(number))
  }

  #open(): void {
    if (this.#closed) throw new LedgerFault('LEDGER_CLOSED', 'the ledger is closed')
  }

  height(): number {
    return this.#parts.committer.height
  }

  lifecycleHeight(): number {
    return this.#parts.committer.lifecycleHeight
  }

  lastHeaderHash(): Uint8Array {
    return this.#parts.committer.lastHeaderHash
  }

  async commit(bytes: Uint8Array): Promise<CommittedBlock> {
    this.#open()
    const { block, isNew } = await this.#parts.committer.commit(bytes)
    if (isNew) this.#announce(block)
    return block
  }

  #announce(block: CommittedBlock): void {
    for (const { txId, indexed, index, code } of block.transactions) {
      const waiters = indexed ? this.#waiters.get(txId) : undefined
      if (waiters === undefined) continue
      this.#waiters.delete(txId)
      for (const waiter of waiters) waiter({ blockNumber: block.number, index, code })
    }
    for (const listener of this.#listeners) tell(listener, block)
  }

  block(number: number): Uint8Array | undefined {
    this.#open()
    return this.#parts.blocks.read(number)
  }

  readBlock(number: number): Promise<Uint8Array | undefined> {
    this.#open()
    return this.#parts.blocks.readOrFetch(number)
  }

  blockNumberOf(hash: Uint8Array): number | undefined {
    this.#open()
    return this.#parts.blocks.numberOf(hash)
  }

  transaction(txId: string): TransactionLocation | undefined {
    this.#open()
    const key = transactionKey(txId)
    const row = key === undefined ? undefined : this.#view.get('transactions', key)
    return row === undefined ? undefined : readLocation(row)
  }

  /** Looks and subscribes in one turn, so no commit falls between the two. */
  waitForTransaction(txId: string, signal?: AbortSignal): Promise<TransactionLocation> {
    const known = this.transaction(txId)
    if (known !== undefined) return Promise.resolve(known)
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error)
      const waiters = this.#waiters.get(txId) ?? new Set<Waiter>()
      this.#waiters.set(txId, waiters)
      const onAbort = (): void => {
        waiters.delete(waiter)
        if (waiters.size === 0) this.#waiters.delete(txId)
        reject(signal?.reason as Error)
      }
      const waiter: Waiter = location => {
        signal?.removeEventListener('abort', onAbort)
        resolve(location)
      }
      waiters.add(waiter)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  onCommit(listener: CommitListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  newSimulation(options: SimulationOptions): Simulation {
    this.#open()
    const { database, definitions } = this.#parts
    return new TransactionSimulation(options, { database, definitions, history: this.#history })
  }

  state(namespace: string, key: string): Uint8Array | undefined {
    this.#open()
    return this.#view.value(namespace, key)?.value
  }

  definition(chaincode: string): ChaincodeDefinition | undefined {
    this.#open()
    return this.#parts.definitions.get(chaincode)
  }

  definitions(): readonly ChaincodeDefinition[] {
    this.#open()
    return this.#parts.definitions.all()
  }

  collection(chaincode: string, name: string): CollectionDefinition | undefined {
    this.#open()
    return this.#parts.definitions.collection(chaincode, name)
  }

  isCollectionMember(place: { namespace: string; collection: string }, mspId: string): boolean {
    this.#open()
    const { definitions } = this.#parts
    return definitions.memberOrganizations(place.namespace, place.collection).includes(mspId)
  }

  async putTransient(txId: string, privateRwset: Uint8Array): Promise<void> {
    this.#open()
    const { privates } = this.#parts
    await privates.putTransient(txId, privateRwset, this.height())
    const location = this.transaction(txId)
    if (location?.code !== TxCode.VALID) return
    // The block was faster than the endorser's message: what came late is missing data found.
    await this.storeFetchedPrivate(privates.lateSets({ ...location, txId }, privateRwset))
  }

  privateData(blockNumber: number, mspId?: string): readonly PrivateTransaction[] {
    this.#open()
    return this.#parts.privates.ofBlock(blockNumber, mspId)
  }

  privateWriteSet(place: PrivatePlace): Uint8Array | undefined {
    this.#open()
    return this.#parts.privates.writeSet(place)
  }

  missingPrivate(limit?: number): readonly MissingPrivate[] {
    this.#open()
    return this.#parts.privates.missing(limit)
  }

  async storeFetchedPrivate(fetched: readonly FetchedPrivate[]): Promise<readonly FetchOutcome[]> {
    this.#open()
    if (fetched.length === 0) return []
    const { committer, privates } = this.#parts
    return committer.inOrder(() => privates.storeFetched(fetched))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const { committer, database, file } = this.#parts
    await committer.inOrder(() => Promise.resolve())
    await database.close()
    await file.close()
  }
}

/** The genesis block must be this channel's, and the one this folder began with. */
const checkGenesis = (options: LedgerOptions, view: StateView): void => {
  const block = readBlock(options.genesisBlock)
  if (isBlockFault(block) || block.number !== 0) {
    throw new LedgerFault('BLOCK_MALFORMED', 'the genesis block is not a block 0')
  }
  const header = readEnvelope(block.envelopes[0] ?? new Uint8Array(0))
  if (isRefused(header) || header.channelId !== options.channelId) {
    throw new LedgerFault('LEDGER_OTHER_GENESIS', 'the genesis block is of another channel')
  }
  const known = readGenesisHash(view)
  if (known !== undefined && !equalBytes(known, headerHash(block))) {
    throw new LedgerFault('LEDGER_OTHER_GENESIS', 'the folder began with another genesis block')
  }
}

/**
 * Blocks that are on disk and not yet in the tables are applied: those synced before a crash, and
 * those this node kept while it was no peer.
 */
const recover = async ({ file, committer }: Parts, view: StateView): Promise<void> => {
  const { frames, end } = file.scan(readSavepoint(view))
  await file.cutAfter(end)
  let inPlace = true
  for (const { number, position } of frames) {
    const found = file.read(number, position)
    const { block } = await committer.commit(found.bytes, inPlace ? found : undefined)
    inPlace &&= !found.isJudged || equalBytes(block.bytes, found.bytes)
  }
}

const openParts = async (
  options: LedgerOptions,
  { database, file }: Pick<Parts, 'database' | 'file'>,
): Promise<Parts> => {
  const { channelId, trust, certificate, selfMspId } = options
  const view = new StateView(database.tables)
  const blocks = new BlockReader({ file, database }, options.fetchBlock)
  const definitions = new DefinitionBook(view, { trust, selfMspId })
  const transientBlocksMax = options.transientBlocksMax ?? TRANSIENT_BLOCKS_DEFAULT
  const check = { channelId, trust, certificate }
  const committer = new Committer({
    file,
    database,
    blocks,
    definitions,
    check,
    transientBlocksMax,
  })
  const blockOf = (number: number): Promise<Uint8Array | undefined> => blocks.readOrFetch(number)
  const privates = new PrivateAccess({ database, definitions, blockOf })
  const parts: Parts = { file, database, blocks, definitions, committer, privates }
  await recover(parts, view)
  // The blocks may be older than the tables: then only now it is known how the folder began.
  checkGenesis(options, view)
  if (committer.height === 0) await committer.commit(options.genesisBlock)
  return parts
}

/**
 * Opens or creates a channel's ledger. Recovery is part of it: when it resolves, every block on
 * disk is in the state. Rejects with LEDGER_OTHER_GENESIS when folder and channel do not fit.
 */
export const openLedger = async (options: LedgerOptions): Promise<Ledger> => {
  mkdirSync(options.directory, { recursive: true })
  const database = new LedgerDatabase(join(options.directory, 'state'))
  let file: BlockFile | undefined
  try {
    checkGenesis(options, new StateView(database.tables))
    file = await BlockFile.open(join(options.directory, 'blocks'), options.segmentBytesMax)
    return new ChannelLedger(options.channelId, await openParts(options, { database, file }))
  } catch (error) {
    await file?.close()
    await database.close()
    throw error
  }
}
