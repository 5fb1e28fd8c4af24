import { spawn, type ChildProcess } from 'node:child_process'
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { FRUGAL } from '@triflow/network/control'
import type { ProcessSpec } from './spec.ts'

const LOG_BYTES_MAX = 20_000_000

/** Appends to `logs/<name>.log`; a large log of an earlier run moves to `.1` first. */
function openLog(folder: string, name: string): number {
  const file = path.join(folder, `${name}.log`)
  if (existsSync(file) && statSync(file).size > LOG_BYTES_MAX) renameSync(file, `${file}.1`)
  return openSync(file, 'a')
}

/** Kernel start time of a process in clock ticks: a process id alone may have been given to another one. */
export function startedAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Field 22, counted behind the command's closing bracket (field 2), which may itself hold spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

export interface RunningChild {
  readonly pid: number
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/**
 * Spawns in a session of its own, so that Ctrl-C reaches the supervisor alone, and records the process id, so that
 * a supervisor killed with -9 can be followed by one that cleans up behind it.
 */
export function spawnChild(
  spec: ProcessSpec,
  folders: { readonly logs: string; readonly pids: string },
): RunningChild {
  const log = openLog(folders.logs, spec.name)
  let child: ChildProcess
  try {
    child = spawn(spec.command, [...spec.args], {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...FRUGAL.env, ...process.env, ...spec.env },
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      ...(spec.user ?? {}),
    })
  } finally {
    closeSync(log)
  }
  const pidFile = path.join(folders.pids, spec.name)
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(resolve => {
    child.once('error', fault => {
      appendFileSync(path.join(folders.logs, `${spec.name}.log`), `${fault.message}\n`)
      resolve({ code: 127, signal: null })
    })
    child.once('exit', (code, signal) => {
      rmSync(pidFile, { force: true })
      resolve({ code, signal })
    })
  })
  const pid = child.pid ?? -1
  if (pid > 0) {
    writeFileSync(pidFile, `${pid} ${startedAt(pid) ?? ''}`)
    spec.started?.(pid)
  }
  return { pid, exited }
}

/** Asks for a clean stop, then insists. */
export async function stopChild(child: RunningChild, spec: ProcessSpec): Promise<void> {
  signalProcess(child.pid, spec.stopSignal ?? 'SIGTERM')
  const patience = new AbortController()
  const grace = delay(spec.stopGraceMs ?? 5_000, 'late' as const, { signal: patience.signal })
  const first = await Promise.race([child.exited, grace.catch(() => 'done' as const)])
  patience.abort()
  if (first === 'late') signalProcess(child.pid, 'SIGKILL')
  await child.exited
}

export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  if (pid <= 0) return false
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

/** Kills what a dead supervisor left behind, and nothing else: process id and start time must both agree. */
export async function reapOrphan(pidFile: string): Promise<boolean> {
  const [pid, started] = readFileSync(pidFile, 'utf8').split(' ')
  const orphan = Number(pid)
  const alive = () => started !== '' && startedAt(orphan) === started
  if (!alive()) {
    rmSync(pidFile, { force: true })
    return false
  }
  signalProcess(orphan, 'SIGTERM')
  for (let waited = 0; alive() && waited < 5_000; waited += 50) await delay(50)
  if (alive()) signalProcess(orphan, 'SIGKILL')
  while (alive()) await delay(20)
  rmSync(pidFile, { force: true })
  return true
}
