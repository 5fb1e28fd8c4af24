import { readFile } from 'node:fs/promises'

/**
 * Proportional set size of the processes in bytes: pages shared by several processes count once in the sum,
 * where resident size would count them for each. Undefined where the kernel does not tell (not Linux).
 */
export async function proportionalBytes(pids: readonly number[]): Promise<number | undefined> {
  const sizes = await Promise.all(pids.map(sizeOf))
  const known = sizes.filter(size => size !== undefined)
  return known.length === 0 ? undefined : known.reduce((sum, size) => sum + size, 0)
}

async function sizeOf(pid: number): Promise<number | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
    const kibibytes = /^Pss:\s+(\d+) kB/m.exec(text)?.[1]
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1_024
  } catch {
    return undefined
  }
}

/** The processes and all their descendants (a database forks one process per session). */
export async function withDescendants(pids: readonly number[]): Promise<number[]> {
  const all = new Set<number>()
  const visit = async (pid: number): Promise<void> => {
    if (pid <= 0 || all.has(pid)) return
    all.add(pid)
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
    for (const child of children.split(' ').filter(Boolean)) await visit(Number(child))
  }
  for (const pid of pids) await visit(pid)
  return [...all]
}

/** Everything the supervisor runs, with what that forked, and the supervisor itself. */
export async function memoryOf(supervisor: {
  status(): readonly { readonly pid: number }[]
}): Promise<number | undefined> {
  const pids = supervisor.status().map(one => one.pid)
  return proportionalBytes([process.pid, ...(await withDescendants(pids))])
}

/** Clock ticks per second of /proc/PID/stat; Linux has shown 100 to programs for decades. */
const TICKS = 100

/** Seconds of processor time of each process with what it forked, the busiest first. */
export async function processorSeconds(supervisor: {
  status(): readonly { readonly name: string; readonly pid: number }[]
}): Promise<{ name: string; seconds: number }[]> {
  const named = [{ name: 'this process', pid: process.pid, own: true }, ...supervisor.status()]
  const sums = await Promise.all(
    named.map(async each => {
      const pids = 'own' in each ? [each.pid] : await withDescendants([each.pid])
      const ticks = await Promise.all(pids.map(ticksOf))
      return { name: each.name, seconds: ticks.reduce((sum, own) => sum + own, 0) / TICKS }
    }),
  )
  return sums.sort((a, b) => b.seconds - a.seconds)
}

/** User and system time of a process and of its children that have ended. */
async function ticksOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // Behind the command's closing bracket: fields 14 to 17 of proc(5) stand at 11 to 14.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
}
