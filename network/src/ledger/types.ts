import type { LedgerFault } from './fault.ts'

/** Where a transaction stands: its block, its place in it, and its TxValidationCode. */
export interface TransactionLocation {
  readonly blockNumber: number
  readonly index: number
  readonly code: number
}

export interface CommittedTransaction {
  readonly index: number
  /** As claimed in the channel header; empty when the header cannot be read. */
  readonly txId: string
  /** common.HeaderType, -1 when the header cannot be read. */
  readonly type: number
  readonly code: number
  /** True when `txId` now answers to this transaction (valid creator, first of its id). */
  readonly indexed: boolean
}

export interface CommittedBlock {
  readonly number: number
  /** common.Block with this peer's own metadata: flags in slot 2, commit hash in slot 4. */
  readonly bytes: Uint8Array
  readonly flags: Uint8Array
  readonly commitHash: Uint8Array
  readonly transactions: readonly CommittedTransaction[]
  /** Chaincode definitions this block changed. */
  readonly definitionsChanged: readonly string[]
  /** Count of private write sets this member should hold and does not yet. */
  readonly privateMissing: number
}

/** The part of an identity that validation needs; msp's Identity fits it. */
export interface LedgerIdentity {
  readonly mspId: string
  readonly bytes: Uint8Array
}

export interface PolicyEvaluator<I extends LedgerIdentity = LedgerIdentity> {
  evaluate(identities: readonly I[]): boolean
}

/**
 * What the ledger asks of the MSP; `trustOf(msp, config)` builds one. Nothing in it reads a
 * clock. A policy is undefined when its bytes do not compile or its reference is unknown.
 */
export interface TrustPort<I extends LedgerIdentity = LedgerIdentity> {
  /** Undefined when the identity is not a valid one of a channel organisation. */
  identify(serializedIdentity: Uint8Array): I | undefined
  verify(identity: I, message: Uint8Array, signature: Uint8Array): Promise<boolean>
  /** common.SignaturePolicyEnvelope bytes. */
  signaturePolicy(envelope: Uint8Array): PolicyEvaluator<I> | undefined
  /** protos.ApplicationPolicy bytes: a signature policy or a reference into the channel's. */
  applicationPolicy(policy: Uint8Array): PolicyEvaluator<I> | undefined
  /** Endorsement policy of an application organisation; undefined: no such organisation. */
  organizationPolicy(mspId: string): PolicyEvaluator<I> | undefined
}

export interface LedgerOptions {
  /** Folder of this channel's ledger; created when missing. */
  readonly directory: string
  readonly channelId: string
  readonly genesisBlock: Uint8Array
  /** The organisation whose private data this peer keeps. */
  readonly selfMspId: string
  readonly trust: TrustPort
  /** Checks the orderers' certificate of a block other than genesis; a second wall. */
  readonly certificate?: (block: Uint8Array) => boolean | Promise<boolean>
  /** Transient private data older than this many blocks is dropped. Default 1000. */
  readonly transientBlocksMax?: number
  /** Brings a block whose stored bytes are damaged; its hash is checked before use. */
  readonly fetchBlock?: (number: number) => Promise<Uint8Array | undefined>
  readonly segmentBytesMax?: number
}

/** What a node that orders and is no peer needs of a ledger. */
export type ChainOptions = Pick<
  LedgerOptions,
  'directory' | 'channelId' | 'genesisBlock' | 'fetchBlock' | 'segmentBytesMax'
>

export interface StateVersion {
  readonly blockNumber: number
  readonly txNumber: number
}

export interface KeyValue {
  readonly namespace: string
  readonly key: string
  readonly value: Uint8Array
}

export interface KeyModification {
  readonly txId: string
  readonly value: Uint8Array
  /** The transaction's own claim, from its channel header. */
  readonly timestamp: { readonly seconds: number; readonly nanos: number }
  readonly isDelete: boolean
}

/** Rows come on demand; only rows taken enter the read set. */
export interface Rows<T> {
  next(): T | undefined
  /** Key after the last row of a paginated query, '' at the end. */
  bookmark(): string
  close(): void
}

export interface SimulationOptions {
  readonly txId: string
  /** MSP id of the proposal's creator: memberOnlyRead and memberOnlyWrite look at it. */
  readonly creatorMspId: string
}

/** Names a place of state: a public key, or a key of a private collection. */
export interface StateKey {
  readonly namespace: string
  /** Absent or '' for public state. */
  readonly collection?: string
  readonly key: string
}

export interface RangeArguments {
  readonly namespace: string
  readonly collection?: string
  readonly startKey: string
  /** Exclusive; '' means to the end of the namespace. */
  readonly endKey: string
  /** With a page size the query is paginated and the transaction is read-only. */
  readonly pageSize?: number
  readonly bookmark?: string
}

/** One peer.ChaincodeCall of the ChaincodeInterest a proposal response carries. */
export interface InterestCall {
  readonly name: string
  readonly collectionNames: readonly string[]
  readonly noPrivateReads: boolean
  /** common.SignaturePolicyEnvelope bytes of the key-level policies met. */
  readonly keyPolicies: readonly Uint8Array[]
  readonly disregardNamespacePolicy: boolean
}

export interface SimulationResults {
  /** rwset.TxReadWriteSet, equal byte for byte on every honest endorser. */
  readonly results: Uint8Array
  /** rwset.TxPvtReadWriteSet; absent when nothing private was written. */
  readonly privateResults?: Uint8Array
  readonly interest: readonly InterestCall[]
  readonly writes: boolean
}

/**
 * One transaction against one snapshot of committed state. Every method throws LedgerFault;
 * its message is the text Fabric answers with. Reads never see this simulation's own writes.
 */
export interface Simulation {
  readonly txId: string
  /** Height of the snapshot: the number of the block after the last one it sees. */
  readonly height: number
  getState(at: StateKey): Uint8Array | undefined
  putState(at: StateKey, value: Uint8Array): void
  delState(at: StateKey): void
  purgePrivate(at: StateKey): void
  /** SHA-256 of the private value; allowed to non-members. */
  getPrivateHash(at: StateKey): Uint8Array | undefined
  getMetadata(at: StateKey): ReadonlyMap<string, Uint8Array>
  /** Sets one entry (VALIDATION_PARAMETER); an empty value removes it. */
  putMetadata(at: StateKey, name: string, value: Uint8Array): void
  getRange(range: RangeArguments): Rows<KeyValue>
  /** Newest first. */
  getHistory(at: StateKey): Rows<KeyModification>
  /** The committed definition; its Sequence read enters the read set, as Fabric does. */
  definition(chaincode: string): ChaincodeDefinition | undefined
  finish(): SimulationResults
  /** Lets the snapshot go; safe to call twice, must be called always. */
  close(): void
}

export interface CollectionDefinition {
  readonly name: string
  /** common.SignaturePolicyEnvelope bytes naming the member organisations. */
  readonly memberPolicy: Uint8Array
  readonly memberOrganizations: readonly string[]
  readonly requiredPeerCount: number
  readonly maximumPeerCount: number
  /** 0: for ever. */
  readonly blockToLive: number
  readonly memberOnlyRead: boolean
  readonly memberOnlyWrite: boolean
  /** protos.ApplicationPolicy bytes; absent: the chaincode's policy. */
  readonly endorsementPolicy?: Uint8Array
}

export interface ChaincodeDefinition {
  readonly name: string
  readonly sequence: number
  readonly version: string
  readonly endorsementPlugin: string
  readonly validationPlugin: string
  readonly initRequired: boolean
  /** protos.ApplicationPolicy bytes. */
  readonly validationParameter: Uint8Array
  /** protos.CollectionConfigPackage bytes; empty when there are none. */
  readonly collectionPackage: Uint8Array
  readonly collections: readonly CollectionDefinition[]
}

/** One collection's private write set of one transaction. */
export interface PrivatePlace {
  readonly blockNumber: number
  readonly index: number
  readonly txId: string
  readonly namespace: string
  readonly collection: string
}

export interface PrivateTransaction {
  readonly index: number
  readonly txId: string
  /** rwset.TxPvtReadWriteSet holding the collections this peer has. */
  readonly rwset: Uint8Array
}

export interface MissingPrivate extends PrivatePlace {
  /** SHA-256 of the collection's KVRWSet bytes, from the public results. */
  readonly rwsetHash: Uint8Array
}

export interface FetchedPrivate extends PrivatePlace {
  /** kvrwset.KVRWSet bytes as another member returned them. */
  readonly rwset: Uint8Array
}

export type FetchOutcome = 'stored' | 'not_missing' | 'hash_differs'

/** The blocks of a channel without what they say: all that ordering and catching up take. */
export interface Chain {
  readonly channelId: string
  /** Number of blocks; the next block has this number. */
  height(): number
  lastHeaderHash(): Uint8Array
  /** Resolves when the block survives a power cut. */
  commit(block: Uint8Array): Promise<{ readonly number: number }>
  /** Throws BLOCK_CORRUPT on damage. */
  block(number: number): Uint8Array | undefined
  /** As `block`, and brings a damaged block again through `fetchBlock`. */
  readBlock(number: number): Promise<Uint8Array | undefined>
  /** Called in block order after the block is readable; the return value unsubscribes. */
  onCommit(listener: (block: { readonly number: number }) => void): () => void
  close(): Promise<void>
}

export interface Ledger extends Chain {
  readonly channelId: string
  /** Number of blocks; the next block has this number. */
  height(): number
  /** What chaincodes are defined and approved has not changed since the ledger had this height. */
  lifecycleHeight(): number
  lastHeaderHash(): Uint8Array
  /** May be called for block n+1 before n is done: checks overlap, writes keep order. */
  commit(block: Uint8Array): Promise<CommittedBlock>
  /** common.Block bytes with this peer's metadata. Throws BLOCK_CORRUPT on damage. */
  block(number: number): Uint8Array | undefined
  /** As `block`, and brings a damaged block again through `fetchBlock`. */
  readBlock(number: number): Promise<Uint8Array | undefined>
  blockNumberOf(headerHash: Uint8Array): number | undefined
  transaction(txId: string): TransactionLocation | undefined
  /** Resolves at once when known; rejects with the signal's reason when aborted. */
  waitForTransaction(txId: string, signal?: AbortSignal): Promise<TransactionLocation>
  /** Called in block order after the block is readable; the return value unsubscribes. */
  onCommit(listener: (block: CommittedBlock) => void): () => void

  newSimulation(options: SimulationOptions): Simulation
  /** A committed public value, outside any transaction. */
  state(namespace: string, key: string): Uint8Array | undefined
  definition(chaincode: string): ChaincodeDefinition | undefined
  definitions(): readonly ChaincodeDefinition[]
  /** Explicit or implicit (`_implicit_org_<MSP>`) collection; undefined when unknown. */
  collection(chaincode: string, name: string): CollectionDefinition | undefined
  isCollectionMember(place: { namespace: string; collection: string }, mspId: string): boolean

  /** Keeps a transaction's private write sets until its block comes. */
  putTransient(txId: string, privateRwset: Uint8Array): Promise<void>
  /** What this peer holds of a block, only collections `mspId` may see when given. */
  privateData(blockNumber: number, mspId?: string): readonly PrivateTransaction[]
  /** One collection's KVRWSet, for another member that misses it. */
  privateWriteSet(place: PrivatePlace): Uint8Array | undefined
  missingPrivate(limit?: number): readonly MissingPrivate[]
  storeFetchedPrivate(fetched: readonly FetchedPrivate[]): Promise<readonly FetchOutcome[]>
  close(): Promise<void>
}

export type { LedgerFault }
