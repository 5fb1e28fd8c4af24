import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { reapOrphan, signalProcess, spawnChild, stopChild, type RunningChild } from './child.ts'
import type { ProcessSpec } from './spec.ts'

const BACKOFF_FIRST_MS = 100
const BACKOFF_MAX_MS = 5_000
/** A process that stood this long is healthy: its next death starts the backoff anew. */
const STEADY_MS = 30_000

export type ProcessPhase = 'starting' | 'ready' | 'restarting' | 'stopped'

export interface ProcessStatus {
  readonly name: string
  readonly phase: ProcessPhase
  readonly pid: number
  readonly restarts: number
}

export interface SupervisorEvent {
  readonly name: string
  readonly what: 'started' | 'ready' | 'died' | 'stopped'
  /** Milliseconds since the supervisor was made. */
  readonly atMs: number
  readonly detail?: string
}

interface Entry {
  readonly spec: ProcessSpec
  phase: ProcessPhase
  restarts: number
  child?: RunningChild
  ready: Promise<void>
}

export interface Supervisor {
  /** Starts the process once those it comes `after` are ready; resolves when it is ready itself. */
  start(spec: ProcessSpec): Promise<void>
  /** Resolves when the named process is ready (again). */
  whenReady(name: string): Promise<void>
  status(): ProcessStatus[]
  /** Sends a signal to the process as it is now; the chaos pilot uses it. False when it does not run. */
  signal(name: string, signal: NodeJS.Signals): boolean
  /** Stops everything in the reverse order of dependencies. */
  stop(): Promise<void>
}

export interface SupervisorOptions {
  readonly stateFolder: string
  readonly onEvent?: (event: SupervisorEvent) => void
  /** How long one process may take to become ready, in milliseconds. */
  readonly readyTimeoutMs?: number
}

/** Starts, watches, restarts and stops the processes of one network. One supervisor per state folder. */
export async function createSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const folders = {
    logs: path.join(options.stateFolder, 'logs'),
    pids: path.join(options.stateFolder, 'pids'),
  }
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true })
  await Promise.all(
    readdirSync(folders.pids).map(name => reapOrphan(path.join(folders.pids, name))),
  )

  const startedMs = Date.now()
  const entries = new Map<string, Entry>()
  const stopping = new AbortController()
  const tell = (name: string, what: SupervisorEvent['what'], detail?: string) =>
    options.onEvent?.({
      name,
      what,
      atMs: Date.now() - startedMs,
      ...(detail === undefined ? {} : { detail }),
    })

  /** One life of the process: spawned and ready, or dead before that. */
  async function launch(entry: Entry): Promise<void> {
    const child = spawnChild(entry.spec, folders)
    const spawnedMs = Date.now()
    entry.child = child
    tell(entry.spec.name, 'started', `pid ${child.pid}`)
    void child.exited.then(end => onExit(entry, child, Date.now() - spawnedMs, end))
    const limit = AbortSignal.timeout(options.readyTimeoutMs ?? 60_000)
    const died = new AbortController()
    void child.exited.then(() => died.abort(new Error('died before it was ready')))
    const dead = child.exited.then(end => {
      throw new Error(
        `ended with ${end.signal ?? end.code}; see ${folders.logs}/${entry.spec.name}.log`,
      )
    })
    dead.catch(() => undefined)
    await Promise.race([
      entry.spec.ready(AbortSignal.any([limit, died.signal, stopping.signal])),
      dead,
    ])
    entry.phase = 'ready'
    tell(entry.spec.name, 'ready', `${Date.now() - spawnedMs} ms`)
  }

  function onExit(
    entry: Entry,
    child: RunningChild,
    livedMs: number,
    end: { code: number | null; signal: string | null },
  ): void {
    if (entry.child !== child) return
    if (stopping.signal.aborted || entry.phase === 'stopped') {
      entry.phase = 'stopped'
      tell(entry.spec.name, 'stopped')
      return
    }
    // A process that dies before it was ever ready is reported by `start`; only a ready one is brought back.
    if (entry.phase !== 'ready' && entry.phase !== 'restarting') return
    if (entry.phase === 'restarting') return
    entry.phase = 'restarting'
    tell(entry.spec.name, 'died', `${end.signal ?? end.code} after ${livedMs} ms`)
    entry.ready = restart(entry, livedMs > STEADY_MS ? BACKOFF_FIRST_MS : nextBackoff(entry))
    entry.ready.catch(() => undefined)
  }

  async function restart(entry: Entry, firstPauseMs: number): Promise<void> {
    let pauseMs = firstPauseMs
    while (!stopping.signal.aborted) {
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
      entry.restarts += 1
      try {
        return await launch(entry)
      } catch (fault) {
        tell(entry.spec.name, 'died', (fault as Error).message)
        if (entry.child) await stopChild(entry.child, entry.spec)
        pauseMs = Math.min(pauseMs * 2, BACKOFF_MAX_MS)
      }
    }
  }

  const nextBackoff = (entry: Entry) =>
    Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(entry.restarts, 6), BACKOFF_MAX_MS)

  const known = (name: string): Entry => {
    const entry = entries.get(name)
    if (!entry) throw new Error(`no process named ${name}`)
    return entry
  }

  return {
    start(spec) {
      if (entries.has(spec.name)) throw new Error(`${spec.name} is started already`)
      const entry: Entry = { spec, phase: 'starting', restarts: 0, ready: Promise.resolve() }
      entries.set(spec.name, entry)
      const before = (spec.after ?? []).map(name => known(name).ready)
      entry.ready = Promise.all(before).then(() => launch(entry))
      entry.ready.catch(() => undefined)
      return entry.ready
    },
    whenReady: name => known(name).ready,
    status: () =>
      [...entries.values()].map(({ spec, phase, child, restarts }) => ({
        name: spec.name,
        phase,
        restarts,
        pid: child?.pid ?? -1,
      })),
    signal(name, signal) {
      const { child, phase } = known(name)
      return child !== undefined && phase !== 'stopped' && signalProcess(child.pid, signal)
    },
    async stop() {
      stopping.abort(new Error('stopping'))
      for (const layer of stopLayers([...entries.values()])) {
        await Promise.all(
          layer.map(entry => (entry.child ? stopChild(entry.child, entry.spec) : undefined)),
        )
      }
    },
  }
}

/** Layers to stop one after the other: a process stops only when all that came after it have stopped. */
function stopLayers(entries: readonly Entry[]): Entry[][] {
  const depth = new Map<string, number>()
  const depthOf = (entry: Entry): number => {
    const known = depth.get(entry.spec.name)
    if (known !== undefined) return known
    const before = entries.filter(other => entry.spec.after?.includes(other.spec.name))
    const own = 1 + Math.max(-1, ...before.map(depthOf))
    depth.set(entry.spec.name, own)
    return own
  }
  const layers: Entry[][] = []
  for (const entry of entries) (layers[depthOf(entry)] ??= []).push(entry)
  return layers.filter(Boolean).reverse()
}
