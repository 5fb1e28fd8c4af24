import { LedgerFault } from './fault.ts'
import {
  METADATA_COMMIT_HASH,
  METADATA_FLAGS,
  checkBlockData,
  headerHash,
  isBlockFault,
  readBlock,
  writeBlock,
  type Block,
} from './rules/block.ts'
import { Writer, equalBytes } from './rules/wire.ts'
import type { BlockFile } from './store/block-file.ts'
import { StateView, type LedgerDatabase } from './store/database.ts'
import { blockKey, readBlockNumber } from './store/keys.ts'
import { readBlockRow, writeBlockRow, type BlockRow } from './store/rows.ts'

/** A few newest blocks stay in memory: every deliver stream asks for them at once. */
export const RECENT_MAX = 32

/** Slots 2 and 4: this peer's verdicts and its hash over all results so far. */
export const withOwnMetadata = (
  block: Block,
  own: { readonly flags: Uint8Array; readonly commitHash: Uint8Array },
): Buffer => {
  const slots = new Map<number, Uint8Array>([[METADATA_FLAGS, own.flags]])
  slots.set(
    METADATA_COMMIT_HASH,
    own.commitHash.length === 0
      ? new Uint8Array(0)
      : new Writer().bytes(1, own.commitHash).finish(),
  )
  return writeBlock(block, slots)
}

/** A block this node kept while it was no peer: the verdicts stand beside it. */
const withVerdicts = (bytes: Uint8Array, row: BlockRow): Uint8Array => {
  const block = readBlock(bytes)
  if (isBlockFault(block)) throw new LedgerFault('BLOCK_CORRUPT', block.detail)
  return withOwnMetadata(block, row)
}

/** Reads stored blocks, and brings damaged ones again. */
export class BlockReader {
  readonly #file: BlockFile
  readonly #database: LedgerDatabase
  readonly #view: StateView
  readonly #fetch: ((number: number) => Promise<Uint8Array | undefined>) | undefined
  readonly #recent = new Map<number, Uint8Array>()

  constructor(
    store: { readonly file: BlockFile; readonly database: LedgerDatabase },
    fetch: ((number: number) => Promise<Uint8Array | undefined>) | undefined,
  ) {
    this.#file = store.file
    this.#database = store.database
    this.#view = new StateView(store.database.tables)
    this.#fetch = fetch
  }

  remember(number: number, bytes: Uint8Array): void {
    this.#recent.set(number, bytes)
    if (this.#recent.size > RECENT_MAX) {
      this.#recent.delete(this.#recent.keys().next().value as number)
    }
  }

  row(number: number): BlockRow | undefined {
    if (!Number.isSafeInteger(number) || number < 0 || number >= 2 ** 48) return undefined
    const row = this.#view.get('blocks', blockKey(number))
    return row === undefined ? undefined : readBlockRow(row)
  }

  numberOf(hash: Uint8Array): number | undefined {
    if (hash.length !== 32) return undefined
    const row = this.#view.get('hashes', Buffer.from(hash))
    return row === undefined ? undefined : readBlockNumber(row)
  }

  read(number: number): Uint8Array | undefined {
    const recent = this.#recent.get(number)
    if (recent !== undefined) return recent
    const row = this.row(number)
    if (row === undefined) return undefined
    const { bytes, isJudged } = this.#file.read(number, row)
    return isJudged ? bytes : withVerdicts(bytes, row)
  }

  /** The block whose bytes the checksum or the header hash do not fit is fetched and kept. */
  async readOrFetch(number: number): Promise<Uint8Array | undefined> {
    try {
      return this.read(number)
    } catch (error) {
      const row = this.row(number)
      if (!(error instanceof LedgerFault) || row === undefined) throw error
      const fetched = await this.#fetch?.(number)
      if (fetched === undefined) throw error
      return this.#repair(number, row, fetched)
    }
  }

  async #repair(number: number, row: BlockRow, fetched: Uint8Array): Promise<Uint8Array> {
    const block = readBlock(fetched)
    const fits =
      !isBlockFault(block) &&
      equalBytes(headerHash(block), row.headerHash) &&
      checkBlockData(block) === undefined &&
      block.envelopes.length === row.flags.length
    if (!fits) throw new LedgerFault('BLOCK_CORRUPT', `block ${number} was brought wrong`)
    const bytes = withOwnMetadata(block, row)
    const position = await this.#file.repair(number, { bytes, isJudged: true })
    await this.#database.commit(tables => {
      tables.blocks.put(blockKey(number), writeBlockRow({ ...row, ...position }))
    })
    return bytes
  }
}
