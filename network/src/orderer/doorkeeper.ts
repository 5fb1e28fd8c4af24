/** Everything that arrives, from clients and from other orderers: decoded, verified, then stepped. */
import {
  ignoreRequest,
  isKnownRequest,
  leaderOf,
  type Ignored,
  type Message,
  type ReplicaId,
  type Request,
  type Settings,
} from '../consensus/index.ts'
import { decode, type Bounds } from './codec.ts'
import type { Counters } from './counters.ts'
import type { InspectionDesk } from './inspection.ts'
import type { Notary } from './notary.ts'
import { clock, type ReplicaShell } from './replicaShell.ts'
import type { SubmitOutcome } from './types.ts'

/** Batches of one leader that may wait for inspection. */
const BATCHES_WAITING_MAX = 16

export interface DoorkeeperParts {
  readonly shell: ReplicaShell
  readonly desk: InspectionDesk
  readonly notary: Notary
  readonly counters: Counters
  readonly settings: Settings
}

/** View changes hold many votes: how many of them one sender may have verified in a second. */
const VIEW_PROOFS_PER_SECOND = 20

type Of<K extends Message['kind']> = Extract<Message, { kind: K }>

export class Doorkeeper {
  private readonly parts: DoorkeeperParts
  private readonly bounds: Bounds
  private readonly batchesWaiting = new Map<ReplicaId, number>()
  private readonly viewProofs = new Map<ReplicaId, { since: number; count: number }>()

  constructor(parts: DoorkeeperParts) {
    this.parts = parts
    const { replicas, limits } = parts.settings
    this.bounds = {
      replicas: replicas.length,
      window: limits.window,
      batchCount: limits.batchCount,
      batchBytes: limits.batchMaxBytes,
    }
  }

  /** An envelope of a client. */
  async submit(request: Request): Promise<SubmitOutcome> {
    const { shell, desk } = this.parts
    const before = ignoreRequest(shell.replica, request)
    if (before) return outcomeOf(before)
    const inspection = await desk.take(request, true)
    if (!inspection.ok) {
      return { outcome: 'refused', code: inspection.code, message: inspection.message }
    }
    return outcomeOf(shell.take({ kind: 'request', request }))
  }

  receive(from: ReplicaId, frame: Uint8Array): void {
    const { counters, settings } = this.parts
    if (!settings.replicas.includes(from) || from === settings.self) {
      return counters.add('unknown_sender')
    }
    const message = decode(frame, this.bounds)
    if (!message) return counters.add('malformed_frame')
    counters.add(`received_${message.kind}`)
    this.admit(from, message)
  }

  private admit(from: ReplicaId, message: Message): void {
    switch (message.kind) {
      case 'request':
        return void this.onRequest(message.request)
      case 'prePrepare':
        return this.onPrePrepare(from, message)
      case 'prepare':
      case 'commit':
        return this.onVote(from, message)
      case 'viewChange':
        return this.onViewChange(from, message)
      case 'newView':
        return this.onNewView(from, message)
      default:
        this.parts.shell.take({ kind: 'message', from, message })
    }
  }

  /** Handed on by another orderer: as a client's. */
  private async onRequest(request: Request): Promise<void> {
    const { outcome } = await this.submit(request)
    this.parts.counters.add(`forwarded_${outcome}`)
  }

  private onPrePrepare(from: ReplicaId, message: Of<'prePrepare'>): void {
    const { shell, desk, counters } = this.parts
    if (shell.ignore(from, message)) return
    const { requests } = message.proposal
    const unknown = requests.filter(({ digest }) => !isKnownRequest(shell.replica, digest))
    if (unknown.length === 0) return void shell.take({ kind: 'message', from, message })
    const waiting = this.batchesWaiting.get(from) ?? 0
    if (waiting >= BATCHES_WAITING_MAX) return counters.add('too_many_batches')
    this.batchesWaiting.set(from, waiting + 1)
    void desk.takeAll(unknown).then(isGood => {
      this.batchesWaiting.set(from, (this.batchesWaiting.get(from) ?? 1) - 1)
      if (isGood) return void shell.take({ kind: 'message', from, message })
      counters.add('faulty_proposal')
      shell.take({ kind: 'faultyProposal', from, view: message.view })
    })
  }

  private onVote(from: ReplicaId, message: Of<'prepare'> | Of<'commit'>): void {
    const { shell, notary, counters } = this.parts
    if (shell.ignore(from, message)) return
    if (!notary.isVote(from, message, message.proof)) return counters.add('bad_signature')
    shell.take({ kind: 'message', from, message })
  }

  private onViewChange(from: ReplicaId, message: Of<'viewChange'>): void {
    const { shell, notary, counters } = this.parts
    const why = shell.ignore(from, message)
    if (why === 'staleView') {
      // Its sender has not entered our view: to be helped, as a complainer is; nothing to verify.
      const { view } = message
      shell.take({ kind: 'message', from, message: { kind: 'complain', view } })
    }
    if (why || !this.mayVerifyView(from)) return
    const isGood = message.replica === from && notary.isViewChange(message)
    if (!isGood) return counters.add('bad_signature')
    shell.take({ kind: 'message', from, message })
  }

  private onNewView(from: ReplicaId, message: Of<'newView'>): void {
    const { shell, notary, counters, settings } = this.parts
    if (shell.ignore(from, message) || !this.mayVerifyView(from)) return
    const leader = leaderOf(settings.replicas, message.view)
    if (!notary.isNewView(leader, message)) return counters.add('bad_signature')
    shell.take({ kind: 'message', from, message })
  }

  private mayVerifyView(from: ReplicaId): boolean {
    const now = clock()
    const known = this.viewProofs.get(from)
    const spent = known && now - known.since < 1_000 ? known : { since: now, count: 0 }
    spent.count += 1
    this.viewProofs.set(from, spent)
    if (spent.count <= VIEW_PROOFS_PER_SECOND) return true
    this.parts.counters.add('too_many_view_proofs')
    return false
  }
}

function outcomeOf(ignored: Ignored | undefined): SubmitOutcome {
  switch (ignored) {
    case undefined:
      return { outcome: 'accepted' }
    case 'duplicateRequest':
    case 'alreadyOrdered':
      return { outcome: 'duplicate' }
    case 'tooLarge':
      return {
        outcome: 'refused',
        code: 'ENVELOPE_TOO_LARGE',
        message: 'larger than a block may be',
      }
    default:
      return { outcome: 'refused', code: 'ORDERER_BUSY', message: 'the pool of requests is full' }
  }
}
