import { randomUUID } from 'node:crypto'
import type { Database } from '../platform/database/database.ts'
import { unavailability } from '../platform/availability.ts'
import { CodedError, invariant, isFault, unknownObject } from '../platform/faults.ts'
import { Answer } from '../platform/http/bind.ts'
import { problemOf } from '../platform/http/problem.ts'
import type { WriteRequest } from '../platform/http/idempotency.ts'
import type { ItemOutcome, Operation } from '../platform/http/schemas.ts'
import type { LedgerIdentity } from '../platform/ledger/signer.ts'
import type { Log } from '../platform/log.ts'
import { createRun, type Run, StillWaiting } from './run.ts'
import {
  claimStale,
  insertOperation,
  readOperation,
  readView,
  renewLeases,
  writeEnding,
  LEASE_SECONDS,
  type OperationRow,
} from './store.ts'
import type { Submitter } from './submit.ts'

/** What an operation does. It may be run again from the start after a crash: every step is recorded. */
export interface OperationKind<I> {
  readonly kind: string
  /**
   * Many objects, each with an outcome of its own: the operation is `done` however many of them are refused.
   * Without it the operation is one piece of work, and its refusal is the refusal of the request.
   */
  readonly bulk?: boolean
  run(run: Run, input: I): Promise<void>
}

export interface StartOptions {
  readonly userId: string
  readonly memberId: string | undefined
  readonly write?: WriteRequest | undefined
}

export interface Engine {
  define<I>(kind: OperationKind<I>): void
  /** Starts an operation and answers when it ended or after a while: 200 or 202. */
  perform(kind: string, input: unknown, options: StartOptions): Promise<Answer<Operation>>
  /** Starts an operation of the service itself and waits for its end, however long it takes. */
  complete(kind: string, input: unknown, options: StartOptions): Promise<Operation>
  read(operationId: string): Promise<Operation>
  answer(operationId: string, waitMs?: number): Promise<Answer<Operation>>
  /** What a repeated request is told: the same as the first one, refusal or operation. */
  repeat(operationId: string): Promise<Answer<Operation>>
  /** Takes over what was left behind by a dead process or waits for the ledger. */
  sweep(): Promise<number>
  close(): Promise<void>
}

export interface EngineOptions {
  readonly database: Database
  readonly submitter: Submitter
  readonly signerOf: (userId: string) => Promise<LedgerIdentity>
  /** Resolves when the read model holds a block, or after a short while. */
  readonly reached: (block: bigint) => Promise<void>
  readonly log: Log
}

const PATIENCE_MS = 8_000
const AGAIN_SECONDS = 2
const GIVE_UP_MS = 15 * 60_000

export function createEngine(options: EngineOptions): Engine {
  const state: EngineState = {
    ...options,
    owner: randomUUID(),
    kinds: new Map(),
    running: new Map(),
    closed: false,
  }
  const renewal = setInterval(() => renew(state), (LEASE_SECONDS * 1000) / 3)
  renewal.unref()
  return {
    define(kind) {
      state.kinds.set(kind.kind, kind as OperationKind<unknown>)
    },
    async perform(kind, input, by) {
      return requested(await answer(state, await start(state, kind, input, by)))
    },
    async complete(kind, input, by) {
      const operationId = await start(state, kind, input, by)
      for (;;) {
        const { body } = await answer(state, operationId, 30_000)
        if (!isOpen(body) || state.closed) return body
      }
    },
    read: operationId => read(state, operationId),
    answer: (operationId, waitMs) => answer(state, operationId, waitMs),
    repeat: async operationId => requested(await answer(state, operationId)),
    async sweep() {
      const stale = await claimStale(state.database, state.owner, 20)
      for (const operationId of stale) void launch(state, operationId)
      return stale.length
    },
    async close() {
      state.closed = true
      clearInterval(renewal)
      await Promise.race([Promise.allSettled(state.running.values()), sleep(5_000)])
    },
  }
}

interface EngineState extends EngineOptions {
  /** Names this process in the leases of its operations. */
  readonly owner: string
  readonly kinds: Map<string, OperationKind<unknown>>
  readonly running: Map<string, Promise<void>>
  closed: boolean
}

function renew({ running, database, owner, log }: EngineState): void {
  if (running.size === 0) return
  renewLeases(database, owner, [...running.keys()]).catch((error: unknown) =>
    log.warn({ err: error }, 'leases not renewed'),
  )
}

function launch(state: EngineState, operationId: string, fresh?: OperationRow): Promise<void> {
  const known = state.running.get(operationId)
  if (known) return known
  const work = execute(state, operationId, fresh)
    .catch((error: unknown) => state.log.error({ err: error, operationId }, 'left behind'))
    .finally(() => state.running.delete(operationId))
  state.running.set(operationId, work)
  return work
}

/** `fresh` is the row of an operation that was written just now, and so has no attempts behind it. */
async function execute(
  state: EngineState,
  operationId: string,
  fresh?: OperationRow,
): Promise<void> {
  const row = fresh ?? (await readOperation(state.database, operationId))
  invariant(row, `operation ${operationId} exists`)
  const kind = state.kinds.get(row.kind)
  invariant(kind, `operation kind ${row.kind} is defined`)
  const run = createRun({ ...state, row, isFresh: fresh !== undefined })
  try {
    await kind.run(run, row.input)
    await state.reached(run.lastBlock)
    await end(state, run, kind.bulk ?? false)
  } catch (error) {
    await fail(state, run, { error, createdAt: row.created_at })
  }
}

async function end({ database }: EngineState, run: Run, bulk: boolean): Promise<void> {
  const items = run.items()
  const refused = bulk ? undefined : items.find(item => !item.ok)
  const problem = refused ? problemOf(refusalOf(refused)) : undefined
  const status = refused ? 'refused' : 'done'
  await writeEnding(database, run.operationId, { status, items, total: run.total(), problem })
}

/** What waits for the ledger is taken up again; everything else ends, refused or failed. */
async function fail(
  { database, log, closed }: EngineState,
  run: Run,
  cause: { error: unknown; createdAt: string },
): Promise<void> {
  const { error } = cause
  const { operationId } = run
  const shared = { items: run.items(), total: run.total() }
  const inTime = Date.now() - Date.parse(cause.createdAt) < GIVE_UP_MS
  const waits = error instanceof StillWaiting || unavailability(error) !== undefined
  if ((waits && inTime) || closed) {
    const againInSeconds = closed ? 0 : AGAIN_SECONDS
    await writeEnding(database, operationId, { ...shared, status: 'waiting', againInSeconds })
    return
  }
  const fault = asFault(error)
  if (fault.status >= 500) log.error({ err: error, operationId }, 'operation failed')
  const status = fault.status >= 500 ? 'failed' : 'refused'
  await writeEnding(database, operationId, { ...shared, status, problem: problemOf(fault) })
}

async function read({ database }: EngineState, operationId: string): Promise<Operation> {
  const operation = await readView(database, operationId)
  if (!operation) throw unknownObject('operation')
  return operation
}

async function answer(
  state: EngineState,
  operationId: string,
  waitMs = PATIENCE_MS,
): Promise<Answer<Operation>> {
  const deadline = Date.now() + waitMs
  const work = state.running.get(operationId)
  if (work) await Promise.race([work, sleep(waitMs)])
  let operation = await read(state, operationId)
  while (isOpen(operation) && Date.now() < deadline) {
    await sleep(100)
    operation = await read(state, operationId)
  }
  return answerOf(operation)
}

async function start(
  state: EngineState,
  kind: string,
  input: unknown,
  by: StartOptions,
): Promise<string> {
  invariant(state.kinds.has(kind), `operation kind ${kind} is defined`)
  const operationId = randomUUID()
  const row = await insertOperation(state.database, {
    operationId,
    kind,
    input,
    owner: state.owner,
    userId: by.userId,
    memberId: by.memberId,
    write: by.write,
  })
  void launch(state, operationId, row)
  return operationId
}

/** Where nothing was done, the refusal of the operation is the refusal of the request. */
function requested(full: Answer<Operation>): Answer<Operation> {
  const { problem, status, items, operationId } = full.body
  if (status !== 'refused' || !problem || items.some(item => item.ok)) return full
  throw new CodedError(problem.code, {
    status: problem.status,
    ...(problem.detail === undefined ? {} : { detail: problem.detail }),
    facts: { operationId },
  })
}

function isOpen(operation: Operation): boolean {
  return operation.status === 'running' || operation.status === 'waiting'
}

function answerOf(operation: Operation): Answer<Operation> {
  const open = isOpen(operation)
  const location = open ? `/v1/operations/${operation.operationId}` : undefined
  return new Answer(open ? 202 : 200, operation, { location, volatile: true })
}

function refusalOf({ code, detail }: ItemOutcome): CodedError {
  return new CodedError(code ?? 'REFUSED', detail === undefined ? {} : { detail })
}

function asFault(error: unknown): CodedError {
  if (isFault(error)) return error
  if (error instanceof StillWaiting)
    return new CodedError('LEDGER_UNAVAILABLE', { detail: 'the ledger has not answered in time' })
  return new CodedError('INTERNAL', { cause: error })
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => {
    setTimeout(resolve, ms).unref()
  })
}
