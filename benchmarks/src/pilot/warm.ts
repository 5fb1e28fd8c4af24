/** The pilot on a machine that is installed and built: what `npm start` starts, watched from outside. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { atSignal, REPOSITORY, temporaryFolder, type LedgerKind } from '../ground/index.ts'
import { figure, percentile, type Figure } from '../report/index.ts'
import { memoryOfTree } from './memory.ts'
import { sampleReads, type Reads } from './sampler.ts'

export interface WarmSettings {
  readonly ledger: LedgerKind
  readonly invoices: number
  readonly basePort: number
}

/** The part of pilot.json that is read here. */
interface PilotFile {
  readonly ok: boolean
  readonly fault?: string
  readonly firstCommitMs?: number
  readonly steps: readonly { readonly name: string; readonly ms: number }[]
  readonly totals?: { readonly invoices: number }
  /** From the request of a write that needs one transaction to its commit, as the pilot's clients saw it. */
  readonly latency?: {
    readonly writes: { readonly count: number; readonly p50Ms: number; readonly p95Ms: number }
  }
  readonly chain?: { readonly transactions: number; readonly invalid: number }
}

interface Watched {
  /** Milliseconds that passed between the command and the program's own clock. */
  readonly startMs: number
  readonly memoryBytes: number
  readonly reads: Reads
}

const MEMORY_EVERY_MS = 2_000
const SAID = /^\s*(\d+\.\d) s {2}(.*)$/

export async function measureWarm(settings: WarmSettings): Promise<Figure[]> {
  const dir = temporaryFolder('pilot')
  const child = spawn(process.execPath, argvOf(dir, settings), {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const takeBack = atSignal(() => stop(child))
  try {
    const watched = await watch(child, dir)
    const pilot = JSON.parse(readFileSync(path.join(dir, 'pilot.json'), 'utf8')) as PilotFile
    if (!pilot.ok) throw new Error(`the pilot failed: ${pilot.fault ?? 'see above'}`)
    return figuresOf(pilot, watched)
  } finally {
    await stop(child)
    takeBack()
    rmSync(dir, { recursive: true, force: true })
  }
}

const argvOf = (dir: string, { ledger, invoices, basePort }: WarmSettings): string[] => [
  path.join(REPOSITORY, 'test-network/dist/run/main.mjs'),
  ...['--dir', dir, '--ledger', ledger],
  ...['--invoices', String(invoices), '--base-port', String(basePort)],
]

/** Follows the pilot until it has been played; everything is still running then. */
async function watch(child: ChildProcess, dir: string): Promise<Watched> {
  const spawnedAt = Date.now()
  const ended = new AbortController()
  const reads = sampleReads(dir, ended.signal)
  let memoryBytes = 0
  const timer = setInterval(() => {
    void memoryOfTree(child.pid ?? 0).then(bytes => (memoryBytes = Math.max(memoryBytes, bytes)))
  }, MEMORY_EVERY_MS)
  try {
    const startMs = await played(child, spawnedAt)
    ended.abort()
    return { startMs, memoryBytes, reads: await reads }
  } finally {
    ended.abort()
    clearInterval(timer)
  }
}

/** Resolves when the program says that it stays up; its lines carry its own clock. */
async function played(child: ChildProcess, spawnedAt: number): Promise<number> {
  if (!child.stdout) throw new Error('the pilot has no output')
  let startMs = Number.POSITIVE_INFINITY
  for await (const line of createInterface({ input: child.stdout })) {
    process.stderr.write(`${line}\n`)
    const [, seconds, text] = SAID.exec(line) ?? []
    if (seconds === undefined) continue
    startMs = Math.min(startMs, Date.now() - spawnedAt - Number(seconds) * 1000)
    if (text?.startsWith('Running until')) return Math.max(0, startMs)
  }
  throw new Error('the pilot ended early')
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  // Nobody reads its output any more; a full pipe must not keep it from ending.
  child.stdout?.resume()
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

const one = (what: string, unit: string, value = Number.NaN, target?: string): Figure =>
  figure(what, unit, [value], target ? { target } : {})

function figuresOf(pilot: PilotFile, watched: Watched): Figure[] {
  const playedMs = pilot.steps.reduce((sum, { ms }) => sum + ms, 0)
  const firstMs = (pilot.firstCommitMs ?? Number.NaN) + watched.startMs
  return [
    one('warm: command to first committed business transaction', 's', firstMs / 1000, '<= 10'),
    one('pilot, all steps', 's', playedMs / 1000, '<= 120'),
    ...pilot.steps.map(({ name, ms }) => one(`pilot: ${name}`, 's', ms / 1000)),
    one('invoices through the three flows', 'invoices', pilot.totals?.invoices, '>= 2000'),
    one('transactions on the ledger', 'tx', pilot.chain?.transactions),
    one('invalid transactions', 'tx', pilot.chain?.invalid),
    one('memory of everything running, greatest', 'GiB', watched.memoryBytes / 2 ** 30, '<= 2.5'),
    ...apiFigures(watched.reads, pilot.latency?.writes),
  ]
}

function apiFigures(reads: Reads, writes: NonNullable<PilotFile['latency']>['writes'] | undefined) {
  const all = [...reads.values()].flat()
  return [
    one('API reads under the pilot, p95', 'ms', percentile(all, 0.95), '<= 100'),
    ...[...reads].map(([route, ms]) => one(`API ${route}, p95`, 'ms', percentile(ms, 0.95))),
    one('API reads taken', 'calls', all.length),
    one('write to commit under the pilot, p95', 'ms', writes?.p95Ms, '<= 500'),
    one('write to commit under the pilot, p50', 'ms', writes?.p50Ms),
    one('writes taken', 'calls', writes?.count),
  ]
}
