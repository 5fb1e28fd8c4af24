import { TxCode } from './codes.ts'
import { LIFECYCLE, chaincodeOfSequenceKey } from './definition.ts'
import { writesTo } from './envelope-checks.ts'
import { endorsementVerdict, lifecycleKeysWritten, type PolicySource } from './endorsement.ts'
import { readsHold } from './mvcc.ts'
import type { NamespaceSet } from './rwset.ts'
import type { CommittedState } from './state.ts'
import { UpdateBatch, applyWrites } from './updates.ts'
import type { LedgerIdentity } from '../types.ts'

/** A transaction after the checks that need no state: signatures, ids, form. */
export interface CheckedTransaction<I extends LedgerIdentity> {
  readonly code: TxCode
  readonly type: number
  readonly txId: string
  readonly timestamp: { readonly seconds: number; readonly nanos: number }
  /** The creator signed it and the id is the creator's: it may be found by its id. */
  readonly authentic: boolean
  readonly chaincodeName: string
  readonly sets: readonly NamespaceSet[]
  readonly endorsers: readonly I[]
}

export interface PlannedTransaction {
  readonly code: TxCode
  readonly indexed: boolean
}

export interface BlockPlan {
  readonly flags: Uint8Array
  readonly transactions: readonly PlannedTransaction[]
  readonly batch: UpdateBatch
  readonly definitionsChanged: readonly string[]
}

export interface PlanContext<I extends LedgerIdentity> {
  readonly blockNumber: number
  readonly state: CommittedState
  readonly source: PolicySource<I>
  /** True when an earlier block holds the transaction id. */
  knows(txId: string): boolean
}

class Planner<I extends LedgerIdentity> {
  readonly #context: PlanContext<I>
  readonly #changedPolicies = new Set<string>()
  readonly #changedDefinitions = new Set<string>()
  readonly #taken = new Set<string>()
  readonly batch = new UpdateBatch()

  constructor(context: PlanContext<I>) {
    this.#context = context
  }

  /** An id counts as used once an authentic transaction carries it, valid or not. */
  #take(transaction: CheckedTransaction<I>): boolean {
    const { txId } = transaction
    if (this.#taken.has(txId) || this.#context.knows(txId)) return false
    this.#taken.add(txId)
    return true
  }

  /** A definition changed earlier in this block: nobody endorsed under the new one. */
  #definitionMoved(transaction: CheckedTransaction<I>): boolean {
    if (this.#changedDefinitions.size === 0) return false
    return (
      this.#changedDefinitions.has(transaction.chaincodeName) ||
      transaction.sets.some(set => writesTo(set) && this.#changedDefinitions.has(set.namespace))
    )
  }

  #judge(transaction: CheckedTransaction<I>): TxCode {
    const { state, source } = this.#context
    const endorsed = endorsementVerdict(transaction, { source, changed: this.#changedPolicies })
    if (endorsed !== TxCode.VALID) return endorsed
    const held = readsHold(transaction.sets, { batch: this.batch, state })
    if (held !== TxCode.VALID) return held
    return this.#definitionMoved(transaction) ? TxCode.EXPIRED_CHAINCODE : TxCode.VALID
  }

  #apply(transaction: CheckedTransaction<I>, index: number): void {
    const version = { block: this.#context.blockNumber, tx: index }
    applyWrites(transaction.sets, version, { batch: this.batch, state: this.#context.state })
    for (const key of lifecycleKeysWritten(transaction.sets)) {
      const name = chaincodeOfSequenceKey(key) ?? /^namespaces\/[^/]+\/([^/]+)/.exec(key)?.[1]
      if (name !== undefined && name !== LIFECYCLE) this.#changedDefinitions.add(name)
    }
  }

  plan(transaction: CheckedTransaction<I>, index: number): PlannedTransaction {
    const indexed = transaction.authentic && this.#take(transaction)
    if (transaction.code !== TxCode.VALID) return { code: transaction.code, indexed }
    if (transaction.sets.length === 0 && transaction.chaincodeName === '') {
      return { code: TxCode.VALID, indexed }
    }
    if (!indexed) return { code: TxCode.DUPLICATE_TXID, indexed }
    const code = this.#judge(transaction)
    if (code === TxCode.VALID) this.#apply(transaction, index)
    return { code, indexed }
  }

  definitionsChanged(): string[] {
    return [...this.#changedDefinitions].sort()
  }
}

/**
 * The verdict on every transaction of a block in order, and the writes of the valid ones. A pure
 * function of the checked block and the state before it: every replica gets the same answer.
 */
export const planBlock = <I extends LedgerIdentity>(
  transactions: readonly CheckedTransaction<I>[],
  context: PlanContext<I>,
): BlockPlan => {
  const planner = new Planner(context)
  const planned = transactions.map((transaction, index) => planner.plan(transaction, index))
  return {
    flags: Uint8Array.from(planned, ({ code }) => code),
    transactions: planned,
    batch: planner.batch,
    definitionsChanged: planner.definitionsChanged(),
  }
}
