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
  readonly repetitions: number
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

/** One pilot, and what was seen of it from outside. */
interface Play {
  readonly pilot: PilotFile
  readonly watched: Watched
}

export async function measureWarm(settings: WarmSettings): Promise<Figure[]> {
  const plays: Play[] = []
  while (plays.length < settings.repetitions) {
    process.stderr.write(`pilot ${plays.length + 1} of ${settings.repetitions}\n`)
    plays.push(await play(settings))
  }
  return figuresOf(plays)
}

async function play(settings: WarmSettings): Promise<Play> {
  const dir = temporaryFolder('pilot')
  const child = spawn(process.execPath, argvOf(dir, settings), {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const takeBack = atSignal(() => stop(child))
  try {
    const watched = await watch(child, dir)
    const pilot = JSON.parse(readFileSync(path.join(dir, 'pilot.json'), 'utf8')) as PilotFile
    if (!pilot.ok) throw new Error(`the pilot failed: ${pilot.fault ?? 'see above'}`)
    return { pilot, watched }
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

const sumMs = (steps: PilotFile['steps']): number => steps.reduce((sum, { ms }) => sum + ms, 0)

function figuresOf(plays: readonly Play[]): Figure[] {
  const each = (take: (play: Play) => number | undefined): number[] =>
    plays.map(one => take(one) ?? Number.NaN)
  const steps = plays[0]?.pilot.steps ?? []
  const stepS = (name: string): number[] =>
    each(({ pilot }) => (pilot.steps.find(step => step.name === name)?.ms ?? Number.NaN) / 1000)
  const firstS = ({ pilot, watched }: Play): number =>
    ((pilot.firstCommitMs ?? Number.NaN) + watched.startMs) / 1000
  return [
    figure('warm: command to first committed business transaction', 's', each(firstS), {
      target: '<= 10',
    }),
    figure(
      'pilot, all steps',
      's',
      each(({ pilot }) => sumMs(pilot.steps) / 1000),
      {
        target: '<= 120',
      },
    ),
    ...steps.map(({ name }) => figure(`pilot: ${name}`, 's', stepS(name))),
    figure(
      'invoices through the three flows',
      'invoices',
      each(one => one.pilot.totals?.invoices),
      { target: '>= 2000' },
    ),
    figure(
      'transactions on the ledger',
      'tx',
      each(one => one.pilot.chain?.transactions),
    ),
    figure(
      'invalid transactions',
      'tx',
      each(one => one.pilot.chain?.invalid),
    ),
    figure(
      'memory of everything running, greatest',
      'GiB',
      each(one => one.watched.memoryBytes / 2 ** 30),
      { target: '<= 2.5' },
    ),
    ...apiFigures(plays),
  ]
}

function apiFigures(plays: readonly Play[]): Figure[] {
  const reads = plays.map(({ watched }) => watched.reads)
  const all = reads.map(routes => [...routes.values()].flat())
  const writes = plays.map(({ pilot }) => pilot.latency?.writes)
  const p95 = (samples: readonly (readonly number[])[]): number[] =>
    samples.map(ms => percentile(ms, 0.95))
  return [
    figure('API reads under the pilot, p95', 'ms', p95(all), { target: '<= 100' }),
    ...[...(reads[0]?.keys() ?? [])].map(route =>
      figure(`API ${route}, p95`, 'ms', p95(reads.map(routes => routes.get(route) ?? []))),
    ),
    figure(
      'API reads taken',
      'calls',
      all.map(ms => ms.length),
    ),
    figure(
      'write to commit under the pilot, p95',
      'ms',
      writes.map(one => one?.p95Ms ?? Number.NaN),
      { target: '<= 500' },
    ),
    figure(
      'write to commit under the pilot, p50',
      'ms',
      writes.map(one => one?.p50Ms ?? Number.NaN),
    ),
    figure(
      'writes taken',
      'calls',
      writes.map(one => one?.count ?? Number.NaN),
    ),
  ]
}
