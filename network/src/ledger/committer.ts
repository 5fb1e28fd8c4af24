import { LedgerFault } from './fault.ts'
import { withOwnMetadata, type BlockReader } from './blocks.ts'
import { checkBlock, type CheckContext, type CheckedBlock } from './check.ts'
import type { DefinitionBook } from './definitions.ts'
import { headerHash } from './rules/block.ts'
import { TxCode } from './rules/codes.ts'
import { LIFECYCLE } from './rules/definition.ts'
import { writesTo } from './rules/envelope-checks.ts'
import { invariant } from './rules/invariant.ts'
import { planBlock, type BlockPlan, type PlanContext } from './rules/plan.ts'
import type { NamespaceSet } from './rules/rwset.ts'
import { commitHash, hashBytes } from './rules/updates.ts'
import { equalBytes } from './rules/wire.ts'
import type { BlockFile, FoundBlock } from './store/block-file.ts'
import { readSavepoint, writeBlockRows } from './store/block-rows.ts'
import { BlockState } from './store/block-state.ts'
import { StateView, type LedgerDatabase } from './store/database.ts'
import { transactionKey } from './store/keys.ts'
import { readLocation } from './store/rows.ts'
import { PrivateBlock } from './store/private-data.ts'
import { purgeTransient } from './store/transient.ts'
import type { CommittedBlock, CommittedTransaction, LedgerIdentity } from './types.ts'

/** `isNew` is false for a block that was committed before. */
export interface Applied {
  readonly block: CommittedBlock
  readonly isNew: boolean
}

export interface CommitterDeps<I extends LedgerIdentity> {
  readonly file: BlockFile
  readonly database: LedgerDatabase
  readonly blocks: BlockReader
  readonly definitions: DefinitionBook
  readonly check: CheckContext<I>
  readonly transientBlocksMax: number
}

/**
 * Turns ordered blocks into state, one after the other. The checks that need no state (form,
 * certificate, signatures) of later blocks run while an earlier one is written.
 */
export class Committer<I extends LedgerIdentity> {
  readonly #deps: CommitterDeps<I>
  readonly #view: StateView
  #tail: Promise<unknown> = Promise.resolve()
  #height: number
  #lifecycleHeight: number
  #lastHeaderHash: Uint8Array = new Uint8Array(0)
  #commitHash: Uint8Array = new Uint8Array(0)

  constructor(deps: CommitterDeps<I>) {
    this.#deps = deps
    this.#view = new StateView(deps.database.tables)
    this.#height = readSavepoint(this.#view).number
    this.#lifecycleHeight = this.#height
    const last = deps.blocks.row(this.#height - 1)
    if (last !== undefined) {
      this.#lastHeaderHash = last.headerHash
      this.#commitHash = last.commitHash
    }
  }

  get height(): number {
    return this.#height
  }

  /** The height after the last block that wrote to the lifecycle; of an opened ledger, its height then. */
  get lifecycleHeight(): number {
    return this.#lifecycleHeight
  }

  get lastHeaderHash(): Uint8Array {
    return this.#lastHeaderHash
  }

  /** Runs `work` after every commit asked for so far, and before every later one. */
  inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work)
    this.#tail = done.catch(() => undefined)
    return done
  }

  /** `found`: the block stands in the file already, its certificate was checked before. */
  commit(bytes: Uint8Array, found?: FoundBlock): Promise<Applied> {
    const { channelId, trust, certificate } = this.#deps.check
    const checked = checkBlock(bytes, {
      channelId,
      trust,
      certificate: found === undefined ? certificate : undefined,
    })
    // The refusal is reported below; here it only must not count as unhandled meanwhile.
    checked.catch(() => undefined)
    return this.inOrder(async () => this.#apply(await checked, found))
  }

  async #apply(checked: CheckedBlock<I>, found: FoundBlock | undefined): Promise<Applied> {
    const { number } = checked.block
    if (number < this.#height) return { block: this.#again(checked), isNew: false }
    if (number > this.#height) {
      throw new LedgerFault('BLOCK_OUT_OF_ORDER', `block ${number} comes at ${this.#height}`)
    }
    if (!equalBytes(checked.block.previousHash, this.#lastHeaderHash)) {
      throw new LedgerFault('BLOCK_FORKED', `block ${number} does not follow the last one`)
    }
    const plan = planBlock(checked.transactions, this.#planContext(number))
    invariant(plan.flags.length === checked.block.envelopes.length, 'every transaction is judged')
    return { block: await this.#write(checked, plan, found), isNew: true }
  }

  #planContext(blockNumber: number): PlanContext<I> {
    const { definitions, check } = this.#deps
    const view = this.#view
    const state = new BlockState(view)
    return {
      blockNumber,
      state,
      knows: txId => {
        const key = transactionKey(txId)
        return key !== undefined && view.get('transactions', key) !== undefined
      },
      source: {
        definition: namespace => definitions.get(namespace),
        metadata: ({ namespace, collection, key }) =>
          (collection === ''
            ? state.value(namespace, key)
            : state.hashed({ namespace, collection, keyHash: hashBytes(key) })
          )?.metadata ?? new Uint8Array(0),
        applicationPolicy: policy => check.trust.applicationPolicy(policy),
        signaturePolicy: policy => check.trust.signaturePolicy(policy),
        organizationPolicy: mspId => check.trust.organizationPolicy(mspId),
      },
    }
  }

  /** The block file is synced first; the tables follow in one transaction. */
  async #write(
    checked: CheckedBlock<I>,
    plan: BlockPlan,
    found: FoundBlock | undefined,
  ): Promise<CommittedBlock> {
    const { file, database, definitions, blocks, transientBlocksMax } = this.#deps
    const { block, transactions } = checked
    const ownHash =
      block.number === 0 ? new Uint8Array(0) : commitHash(plan.flags, plan.batch, this.#commitHash)
    const bytes = withOwnMetadata(block, { flags: plan.flags, commitHash: ownHash })
    const isOnDisk = found !== undefined && (!found.isJudged || equalBytes(found.bytes, bytes))
    const position = isOnDisk
      ? found.position
      : await file.append(block.number, { bytes, isJudged: true })
    const hash = headerHash(block)
    const own = new PrivateBlock(this.#view, block.number, definitions)
    const outcome = transactions.map((transaction, index) => {
      const { code, indexed } = plan.transactions[index] as BlockPlan['transactions'][number]
      const valid = code === TxCode.VALID
      const { txId, sets } = transaction
      if (valid) own.take({ index, txId, sets })
      return { txId, sets, code, indexed, valid }
    })
    const row = {
      ...position,
      headerHash: hash,
      commitHash: Buffer.from(ownHash),
      flags: Buffer.from(plan.flags),
    }
    await database.commit(tables => {
      own.write(tables, plan.batch)
      purgeTransient(this.#view, tables, block.number - transientBlocksMax)
      writeBlockRows(tables, {
        number: block.number,
        row,
        batch: plan.batch,
        transactions: outcome,
      })
    })
    this.#height = block.number + 1
    if (outcome.some(({ valid, sets }) => valid && sets.some(isOfLifecycle)))
      this.#lifecycleHeight = this.#height
    this.#lastHeaderHash = hash
    this.#commitHash = ownHash
    definitions.forget(plan.definitionsChanged)
    blocks.remember(block.number, bytes)
    return {
      number: block.number,
      bytes,
      flags: plan.flags,
      commitHash: ownHash,
      transactions: committed(transactions, outcome),
      definitionsChanged: plan.definitionsChanged,
      privateMissing: own.missing,
    }
  }

  /** A block that is here already: the same answer again, or proof of a fork. */
  #again({ block, transactions }: CheckedBlock<I>): CommittedBlock {
    const row = this.#deps.blocks.row(block.number)
    invariant(row !== undefined, 'every block below the height is indexed')
    if (!equalBytes(headerHash(block), row.headerHash)) {
      throw new LedgerFault('BLOCK_FORKED', `another block ${block.number} is committed`)
    }
    const outcome = transactions.map(({ txId }, index) => {
      const key = transactionKey(txId)
      const found = key === undefined ? undefined : this.#view.get('transactions', key)
      const location = found === undefined ? undefined : readLocation(found)
      const indexed = location?.blockNumber === block.number && location.index === index
      return { code: row.flags[index] as number, indexed }
    })
    const { flags } = row
    return {
      number: block.number,
      bytes: withOwnMetadata(block, row),
      flags,
      commitHash: row.commitHash,
      transactions: committed(transactions, outcome),
      definitionsChanged: [],
      privateMissing: 0,
    }
  }
}

const isOfLifecycle = (set: NamespaceSet): boolean => set.namespace === LIFECYCLE && writesTo(set)

const committed = <I extends LedgerIdentity>(
  transactions: CheckedBlock<I>['transactions'],
  outcome: readonly { readonly code: number; readonly indexed: boolean }[],
): CommittedTransaction[] =>
  transactions.map(({ txId, type }, index) => {
    const { code, indexed } = outcome[index] as { code: number; indexed: boolean }
    return { index, txId, type, code, indexed }
  })
