/** Memory of a process and all its descendants (Linux). */
import { readFile } from 'node:fs/promises'

/** Proportional set size in bytes: pages that processes share count once. 0 where the kernel does not tell. */
export async function memoryOfTree(root: number): Promise<number> {
  const sizes = await Promise.all((await treeOf(root)).map(sizeOf))
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function treeOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const below = await Promise.all(children.split(' ').filter(Boolean).map(Number).map(treeOf))
  return [pid, ...below.flat()]
}

async function sizeOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024
}
