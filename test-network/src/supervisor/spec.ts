/** What the supervisor needs to know about one operating-system process. */
export interface ProcessSpec {
  /** Unique in the network; also the name of its log file. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Added to the environment; inherited variables with a `TRIFLOW_` prefix are dropped. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** The operating-system user to run as, when it differs from the supervisor's. */
  readonly user?: { readonly uid: number; readonly gid: number }
  /** Told of the process id at every start, before anything waits for it. */
  readonly started?: (pid: number) => void
  /** Resolves once the process serves; rejects when the signal aborts. Called after every start. */
  readonly ready: (signal: AbortSignal) => Promise<void>
  /** Signal of a clean stop; SIGTERM by default. */
  readonly stopSignal?: NodeJS.Signals
  /** How long a clean stop may take before SIGKILL, in milliseconds. */
  readonly stopGraceMs?: number
  /** Names of the processes that must be ready before this one starts. */
  readonly after?: readonly string[]
  /** Names of the processes this one needs while it runs, but not to start: they outlast it at the stop. */
  readonly needs?: readonly string[]
}

/** One slot of the network's outside services, and how it was filled. */
export interface ServiceChoice {
  readonly slot: 'postgres' | 'redis' | 'ipfs' | 'chromium'
  /** One line for people: what was chosen and why. */
  readonly line: string
  /** True when a lesser choice stands in for the one a production network would use. */
  readonly degraded: boolean
  /** Where clients connect (a URL), or the path of an executable. */
  readonly address: string
  /** The process to run, absent when somebody else runs the service. */
  readonly process?: ProcessSpec
}

/** A slot that cannot be filled on this machine; `advice` is one line that says what to do. */
export class ServiceMissing extends Error {
  readonly code = 'SERVICE_MISSING'
  readonly slot: ServiceChoice['slot']
  readonly advice: string

  constructor(slot: ServiceChoice['slot'], advice: string, cause?: unknown) {
    super(`${slot} is not available: ${advice}`, { cause })
    this.slot = slot
    this.advice = advice
  }
}
