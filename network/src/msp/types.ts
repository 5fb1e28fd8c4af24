/** The roles NodeOUs tell apart; every valid identity of an MSP is a `member` besides. */
export type Role = 'member' | 'admin' | 'client' | 'peer' | 'orderer'

export type MspFaultCode =
  | 'IDENTITY_MALFORMED'
  | 'MSP_UNKNOWN'
  | 'CERTIFICATE_MALFORMED'
  | 'CERTIFICATE_KEY_UNSUPPORTED'
  | 'CERTIFICATE_IS_CA'
  | 'CERTIFICATE_CHAIN_INVALID'
  | 'CERTIFICATE_REVOKED'
  | 'CERTIFICATE_ROLE_INVALID'

/** An operating fault: the identity is refused, for this reason. */
export interface MspFault {
  readonly fault: MspFaultCode
  readonly detail: string
}

/** A validated identity of a member of the channel. Instances are shared: never mutate one. */
export interface Identity {
  readonly mspId: string
  /** PEM bytes of the certificate as its owner supplied them. */
  readonly pem: string
  /** The SerializedIdentity bytes it was read from. */
  readonly bytes: Uint8Array
  /** DER bytes of the certificate. */
  readonly certificate: Uint8Array
  /**
   * Hex digest of MSP id and the signed part of the certificate: equal for every encoding of
   * one certificate, so nobody counts twice by re-encoding a signature or a PEM envelope.
   */
  readonly id: string
  readonly roles: ReadonlySet<Role>
  readonly commonName: string
  readonly organizationalUnits: readonly string[]
  /** Fabric CA's attributes (OID 1.2.3.4.5.6.7.8.1). */
  readonly attributes: Readonly<Record<string, string>>
  /** Milliseconds since the epoch. Validation never reads a clock: ask `hasExpired`. */
  readonly notBefore: number
  readonly notAfter: number
  /** SHA-256 over the DER of the issuing CA chain, as Fabric's certifiers identifier. */
  readonly certifiersIdentifier: Uint8Array
}

export interface Msp {
  /** Cached by digest. Chain, roles and revocation are checked; the clock is not read. */
  identify(serializedIdentity: Uint8Array): Identity | MspFault
  /** ECDSA over SHA-256 of the message, DER, low S; many at once run on the thread pool; cached. */
  verify(identity: Identity, message: Uint8Array, signature: Uint8Array): Promise<boolean>
  verifySync(identity: Identity, message: Uint8Array, signature: Uint8Array): boolean
  readonly mspIds: ReadonlySet<string>
}

/** The private key of one identity and what others need to recognise it. */
export interface Signer {
  readonly mspId: string
  /** SerializedIdentity bytes: the creator, endorser or signer field of Fabric's messages. */
  readonly identity: Uint8Array
  readonly certificatePem: string
  /** ECDSA over SHA-256 of the message: DER, low S. */
  sign(message: Uint8Array): Uint8Array
}

export type ImplicitRule = 'ANY' | 'ALL' | 'MAJORITY'

/** One policy of the configuration tree. */
export type PolicyRule =
  | { readonly kind: 'signature'; readonly envelope: Uint8Array }
  | {
      readonly kind: 'implicit'
      readonly rule: ImplicitRule
      readonly subPolicy: string
      /** Paths of the child groups, e.g. `/Channel/Application/Org1`. */
      readonly children: readonly string[]
    }

export interface NodeOu {
  readonly role: Role
  readonly organizationalUnit: string
  /** PEM of the CA the unit is restricted to; undefined: any CA of the MSP. */
  readonly certificatePem?: string
}

export interface MspDefinition {
  readonly mspId: string
  readonly rootCerts: readonly string[]
  readonly intermediateCerts: readonly string[]
  readonly tlsRootCerts: readonly string[]
  readonly tlsIntermediateCerts: readonly string[]
  /** Explicit administrators (PEM), besides those of the admin unit. */
  readonly admins: readonly string[]
  /** DER or PEM bytes of certificate revocation lists. */
  readonly revocationLists: readonly Uint8Array[]
  /** Empty: NodeOUs are not enabled, and only member (and listed admins) are told apart. */
  readonly nodeOus: readonly NodeOu[]
  readonly organizationalUnits: readonly {
    readonly unit: string
    readonly certificatePem?: string
  }[]
}

export interface OrganizationConfig extends MspDefinition {
  /** Name of the group in the configuration tree, e.g. `Org1`. */
  readonly name: string
  /** e.g. `/Channel/Application/Org1`. */
  readonly path: string
  readonly anchorPeers: readonly { readonly host: string; readonly port: number }[]
  /** Addresses of the organisation's ordering nodes, `host:port`. */
  readonly ordererEndpoints: readonly string[]
  readonly policies: {
    readonly Readers?: PolicyRule
    readonly Writers?: PolicyRule
    readonly Admins?: PolicyRule
    readonly Endorsement?: PolicyRule
  }
}

export interface Consenter {
  readonly id: number
  readonly mspId: string
  readonly host: string
  readonly port: number
  /** PEM. */
  readonly identityPem: string
  readonly clientTlsPem: string
  readonly serverTlsPem: string
}

/** What a configuration block says, as plain data that may cross to a worker thread. */
export interface ChannelConfig {
  readonly channelId: string
  readonly sequence: number
  /** Number of the block the configuration was read from. */
  readonly blockNumber: number
  /** Application organisations by MSP id. */
  readonly organizations: ReadonlyMap<string, OrganizationConfig>
  readonly ordererOrganizations: ReadonlyMap<string, OrganizationConfig>
  /** In the order of the consenter mapping. */
  readonly consenters: readonly Consenter[]
  readonly batch: {
    readonly maxMessageCount: number
    readonly absoluteMaxBytes: number
    readonly preferredMaxBytes: number
    readonly timeoutMs: number
  }
  readonly capabilities: {
    readonly channel: readonly string[]
    readonly orderer: readonly string[]
    readonly application: readonly string[]
  }
  /** Every policy of the tree by absolute path, e.g. `/Channel/Application/Writers`. */
  readonly policies: ReadonlyMap<string, PolicyRule>
}

/** How many signers of each MSP satisfy a policy: one minimal set per layout. */
export type Layout = ReadonlyMap<string, number>

export interface CompiledPolicy {
  /** Identities must be valid and their signatures verified; duplicates are dropped here. */
  evaluate(identities: readonly Identity[]): boolean
  /**
   * Minimal sets of peers, smallest first. `available` bounds the search: the number of peers
   * that can be asked in each MSP (absent MSP: none). No layout: peers alone cannot satisfy it.
   */
  layouts(available?: ReadonlyMap<string, number>): Layout[]
  /** Every MSP id the policy names. */
  readonly mspIds: ReadonlySet<string>
}
