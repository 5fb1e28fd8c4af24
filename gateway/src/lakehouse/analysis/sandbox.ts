/**
 * A DuckDB for one reader in a process of its own. Three things force the second process: a text
 * that doubles itself is memory that DuckDB does not count, planning does not hear an interrupt,
 * and a defect of the engine would end the gateway. What does not stop is killed; the next query
 * finds a fresh one.
 */
import { fork, type ChildProcess } from 'node:child_process'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { CodedError } from '../../platform/faults.ts'
import type { Json, Node } from './ast.ts'
import {
  EXIT_MEMORY,
  type Answer,
  type FaultCode,
  type Pack,
  type Reply,
  type Request,
  type Run,
  type SandboxSpec,
} from './protocol.ts'

export interface Parsed {
  readonly tree: Node
  /**
   * Tables, without their schema, that the engine finds in the text; null where it finds no sense
   * in it.
   */
  readonly names: readonly string[] | null
}

export interface Sandbox {
  parse(sql: string): Promise<Parsed>
  print(tree: Node): Promise<string>
  run(request: Omit<Run, 'kind'>): Promise<Answer>
  /** Writes a table into a file of one of its folders. */
  pack(request: Omit<Pack, 'kind'>): Promise<void>
  /** Names that the engine itself has. */
  reserved(): Promise<ReadonlySet<string>>
  close(): void
}

const OPEN_MS = 60_000
const PARSE_MS = 5_000
const PACK_MS = 30_000
/** How long an interrupt may take to be heard. */
const GRACE_MS = 1_000
const WAITING_MAX = 16

const STATUS: Readonly<Record<FaultCode | 'QUERY_BUSY', number>> = {
  QUERY_INVALID: 400,
  QUERY_FAILED: 422,
  QUERY_TIMEOUT: 422,
  QUERY_MEMORY: 422,
  QUERY_BUSY: 429,
  SANDBOX_BROKEN: 503,
}

/**
 * Why a sandbox does not open may hold the address of the catalogue and its password: for the log,
 * not for the caller.
 */
const faultOf = (code: FaultCode | 'QUERY_BUSY', said?: string): CodedError => {
  if (!said) return new CodedError(code, { status: STATUS[code], ...adviceOf(code) })
  const words = code === 'SANDBOX_BROKEN' ? { cause: new Error(said) } : { detail: said }
  return new CodedError(code, { status: STATUS[code], ...words })
}

/** The same for every query, so it tells nothing of any row. */
const ADVICE: Readonly<Partial<Record<FaultCode | 'QUERY_BUSY', string>>> = {
  QUERY_FAILED: 'a value did not fit: a cast, a division, a number too large; try TRY_CAST',
  QUERY_TIMEOUT: 'it takes too long; ask for a shorter period, or join on columns that are equal',
  QUERY_MEMORY: 'it takes too much memory; ask for fewer rows, or for sums',
  QUERY_BUSY: 'too many questions wait already; ask again in a moment',
}
const adviceOf = (code: FaultCode | 'QUERY_BUSY'): { detail?: string } => {
  const detail = ADVICE[code]
  return detail === undefined ? {} : { detail }
}

interface Running {
  readonly process: ChildProcess
  readonly reserved: ReadonlySet<string>
}

/** One question at a time: what one reader asks twice at once does not get twice the memory. */
export function createSandbox(spec: SandboxSpec): Sandbox {
  let running: Promise<Running> | undefined
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  let isClosed = false

  async function started(): Promise<Running> {
    if (isClosed) throw faultOf('SANDBOX_BROKEN', 'closed')
    // A process that was killed a moment ago still looks alive to whoever asks the channel.
    if ((await running?.catch(() => undefined))?.process.killed) running = undefined
    const fresh = (running ??= start(spec, () => (running = undefined)))
    fresh.catch(() => (running = undefined))
    return fresh
  }

  function inTurn<T>(request: Request, limitMs: number): Promise<T> {
    if (waiting >= WAITING_MAX) return Promise.reject(faultOf('QUERY_BUSY'))
    waiting++
    const turn = last.then(
      async () => (await ask((await started()).process, request, limitMs)) as T,
    )
    last = turn.catch(() => undefined).finally(() => waiting--)
    return turn
  }

  function close(): void {
    isClosed = true
    running?.then(
      one => one.process.kill('SIGKILL'),
      () => undefined,
    )
  }

  return {
    parse: sql => inTurn({ kind: 'PARSE', sql }, PARSE_MS),
    print: tree => inTurn({ kind: 'PRINT', tree }, PARSE_MS),
    run: request => inTurn({ kind: 'RUN', ...request }, request.timeoutMs + GRACE_MS),
    pack: async request => {
      await inTurn({ kind: 'PACK', ...request }, PACK_MS)
    },
    reserved: async () => (await started()).reserved,
    close,
  }
}

async function start(spec: SandboxSpec, onEnd: () => void): Promise<Running> {
  // An empty environment: there is nothing in it to be read.
  const child = fork(childFile(), { env: {}, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  yieldTo(child)
  child.once('exit', onEnd)
  child.on('error', onEnd)
  try {
    const names = await ask(child, { kind: 'OPEN', spec }, OPEN_MS)
    // It does not keep the gateway alive; a question that waits for its answer does.
    child.unref()
    child.channel?.unref()
    return { process: child, reserved: new Set(names as readonly string[]) }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

/** Beside this file, or, where a process is bundled into one, at the same place among the bundles. */
function childFile(): string {
  const here = fileURLToPath(import.meta.url)
  const name = path.basename(here)
  if (!name.endsWith(BUNDLE)) return path.join(path.dirname(here), `child${path.extname(here)}`)
  const bundles = here.slice(0, here.lastIndexOf(BUNDLES) + BUNDLES.length)
  return path.join(bundles, 'lakehouse/analysis/child.mjs')
}
const BUNDLE = '.bundle.cjs'
const BUNDLES = `${path.sep}dist${path.sep}run${path.sep}`

/** Requests and blocks go before what an analyst asks. */
function yieldTo({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) os.setPriority(pid, os.constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Where the system does not let it, the sandbox is as slow for others as they are for it.
  }
}

/** Asks, and kills what does not answer in time. */
function ask(child: ChildProcess, request: Request, limitMs: number): Promise<Json | Answer> {
  return new Promise((resolve, reject) => {
    const finish = (end: () => void): void => {
      clearTimeout(timer)
      child.off('message', onReply)
      child.off('exit', onExit)
      end()
    }
    const onReply = (reply: Reply): void => {
      // Its connections may be dead for good: the next question finds a fresh one.
      if (!reply.ok && reply.code === 'SANDBOX_BROKEN') child.kill('SIGKILL')
      finish(() => (reply.ok ? resolve(reply.value) : reject(faultOf(reply.code, reply.detail))))
    }
    const onExit = (status: number | null): void =>
      finish(() => reject(faultOf(status === EXIT_MEMORY ? 'QUERY_MEMORY' : 'SANDBOX_BROKEN')))
    const timer = setTimeout(() => {
      finish(() => reject(faultOf(request.kind === 'OPEN' ? 'SANDBOX_BROKEN' : 'QUERY_TIMEOUT')))
      child.kill('SIGKILL')
    }, limitMs)
    child.on('message', onReply)
    child.once('exit', onExit)
    if (child.connected) child.send(request)
    else onExit(null)
  })
}
