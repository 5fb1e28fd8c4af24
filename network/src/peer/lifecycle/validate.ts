import type { common, peer } from '@hyperledger/fabric-protos'
import { msp } from '@hyperledger/fabric-protos'
import type { ChannelConfig } from '../../msp/index.ts'
import { decode } from '../wire/decode.ts'

const NAME = /^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$/
const VERSION = /^[A-Za-z0-9_.+-]+$/
const COLLECTION = /^[A-Za-z0-9-]+([A-Za-z0-9_-]+)*$/
const RESERVED = new Set(['cscc', 'escc', 'lscc', 'qscc', 'vscc'])
const NAME_LENGTH_MAX = 256

export interface DefinitionCheck {
  readonly name: string
  readonly version: string
  readonly collections: peer.CollectionConfigPackage | undefined
  /** Those of the committed definition. */
  readonly committed: peer.CollectionConfigPackage | undefined
  readonly config: ChannelConfig
}

function checkNames({ name, version }: DefinitionCheck): void {
  if (!NAME.test(name) || name.length > NAME_LENGTH_MAX) {
    throw new Error(
      `invalid chaincode name '${name}'. Names can only consist of alphanumerics, '_', and '-' and can only begin with alphanumerics`,
    )
  }
  if (RESERVED.has(name)) {
    throw new Error(`chaincode name '${name}' is the name of a system chaincode`)
  }
  if (!VERSION.test(version) || version.length > NAME_LENGTH_MAX) {
    throw new Error(
      `invalid chaincode version '${version}'. Versions can only consist of alphanumerics, '_', '-', '+', and '.'`,
    )
  }
}

function staticConfigs(collections: peer.CollectionConfigPackage | undefined) {
  return (collections?.getConfigList() ?? []).map(config => {
    const collection = config.getStaticCollectionConfig()
    if (!collection) throw new Error('collection config contains unexpected payload type')
    return collection
  })
}

function organizationOf(principal: msp.MSPPrincipal, collection: string): string {
  const Kind = msp.MSPPrincipal.Classification
  const bytes = principal.getPrincipal_asU8()
  switch (principal.getPrincipalClassification()) {
    case Kind.ROLE:
      return decode(msp.MSPRole, bytes, 'MSPRole').getMspIdentifier()
    case Kind.ORGANIZATION_UNIT:
      return decode(msp.OrganizationUnit, bytes, 'OrganizationUnit').getMspIdentifier()
    case Kind.IDENTITY:
      return decode(msp.SerializedIdentity, bytes, 'SerializedIdentity').getMspid()
    default:
      throw new Error(`collection-name: ${collection} -- principal type is not supported`)
  }
}

/** Membership must not need two signatures: the policy may consist of ORs only. */
function isOrOnly(rule: common.SignaturePolicy | undefined): boolean {
  const nOutOf = rule?.getNOutOf()
  if (!nOutOf) return true
  return nOutOf.getN() === 1 && nOutOf.getRulesList().every(isOrOnly)
}

function checkCollection(
  collection: peer.StaticCollectionConfig,
  { config }: DefinitionCheck,
): void {
  const name = collection.getName()
  if (!COLLECTION.test(name)) {
    throw new Error(
      `invalid collection name '${name}'. Names can only consist of alphanumerics, '_', and '-' and cannot begin with '_'`,
    )
  }
  const required = collection.getRequiredPeerCount()
  const maximum = collection.getMaximumPeerCount()
  if (required < 0) {
    throw new Error(
      `collection-name: ${name} -- requiredPeerCount (${required}) cannot be less than zero`,
    )
  }
  if (maximum < required) {
    throw new Error(
      `collection-name: ${name} -- maximum peer count (${maximum}) cannot be less than the required peer count (${required})`,
    )
  }
  const policy = collection.getMemberOrgsPolicy()?.getSignaturePolicy()
  if (!policy) throw new Error(`collection member policy is not set for collection '${name}'`)
  if (!isOrOnly(policy.getRule())) {
    throw new Error(
      `collection-name: ${name} -- error in member org policy: signature policy is not an OR concatenation`,
    )
  }
  for (const principal of policy.getIdentitiesList()) {
    const mspId = organizationOf(principal, name)
    if (!config.organizations.has(mspId)) {
      throw new Error(
        `collection-name: ${name} -- collection member '${mspId}' is not part of the channel`,
      )
    }
  }
}

/** A collection once defined stays: its data could not be found again otherwise. */
function checkAgainstCommitted(
  proposed: readonly peer.StaticCollectionConfig[],
  committed: readonly peer.StaticCollectionConfig[],
): void {
  if (committed.length > 0 && proposed.length === 0) {
    throw new Error(
      'the proposed collection config does not contain previously defined collections',
    )
  }
  for (const old of committed) {
    const kept = proposed.find(c => c.getName() === old.getName())
    if (!kept) {
      throw new Error(
        `existing collection [${old.getName()}] missing in the proposed collection configuration`,
      )
    }
    if (kept.getBlockToLive() !== old.getBlockToLive()) {
      throw new Error(
        `the BlockToLive in an existing collection [${old.getName()}] modified. Existing value [${old.getBlockToLive()}]`,
      )
    }
  }
}

/** @throws Error with the reason, in the words of Fabric. */
export function checkDefinition(check: DefinitionCheck): void {
  checkNames(check)
  const collections = staticConfigs(check.collections)
  const seen = new Set<string>()
  for (const collection of collections) {
    checkCollection(collection, check)
    if (seen.has(collection.getName())) {
      throw new Error(
        `collection-name: ${collection.getName()} -- found duplicate in collection configuration`,
      )
    }
    seen.add(collection.getName())
  }
  checkAgainstCommitted(collections, staticConfigs(check.committed))
}
