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
