/**
 * One machine: a replica, its disk and its ledger. Only synced records and the ledger survive a
 * crash; of the records not yet synced a random beginning does (a torn tail).
 */
import { invariant } from '../invariant.ts'
import type { Ballot, LedgerBlock, Message, ReplicaId } from '../model.ts'
import type { Effect, Event, Settings, VoteRecord } from '../protocol.ts'
import { leaderOf } from '../quorum.ts'
import { restart, snapshot } from '../recovery.ts'
import type { Replica } from '../replica.ts'
import { wakeAt } from '../clock.ts'
import { step } from '../step.ts'
import { Violation, type Checker } from './checker.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'
import { isAuthentic, sign } from './signatures.ts'

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
export type Happening = DistributiveOmit<Event, 'now'>
type Output = Exclude<Effect, { kind: 'persist' | 'sign' | 'deliver' }>

/** Bugs planted on purpose: the checker must find them. */
export type Plant = 'quorum' | 'amnesia' | 'speakFirst' | 'emptyViewChange'

export interface Surroundings {
  readonly random: Random
  readonly schedule: Schedule
  readonly checker: Checker
  readonly plant?: Plant | undefined
  readonly syncMaxMs: number
  /** Records after which the log is rewritten. */
  readonly logMax: number
  transmit(from: ReplicaId, to: ReplicaId, message: Message): void
  fetch(host: Host, effect: Extract<Effect, { kind: 'fetch' }>): void
  onIgnored(reason: string): void
}

export class Host {
  readonly id: ReplicaId
  readonly isCorrect: boolean
  readonly ledger: LedgerBlock[]
  replica: Replica | undefined
  /** Blocks got from other ledgers, and those of them that were news. */
  fetched = 0
  missed = 0
  crashes = 0
  private readonly around: Surroundings
  private readonly settings: Settings
  private log: VoteRecord[] = []
  private unsynced: VoteRecord[] = []
  private outputs: Output[] = []
  private isSyncing = false
  private isApplying = false
  private isDoomed = false
  private readonly deliveries: LedgerBlock[] = []
  /** Grows with each crash: what an earlier life has scheduled is void. */
  private life = 0
  private wokenAt = Number.POSITIVE_INFINITY

  constructor(settings: Settings, genesis: LedgerBlock, isCorrect: boolean, around: Surroundings) {
    this.id = settings.self
    this.settings = settings
    this.ledger = [genesis]
    this.isCorrect = isCorrect
    this.around = around
  }

  start(): void {
    const { settings, around } = this
    const isForgetful = around.plant === 'amnesia'
    const { replica, effects } = restart({
      settings,
      blocks: this.ledger.slice(-settings.limits.dedupBlocks),
      records: isForgetful ? [] : this.log,
      now: around.schedule.now,
    })
    this.replica = around.plant === 'quorum' ? { ...replica, quorum: replica.quorum - 1 } : replica
    this.carryOut(effects)
    this.planWake()
  }

  /** Up again, or spared if it had not crashed yet. */
  restart(): void {
    this.isDoomed = false
    if (!this.replica) this.start()
  }

  /** Crashes as soon as something waits for the disk: the worst moment. */
  doom(): void {
    this.isDoomed = true
  }

  crash(): void {
    if (!this.replica) return
    this.isDoomed = false
    this.crashes += 1
    const survivors = this.around.random.between(0, this.unsynced.length)
    this.log.push(...this.unsynced.slice(0, survivors))
    this.unsynced = []
    this.outputs = []
    this.deliveries.length = 0
    this.isSyncing = false
    this.isApplying = false
    this.replica = undefined
    this.life += 1
    this.wokenAt = Number.POSITIVE_INFINITY
  }

  receive(from: ReplicaId, message: Message): void {
    if (!this.replica) return
    const { replicas } = this.settings
    const view = message.kind === 'newView' ? message.view : 0
    if (!isAuthentic(from, leaderOf(replicas, view), message)) {
      return this.around.onIgnored('badSignature')
    }
    if (message.kind === 'prePrepare') {
      const { requests } = message.proposal
      if (!requests.every(({ digest }) => this.around.checker.isSubmitted(digest))) {
        return this.take({ kind: 'faultyProposal', from, view: message.view })
      }
    }
    if (message.kind === 'request' && !this.around.checker.isSubmitted(message.request.digest)) {
      return this.around.onIgnored('badRequest')
    }
    this.take({ kind: 'message', from, message })
  }

  take(happening: Happening): void {
    if (!this.replica) return
    const event = { ...happening, now: this.around.schedule.now } as Event
    const { replica, effects, ignored } = step(this.replica, event)
    this.replica = replica
    if (ignored) this.around.onIgnored(ignored)
    this.carryOut(effects)
    this.planWake()
  }

  private carryOut(effects: readonly Effect[]): void {
    const ballots: Ballot[] = []
    for (const effect of effects) {
      switch (effect.kind) {
        case 'persist':
          this.unsynced.push(effect.record)
          break
        case 'sign':
          ballots.push(effect.ballot)
          break
        case 'deliver': {
          const { proposal, certificate } = effect
          const digests = proposal.requests.map(({ digest }) => digest)
          this.apply([{ header: proposal.header, hash: proposal.hash, digests, certificate }])
          break
        }
        default:
          this.outputs.push(effect)
      }
    }
    for (const ballot of ballots) this.signBallot(ballot)
    if (this.around.plant === 'speakFirst') this.release()
    const mustSync = this.unsynced.some(record => record.kind !== 'decided')
    if (mustSync || this.outputs.length > 0) this.planSync()
  }

  private signBallot(wanted: Ballot): void {
    const isEmptied = this.around.plant === 'emptyViewChange' && wanted.kind === 'viewChange'
    const ballot = isEmptied ? { ...wanted, prepared: [] } : wanted
    if (this.isCorrect) this.requirePersisted(ballot)
    const proof = sign(this.id, ballot)
    this.take({ kind: 'message', from: this.id, message: { ...ballot, proof } })
  }

  /** A vote is signed only after the record that forbids another one was handed to the disk. */
  private requirePersisted(ballot: Ballot): void {
    if (ballot.kind !== 'prepare' && ballot.kind !== 'commit') return
    const isThere = (record: VoteRecord): boolean =>
      ballot.kind === 'prepare'
        ? record.kind === 'accepted' && record.view === ballot.view && record.hash === ballot.hash
        : record.kind === 'prepared' &&
          record.certificate.view === ballot.view &&
          record.certificate.hash === ballot.hash
    const isOnDisk = this.unsynced.some(isThere) || this.log.some(isThere)
    if (!isOnDisk && this.around.plant !== 'amnesia') {
      throw new Violation(`replica ${this.id} signed a ${ballot.kind} before its record`)
    }
  }

  private planSync(): void {
    if (this.isSyncing) return
    this.isSyncing = true
    if (this.isDoomed) this.around.schedule.after(0, () => this.isDoomed && this.crash())
    const { life } = this
    this.around.schedule.after(this.around.random.between(0, this.around.syncMaxMs), () => {
      if (life !== this.life) return
      this.isSyncing = false
      this.log.push(...this.unsynced)
      this.unsynced = []
      this.release()
      this.compact()
    })
  }

  private compact(): void {
    if (this.log.length < this.around.logMax || !this.replica || this.outputs.length > 0) return
    if (this.unsynced.length === 0) this.log = snapshot(this.replica)
  }

  private release(): void {
    const outputs = this.outputs
    this.outputs = []
    for (const output of outputs) {
      switch (output.kind) {
        case 'send':
          this.sendTo(output)
          break
        case 'fetch':
          this.around.fetch(this, output)
      }
    }
  }

  private sendTo({ to, message }: Extract<Output, { kind: 'send' }>): void {
    if (message.kind === 'prepare' || message.kind === 'commit') {
      this.around.checker.onVote(this.id, message, this.isCorrect)
    }
    const targets = to === 'others' ? this.settings.replicas.filter(id => id !== this.id) : [to]
    for (const target of targets) this.around.transmit(this.id, target, message)
  }

  /** Decided or fetched and verified: both wait for the ledger in one line. */
  apply(blocks: readonly LedgerBlock[]): void {
    const tail = (this.deliveries.at(-1) ?? this.ledger.at(-1)!).header.height
    this.deliveries.push(...blocks.filter(({ header }) => header.height > tail))
    this.applyNext()
  }

  private applyNext(): void {
    if (this.isApplying || this.deliveries.length === 0) return
    this.isApplying = true
    const { life } = this
    this.around.schedule.after(this.around.random.between(1, 6), () => {
      if (life !== this.life) return
      this.isApplying = false
      this.append(this.deliveries.shift()!)
      this.applyNext()
    })
  }

  private append(block: LedgerBlock): void {
    const { height } = block.header
    if (this.isCorrect) this.around.checker.onLedger(this.id, block, this.ledger.at(-1)!)
    this.ledger.push(block)
    invariant(this.replica !== undefined, 'only a live host appends')
    if (height > this.replica.decided.height) {
      this.missed += 1
      this.take({ kind: 'blocks', blocks: [block] })
    }
    this.take({ kind: 'applied', height })
  }

  /** Verified blocks from another ledger. */
  acceptFetched(from: ReplicaId, blocks: readonly LedgerBlock[]): void {
    this.fetched += blocks.length
    this.apply(blocks)
    this.take({ kind: 'fetched', from, last: blocks.at(-1)!.header.height })
  }

  private planWake(): void {
    if (!this.replica) return
    const { now } = this.around.schedule
    const at = Math.max(now + 1, wakeAt(this.replica))
    if (at >= this.wokenAt && this.wokenAt > now) return
    this.wokenAt = at
    const { life } = this
    this.around.schedule.after(at - now, () => {
      if (life !== this.life || this.wokenAt !== at) return
      this.wokenAt = Number.POSITIVE_INFINITY
      this.take({ kind: 'tick' })
    })
  }
}
