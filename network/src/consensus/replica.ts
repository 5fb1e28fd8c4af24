/** The state of one replica. Immutable: `step` works on a shallow draft and replaces what changes. */
import { emptyDigestMap, withChanges, type DigestMap } from './digestMap.ts'
import { invariant } from './invariant.ts'
import type {
  Certificate,
  Digest,
  Header,
  LedgerBlock,
  Message,
  NewViewMessage,
  PhaseMessage,
  Proposal,
  ReplicaId,
  ViewChange,
} from './model.ts'
import { emptyPool, type Pool } from './pool.ts'
import type { Effect, Settings } from './protocol.ts'
import { leaderOf, quorumOf } from './quorum.ts'

/** Agreement on one height in the current view. */
export interface Slot {
  readonly height: number
  /** When this slot first held a proposal: work the view owes us. */
  readonly since: number
  /** What the new view prescribes here. */
  readonly expected?: { readonly header: Header; readonly hash: Digest }
  /** A pre-prepare whose turn has not come. */
  readonly candidate?: Proposal
  /** The one block this replica is bound to in this view at this height. */
  readonly accepted?: Proposal
  readonly hasSignedPrepare: boolean
  readonly isPrepared: boolean
  readonly hasSignedCommit: boolean
  readonly prepares: ReadonlyMap<ReplicaId, SlotVote>
  readonly commits: ReadonlyMap<ReplicaId, SlotVote>
}

export interface SlotVote {
  readonly hash: Digest
  readonly proof: Uint8Array
}

/** A final block the ledger has not made durable yet: a restart may still need its record. */
export interface Settled {
  readonly proposal: Proposal
  readonly certificate: Certificate
}

/** What another replica said last. Hints only: nothing here decides safety. */
export interface Peer {
  readonly view: number
  readonly isChanging: boolean
  readonly decided: number
  readonly complaint: number
  readonly complaintAt: number
  readonly helpedAt: number
  /** Blocks handed to it since `answeredAt`. */
  readonly answers: number
  readonly answeredAt: number
}

/** Blocks up to `last` are asked for, or stand in line before the ledger; no others are, until then. */
export interface Fetching {
  readonly from: ReplicaId
  readonly last: number
  readonly until: number
}

/**
 * normal: votes in `view`. changing: left every view below `view`, waits for its new-view message.
 */
export type Phase = 'normal' | 'changing'

export interface Replica {
  readonly settings: Settings
  readonly quorum: number
  readonly now: number
  readonly view: number
  readonly phase: Phase
  /** Heights up to here were final when the view began; none of them is voted on in it. */
  readonly base: number
  readonly newView?: NewViewMessage
  readonly decided: { readonly height: number; readonly hash: Digest }
  readonly applied: number
  readonly finals: readonly Certificate[]
  readonly unapplied: readonly Settled[]
  readonly slots: ReadonlyMap<number, Slot>
  /** Per height above `decided`: the prepared certificate of the highest view. */
  readonly prepared: ReadonlyMap<number, Certificate>
  /** Logged proposals above `decided` that a certificate, the view or an accepted slot names. */
  readonly proposals: ReadonlyMap<Digest, Proposal>
  /** Commit certificates above `decided` that arrived without the blocks below them. */
  readonly proven: ReadonlyMap<number, Certificate>
  /** Votes of views not entered yet, per sender. */
  readonly early: ReadonlyMap<ReplicaId, readonly PhaseMessage[]>
  readonly viewChanges: ReadonlyMap<ReplicaId, ViewChange>
  readonly peers: ReadonlyMap<ReplicaId, Peer>
  /** The view this replica wants instead of the present one; 0 when content. */
  readonly complaint: number
  readonly complaintAt: number
  /** The leader was caught (invalid proposal): complain whatever the clocks say. */
  readonly isLeaderFaulty: boolean
  /** View changes since the last final block; doubles the time-outs. */
  readonly failures: number
  readonly pool: Pool
  /** Requests already handed on in this view: arrivals below this number. */
  readonly forwardedArrivals: number
  /** Height at which a request was ordered, for the last `dedupBlocks` blocks. */
  readonly ordered: DigestMap<number>
  readonly orderedByBlock: readonly (readonly Digest[])[]
  readonly lastProposedAt: number
  /** Height of the last own proposal of this view, until the ledger has it; then 0. */
  readonly lastProposedHeight: number
  /** From proposal to ledger, smoothed: what a block costs at the present load. */
  readonly blockMs: number
  readonly enteredAt: number
  readonly decidedAt: number
  /** Arrival here of the youngest request ordered in this view: an older one was overtaken. */
  readonly newestOrderedAt: number
  readonly leaderHeardAt: number
  readonly statusAt: number
  readonly resentAt: number
  readonly fetching?: Fetching
  /** Rotates the replica asked for blocks. */
  readonly fetches: number
}

export type Draft = { -readonly [K in keyof Replica]: Replica[K] } & { effects: Effect[] }

export const leaderIn = (replica: Pick<Replica, 'settings'>, view: number): ReplicaId =>
  leaderOf(replica.settings.replicas, view)

export const isLeader = (replica: Pick<Replica, 'settings' | 'view'>): boolean =>
  leaderIn(replica, replica.view) === replica.settings.self

/** A time-out that doubles with each view change that brought no block. */
export const patience = (replica: Pick<Replica, 'failures' | 'settings'>, ms: number): number =>
  Math.min(
    ms * 2 ** Math.min(replica.failures, 16),
    Math.max(ms, replica.settings.timeouts.timeoutMaxMs),
  )

export const put = <K, V>(map: ReadonlyMap<K, V>, key: K, value: V): Map<K, V> =>
  new Map(map).set(key, value)

export function kept<K, V>(
  map: ReadonlyMap<K, V>,
  holds: (key: K, value: V) => boolean,
): ReadonlyMap<K, V> {
  for (const [key, value] of map) {
    if (!holds(key, value)) return new Map([...map].filter(entry => holds(...entry)))
  }
  return map
}

export function emptySlot(height: number, since: number): Slot {
  return {
    height,
    since,
    hasSignedPrepare: false,
    isPrepared: false,
    hasSignedCommit: false,
    prepares: new Map(),
    commits: new Map(),
  }
}

export function changeSlot(draft: Draft, height: number, change: Partial<Slot>): Slot {
  invariant(height > draft.decided.height, 'a slot is above the last final block')
  const slot = { ...(draft.slots.get(height) ?? emptySlot(height, draft.now)), ...change }
  draft.slots = put(draft.slots, height, slot)
  return slot
}

export function sendOthers(draft: Draft, message: Message): void {
  if (draft.settings.replicas.length > 1)
    draft.effects.push({ kind: 'send', to: 'others', message })
}

export function peerOf(replica: Pick<Replica, 'peers'>, id: ReplicaId): Peer {
  return replica.peers.get(id) ?? UNHEARD
}
const UNHEARD: Peer = {
  view: 0,
  isChanging: false,
  decided: 0,
  complaint: 0,
  complaintAt: 0,
  helpedAt: Number.NEGATIVE_INFINITY,
  answers: 0,
  answeredAt: Number.NEGATIVE_INFINITY,
}

export function changePeer(draft: Draft, id: ReplicaId, change: Partial<Peer>): void {
  draft.peers = put(draft.peers, id, { ...peerOf(draft, id), ...change })
}

/** The hash a block at `height` must name as its predecessor, once it is settled in this view. */
export function parentHash(replica: Replica | Draft, height: number): Digest | undefined {
  if (height === replica.decided.height + 1) return replica.decided.hash
  return replica.slots.get(height - 1)?.accepted?.hash
}

/** Remembers the requests of a final block and forgets those of blocks out of the window. */
export function rememberOrdered(draft: Draft, height: number, digests: readonly Digest[]): void {
  const blocks = [...draft.orderedByBlock, digests]
  const changes: [Digest, number | undefined][] = []
  if (blocks.length > draft.settings.limits.dedupBlocks) {
    for (const digest of blocks.shift()!) changes.push([digest, undefined])
  }
  for (const digest of digests) changes.push([digest, height])
  draft.ordered = withChanges(draft.ordered, changes)
  draft.orderedByBlock = blocks
}

/** A replica that holds nothing but the newest blocks of its ledger (the last one is the tip). */
export function emptyReplica(
  settings: Settings,
  blocks: readonly LedgerBlock[],
  now: number,
): Draft {
  const tip = blocks[blocks.length - 1]
  invariant(tip !== undefined, 'a replica starts from at least the genesis block')
  invariant(settings.replicas.includes(settings.self), 'a replica is a member of its consenter set')
  const height = tip.header.height
  const draft: Draft = {
    settings,
    quorum: quorumOf(settings.replicas.length),
    now,
    view: 0,
    phase: 'normal',
    base: 0,
    decided: { height, hash: tip.hash },
    applied: height,
    finals: blocks.flatMap(block => block.certificate ?? []).slice(-settings.limits.window),
    unapplied: [],
    slots: new Map(),
    prepared: new Map(),
    proposals: new Map(),
    proven: new Map(),
    early: new Map(),
    viewChanges: new Map(),
    peers: new Map(),
    complaint: 0,
    complaintAt: 0,
    isLeaderFaulty: false,
    failures: 0,
    pool: emptyPool(),
    forwardedArrivals: 0,
    ordered: emptyDigestMap(),
    orderedByBlock: [],
    lastProposedAt: Number.NEGATIVE_INFINITY,
    lastProposedHeight: 0,
    blockMs: 0,
    enteredAt: now,
    decidedAt: now,
    newestOrderedAt: Number.NEGATIVE_INFINITY,
    leaderHeardAt: now,
    statusAt: Number.NEGATIVE_INFINITY,
    resentAt: now,
    fetches: 0,
    effects: [],
  }
  for (const block of blocks) rememberOrdered(draft, block.header.height, block.digests)
  return draft
}
