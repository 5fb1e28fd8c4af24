import { createHash } from 'node:crypto'
import { common, msp as mspProto, orderer, peer } from '@hyperledger/fabric-protos'
import { outOf, parsePolicyText, signedBy } from './policy-text.ts'
import { serializeIdentity } from './signer.ts'
import type { ImplicitRule } from './types.ts'

/** An organisation as its certificates and addresses; all certificates are PEM. */
export interface OrganizationDefinition {
  /** Name of the group in the configuration tree. */
  readonly name: string
  readonly mspId: string
  readonly rootCerts: readonly string[]
  readonly intermediateCerts?: readonly string[]
  readonly tlsRootCerts: readonly string[]
  readonly revocationLists?: readonly Uint8Array[]
  readonly anchorPeers?: readonly { readonly host: string; readonly port: number }[]
  /** `host:port` of its ordering nodes. */
  readonly ordererEndpoints?: readonly string[]
}

export interface ConsenterDefinition {
  readonly id: number
  readonly mspId: string
  readonly host: string
  readonly port: number
  readonly identityPem: string
  readonly clientTlsPem: string
  readonly serverTlsPem: string
}

export interface ChannelDefinition {
  readonly channelId: string
  readonly organizations: readonly OrganizationDefinition[]
  readonly ordererOrganizations: readonly OrganizationDefinition[]
  readonly consenters: readonly ConsenterDefinition[]
  readonly batch?: {
    readonly maxMessageCount?: number
    readonly absoluteMaxBytes?: number
    readonly preferredMaxBytes?: number
  }
  /** Milliseconds since the epoch; the block's bytes depend on it and on nothing else unsaid. */
  readonly createdAtMs: number
}

const ADMINS = 'Admins'
const CONFIG_HEADER_TYPE = 1
const METADATA_SLOTS = 5

/**
 * The genesis block of a channel in the structure Fabric's configtxgen writes: Fabric's own
 * tools read it, and one verifier serves both ledgers. Equal definitions give equal bytes.
 */
export function buildGenesisBlock(definition: ChannelDefinition): Uint8Array {
  const config = new common.ConfigEnvelope()
  config.setConfig(new common.Config())
  config.getConfig()?.setChannelGroup(channelGroup(definition))
  const envelope = configEnvelope(definition, config.serializeBinary())
  return wrapInBlock(envelope)
}

function channelGroup(definition: ChannelDefinition): common.ConfigGroup {
  const hashing = new common.HashingAlgorithm()
  hashing.setName('SHA256')
  const structure = new common.BlockDataHashingStructure()
  structure.setWidth(0xffffffff)
  return group({
    groups: { Application: applicationGroup(definition), Orderer: ordererGroup(definition) },
    values: {
      BlockDataHashingStructure: structure,
      Capabilities: capabilities('V3_0'),
      HashingAlgorithm: hashing,
    },
    policies: accessPolicies(),
  })
}

function applicationGroup({ organizations }: ChannelDefinition): common.ConfigGroup {
  return group({
    groups: Object.fromEntries(organizations.map(one => [one.name, applicationOrganization(one)])),
    values: { Capabilities: capabilities('V2_5') },
    policies: {
      ...accessPolicies(),
      Endorsement: implicitPolicy('MAJORITY', 'Endorsement'),
      LifecycleEndorsement: implicitPolicy('MAJORITY', 'Endorsement'),
    },
  })
}

function applicationOrganization(definition: OrganizationDefinition): common.ConfigGroup {
  const { mspId, anchorPeers = [] } = definition
  const anchors = new peer.AnchorPeers()
  anchors.setAnchorPeersList(
    anchorPeers.map(({ host, port }) => {
      const anchor = new peer.AnchorPeer()
      anchor.setHost(host)
      anchor.setPort(port)
      return anchor
    }),
  )
  return group({
    values: {
      MSP: mspConfig(definition),
      ...(anchorPeers.length > 0 ? { AnchorPeers: anchors } : {}),
    },
    policies: {
      Readers: textPolicy(`OR('${mspId}.admin', '${mspId}.peer', '${mspId}.client')`),
      Writers: textPolicy(`OR('${mspId}.admin', '${mspId}.client')`),
      Admins: textPolicy(`OR('${mspId}.admin')`),
      Endorsement: textPolicy(`OR('${mspId}.peer')`),
    },
  })
}

function ordererGroup(definition: ChannelDefinition): common.ConfigGroup {
  const { ordererOrganizations, consenters } = definition
  const timeout = new orderer.BatchTimeout()
  timeout.setTimeout('2s')
  const mapping = new common.Orderers()
  mapping.setConsenterMappingList(consenters.map(consenterOf))
  return group({
    groups: Object.fromEntries(
      ordererOrganizations.map(one => [one.name, ordererOrganization(one)]),
    ),
    values: {
      BatchSize: batchSize(definition.batch ?? {}),
      BatchTimeout: timeout,
      Capabilities: capabilities('V2_0'),
      ChannelRestrictions: new orderer.ChannelRestrictions(),
      ConsensusType: consensusType(definition.batch?.maxMessageCount ?? 500),
      Orderers: mapping,
    },
    policies: { ...accessPolicies(), BlockValidation: quorumPolicy(consenters) },
  })
}

function ordererOrganization(definition: OrganizationDefinition): common.ConfigGroup {
  const { mspId, ordererEndpoints = [] } = definition
  const endpoints = new common.OrdererAddresses()
  endpoints.setAddressesList([...ordererEndpoints])
  return group({
    values: {
      MSP: mspConfig(definition),
      ...(ordererEndpoints.length > 0 ? { Endpoints: endpoints } : {}),
    },
    policies: {
      Readers: textPolicy(`OR('${mspId}.member')`),
      Writers: textPolicy(`OR('${mspId}.member')`),
      Admins: textPolicy(`OR('${mspId}.admin')`),
    },
  })
}

interface Serializable {
  serializeBinary(): Uint8Array
}

function group(parts: {
  readonly groups?: Readonly<Record<string, common.ConfigGroup>>
  readonly values: Readonly<Record<string, Serializable>>
  readonly policies: Readonly<Record<string, common.Policy>>
}): common.ConfigGroup {
  const built = new common.ConfigGroup()
  for (const [name, child] of sorted(parts.groups ?? {})) built.getGroupsMap().set(name, child)
  for (const [name, value] of sorted(parts.values)) {
    const entry = new common.ConfigValue()
    entry.setValue(value.serializeBinary())
    entry.setModPolicy(ADMINS)
    built.getValuesMap().set(name, entry)
  }
  for (const [name, policy] of sorted(parts.policies)) {
    const entry = new common.ConfigPolicy()
    entry.setPolicy(policy)
    entry.setModPolicy(ADMINS)
    built.getPoliciesMap().set(name, entry)
  }
  built.setModPolicy(ADMINS)
  return built
}

function sorted<V>(record: Readonly<Record<string, V>>): [string, V][] {
  return Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1))
}

function accessPolicies(): Record<'Readers' | 'Writers' | 'Admins', common.Policy> {
  return {
    Readers: implicitPolicy('ANY', 'Readers'),
    Writers: implicitPolicy('ANY', 'Writers'),
    Admins: implicitPolicy('MAJORITY', 'Admins'),
  }
}

function implicitPolicy(rule: ImplicitRule, subPolicy: string): common.Policy {
  const implicit = new common.ImplicitMetaPolicy()
  implicit.setRule(common.ImplicitMetaPolicy.Rule[rule])
  implicit.setSubPolicy(subPolicy)
  return policyOf(common.Policy.PolicyType.IMPLICIT_META, implicit.serializeBinary())
}

function textPolicy(text: string): common.Policy {
  return policyOf(common.Policy.PolicyType.SIGNATURE, parsePolicyText(text))
}

function policyOf(type: number, value: Uint8Array): common.Policy {
  const policy = new common.Policy()
  policy.setType(type)
  policy.setValue(value)
  return policy
}

/** Fabric's block validation policy under BFT: a quorum of the consenters' own certificates. */
function quorumPolicy(consenters: readonly ConsenterDefinition[]): common.Policy {
  const faulty = Math.floor((consenters.length - 1) / 3)
  const quorum = Math.ceil((consenters.length + faulty + 1) / 2)
  const envelope = new common.SignaturePolicyEnvelope()
  envelope.setRule(
    outOf(
      quorum,
      consenters.map((_, index) => signedBy(index)),
    ),
  )
  envelope.setIdentitiesList(
    consenters.map(({ mspId, identityPem }) => {
      const principal = new mspProto.MSPPrincipal()
      principal.setPrincipalClassification(mspProto.MSPPrincipal.Classification.IDENTITY)
      principal.setPrincipal(serializeIdentity(mspId, identityPem))
      return principal
    }),
  )
  return policyOf(common.Policy.PolicyType.SIGNATURE, envelope.serializeBinary())
}

function capabilities(...names: readonly string[]): common.Capabilities {
  const built = new common.Capabilities()
  for (const name of names) built.getCapabilitiesMap().set(name, new common.Capability())
  return built
}

function pemBytes(pem: string): Uint8Array {
  return Buffer.from(pem, 'utf8')
}

function mspConfig(definition: OrganizationDefinition): mspProto.MSPConfig {
  const crypto = new mspProto.FabricCryptoConfig()
  crypto.setSignatureHashFamily('SHA2')
  crypto.setIdentityIdentifierHashFunction('SHA256')
  const config = new mspProto.FabricMSPConfig()
  config.setName(definition.mspId)
  config.setRootCertsList(definition.rootCerts.map(pemBytes))
  config.setIntermediateCertsList((definition.intermediateCerts ?? []).map(pemBytes))
  config.setTlsRootCertsList(definition.tlsRootCerts.map(pemBytes))
  config.setRevocationListList([...(definition.revocationLists ?? [])])
  config.setCryptoConfig(crypto)
  config.setFabricNodeOus(nodeOus(issuerOf(definition)))
  const wrapper = new mspProto.MSPConfig()
  wrapper.setConfig(config.serializeBinary())
  return wrapper
}

/** NodeOUs are bound to the one CA that issues identities; with several CAs, to none. */
function issuerOf(definition: OrganizationDefinition): string | undefined {
  const issuers = definition.intermediateCerts?.length
    ? definition.intermediateCerts
    : definition.rootCerts
  return issuers.length === 1 ? issuers[0] : undefined
}

function nodeOus(issuerPem: string | undefined): mspProto.FabricNodeOUs {
  const unit = (name: string) => {
    const identifier = new mspProto.FabricOUIdentifier()
    if (issuerPem !== undefined) identifier.setCertificate(pemBytes(issuerPem))
    identifier.setOrganizationalUnitIdentifier(name)
    return identifier
  }
  const units = new mspProto.FabricNodeOUs()
  units.setEnable(true)
  units.setClientOuIdentifier(unit('client'))
  units.setPeerOuIdentifier(unit('peer'))
  units.setAdminOuIdentifier(unit('admin'))
  units.setOrdererOuIdentifier(unit('orderer'))
  return units
}

function consenterOf(definition: ConsenterDefinition): common.Consenter {
  const consenter = new common.Consenter()
  consenter.setId(definition.id)
  consenter.setHost(definition.host)
  consenter.setPort(definition.port)
  consenter.setMspId(definition.mspId)
  consenter.setIdentity(pemBytes(definition.identityPem))
  consenter.setClientTlsCert(pemBytes(definition.clientTlsPem))
  consenter.setServerTlsCert(pemBytes(definition.serverTlsPem))
  return consenter
}

function batchSize(batch: NonNullable<ChannelDefinition['batch']>): orderer.BatchSize {
  const size = new orderer.BatchSize()
  size.setMaxMessageCount(batch.maxMessageCount ?? 500)
  size.setAbsoluteMaxBytes(batch.absoluteMaxBytes ?? 10 * 1024 * 1024)
  size.setPreferredMaxBytes(batch.preferredMaxBytes ?? 2 * 1024 * 1024)
  return size
}

/** SmartBFT's options: the embedded ledger does not read them, Fabric's tools do. */
function consensusType(maxMessageCount: number): orderer.ConsensusType {
  const options = new orderer.smartbft.Options()
  options.setRequestBatchMaxCount(maxMessageCount)
  options.setRequestBatchMaxBytes(10 * 1024 * 1024)
  options.setRequestBatchMaxInterval('50ms')
  options.setIncomingMessageBufferSize(200)
  options.setRequestPoolSize(400)
  options.setRequestForwardTimeout('1s')
  options.setRequestComplainTimeout('2s')
  options.setRequestAutoRemoveTimeout('3m0s')
  options.setViewChangeResendInterval('1s')
  options.setViewChangeTimeout('4s')
  options.setLeaderHeartbeatTimeout('4s')
  options.setLeaderHeartbeatCount(10)
  options.setCollectTimeout('1s')
  const type = new orderer.ConsensusType()
  type.setType('BFT')
  type.setMetadata(options.serializeBinary())
  return type
}

/** The CONFIG envelope. Nobody signs it: the block is trusted because it was handed over. */
function configEnvelope(definition: ChannelDefinition, config: Uint8Array): Uint8Array {
  const nonce = createHash('sha256').update(config).digest().subarray(0, 24)
  const channelHeader = common.ChannelHeader.deserializeBinary(
    timestampField(Math.floor(definition.createdAtMs / 1000)),
  )
  channelHeader.setType(CONFIG_HEADER_TYPE)
  channelHeader.setVersion(1)
  channelHeader.setChannelId(definition.channelId)
  channelHeader.setTxId(createHash('sha256').update(nonce).digest('hex'))
  const signatureHeader = new common.SignatureHeader()
  signatureHeader.setNonce(nonce)
  const header = new common.Header()
  header.setChannelHeader(channelHeader.serializeBinary())
  header.setSignatureHeader(signatureHeader.serializeBinary())
  const payload = new common.Payload()
  payload.setHeader(header)
  payload.setData(config)
  const envelope = new common.Envelope()
  envelope.setPayload(payload.serializeBinary())
  return envelope.serializeBinary()
}

/** Field 3 of ChannelHeader: its message class comes with google-protobuf, which has no types. */
function timestampField(seconds: number): Uint8Array {
  const varint: number[] = []
  for (let rest = seconds; ; rest = Math.floor(rest / 128)) {
    varint.push(rest < 128 ? rest : (rest % 128) + 128)
    if (rest < 128) break
  }
  return Uint8Array.of(0x1a, varint.length + 1, 0x08, ...varint)
}

function wrapInBlock(envelope: Uint8Array): Uint8Array {
  const header = new common.BlockHeader()
  header.setDataHash(createHash('sha256').update(envelope).digest())
  const blockData = new common.BlockData()
  blockData.setDataList([envelope])
  const lastConfig = new common.OrdererBlockMetadata()
  lastConfig.setLastConfig(new common.LastConfig())
  const signatures = new common.Metadata()
  signatures.setValue(lastConfig.serializeBinary())
  const metadata = new common.BlockMetadata()
  const empty = Array.from({ length: METADATA_SLOTS - 1 }, () => new Uint8Array(0))
  metadata.setMetadataList([signatures.serializeBinary(), ...empty])
  const block = new common.Block()
  block.setHeader(header)
  block.setData(blockData)
  block.setMetadata(metadata)
  return block.serializeBinary()
}
