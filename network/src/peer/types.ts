import type { Server } from '@grpc/grpc-js'
import type { Ledger } from '../ledger/index.ts'
import type { ChannelConfig, Msp, Signer } from '../msp/index.ts'

/** What a peer reports about itself to the other peers of a channel. */
export interface RemotePeer {
  /** Full node name, `peer0.org1.example.com`. */
  readonly name: string
  readonly mspId: string
  /** `host:port`, as clients and error details show it. */
  readonly endpoint: string
  /** Number of blocks on its ledger of this channel. */
  readonly height: number
  /** Names of the chaincodes it can run on this channel (`Peer.chaincodes`). */
  readonly chaincodes: readonly string[]
}

/**
 * The other peers, implemented by the node over its links. Only peers that answer now belong in
 * `peers`. A rejected promise means the peer could not be reached or refused the request in its
 * checks; its message is shown to the client.
 */
export interface RemotePeers {
  peers(channelId: string): readonly RemotePeer[]
  /** SignedProposal bytes in, ProposalResponse bytes out. */
  endorse(peerName: string, signedProposal: Uint8Array): Promise<Uint8Array>
  pushPrivate(peerName: string, push: Uint8Array): Promise<void>
  pullPrivate(peerName: string, request: Uint8Array): Promise<Uint8Array>
}

export interface OrdererFailure {
  /** `host:port` of the orderer. */
  readonly endpoint: string
  readonly mspId: string
  readonly message: string
}

export interface SubmitResult {
  /** A quorum of orderers accepted the envelope, or already had it. */
  readonly accepted: boolean
  readonly failures: readonly OrdererFailure[]
}

/** The ordering service of one channel, implemented by the node. */
export interface OrderingPort {
  /** Sends the envelope to every orderer; settles as soon as the quorum is reached or impossible. */
  submit(envelope: Uint8Array): Promise<SubmitResult>
}

/** One channel this peer has joined. */
export interface ChannelResources {
  readonly config: ChannelConfig
  readonly msp: Msp
  readonly ledger: Ledger
  readonly ordering: OrderingPort
}

export interface PeerLog {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface PeerLimits {
  /** Calls of gateway.Gateway in progress at once, waiting ones and open event streams included. */
  readonly gatewayCalls: number
  readonly deliverStreams: number
  readonly endorserCalls: number
  /** Time one chaincode execution may take. */
  readonly executeTimeoutMs: number
  /** Time one endorser may take to answer the gateway. */
  readonly endorsementTimeoutMs: number
  /** Time the ordering service may take to accept an envelope. */
  readonly submitTimeoutMs: number
  /** Distance a proposal's or a seek request's timestamp may have from this peer's clock. */
  readonly timeWindowMs: number
}

export interface PeerDependencies {
  readonly name: string
  readonly endpoint: string
  /** The peer keeps its package bindings here; it must exist. */
  readonly directory: string
  readonly signer: Signer
  /** Read at each request, so a channel put in later is served from then on. */
  readonly channels: ReadonlyMap<string, ChannelResources>
  readonly remote: RemotePeers
  readonly log: PeerLog
  readonly limits?: Partial<PeerLimits>
  /** Milliseconds since 1970; the machine's clock when absent. */
  readonly clock?: () => number
}

/** The peer at the other end of a link, as its mutual TLS certificate proved it. */
export interface PeerCaller {
  readonly name: string
  readonly mspId: string
}

export interface PeerCounters {
  readonly endorsed: number
  readonly refused: number
  readonly failed: number
  readonly evaluated: number
  readonly submitted: number
  readonly openStreams: number
}

export interface Peer {
  /** Adds gateway.Gateway, protos.Deliver and protos.Endorser to a gRPC server. */
  register(server: Server): void
  /** SignedProposal to ProposalResponse; rejects when the proposal fails the checks. */
  endorse(signedProposal: Uint8Array): Promise<Uint8Array>
  /** Chaincodes that are committed on the channel and bound to an address on this peer. */
  chaincodes(channelId: string): readonly string[]
  /** Serves another peer's request for private data of committed or endorsed transactions. */
  pullPrivate(caller: PeerCaller, request: Uint8Array): Promise<Uint8Array>
  /** Takes private data that another endorser distributes. */
  pushPrivate(caller: PeerCaller, push: Uint8Array): Promise<void>
  counters(): PeerCounters
  close(): Promise<void>
}

/** Answer of the check an orderer makes before it takes an envelope. */
export type InspectOutcome =
  | { readonly ok: true; readonly channelId: string; readonly txId: string }
  | { readonly ok: false; readonly code: InspectFault; readonly message: string }

export type InspectFault =
  'MALFORMED' | 'TOO_LARGE' | 'UNKNOWN_CHANNEL' | 'BAD_SIGNATURE' | 'FORBIDDEN' | 'BAD_TX_ID'

export type EnvelopeInspector = (envelope: Uint8Array) => Promise<InspectOutcome>
