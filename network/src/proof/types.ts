/** The link of the chain of proof that does not hold. */
export type BrokenLink =
  | 'CONFIG_MALFORMED'
  | 'CONFIG_NOT_BFT'
  | 'CONFIG_CONSENTER_INVALID'
  | 'CONFIG_HASH'
  | 'BLOCK_MALFORMED'
  | 'BLOCK_UNSIGNED_BYTES'
  | 'DATA_HASH'
  | 'CHAIN_NUMBER'
  | 'CHAIN_HASH'
  | 'METADATA_MALFORMED'
  | 'METADATA_SEQUENCE'
  | 'METADATA_CONFIG'
  | 'QUORUM_COUNT'
  | 'QUORUM_SIGNER_UNKNOWN'
  | 'QUORUM_SIGNER_TWICE'
  | 'QUORUM_SIGNATURE'
  | 'ENVELOPE_ABSENT'
  | 'ENVELOPE_CHANNEL'
  | 'ENVELOPE_MALFORMED'
  | 'CERTIFICATE_MALFORMED'
  | 'CERTIFICATE_KEY_UNSUPPORTED'
  | 'CERTIFICATE_IS_CA'
  | 'CERTIFICATE_ISSUER_UNKNOWN'
  | 'CERTIFICATE_ISSUER_NOT_CA'
  | 'CERTIFICATE_PATH_LENGTH'
  | 'CERTIFICATE_VALIDITY'
  | 'CERTIFICATE_SIGNATURE'
  | 'CERTIFICATE_CONSTRAINT'
  | 'CERTIFICATE_AMBIGUOUS'

export interface Refusal {
  readonly ok: false
  readonly code: BrokenLink
  /** For people; never parse it. */
  readonly detail: string
}

export interface Proven<T> {
  readonly ok: true
  readonly value: T
}

export type Verdict<T> = Proven<T> | Refusal

/** What a verifier trusts: taken from the bytes of one configuration block, and nothing else. */
export interface ChannelTrust {
  readonly channelId: string
  /** SHA-256 of the configuration block's header, in hex: compare it out of band. */
  readonly configBlockHash: string
  readonly configBlockNumber: number
  /** ceil((n + f + 1) / 2) with f = floor((n - 1) / 3). */
  readonly quorum: number
  readonly consenters: ReadonlyMap<number, TrustedConsenter>
  readonly organizations: ReadonlyMap<string, TrustedOrganization>
}

export interface TrustedConsenter {
  readonly id: number
  readonly mspId: string
  readonly publicKey: PublicKey
}

export interface TrustedOrganization {
  readonly mspId: string
  /** DER. */
  readonly rootCerts: readonly Uint8Array[]
  readonly intermediateCerts: readonly Uint8Array[]
}

export interface PublicKey {
  readonly curve: 'P-256' | 'P-384'
  /** Uncompressed point: 04 || x || y. */
  readonly point: Uint8Array
}

export interface ProvenBlock {
  readonly number: bigint
  /** SHA-256 of the DER header. */
  readonly hash: Uint8Array
  readonly previousHash: Uint8Array
  readonly dataHash: Uint8Array
  readonly envelopes: readonly Uint8Array[]
  /** The one view the certificate's votes were cast in; 0 for the genesis block. */
  readonly view: bigint
  readonly sequence: bigint
  /** Ids of the consenters whose votes make the certificate; none for the genesis block. */
  readonly signers: readonly number[]
  /** Whether the block changes the channel's configuration: the trust to use after it. */
  readonly nextTrust: ChannelTrust | undefined
  /** A peer's own claims, signed by nobody: present only when they were allowed in. */
  readonly claims: { readonly flags: Uint8Array; readonly commitHash: Uint8Array }
}

export interface ProvenTransaction {
  readonly channelId: string
  /** Empty for a configuration transaction. */
  readonly txId: string
  readonly index: number
  readonly block: ProvenBlock
}
