/**
 * What a faulty replica does. It runs a real replica inside, so that it is trusted and sometimes
 * leads, and twists what that replica says; besides, it speaks on its own.
 */
import type { Ballot, Message, Proposal, ReplicaId, Request, ViewChange } from '../model.ts'
import type { Checker } from './checker.ts'
import type { Random } from './random.ts'
import { digests, sign } from './signatures.ts'

const SIMPLE = [
  'silent',
  'withhold',
  'equivocate',
  'doubleVote',
  'garbage',
  'replay',
  'bogusViewChange',
  'phantomVotes',
] as const
export const STRATEGIES = [...SIMPLE, 'chaos'] as const
export type Strategy = (typeof STRATEGIES)[number]

interface Self {
  readonly id: ReplicaId
  readonly replicas: readonly ReplicaId[]
  readonly strategy: Strategy
  readonly random: Random
  readonly checker: Checker
}

export interface Mischief {
  readonly to: ReplicaId
  readonly message: Message
}

/** Heard messages kept for replays. */
const MEMORY = 400

export class Byzantine {
  private readonly self: Self
  private readonly others: readonly ReplicaId[]
  private readonly heard: Message[] = []
  private readonly rivals = new Map<string, Proposal>()
  private readonly twists: Record<Strategy, (to: ReplicaId, message: Message) => Message[]> = {
    silent: () => [],
    withhold: (_to, message) => this.withheld(message),
    equivocate: (to, message) => [this.isFooled(to) ? this.secondStory(message) : message],
    doubleVote: (_to, message) => [message, this.secondStory(message)],
    garbage: (_to, message) => [this.self.random.chance(0.5) ? this.garbage() : message],
    replay: (_to, message) => [message, this.self.random.pick(this.heard)],
    bogusViewChange: (_to, message) => [this.bogus(message)],
    phantomVotes: (_to, message) => [message, ...this.phantoms(message)],
    chaos: (to, message) => this.twists[this.self.random.pick(SIMPLE)](to, message),
  }

  constructor(self: Self) {
    this.self = self
    this.others = self.replicas.filter(other => other !== self.id)
  }

  /** What really leaves instead of `message`. */
  twist(to: ReplicaId, message: Message): Message[] {
    this.remember(message)
    return this.twists[this.self.strategy](to, message)
  }

  /** Votes for whatever it hears of, twice if it can. */
  onHear(from: ReplicaId, message: Message): Mischief[] {
    this.remember(message)
    const { strategy, random } = this.self
    const isVoter = strategy === 'doubleVote' || strategy === 'chaos'
    if (!isVoter || !random.chance(0.3)) return []
    if (message.kind === 'prePrepare') {
      const { header, hash } = message.proposal
      const { view } = message
      const prepare = this.signed({ kind: 'prepare', view, height: header.height, hash })
      return [{ to: from, message: prepare }, this.commitTo(view, message.proposal)]
    }
    return message.kind === 'commit' ? [this.commitTo(message.view, message)] : []
  }

  private remember(message: Message): void {
    if (this.heard.length < MEMORY) this.heard.push(message)
  }

  private commitTo(view: number, { header, hash }: Pick<Proposal, 'header' | 'hash'>): Mischief {
    const message = this.signed({ kind: 'commit', view, header, hash })
    return { to: this.self.random.pick(this.others), message }
  }

  private signed(ballot: Ballot): Message {
    this.self.checker.onVote(this.self.id, ballot, false)
    return { ...ballot, proof: sign(this.self.id, ballot) }
  }

  /** Votes, well signed, for blocks that do not exist. */
  private phantoms(message: Message): Message[] {
    if (message.kind !== 'status') return []
    const { random } = this.self
    const height = message.decided + random.between(1, 6)
    const header = { height, previous: 'nothing', batch: `${random.next()}` }
    const hash = digests.header(header)
    const { view } = message
    return [
      this.signed({ kind: 'prepare', view, height, hash }),
      this.signed({ kind: 'commit', view, header, hash }),
    ]
  }

  private withheld(message: Message): Message[] {
    return this.self.random.chance(0.5) || message.kind === 'commit' ? [] : [message]
  }

  /** The half of the others that is told the second story. */
  private isFooled(to: ReplicaId): boolean {
    return this.others.indexOf(to) % 2 === 1
  }

  /** Another block at the same place: a part of the requests, or one with a request nobody made. */
  private rivalOf(proposal: Proposal): Proposal {
    const known = this.rivals.get(proposal.hash)
    if (known) return known
    const { random } = this.self
    const invented: Request = { digest: `x${random.next()}`, payload: new Uint8Array(1) }
    const shorter = proposal.requests.slice(1)
    const isHonest = random.chance(0.8) && shorter.length > 0
    const requests = isHonest ? shorter : [...proposal.requests, invented]
    const header = { ...proposal.header, batch: digests.batch(requests) }
    const rival = { header, hash: digests.header(header), requests }
    this.rivals.set(proposal.hash, rival)
    return rival
  }

  private secondStory(message: Message): Message {
    if (message.kind === 'prePrepare') {
      return { ...message, proposal: this.rivalOf(message.proposal) }
    }
    if (message.kind !== 'prepare' && message.kind !== 'commit') return message
    const rival = this.rivals.get(message.hash)
    if (!rival) return message
    const { header, hash } = rival
    const { view } = message
    return this.signed(
      message.kind === 'prepare'
        ? { kind: 'prepare', view, height: header.height, hash }
        : { kind: 'commit', view, header, hash },
    )
  }

  private garbage(): Message {
    const { random } = this.self
    const number = random.between(-1, 40)
    const header = { height: number, previous: `${number}`, batch: 'b' }
    const hash = digests.header(header)
    const proof = new Uint8Array(3)
    return random.pick<Message>([
      { kind: 'prepare', view: number, height: number, hash, proof },
      { kind: 'commit', view: number, header, hash, proof },
      { kind: 'prePrepare', view: number, proposal: { header, hash, requests: [] } },
      { kind: 'complain', view: number },
      { kind: 'status', view: number, changing: random.chance(0.5), decided: number * 10 },
      { kind: 'newView', view: number, viewChanges: [], proof },
      { kind: 'ask', hash },
    ])
  }

  private bogus(message: Message): Message {
    const { random } = this.self
    if (message.kind === 'viewChange') return this.forgetful(message)
    return random.chance(0.1) ? { kind: 'complain', view: random.between(1, 9) } : message
  }

  /** Conceals what it prepared and, near genesis where that looks well-formed, what is final. */
  private forgetful({ proof: _proof, ...claim }: ViewChange): Message {
    const isShort = claim.decided <= claim.finals.length
    const hidden = isShort ? this.self.random.between(0, claim.finals.length) : 0
    const finals = claim.finals.slice(0, claim.finals.length - hidden)
    const decided = claim.decided - hidden
    return this.signed({ ...claim, kind: 'viewChange', finals, decided, prepared: [] })
  }
}
