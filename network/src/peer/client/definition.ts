import { common, peer } from '@hyperledger/fabric-protos'
import { z } from 'zod'
import { parsePolicyText } from '../../msp/index.ts'

/** One entry of Fabric's collections file. */
export const collectionSchema = z.object({
  name: z.string().min(1),
  policy: z.string().min(1),
  requiredPeerCount: z.number().int().min(0).default(0),
  maxPeerCount: z.number().int().min(0).default(1),
  blockToLive: z.number().int().min(0).default(0),
  memberOnlyRead: z.boolean().default(false),
  memberOnlyWrite: z.boolean().default(false),
  endorsementPolicy: z
    .object({
      signaturePolicy: z.string().optional(),
      channelConfigPolicy: z.string().optional(),
    })
    .optional(),
})

export type CollectionEntry = z.input<typeof collectionSchema>

/** A chaincode definition as a person writes it. */
export interface DefinitionText {
  readonly name: string
  readonly version: string
  readonly sequence: number
  /** Fabric's policy syntax; absent: the channel's endorsement policy, a majority. */
  readonly policy?: string
  readonly collections?: readonly CollectionEntry[]
  readonly initRequired?: boolean
}

function signaturePolicy(text: string): peer.ApplicationPolicy {
  const policy = new peer.ApplicationPolicy()
  const envelope = common.SignaturePolicyEnvelope.deserializeBinary(parsePolicyText(text))
  policy.setSignaturePolicy(envelope)
  return policy
}

function applicationPolicy(
  policy: z.infer<typeof collectionSchema>['endorsementPolicy'],
): peer.ApplicationPolicy | undefined {
  if (policy?.signaturePolicy) return signaturePolicy(policy.signaturePolicy)
  if (!policy?.channelConfigPolicy) return undefined
  const reference = new peer.ApplicationPolicy()
  reference.setChannelConfigPolicyReference(policy.channelConfigPolicy)
  return reference
}

function collectionConfig(entry: CollectionEntry): peer.CollectionConfig {
  const parsed = collectionSchema.parse(entry)
  const members = new peer.CollectionPolicyConfig()
  members.setSignaturePolicy(
    common.SignaturePolicyEnvelope.deserializeBinary(parsePolicyText(parsed.policy)),
  )
  const collection = new peer.StaticCollectionConfig()
  collection.setName(parsed.name)
  collection.setMemberOrgsPolicy(members)
  collection.setRequiredPeerCount(parsed.requiredPeerCount)
  collection.setMaximumPeerCount(parsed.maxPeerCount)
  collection.setBlockToLive(parsed.blockToLive)
  collection.setMemberOnlyRead(parsed.memberOnlyRead)
  collection.setMemberOnlyWrite(parsed.memberOnlyWrite)
  collection.setEndorsementPolicy(applicationPolicy(parsed.endorsementPolicy))
  const config = new peer.CollectionConfig()
  config.setStaticCollectionConfig(collection)
  return config
}

interface DefinitionMessage {
  setName(value: string): void
  setVersion(value: string): void
  setSequence(value: number): void
  setInitRequired(value: boolean): void
  setValidationParameter(value: Uint8Array): void
  setCollections(value?: peer.CollectionConfigPackage): void
}

/** @throws when a policy or a collection is not well written. */
function fill(message: DefinitionMessage, text: DefinitionText): void {
  message.setName(text.name)
  message.setVersion(text.version)
  message.setSequence(text.sequence)
  message.setInitRequired(text.initRequired ?? false)
  if (text.policy) message.setValidationParameter(signaturePolicy(text.policy).serializeBinary())
  if (!text.collections?.length) return
  const collections = new peer.CollectionConfigPackage()
  collections.setConfigList(text.collections.map(collectionConfig))
  message.setCollections(collections)
}

/** Argument of ApproveChaincodeDefinitionForMyOrg. */
export function approvalArgs(text: DefinitionText, packageId: string): Uint8Array {
  const args = new peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs()
  fill(args, text)
  const local = new peer.lifecycle.ChaincodeSource.Local()
  local.setPackageId(packageId)
  const source = new peer.lifecycle.ChaincodeSource()
  source.setLocalPackage(local)
  args.setSource(source)
  return args.serializeBinary()
}

/** Argument of CommitChaincodeDefinition. */
export function commitArgs(text: DefinitionText): Uint8Array {
  const args = new peer.lifecycle.CommitChaincodeDefinitionArgs()
  fill(args, text)
  return args.serializeBinary()
}
