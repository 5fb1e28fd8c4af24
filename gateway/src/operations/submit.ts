import type { Fault, Operation as LedgerOperation } from '@triflow/chaincode/model'
import type { Database } from '../platform/database/database.ts'
import { CodedError } from '../platform/faults.ts'
import { isPrepared, type Ledger, type Prepared } from '../platform/ledger/ledger.ts'
import { next, type Outcome } from '../platform/ledger/outcome.ts'
import type { LedgerIdentity } from '../platform/ledger/signer.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import { attemptsOf, insertTransaction, markTransaction, type TransactionRow } from './store.ts'

/** The ledger has not said what became of a transaction; the operation is taken up again later. */
export class StillWaiting extends Error {
  override readonly name = 'StillWaiting'
}

export interface Built {
  readonly operation: LedgerOperation
  /** Ids of the items inside, recorded with the transaction. */
  readonly items?: readonly string[]
}

export interface Committed {
  readonly ok: true
  readonly txId: string
  readonly blockNumber: bigint
  readonly result: Uint8Array
  readonly items: readonly string[]
}

export interface Refused {
  readonly ok: false
  readonly fault: Fault
}

export type StepResult = Committed | Refused

export interface StepOptions {
  readonly operationId: string
  readonly step: string
  /** Nothing of this step has been tried before: no earlier attempt is looked for. */
  readonly isFirst?: boolean
  /** Whose signature the transaction carries. */
  readonly signer: () => Promise<LedgerIdentity>
  /** Called for each attempt, so that a repeated one is made from fresh values. */
  readonly build: (attempt: number) => Promise<Built>
}

export interface Submitter {
  /** Carries one step out, at most once on the ledger however often it is called. */
  submit(options: StepOptions): Promise<StepResult>
}

export interface SubmitterOptions {
  readonly database: Database
  readonly ledger: Ledger
  readonly log: Log
  readonly metrics: Metrics
  /** A block came in lately: other endorsers may still be behind. */
  readonly recent: () => boolean
  /** Transactions of this process between endorsement and commit. */
  readonly concurrency: number
}

const STATUS_MS = 12_000
const RECOVERY_STATUS_MS = 1_500

export function createSubmitter(options: SubmitterOptions): Submitter {
  const gate = createGate(options.concurrency)
  return {
    async submit(step) {
      const earlier = step.isFirst
        ? []
        : await attemptsOf(options.database, step.operationId, step.step)
      const done = earlier.find(row => row.status === 'committed')
      if (done) return committedRow(done)
      const recovered = await recoverAll(options, step, earlier)
      if (recovered) return recovered
      for (let attempt = (earlier.at(-1)?.attempt ?? 0) + 1; ; attempt++) {
        const now = attempt
        const stop = options.metrics.commitSeconds.startTimer()
        const tried = await gate(() => attemptOnce(options, step, now))
        const decision = await decide(options, { step, tried, attempt })
        stop()
        if (decision !== 'again') return decision.result
      }
    },
  }
}

async function attemptOnce(
  { database, ledger }: SubmitterOptions,
  step: StepOptions,
  attempt: number,
): Promise<Tried> {
  const built = await step.build(attempt)
  const prepared = await ledger.endorse(await step.signer(), built.operation)
  if (!isPrepared(prepared)) return { outcome: prepared }
  const items = [...(built.items ?? [])]
  await insertTransaction(database, {
    tx_id: prepared.txId,
    operation_id: step.operationId,
    step: step.step,
    attempt,
    items,
    envelope: prepared.envelope,
    result: prepared.result,
  })
  await ledger.submit(prepared)
  return { outcome: await ledger.status(prepared.txId, STATUS_MS), prepared, items }
}

/** Transactions of an earlier life of this step: their fate is found out before anything else is done. */
async function recoverAll(
  options: SubmitterOptions,
  step: StepOptions,
  earlier: readonly TransactionRow[],
): Promise<StepResult | undefined> {
  const open = earlier.filter(row => row.status === 'stored')
  for (const row of open) {
    const tried = await recover(options, row)
    const decision = await decide(options, { step, tried, attempt: row.attempt })
    if (decision !== 'again') return decision.result
  }
  return undefined
}

async function recover({ ledger }: SubmitterOptions, row: TransactionRow): Promise<Tried> {
  const prepared = { txId: row.tx_id, envelope: row.envelope, result: row.result }
  let outcome = await ledger.status(row.tx_id, RECOVERY_STATUS_MS)
  if (outcome.kind === 'unknown') {
    // The very same bytes once more: one transaction id is committed at most once.
    await ledger.submit(prepared)
    outcome = await ledger.status(row.tx_id, STATUS_MS)
  }
  return { outcome, prepared, items: row.items }
}

async function record(
  { database }: SubmitterOptions,
  txId: string,
  outcome: Outcome,
): Promise<void> {
  if (outcome.kind !== 'committed' && outcome.kind !== 'invalid') return
  await markTransaction(database, txId, {
    status: outcome.kind,
    code: outcome.kind === 'committed' ? 'VALID' : outcome.code,
    blockNumber: outcome.blockNumber,
  })
}

async function decide(
  options: SubmitterOptions,
  { step, tried, attempt }: { step: StepOptions; tried: Tried; attempt: number },
): Promise<Decision> {
  const { log, metrics } = options
  const { outcome, prepared } = tried
  if (prepared) await record(options, prepared.txId, outcome)
  metrics.transactions.inc({ outcome: outcome.kind })
  const decision = next(outcome, { attempt, recent: options.recent() })
  switch (decision) {
    case 'done':
      return { result: committed(tried) }
    case 'tell_caller':
      return { result: { ok: false, fault: faultOf(outcome) } }
    case 'endorse_again':
      log.debug({ step: step.step, attempt, outcome: outcome.kind }, 'endorse again')
      await sleep(pauseMs(outcome, attempt))
      return 'again'
    case 'ask_status':
    case 'park':
      throw new StillWaiting()
    case 'page_operator':
      log.error({ step: step.step, outcome }, 'PAGE: transaction needs the operator')
      throw new CodedError(outcome.kind === 'invalid' ? outcome.code : 'LEDGER_FAULT', {
        status: 502,
        detail: 'the operator has been told',
      })
    default:
      return unreachable(decision)
  }
}

interface Tried {
  readonly outcome: Outcome
  readonly prepared?: Prepared
  readonly items?: readonly string[]
}

type Decision = 'again' | { readonly result: StepResult }

function committed({ outcome, prepared, items }: Tried): StepResult {
  if (outcome.kind !== 'committed' || !prepared) throw new Error('done means committed')
  const { txId, result } = prepared
  return { ok: true, txId, blockNumber: outcome.blockNumber, result, items: items ?? [] }
}

function committedRow(row: TransactionRow): StepResult {
  return {
    ok: true,
    txId: row.tx_id,
    blockNumber: BigInt(row.block_number ?? 0),
    result: row.result,
    items: row.items,
  }
}

function faultOf(outcome: Outcome): Fault {
  if (outcome.kind !== 'refused') throw new Error('only a refusal is told to the caller')
  return outcome.fault
}

/** Conflicts are tried again quickly; a ledger that does not answer is left alone for longer. */
function pauseMs(outcome: Outcome, attempt: number): number {
  const base = outcome.kind === 'unendorsed' ? 200 : 60
  return Math.min(base * 2 ** (attempt - 1), 2_000)
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

function unreachable(value: never): never {
  throw new Error(`no such decision: ${String(value)}`)
}

export type Gate = <T>(work: () => Promise<T>) => Promise<T>

/** Lets `size` pieces of work run at once; the others queue in order. */
export function createGate(size: number): Gate {
  let free = size
  const queue: (() => void)[] = []
  return async work => {
    if (free > 0) free--
    else await new Promise<void>(resolve => queue.push(resolve))
    try {
      return await work()
    } finally {
      const head = queue.shift()
      if (head) head()
      else free++
    }
  }
}
