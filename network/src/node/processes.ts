// Starting, finding and ending the processes of a network. A pid file remembers when its process started, so that
// a recycled pid is never mistaken for ours, and never killed.
import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { NetworkFault } from './fault.ts'
import { writeWhole } from './folder.ts'

/** For one of a dozen Node processes on a machine, where V8 and glibc would choose as for the only one (ADR 0011). */
export const FRUGAL = {
  /** MiB for young objects. */
  flags: ['--max-semi-space-size=8'],
  /** Else up to eight heaps per core, used from a dozen threads. */
  env: { MALLOC_ARENA_MAX: '2' },
} as const

/** One process of a node, ready to be started by whoever supervises it. */
export interface ProcessSpec {
  /** Unique in the network; also the name of its log and pid files. */
  name: string
  /** Full name of the node it belongs to. */
  node: string
  command: string
  args: string[]
  env: Record<string, string>
  directory: string
  logFile: string
  pidFile: string
  /** It answers here once it runs. */
  port: number
}

interface PidRecord {
  pid: number
  startedAt: string
}

/** Starts a process that outlives this one, its output appended to its log. Returns its pid. */
export function startDetached(spec: ProcessSpec): number {
  mkdirSync(spec.directory, { recursive: true })
  mkdirSync(path.dirname(spec.logFile), { recursive: true })
  const log = openSync(spec.logFile, 'a')
  const child = spawn(spec.command, spec.args, {
    cwd: spec.directory,
    env: { ...process.env, ...spec.env },
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  child.on('error', () => undefined)
  if (child.pid === undefined)
    throw new NetworkFault('PROCESS_NOT_STARTED', `cannot run ${spec.command}`, { name: spec.name })
  child.unref()
  recordPid(spec, child.pid)
  return child.pid
}

/** Remembers a process that a supervisor started, so that `status` and `stop` find it. */
export function recordPid(spec: ProcessSpec, pid: number): void {
  const record: PidRecord = { pid, startedAt: startMarkOf(pid) ?? '' }
  writeWhole(spec.pidFile, JSON.stringify(record))
}

/** The pid of a process that still runs, else undefined. */
export function runningPid(spec: Pick<ProcessSpec, 'pidFile'>): number | undefined {
  if (!existsSync(spec.pidFile)) return undefined
  try {
    const record = JSON.parse(readFileSync(spec.pidFile, 'utf8')) as PidRecord
    process.kill(record.pid, 0)
    const mark = startMarkOf(record.pid)
    return mark === undefined || mark === record.startedAt ? record.pid : undefined
  } catch {
    return undefined
  }
}

/** Field 22 of /proc/PID/stat, the start time in ticks; undefined where there is no /proc or the process is a zombie. */
function startMarkOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'gone' : fields[19]
  } catch {
    return existsSync('/proc/self') ? 'gone' : undefined
  }
}

/** Asks a process to end, and after `patienceMs` makes it. True if it was running. */
export async function stopProcess(
  spec: ProcessSpec,
  signal: NodeJS.Signals = 'SIGTERM',
  patienceMs = 10_000,
): Promise<boolean> {
  const pid = runningPid(spec)
  if (pid === undefined) {
    rmSync(spec.pidFile, { force: true })
    return false
  }
  sendSignal(pid, signal)
  const ended = await waitUntil(() => runningPid(spec) === undefined, patienceMs)
  if (!ended) {
    sendSignal(pid, 'SIGKILL')
    await waitUntil(() => runningPid(spec) === undefined, 5_000)
  }
  rmSync(spec.pidFile, { force: true })
  return true
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended between the look and the signal.
  }
}

/** Polls a condition until it holds or the time is over; says which. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  limitMs: number,
  everyMs = 25,
): Promise<boolean> {
  const deadline = Date.now() + limitMs
  for (;;) {
    if (await condition()) return true
    if (Date.now() > deadline) return false
    await new Promise(resolve => setTimeout(resolve, everyMs))
  }
}

/** Whether something listens at a local port. */
export function isListening(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect({ port, host })
    socket.setTimeout(1_000)
    const answer = (open: boolean) => (): void => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', answer(true)).once('error', answer(false)).once('timeout', answer(false))
  })
}

/** Waits until a process listens; if it died first, the fault shows the end of its log. */
export async function awaitListening(spec: ProcessSpec, limitMs = 60_000): Promise<void> {
  let died = false
  const open = await waitUntil(async () => {
    died = existsSync(spec.pidFile) && runningPid(spec) === undefined
    return died || (await isListening(spec.port))
  }, limitMs)
  if (open && !died) return
  const what = died ? 'ended at once' : `does not answer at port ${spec.port}`
  throw new NetworkFault('NODE_NOT_UP', `${spec.name} ${what}: ${tailOf(spec.logFile)}`, {
    name: spec.name,
    log: spec.logFile,
  })
}

/** The last lines of a log, short enough for a message. */
export function tailOf(file: string, maxCharacters = 1_200): string {
  if (!existsSync(file)) return '(no log)'
  const size = statSync(file).size
  return readFileSync(file, 'utf8')
    .slice(Math.max(0, size - maxCharacters))
    .trim()
}
