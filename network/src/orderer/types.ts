/** The orderer's public face: what it is given and what it gives. */
import type { Limits, Timeouts } from '../consensus/index.ts'

/** One consenter of the channel configuration; `identityPem` is the certificate it signs blocks with. */
export interface Consenter {
  readonly id: number
  readonly mspId: string
  readonly identityPem: string
}

/** The part of the channel configuration ordering depends on. */
export interface OrderingConfig {
  readonly channelId: string
  /** Number of the block the configuration stands in; every vote names it. */
  readonly blockNumber: number
  readonly consenters: readonly Consenter[]
  readonly batch: {
    readonly maxMessageCount: number
    readonly absoluteMaxBytes: number
    readonly preferredMaxBytes: number
  }
}

export interface OrdererLinks {
  /** Never throws and never blocks; frames may be lost. Links deliver in order while they stand. */
  send(toConsenterId: number, frame: Uint8Array): void
  /** Blocks first..last (a prefix is fine) as that consenter's ledger has them. */
  fetchBlocks(fromConsenterId: number, first: number, last: number): Promise<Uint8Array[]>
}

export type Inspection =
  { readonly ok: true } | { readonly ok: false; readonly code: string; readonly message: string }

export interface OrdererLog {
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
}

export interface OrdererOptions {
  readonly config: OrderingConfig
  readonly consenterId: number
  readonly signer: { sign(message: Uint8Array): Uint8Array }
  /** Own folder of this orderer and channel. */
  readonly directory: string
  readonly links: OrdererLinks
  /** The highest block that is durable in this node's ledger. */
  readonly lastBlock: Uint8Array
  /** A durable block of this node's ledger: newest certificates and the window of known requests. */
  readBlock(number: number): Uint8Array | undefined
  /** Creator signature, Writers policy, channel and size of an envelope. Deterministic. */
  inspect(envelope: Uint8Array): Promise<Inspection>
  readonly timeouts?: Partial<Timeouts>
  readonly limits?: Partial<Limits>
  /** The vote log is rewritten when it is longer; 64 MiB if absent. */
  readonly logBytesMax?: number
  readonly log?: OrdererLog
}

export type SubmitOutcome =
  | { readonly outcome: 'accepted' }
  /** Pending or ordered lately: ask for its status. */
  | { readonly outcome: 'duplicate' }
  | { readonly outcome: 'refused'; readonly code: string; readonly message: string }

export interface OrdererStatus {
  readonly view: number
  readonly phase: 'normal' | 'changing'
  readonly leader: number
  /** Number of the last final block. */
  readonly height: number
  /** Number of the last block durable in the ledger. */
  readonly applied: number
  readonly pending: number
}

export interface Orderer {
  submit(envelope: Uint8Array): Promise<SubmitOutcome>
  /** A frame from a consenter whom the link has authenticated. Never throws. */
  receive(fromConsenterId: number, frame: Uint8Array): void
  /** Set once. The promise resolves when the block is durable; blocks come in order, one at a time. */
  onBlock(handler: (block: Uint8Array) => Promise<void>): void
  /** A block that became durable in the ledger by another way. */
  caughtUp(block: Uint8Array): void
  /** The log cannot be written, the ledger refused a block or an invariant broke: restart. */
  onFault(handler: (fault: Error) => void): void
  status(): OrdererStatus
  metrics(): Record<string, number>
  close(): Promise<void>
}
