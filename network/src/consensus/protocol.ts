/** Events in, effects out, and what is remembered on disk. */
import type {
  Ballot,
  Certificate,
  Digest,
  Header,
  LedgerBlock,
  Message,
  NewViewMessage,
  Proposal,
  ReplicaId,
  Request,
} from './model.ts'

/** Milliseconds. Request, heartbeat and view-change time-outs double while views fail. */
export interface Timeouts {
  /** A waiting request is handed to the leader after this long without fair progress. */
  readonly requestForwardMs: number
  /** ... and the leader is complained about after this long. */
  readonly requestTimeoutMs: number
  /** A request no leader would order is given up. */
  readonly requestLifeMs: number
  readonly heartbeatMs: number
  readonly heartbeatTimeoutMs: number
  readonly viewChangeTimeoutMs: number
  /** Upper bound of every doubled time-out. */
  readonly timeoutMaxMs: number
  /** Own messages are repeated while nothing moves. */
  readonly resendMs: number
  /** Under load the leader leaves at least this long between batches that are not full. */
  readonly batchIntervalMs: number
  /** ... and at most this long: in between it follows the time a block takes to become durable. */
  readonly batchIntervalMaxMs: number
  /** Behind others and without progress for this long: fetch blocks. */
  readonly catchUpAfterMs: number
  readonly fetchTimeoutMs: number
}

export interface Limits {
  readonly batchCount: number
  readonly batchPreferredBytes: number
  readonly batchMaxBytes: number
  /** Heights above the last final block that may be in flight. The same on every replica. */
  readonly window: number
  /** Final blocks the own ledger has not made durable yet before a leader pauses. */
  readonly unappliedMax: number
  readonly poolCount: number
  readonly poolBytes: number
  /** A request ordered in the last so many blocks is not ordered again. Same on every replica. */
  readonly dedupBlocks: number
  /** Blocks per fetch. */
  readonly fetchMax: number
}

/** The two digests the core needs when it builds a block itself. Pure. */
export interface Digests {
  batch(requests: readonly Request[]): Digest
  header(header: Header): Digest
}

export interface Settings {
  readonly self: ReplicaId
  /** Ascending. */
  readonly replicas: readonly ReplicaId[]
  readonly timeouts: Timeouts
  readonly limits: Limits
  readonly digests: Digests
}

export const TIMEOUTS: Timeouts = {
  requestForwardMs: 400,
  requestTimeoutMs: 1_000,
  requestLifeMs: 120_000,
  heartbeatMs: 250,
  heartbeatTimeoutMs: 2_000,
  viewChangeTimeoutMs: 2_000,
  timeoutMaxMs: 20_000,
  resendMs: 300,
  batchIntervalMs: 10,
  batchIntervalMaxMs: 300,
  catchUpAfterMs: 150,
  fetchTimeoutMs: 2_000,
}

export const LIMITS: Limits = {
  batchCount: 500,
  batchPreferredBytes: 2 * 1024 * 1024,
  batchMaxBytes: 10 * 1024 * 1024,
  window: 4,
  unappliedMax: 8,
  poolCount: 20_000,
  poolBytes: 128 * 1024 * 1024,
  dedupBlocks: 256,
  fetchMax: 32,
}

export type Event =
  | {
      readonly kind: 'message'
      readonly now: number
      readonly from: ReplicaId
      readonly message: Message
    }
  /** From a client of this replica, already inspected. */
  | { readonly kind: 'request'; readonly now: number; readonly request: Request }
  | { readonly kind: 'tick'; readonly now: number }
  /** Blocks with valid certificates that this replica's ledger made durable by another way. */
  | { readonly kind: 'blocks'; readonly now: number; readonly blocks: readonly LedgerBlock[] }
  /** Verified blocks up to `last` are on their way to the ledger; `blocks` follow as they get there. */
  | {
      readonly kind: 'fetched'
      readonly now: number
      readonly from: ReplicaId
      readonly last: number
    }
  | { readonly kind: 'fetchFailed'; readonly now: number; readonly from: ReplicaId }
  /** The ledger made everything up to `height` durable. */
  | { readonly kind: 'applied'; readonly now: number; readonly height: number }
  /** The shell found an envelope in a pre-prepare that no correct leader proposes. */
  | {
      readonly kind: 'faultyProposal'
      readonly now: number
      readonly from: ReplicaId
      readonly view: number
    }

/** The vote log. Replaying it in order gives back everything this replica is bound by. */
export type VoteRecord =
  /** The bytes behind a header hash, once. */
  | { readonly kind: 'proposal'; readonly proposal: Proposal }
  /** Bound to this block at (view, height): the only one it will ever prepare there. */
  | {
      readonly kind: 'accepted'
      readonly view: number
      readonly height: number
      readonly hash: Digest
    }
  /** Prepared; precedes the commit vote. */
  | { readonly kind: 'prepared'; readonly certificate: Certificate }
  | { readonly kind: 'decided'; readonly certificate: Certificate }
  /** Left every lower view. */
  | { readonly kind: 'changing'; readonly view: number }
  | { readonly kind: 'entered'; readonly newView: NewViewMessage }

/**
 * Effects are carried out in order. What is sent leaves only after every earlier persist is on disk.
 * A delivered block need not wait: it goes to the replica's own ledger, and a ledger that has made
 * a block durable binds the replica more than any record (it votes no more at that height). So a
 * `decided` record alone is no reason to sync: it is written with what is written next.
 */
export type Effect =
  | { readonly kind: 'persist'; readonly record: VoteRecord }
  /**
   * Sign, and give the result back as a message from self once all effects of this step are carried
   * out, before any other event; the core then sends it.
   */
  | { readonly kind: 'sign'; readonly ballot: Ballot }
  | { readonly kind: 'send'; readonly to: ReplicaId | 'others'; readonly message: Message }
  | { readonly kind: 'deliver'; readonly proposal: Proposal; readonly certificate: Certificate }
  | {
      readonly kind: 'fetch'
      readonly from: ReplicaId
      readonly first: number
      readonly last: number
    }

/** Why an event changed nothing. Each is counted. */
export type Ignored =
  | 'unknownReplica'
  | 'duplicateRequest'
  | 'alreadyOrdered'
  | 'poolFull'
  | 'tooLarge'
  | 'staleView'
  | 'futureView'
  | 'changingView'
  | 'notLeader'
  | 'alreadyDecided'
  | 'beyondWindow'
  | 'chosenByNewView'
  | 'repeated'
  | 'equivocation'
  | 'malformed'
  | 'notEnough'
  | 'notWanted'
  | 'unknownBlock'
  | 'tooOften'
  | 'nothingNew'
