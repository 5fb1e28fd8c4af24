/**
 * The pilot on a machine that is installed and built: what `npm start` starts. It is played alone, for its own times and
 * latencies, and as often with a reader beside it and its memory counted, which is a load of its own.
 */
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
  /** Pilots alone, and as many watched ones; a figure is a median of its kind. */
  readonly repetitions: number
  /** Another ledger on which the pilot is played once, alone, to be shown beside. */
  readonly peer?: LedgerKind | undefined
}

/** The part of pilot.json that is read here. */
interface PilotFile {
  readonly ok: boolean
  readonly fault?: string
  readonly firstCommitMs?: number
  readonly steps: readonly { readonly name: string; readonly ms: number }[]
  readonly totals?: { readonly invoices: number }
  /** From the request of a write that needs one transaction to its commit, as the pilot's clients saw it. */
  readonly latency?: { readonly reads: LatencyFigure; readonly writes: LatencyFigure }
  readonly chain?: { readonly transactions: number; readonly invalid: number }
}

interface LatencyFigure {
  readonly count: number
  readonly p50Ms: number
  readonly p95Ms: number
}

interface Watched {
  /** Milliseconds that passed between the command and the program's own clock. */
  readonly startMs: number
  /** Of a pilot that is played alone: 0 and nothing. */
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

interface Plays {
  readonly alone: readonly Play[]
  readonly watched: readonly Play[]
  readonly peer: readonly Play[]
}

export async function measureWarm(settings: WarmSettings): Promise<Figure[]> {
  const { repetitions, peer } = settings
  const alone: Play[] = []
  const watched: Play[] = []
  while (watched.length < repetitions) {
    process.stderr.write(`pilot ${alone.length + 1} of ${repetitions}, alone, then with a reader\n`)
    alone.push(await play(settings, 'alone'))
    watched.push(await play(settings, 'watched'))
  }
  const beside = peer ? [await play({ ...settings, ledger: peer }, 'alone')] : []
  return figuresOf({ alone, watched, peer: beside })
}

async function play(settings: WarmSettings, how: 'alone' | 'watched'): Promise<Play> {
  const dir = temporaryFolder('pilot')
  const child = spawn(process.execPath, argvOf(dir, settings), {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const takeBack = atSignal(() => stop(child))
  try {
    const watched = how === 'watched' ? await watch(child, dir) : await leave(child)
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

/** Lets the pilot play. */
async function leave(child: ChildProcess): Promise<Watched> {
  return { startMs: await played(child, Date.now()), memoryBytes: 0, reads: new Map() }
}

/** Reads beside the pilot until it has been played; everything is still running then. */
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

type Take = (play: Play) => number | undefined
const each = (plays: readonly Play[], take: Take): number[] =>
  plays.map(one => take(one) ?? Number.NaN)

function figuresOf(plays: Plays): Figure[] {
  const { alone, watched, peer } = plays
  const steps = alone[0]?.pilot.steps ?? []
  const own = (name: string, unit: string, take: Take, target?: string): Figure =>
    figure(name, unit, each(alone, take), {
      ...(target ? { target } : {}),
      ...(peer.length > 0 ? { peer: 'Fabric v3', peerRuns: each(peer, take) } : {}),
    })
  const stepS =
    (name: string): Take =>
    ({ pilot }) =>
      (pilot.steps.find(step => step.name === name)?.ms ?? Number.NaN) / 1000
  return [
    own('warm: command to first committed business transaction', 's', firstS, '<= 10'),
    own('pilot, all steps', 's', ({ pilot }) => sumMs(pilot.steps) / 1000, '<= 120'),
    ...steps.map(({ name }) => own(`pilot: ${name}`, 's', stepS(name))),
    own(
      'invoices through the three flows',
      'invoices',
      one => one.pilot.totals?.invoices,
      '>= 2000',
    ),
    own('transactions on the ledger', 'tx', one => one.pilot.chain?.transactions),
    own('invalid transactions', 'tx', one => one.pilot.chain?.invalid),
    own(
      'write to commit under the pilot, p95',
      'ms',
      ({ pilot }) => pilot.latency?.writes.p95Ms,
      '<= 500',
    ),
    own('write to commit under the pilot, p50', 'ms', ({ pilot }) => pilot.latency?.writes.p50Ms),
    own('writes taken', 'calls', ({ pilot }) => pilot.latency?.writes.count),
    own('reads of the pilot itself, p95', 'ms', ({ pilot }) => pilot.latency?.reads.p95Ms),
    ...watchedFigures(watched),
  ]
}

const firstS: Take = ({ pilot, watched }) =>
  ((pilot.firstCommitMs ?? Number.NaN) + watched.startMs) / 1000

/** Of the pilots with a reader beside them. */
function watchedFigures(plays: readonly Play[]): Figure[] {
  const reads = plays.map(({ watched }) => watched.reads)
  const all = reads.map(routes => [...routes.values()].flat())
  const p95 = (samples: readonly (readonly number[])[]): number[] =>
    samples.map(ms => percentile(ms, 0.95))
  return [
    figure('API reads of a reader beside the pilot, p95', 'ms', p95(all), { target: '<= 100' }),
    ...[...(reads[0]?.keys() ?? [])].map(route =>
      figure(`API ${route}, p95`, 'ms', p95(reads.map(routes => routes.get(route) ?? []))),
    ),
    figure(
      'API reads taken',
      'calls',
      all.map(ms => ms.length),
    ),
    figure(
      'memory of everything running, greatest',
      'GiB',
      each(plays, ({ watched }) => watched.memoryBytes / 2 ** 30),
      { target: '<= 2.5' },
    ),
    figure(
      'pilot with a reader beside it, all steps',
      's',
      each(plays, ({ pilot }) => sumMs(pilot.steps) / 1000),
    ),
    figure(
      'write to commit with a reader beside the pilot, p95',
      'ms',
      each(plays, ({ pilot }) => pilot.latency?.writes.p95Ms),
    ),
  ]
}
