import { common, msp as mspProto, orderer, peer } from '@hyperledger/fabric-protos'
import { MspError } from './errors.ts'
import type {
  ChannelConfig,
  Consenter,
  ImplicitRule,
  MspDefinition,
  NodeOu,
  OrganizationConfig,
  PolicyRule,
} from './types.ts'

const CONFIG_HEADER_TYPE = 1
const X509_MSP = 0
const SIGNATURE_POLICY = 1
const IMPLICIT_META_POLICY = 3
const IMPLICIT_RULES: readonly ImplicitRule[] = ['ANY', 'ALL', 'MAJORITY']

/**
 * Reads a configuration block: the genesis block or a later block whose one envelope is a
 * CONFIG transaction. Throws MspError CONFIG_MALFORMED or CONFIG_MSP_CONFLICT. The block's
 * signatures are not checked here: that is src/proof's.
 */
export function readChannelConfig(block: Uint8Array): ChannelConfig {
  return decoding(() => {
    const read = common.Block.deserializeBinary(block)
    const { header, config } = configEnvelopeOf(read)
    return configOf(config, {
      channelId: header.getChannelId(),
      blockNumber: read.getHeader()?.getNumber() ?? 0,
    })
  })
}

function configEnvelopeOf(block: common.Block) {
  const [only, ...others] = block.getData()?.getDataList_asU8() ?? []
  if (!only || others.length > 0) throw malformed('a configuration block has one envelope')
  const envelope = common.Envelope.deserializeBinary(only)
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8())
  const headerBytes = payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array(0)
  const header = common.ChannelHeader.deserializeBinary(headerBytes)
  if (header.getType() !== CONFIG_HEADER_TYPE) throw malformed('not a CONFIG envelope')
  const config = common.ConfigEnvelope.deserializeBinary(payload.getData_asU8()).getConfig()
  if (!config) throw malformed('the envelope has no configuration')
  return { header, config }
}

/** Reads a configuration tree. Throws as `readChannelConfig`. */
export function configOf(
  config: common.Config,
  place: { readonly channelId: string; readonly blockNumber: number },
): ChannelConfig {
  const channel = config.getChannelGroup()
  if (!channel) throw malformed('no channel group')
  const application = channel.getGroupsMap().get('Application')
  const ordering = channel.getGroupsMap().get('Orderer')
  if (!ordering) throw malformed('no orderer group')
  const organizations = organizationsOf(application, '/Channel/Application')
  const ordererOrganizations = organizationsOf(ordering, '/Channel/Orderer')
  requireOneVersion(organizations, ordererOrganizations)
  return Object.freeze({
    channelId: place.channelId,
    sequence: config.getSequence(),
    blockNumber: place.blockNumber,
    organizations,
    ordererOrganizations,
    consenters: consentersOf(ordering),
    batch: batchOf(ordering),
    capabilities: {
      channel: capabilitiesOf(channel),
      orderer: capabilitiesOf(ordering),
      application: application ? capabilitiesOf(application) : [],
    },
    policies: new Map(policiesOf(channel, '/Channel')),
  })
}

function malformed(detail: string): MspError {
  return new MspError('CONFIG_MALFORMED', detail)
}

/** Protobuf's decoder throws errors of its own: one code for all of them. */
function decoding<T>(read: () => T): T {
  try {
    return read()
  } catch (fault) {
    if (fault instanceof MspError) throw fault
    throw malformed(fault instanceof Error ? fault.message : String(fault))
  }
}

function valueOf(group: common.ConfigGroup, name: string): Uint8Array | undefined {
  return group.getValuesMap().get(name)?.getValue_asU8()
}

/** Entries by name, so that every reader sees one order. */
function entriesOf<V>(map: {
  forEach(visit: (value: V, name: string) => void): void
}): [string, V][] {
  const entries: [string, V][] = []
  map.forEach((value, name) => entries.push([name, value]))
  return entries.sort(([left], [right]) => (left < right ? -1 : 1))
}

function organizationsOf(group: common.ConfigGroup | undefined, path: string) {
  const organizations = new Map<string, OrganizationConfig>()
  if (!group) return organizations
  for (const [name, organization] of entriesOf<common.ConfigGroup>(group.getGroupsMap())) {
    const read = organizationOf(organization, { name, path: `${path}/${name}` })
    if (organizations.has(read.mspId)) {
      throw new MspError('CONFIG_MSP_CONFLICT', `two organisations use MSP ${read.mspId}`)
    }
    organizations.set(read.mspId, read)
  }
  return organizations
}

function organizationOf(
  group: common.ConfigGroup,
  place: { readonly name: string; readonly path: string },
): OrganizationConfig {
  const definition = mspOf(valueOf(group, 'MSP'), place.path)
  const anchors = peer.AnchorPeers.deserializeBinary(
    valueOf(group, 'AnchorPeers') ?? new Uint8Array(0),
  )
  const endpoints = common.OrdererAddresses.deserializeBinary(
    valueOf(group, 'Endpoints') ?? new Uint8Array(0),
  )
  return {
    ...definition,
    ...place,
    anchorPeers: anchors
      .getAnchorPeersList()
      .map(anchor => ({ host: anchor.getHost(), port: anchor.getPort() })),
    ordererEndpoints: endpoints.getAddressesList(),
    policies: Object.fromEntries(
      entriesOf<common.ConfigPolicy>(group.getPoliciesMap()).map(([name, policy]) => [
        name,
        ruleOf(policy, []),
      ]),
    ),
  }
}

function mspOf(bytes: Uint8Array | undefined, path: string): MspDefinition {
  const wrapper = mspProto.MSPConfig.deserializeBinary(bytes ?? new Uint8Array(0))
  if (wrapper.getType() !== X509_MSP) throw malformed(`${path}: only X.509 MSPs are supported`)
  const config = mspProto.FabricMSPConfig.deserializeBinary(wrapper.getConfig_asU8())
  if (config.getName() === '') throw malformed(`${path}: the MSP has no id`)
  return {
    mspId: config.getName(),
    rootCerts: config.getRootCertsList_asU8().map(toPem),
    intermediateCerts: config.getIntermediateCertsList_asU8().map(toPem),
    tlsRootCerts: config.getTlsRootCertsList_asU8().map(toPem),
    tlsIntermediateCerts: config.getTlsIntermediateCertsList_asU8().map(toPem),
    admins: config.getAdminsList_asU8().map(toPem),
    revocationLists: config.getRevocationListList_asU8().map(list => Uint8Array.from(list)),
    nodeOus: nodeOusOf(config.getFabricNodeOus()),
    organizationalUnits: config.getOrganizationalUnitIdentifiersList().map(unit => ({
      unit: unit.getOrganizationalUnitIdentifier(),
      ...certificateOf(unit),
    })),
  }
}

function nodeOusOf(units: mspProto.FabricNodeOUs | undefined): NodeOu[] {
  if (!units?.getEnable()) return []
  const named = [
    ['client', units.getClientOuIdentifier()],
    ['peer', units.getPeerOuIdentifier()],
    ['admin', units.getAdminOuIdentifier()],
    ['orderer', units.getOrdererOuIdentifier()],
  ] as const
  return named.flatMap(([role, unit]) =>
    unit && unit.getOrganizationalUnitIdentifier() !== ''
      ? [
          {
            role,
            organizationalUnit: unit.getOrganizationalUnitIdentifier(),
            ...certificateOf(unit),
          },
        ]
      : [],
  )
}

function certificateOf(unit: mspProto.FabricOUIdentifier): { certificatePem?: string } {
  const certificate = unit.getCertificate_asU8()
  return certificate.length === 0 ? {} : { certificatePem: toPem(certificate) }
}

function toPem(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}

/** Fabric refuses a channel in which one MSP id stands for two sets of certificates. */
function requireOneVersion(
  organizations: ReadonlyMap<string, OrganizationConfig>,
  ordererOrganizations: ReadonlyMap<string, OrganizationConfig>,
): void {
  const material = ({ name: _name, path: _path, ...one }: OrganizationConfig) =>
    JSON.stringify([
      one.rootCerts,
      one.intermediateCerts,
      one.admins,
      one.nodeOus,
      one.organizationalUnits,
      one.revocationLists.map(list => Buffer.from(list).toString('base64')),
    ])
  for (const [mspId, organization] of organizations) {
    const other = ordererOrganizations.get(mspId)
    if (other && material(other) !== material(organization)) {
      throw new MspError('CONFIG_MSP_CONFLICT', `two versions of MSP ${mspId}`)
    }
  }
}

function consentersOf(ordering: common.ConfigGroup): Consenter[] {
  const bytes = valueOf(ordering, 'Orderers')
  if (!bytes) return []
  return common.Orderers.deserializeBinary(bytes)
    .getConsenterMappingList()
    .map(consenter => ({
      id: consenter.getId(),
      mspId: consenter.getMspId(),
      host: consenter.getHost(),
      port: consenter.getPort(),
      identityPem: toPem(consenter.getIdentity_asU8()),
      clientTlsPem: toPem(consenter.getClientTlsCert_asU8()),
      serverTlsPem: toPem(consenter.getServerTlsCert_asU8()),
    }))
}

function batchOf(ordering: common.ConfigGroup): ChannelConfig['batch'] {
  const size = orderer.BatchSize.deserializeBinary(
    valueOf(ordering, 'BatchSize') ?? new Uint8Array(0),
  )
  const timeout = orderer.BatchTimeout.deserializeBinary(
    valueOf(ordering, 'BatchTimeout') ?? new Uint8Array(0),
  )
  return {
    maxMessageCount: size.getMaxMessageCount(),
    absoluteMaxBytes: size.getAbsoluteMaxBytes(),
    preferredMaxBytes: size.getPreferredMaxBytes(),
    timeoutMs: parseDuration(timeout.getTimeout()),
  }
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Go's duration text, e.g. `1m30s` or `500ms`; 0 when absent. */
function parseDuration(text: string): number {
  const parts = [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)]
  return parts.reduce(
    (sum, [, number, unit]) => sum + Number(number) * (UNIT_MS[unit ?? ''] ?? 0),
    0,
  )
}

function capabilitiesOf(group: common.ConfigGroup): string[] {
  const bytes = valueOf(group, 'Capabilities')
  if (!bytes) return []
  return entriesOf(common.Capabilities.deserializeBinary(bytes).getCapabilitiesMap()).map(
    ([name]) => name,
  )
}

function policiesOf(group: common.ConfigGroup, path: string): [string, PolicyRule][] {
  const groups = entriesOf<common.ConfigGroup>(group.getGroupsMap())
  const children = groups.map(([name]) => `${path}/${name}`)
  const own = entriesOf<common.ConfigPolicy>(group.getPoliciesMap()).map(
    ([name, policy]): [string, PolicyRule] => [`${path}/${name}`, ruleOf(policy, children)],
  )
  return [...own, ...groups.flatMap(([name, child]) => policiesOf(child, `${path}/${name}`))]
}

function ruleOf(policy: common.ConfigPolicy, children: readonly string[]): PolicyRule {
  const inner = policy.getPolicy()
  const value = inner?.getValue_asU8() ?? new Uint8Array(0)
  if (inner?.getType() === SIGNATURE_POLICY) {
    return { kind: 'signature', envelope: Uint8Array.from(value) }
  }
  if (inner?.getType() !== IMPLICIT_META_POLICY) throw malformed('unknown type of policy')
  const implicit = common.ImplicitMetaPolicy.deserializeBinary(value)
  const rule = IMPLICIT_RULES[implicit.getRule()]
  if (!rule) throw malformed('unknown implicit rule')
  return { kind: 'implicit', rule, subPolicy: implicit.getSubPolicy(), children }
}
