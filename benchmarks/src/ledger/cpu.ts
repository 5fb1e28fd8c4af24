/** CPU seconds of all processes of this benchmark, children included, from /proc (Linux). */
import { readdirSync, readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100

interface Entry {
  readonly pid: number
  readonly parent: number
  readonly cpuSeconds: number
  readonly command: string
}

function readEntry(pid: number): Entry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    const ticks = Number(fields[11]) + Number(fields[12])
    return { pid, parent: Number(fields[1]), cpuSeconds: ticks / TICKS_PER_SECOND, command }
  } catch {
    return undefined
  }
}

/** CPU seconds used so far by this process and by every process whose command line names a marker. */
export function cpuSeconds(markers: readonly string[]): number {
  const own = process.cpuUsage()
  const others = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(name => readEntry(Number(name)))
    .filter(entry => markers.some(marker => entry?.command.includes(marker)))
  const sum = others.reduce((total, entry) => total + (entry?.cpuSeconds ?? 0), 0)
  return sum + (own.user + own.system) / 1e6
}
