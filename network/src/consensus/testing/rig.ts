/** A few replicas driven by hand, message by message. For tests of single claims. */
import {
  LIMITS,
  TIMEOUTS,
  type Effect,
  type Event,
  type Limits,
  type Settings,
} from '../protocol.ts'
import type {
  Certificate,
  Header,
  LedgerBlock,
  Message,
  Proposal,
  ReplicaId,
  Request,
} from '../model.ts'
import { restart } from '../recovery.ts'
import type { Replica } from '../replica.ts'
import { digests, sign } from '../simulator/signatures.ts'
import { step, type Step } from '../step.ts'

export const GENESIS: LedgerBlock = {
  header: { height: 0, previous: '', batch: '' },
  hash: 'genesis',
  digests: [],
}

export const settingsOf = (self: ReplicaId, limits: Partial<Limits> = {}): Settings => ({
  self,
  replicas: [1, 2, 3, 4],
  timeouts: TIMEOUTS,
  limits: { ...LIMITS, ...limits },
  digests,
})

export const replicaOf = (self: ReplicaId, limits?: Partial<Limits>): Replica =>
  restart({ settings: settingsOf(self, limits), blocks: [GENESIS], records: [], now: 0 }).replica

export const requestOf = (digest: string): Request => ({ digest, payload: new Uint8Array(8) })

export function proposalOf(height: number, previous: string, ...names: string[]): Proposal {
  const requests = names.map(requestOf)
  const header: Header = { height, previous, batch: digests.batch(requests) }
  return { header, hash: digests.header(header), requests }
}

export const prepareOf = (from: ReplicaId, view: number, { header, hash }: Proposal): Message => {
  const ballot = { kind: 'prepare', view, height: header.height, hash } as const
  return { ...ballot, proof: sign(from, ballot) }
}

export const commitOf = (from: ReplicaId, view: number, { header, hash }: Proposal): Message => {
  const ballot = { kind: 'commit', view, header, hash } as const
  return { ...ballot, proof: sign(from, ballot) }
}

/** A certificate of replicas 1, 2, 3. */
export function certificateOf(
  kind: 'prepare' | 'commit',
  view: number,
  { header, hash }: Proposal,
): Certificate {
  const votes = [1, 2, 3].map(replica => {
    const ballot =
      kind === 'prepare'
        ? ({ kind, view, height: header.height, hash } as const)
        : ({ kind, view, header, hash } as const)
    return { replica, proof: sign(replica, ballot) }
  })
  return { view, header, hash, votes }
}

/** Steps one replica and gives its own votes back to it, as the shell does; collects all effects. */
export class Rig {
  replica: Replica
  readonly effects: Effect[] = []
  now = 0

  constructor(replica: Replica) {
    this.replica = replica
  }

  hear(from: ReplicaId, message: Message): Step {
    return this.take({ kind: 'message', now: this.now, from, message })
  }

  tick(afterMs: number): Step {
    this.now += afterMs
    return this.take({ kind: 'tick', now: this.now })
  }

  take(event: Event): Step {
    const result = step(this.replica, event)
    this.replica = result.replica
    this.effects.push(...result.effects)
    const { self } = this.replica.settings
    for (const effect of result.effects) {
      if (effect.kind !== 'sign') continue
      const proof = sign(self, effect.ballot)
      this.hear(self, { ...effect.ballot, proof })
    }
    return result
  }

  /** Short words for what happened, in order. */
  trace(): string[] {
    return this.effects.map(effect => {
      switch (effect.kind) {
        case 'persist':
          return `persist ${effect.record.kind}`
        case 'sign':
          return `sign ${effect.ballot.kind}`
        case 'send':
          return `send ${effect.message.kind}`
        default:
          return effect.kind
      }
    })
  }

  sent(kind: Message['kind']): Message[] {
    return this.effects.flatMap(effect => {
      return effect.kind === 'send' && effect.message.kind === kind ? [effect.message] : []
    })
  }
}
