import { createHash } from 'node:crypto'
import type { Fault } from '@triflow/chaincode/model'
import type { Database } from '../platform/database/database.ts'
import type { ItemOutcome } from '../platform/http/schemas.ts'
import { refusalsOf } from '../platform/ledger/outcome.ts'
import { CodedError } from '../platform/faults.ts'
import { writeMemo, type OperationRow } from './store.ts'
import { type Built, type StepResult, type Submitter } from './submit.ts'
import type { LedgerIdentity } from '../platform/ledger/signer.ts'

export { StillWaiting } from './submit.ts'

/** What an operation's code has in its hands. All of it may be called again after a restart. */
export interface Run {
  readonly operationId: string
  readonly userId: string
  readonly memberId: string | undefined
  lastBlock: bigint
  /** Computes once and remembers: the plan of an operation must not change when it is run again. */
  memo<T>(name: string, compute: () => Promise<T>): Promise<T>
  /** The same id whenever it is asked for: 32 hex digits from the operation and `name`. */
  id(name: string): string
  submit(step: string, build: (attempt: number) => Promise<Built>): Promise<StepResult>
  /** One transaction for one object; a refusal is thrown. */
  single(step: string, build: (attempt: number) => Promise<Built>): Promise<void>
  settle(outcome: ItemOutcome): void
  expect(total: number): void
  items(): ItemOutcome[]
  total(): number
}

export interface RunOptions {
  readonly database: Database
  readonly submitter: Submitter
  readonly row: OperationRow
  /** Nothing of this operation has been tried before. */
  readonly isFresh: boolean
  /** The wallet: whose signature the transactions carry. */
  readonly signerOf: (userId: string) => Promise<LedgerIdentity>
}

export function createRun({ database, submitter, row, isFresh, signerOf }: RunOptions): Run {
  const outcomes = new Map<string, ItemOutcome>()
  /** A batch that was refused is sent again, smaller, under the same name. */
  const steps = new Set<string>()
  let total = 0
  const run: Run = {
    operationId: row.operation_id,
    userId: row.user_id,
    memberId: row.member_id ?? undefined,
    lastBlock: 0n,
    async memo<T>(name: string, compute: () => Promise<T>) {
      if (name in row.memo) return row.memo[name] as T
      const value = await compute()
      await writeMemo(database, row.operation_id, { name, value })
      row.memo[name] = value
      return value
    },
    id: name =>
      createHash('sha256').update(`${row.operation_id}|${name}`).digest('hex').slice(0, 32),
    async submit(step, build) {
      const isFirst = isFresh && !steps.has(step)
      steps.add(step)
      const result = await submitter.submit({
        operationId: row.operation_id,
        step,
        isFirst,
        build,
        signer: () => signerOf(row.user_id),
      })
      if (result.ok && result.blockNumber > run.lastBlock) run.lastBlock = result.blockNumber
      return result
    },
    async single(step, build) {
      const result = await run.submit(step, build)
      if (!result.ok) throw faultError(result.fault)
    },
    settle: outcome => void outcomes.set(outcome.id, outcome),
    expect: count => void (total = count),
    items: () => [...outcomes.values()],
    total: () => Math.max(total, outcomes.size),
  }
  return run
}

/** A contract's refusal as the gateway's problem, with the same code and its details. */
export function faultError(fault: Fault): CodedError {
  const { code, ...facts } = fault
  const [first] = refusalsOf(fault)
  return new CodedError(first?.code ?? code, { facts: { details: facts } })
}
