/** Runs the core: events in, effects carried out in order, nothing leaves before the log is synced. */
import {
  ignoreUnverified,
  snapshot,
  step,
  wakeAt,
  type Ballot,
  type Effect,
  type Event,
  type Ignored,
  type Message,
  type Replica,
} from '../consensus/index.ts'
import { encodeRecord } from './records.ts'
import type { Counters } from './counters.ts'
import type { VoteLog } from './voteLog.ts'

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
export type Happening = DistributiveOmit<Event, 'now'>
export type Delivery = Extract<Effect, { kind: 'deliver' }>
export type Output = Exclude<Effect, { kind: 'persist' | 'sign' | 'deliver' }>

export interface ShellPorts {
  readonly log: VoteLog
  readonly counters: Counters
  /** A longer log is rewritten to what still binds the replica. */
  readonly logBytesMax: number
  sign(ballot: Ballot): Message
  /** Something may leave: everything it rests on is on disk. */
  release(output: Output): void
  /** For the own ledger. */
  deliver(delivery: Delivery): void
  onFault(fault: Error): void
}

/** Milliseconds that never go back, whatever happens to the wall clock. */
export const clock = (): number => Math.floor(performance.now())

export class ReplicaShell {
  private current: Replica
  private readonly ports: ShellPorts
  private outputs: Output[] = []
  private flushing: Promise<void> | undefined
  private timer: NodeJS.Timeout | undefined
  private wakesAt = Number.POSITIVE_INFINITY
  private isStopped = false

  constructor(replica: Replica, ports: ShellPorts) {
    this.current = replica
    this.ports = ports
  }

  get replica(): Replica {
    return this.current
  }

  /** Carries out what the restart asks for and lets time begin. */
  start(effects: readonly Effect[]): void {
    this.carryOut(effects)
    this.planWake()
  }

  take(happening: Happening): Ignored | undefined {
    if (this.isStopped) return undefined
    try {
      const event = { ...happening, now: clock() } as Event
      const { replica, effects, ignored } = step(this.current, event)
      this.current = replica
      if (ignored) this.ports.counters.add(`ignored_${ignored}`)
      this.carryOut(effects)
      this.planWake()
      return ignored
    } catch (error) {
      // A broken invariant, a key that does not sign: nothing more is voted from this state.
      this.fail(error instanceof Error ? error : new Error(String(error)))
      return undefined
    }
  }

  /** Why a message is not worth verifying. */
  ignore(from: number, message: Message): Ignored | undefined {
    const why = ignoreUnverified(this.current, from, message)
    if (why) this.ports.counters.add(`ignored_${why}`)
    return why
  }

  private carryOut(effects: readonly Effect[]): void {
    const ballots: Ballot[] = []
    for (const effect of effects) {
      switch (effect.kind) {
        case 'persist':
          this.ports.log.append(encodeRecord(effect.record), {
            isUrgent: effect.record.kind !== 'decided',
          })
          break
        case 'sign':
          ballots.push(effect.ballot)
          break
        case 'deliver':
          this.ports.deliver(effect)
          break
        default:
          this.outputs.push(effect)
      }
    }
    // Own votes come back after all effects of this step and before any other event.
    const { self } = this.current.settings
    for (const ballot of ballots) {
      this.take({ kind: 'message', from: self, message: this.ports.sign(ballot) })
    }
    this.flush()
  }

  private flush(): void {
    if (this.flushing || this.isStopped) return
    const { log } = this.ports
    if (!log.hasUnsynced) return this.releaseAll()
    if (!log.hasUrgent && this.outputs.length === 0) return
    this.flushing = this.syncAndRelease()
      .catch((error: unknown) =>
        this.fail(error instanceof Error ? error : new Error(String(error))),
      )
      .finally(() => {
        this.flushing = undefined
        this.flush()
      })
  }

  private async syncAndRelease(): Promise<void> {
    // One more turn of the loop: what arrived together is written together.
    await new Promise(resolve => setImmediate(resolve))
    const outputs = this.outputs
    this.outputs = []
    await this.ports.log.sync()
    for (const output of outputs) this.ports.release(output)
    if (this.ports.log.size > this.ports.logBytesMax) await this.compact()
  }

  /** Records that wait meanwhile are in the snapshot too; they follow it once more, which is harmless. */
  private async compact(): Promise<void> {
    await this.ports.log.replace(snapshot(this.current).map(encodeRecord))
    this.ports.counters.add('log_compactions')
  }

  private releaseAll(): void {
    const outputs = this.outputs
    this.outputs = []
    for (const output of outputs) this.ports.release(output)
  }

  private planWake(): void {
    if (this.isStopped) return
    const at = wakeAt(this.current)
    if (at >= this.wakesAt && this.timer) return
    clearTimeout(this.timer)
    this.wakesAt = at
    this.timer = setTimeout(
      () => {
        this.timer = undefined
        this.wakesAt = Number.POSITIVE_INFINITY
        this.take({ kind: 'tick' })
        this.planWake()
      },
      Math.max(1, at - clock()),
    )
  }

  private fail(fault: Error): void {
    if (this.isStopped) return
    this.stop()
    this.ports.onFault(fault)
  }

  stop(): void {
    this.isStopped = true
    clearTimeout(this.timer)
    this.outputs = []
  }

  /** What is being written is finished; nothing more leaves. */
  async close(): Promise<void> {
    this.stop()
    await this.flushing
  }
}
