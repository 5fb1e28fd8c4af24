/** CPU time of processes, from /proc (Linux). */
import { readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100

/** CPU seconds so far, by a name of the caller's. */
export type CpuByProcess = ReadonlyMap<string, number>

function secondsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  } catch {
    // Ended, or not Linux: it used nothing that can be told.
    return 0
  }
}

/** What each group of processes has used so far, all threads, and this process as `client`. */
export function cpuByProcess(groups: ReadonlyMap<string, readonly number[]>): CpuByProcess {
  const own = process.cpuUsage()
  const used = [...groups].map(([name, pids]): [string, number] => [
    name,
    pids.reduce((sum, pid) => sum + secondsOf(pid), 0),
  ])
  return new Map([...used, ['client', (own.user + own.system) / 1e6]])
}

/** Seconds between two readings, by name. */
export const spent = (before: CpuByProcess, after: CpuByProcess): CpuByProcess =>
  new Map([...after].map(([name, seconds]) => [name, seconds - (before.get(name) ?? 0)]))
