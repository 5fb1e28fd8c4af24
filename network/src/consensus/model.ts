/** What the replicas agree on and the words they use for it. Plain, immutable values. */

export type ReplicaId = number
/** Lower-case hex of a SHA-256 digest in production; any short string in simulation. */
export type Digest = string

/** Fabric's block header; its digest identifies the block and hashes the predecessor in. */
export interface Header {
  readonly height: number
  readonly previous: Digest
  readonly batch: Digest
}

export interface Request {
  readonly digest: Digest
  readonly payload: Uint8Array
}

/**
 * A batch at a height. Whoever builds one from bytes has computed `hash`, `header.batch` and each
 * request's digest itself: the core never sees a claimed digest.
 */
export interface Proposal {
  readonly header: Header
  readonly hash: Digest
  readonly requests: readonly Request[]
}

/** A replica's signature. What it covers: see Ballot. */
export interface Vote {
  readonly replica: ReplicaId
  readonly proof: Uint8Array
}

/** Exactly q votes of one view for one header: PREPAREs (prepared) or COMMITs (final). */
export interface Certificate {
  readonly view: number
  readonly header: Header
  readonly hash: Digest
  readonly votes: readonly Vote[]
}

/** A statement this replica binds itself to; the shell signs it. */
export type Ballot =
  | {
      readonly kind: 'prepare'
      readonly view: number
      readonly height: number
      readonly hash: Digest
    }
  | {
      readonly kind: 'commit'
      readonly view: number
      readonly header: Header
      readonly hash: Digest
    }
  | ({ readonly kind: 'viewChange' } & ViewChangeClaim)
  | { readonly kind: 'newView'; readonly view: number; readonly viewChanges: readonly ViewChange[] }

/** What a replica knows when it leaves a view: the newest final blocks and what it holds prepared. */
export interface ViewChangeClaim {
  readonly view: number
  readonly replica: ReplicaId
  readonly decided: number
  /** Commit certificates of the last `window` final blocks (fewer near genesis), ascending. */
  readonly finals: readonly Certificate[]
  /** Prepared certificates above `decided`, ascending, each of a view below `view`. */
  readonly prepared: readonly Certificate[]
}
export type ViewChange = ViewChangeClaim & { readonly proof: Uint8Array }

/** Messages are authenticated by the link; every `proof` in them is verified by the shell first. */
export type Message =
  | { readonly kind: 'request'; readonly request: Request }
  | { readonly kind: 'prePrepare'; readonly view: number; readonly proposal: Proposal }
  | PrepareMessage
  | CommitMessage
  | { readonly kind: 'complain'; readonly view: number }
  | ({ readonly kind: 'viewChange' } & ViewChange)
  | NewViewMessage
  | StatusMessage
  | { readonly kind: 'ask'; readonly hash: Digest }
  | { readonly kind: 'answer'; readonly proposal: Proposal }

export interface PrepareMessage {
  readonly kind: 'prepare'
  readonly view: number
  readonly height: number
  readonly hash: Digest
  readonly proof: Uint8Array
}
export interface CommitMessage {
  readonly kind: 'commit'
  readonly view: number
  readonly header: Header
  readonly hash: Digest
  readonly proof: Uint8Array
}
export interface NewViewMessage {
  readonly kind: 'newView'
  readonly view: number
  readonly viewChanges: readonly ViewChange[]
  readonly proof: Uint8Array
}
export interface StatusMessage {
  readonly kind: 'status'
  readonly view: number
  readonly changing: boolean
  readonly decided: number
}
export type PhaseMessage = Extract<Message, { kind: 'prePrepare' | 'prepare' | 'commit' }>

/** A final block that reached this replica's ledger, with the digests of its requests. */
export interface LedgerBlock {
  readonly header: Header
  readonly hash: Digest
  readonly digests: readonly Digest[]
  /** Absent only for genesis. */
  readonly certificate?: Certificate
}
