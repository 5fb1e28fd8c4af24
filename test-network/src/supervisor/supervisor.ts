import { setMaxListeners } from 'node:events'
import { mkdirSync, readFileSync, readdirSync } from 'node:fs'
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
  /** Stops everything in the reverse order of dependencies; nothing is started from then on. */
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
  const left = readdirSync(folders.pids)
  await Promise.all(left.map(name => reapOrphan(path.join(folders.pids, name))))
  return new ProcessTable(options, folders)
}

interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

class ProcessTable implements Supervisor {
  readonly #options: SupervisorOptions
  readonly #folders: { readonly logs: string; readonly pids: string }
  readonly #entries = new Map<string, Entry>()
  readonly #stopping = new AbortController()
  readonly #startedMs = Date.now()

  constructor(
    options: SupervisorOptions,
    folders: { readonly logs: string; readonly pids: string },
  ) {
    this.#options = options
    this.#folders = folders
    // Every start listens on this signal; the default limit of ten listeners is about leaks.
    setMaxListeners(0, this.#stopping.signal)
  }

  start(spec: ProcessSpec): Promise<void> {
    // Whoever brings a network up may not know yet that it is being stopped: nothing may be left behind.
    if (this.#stopping.signal.aborted)
      return Promise.reject(new Error('the supervisor is stopping'))
    if (this.#entries.has(spec.name)) throw new Error(`${spec.name} is started already`)
    const entry: Entry = { spec, phase: 'starting', restarts: 0, ready: Promise.resolve() }
    this.#entries.set(spec.name, entry)
    const before = (spec.after ?? []).map(name => this.whenReady(name))
    entry.ready = Promise.all(before).then(() => this.#launch(entry))
    entry.ready.catch(() => undefined)
    return entry.ready
  }

  whenReady(name: string): Promise<void> {
    return this.#known(name).ready
  }

  status(): ProcessStatus[] {
    return [...this.#entries.values()].map(({ spec, phase, child, restarts }) => ({
      name: spec.name,
      phase,
      restarts,
      pid: child?.pid ?? -1,
    }))
  }

  signal(name: string, signal: NodeJS.Signals): boolean {
    const { child, phase } = this.#known(name)
    return child !== undefined && phase !== 'stopped' && signalProcess(child.pid, signal)
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'))
    for (const layer of stopLayers([...this.#entries.values()])) {
      await Promise.all(
        layer.map(entry => (entry.child ? stopChild(entry.child, entry.spec) : undefined)),
      )
    }
  }

  /** One life of the process: spawned and ready, or dead before that. */
  async #launch(entry: Entry): Promise<void> {
    this.#stopping.signal.throwIfAborted()
    const child = spawnChild(entry.spec, this.#folders)
    const spawnedMs = Date.now()
    entry.child = child
    this.#tell(entry, 'started', `pid ${child.pid}`)
    const log = path.join(this.#folders.logs, `${entry.spec.name}.log`)
    const died = new AbortController()
    const dead = child.exited.then((end): never => {
      died.abort()
      this.#onExit(entry, child, Date.now() - spawnedMs, end)
      throw new Error(`${entry.spec.name} ended with ${end.signal ?? end.code}${tailOf(log)}`)
    })
    dead.catch(() => undefined)
    const limit = AbortSignal.timeout(this.#options.readyTimeoutMs ?? 60_000)
    const signal = AbortSignal.any([limit, died.signal, this.#stopping.signal])
    await Promise.race([entry.spec.ready(signal), dead])
    entry.phase = 'ready'
    this.#tell(entry, 'ready', `${Date.now() - spawnedMs} ms`)
  }

  /** A process that dies before it was ever ready is reported by `start`; a ready one is brought back. */
  #onExit(entry: Entry, child: RunningChild, livedMs: number, end: End): void {
    if (entry.child !== child) return
    if (this.#stopping.signal.aborted) {
      entry.phase = 'stopped'
      this.#tell(entry, 'stopped')
      return
    }
    if (entry.phase !== 'ready') return
    entry.phase = 'restarting'
    this.#tell(entry, 'died', `${end.signal ?? end.code} after ${livedMs} ms`)
    entry.ready = this.#restart(entry, livedMs > STEADY_MS ? BACKOFF_FIRST_MS : nextBackoff(entry))
    entry.ready.catch(() => undefined)
  }

  async #restart(entry: Entry, firstPauseMs: number): Promise<void> {
    const { signal } = this.#stopping
    let pauseMs = firstPauseMs
    while (!signal.aborted) {
      await delay(pauseMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      entry.restarts += 1
      try {
        return await this.#launch(entry)
      } catch (fault) {
        this.#tell(entry, 'died', (fault as Error).message)
        if (entry.child) await stopChild(entry.child, entry.spec)
        pauseMs = Math.min(pauseMs * 2, BACKOFF_MAX_MS)
      }
    }
  }

  #known(name: string): Entry {
    const entry = this.#entries.get(name)
    if (!entry) throw new Error(`no process named ${name}`)
    return entry
  }

  #tell(entry: Entry, what: SupervisorEvent['what'], detail?: string): void {
    this.#options.onEvent?.({
      name: entry.spec.name,
      what,
      atMs: Date.now() - this.#startedMs,
      ...(detail === undefined ? {} : { detail }),
    })
  }
}

/** The last lines of a log, for the message about a process that would not start. */
function tailOf(file: string): string {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return `; the end of ${file}:\n${lines.slice(-6).join('\n').slice(-1_500)}`
}

const nextBackoff = (entry: Entry): number =>
  Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(entry.restarts, 6), BACKOFF_MAX_MS)

/** Layers to stop one after the other: a process stops only when all that came after it or need it have stopped. */
function stopLayers(entries: readonly Entry[]): Entry[][] {
  const depth = new Map<string, number>()
  const depthOf = (entry: Entry): number => {
    const known = depth.get(entry.spec.name)
    if (known !== undefined) return known
    const { after = [], needs = [] } = entry.spec
    const before = entries.filter(({ spec }) => [...after, ...needs].includes(spec.name))
    const own = 1 + Math.max(-1, ...before.map(depthOf))
    depth.set(entry.spec.name, own)
    return own
  }
  const layers: Entry[][] = []
  for (const entry of entries) (layers[depthOf(entry)] ??= []).push(entry)
  return layers.filter(Boolean).reverse()
}
