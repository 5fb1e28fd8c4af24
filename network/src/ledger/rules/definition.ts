import { Message, WireFault, Writer } from './wire.ts'
import type { ChaincodeDefinition, CollectionDefinition } from '../types.ts'

export const LIFECYCLE = '_lifecycle'
const FIELDS = ['Sequence', 'EndorsementInfo', 'ValidationInfo', 'Collections'] as const
const DATATYPE = 'ChaincodeDefinition'
const IMPLICIT = '_implicit_org_'
const NOTHING = new Uint8Array(0)

export const metadataKey = (chaincode: string): string => `namespaces/metadata/${chaincode}`
export const fieldKey = (chaincode: string, field: string): string =>
  `namespaces/fields/${chaincode}/${field}`
export const sequenceKey = (chaincode: string): string => fieldKey(chaincode, 'Sequence')

/** The chaincode whose definition a `_lifecycle` key belongs to, if it is a Sequence. */
export const chaincodeOfSequenceKey = (key: string): string | undefined =>
  /^namespaces\/fields\/([^/]+)\/Sequence$/.exec(key)?.[1]

/** MSP id of `_implicit_org_<MSP>`. */
export const implicitOrganization = (collection: string): string | undefined =>
  collection.startsWith(IMPLICIT) ? collection.slice(IMPLICIT.length) : undefined

export const implicitCollection = (mspId: string): string => `${IMPLICIT}${mspId}`

/** lifecycle.StateData{oneof Int64=1, Bytes=2, String=3}. */
const stateInt = (value: number): Buffer => new Writer().varint(8).varint(value).finish()
const stateBytes = (value: Uint8Array): Buffer => new Writer().element(2, value).finish()

const endorsementInfo = (definition: DefinitionInput): Buffer =>
  new Writer()
    .text(1, definition.version)
    .flag(2, definition.initRequired)
    .text(3, definition.endorsementPlugin)
    .finish()

const validationInfo = (definition: DefinitionInput): Buffer =>
  new Writer()
    .text(1, definition.validationPlugin)
    .bytes(2, definition.validationParameter)
    .finish()

export type DefinitionInput = Omit<ChaincodeDefinition, 'collections'>

/**
 * The public keys Fabric's lifecycle writes for a committed definition. The caller writes those
 * whose value differs from the state's, as Fabric's serializer does.
 */
export const definitionWrites = (
  definition: DefinitionInput,
): { readonly key: string; readonly value: Uint8Array }[] => {
  const { name } = definition
  const metadata = new Writer().text(1, DATATYPE)
  for (const field of FIELDS) metadata.text(2, field)
  return [
    { key: metadataKey(name), value: metadata.finish() },
    { key: sequenceKey(name), value: stateInt(definition.sequence) },
    { key: fieldKey(name, 'EndorsementInfo'), value: stateBytes(endorsementInfo(definition)) },
    { key: fieldKey(name, 'ValidationInfo'), value: stateBytes(validationInfo(definition)) },
    { key: fieldKey(name, 'Collections'), value: stateBytes(definition.collectionPackage) },
  ]
}

/** Organisations a member policy names: principals of classification ROLE. */
const organizationsOf = (envelope: Uint8Array): string[] => {
  const found = new Set<string>()
  for (const principal of new Message(envelope).repeated(3)) {
    const message = new Message(principal)
    if (message.uint(1) === 0) found.add(new Message(message.bytes(2)).text(1))
  }
  return [...found]
}

const readCollection = (bytes: Uint8Array): CollectionDefinition | undefined => {
  const config = new Message(bytes).message(1)
  if (config === undefined) return undefined
  const memberPolicy = config.message(2)?.bytes(1) ?? NOTHING
  const endorsementPolicy = config.bytes(8)
  return {
    name: config.text(1),
    memberPolicy,
    memberOrganizations: organizationsOf(memberPolicy),
    requiredPeerCount: config.uint(3),
    maximumPeerCount: config.uint(4),
    blockToLive: config.uint(5),
    memberOnlyRead: config.flag(6),
    memberOnlyWrite: config.flag(7),
    ...(endorsementPolicy.length > 0 ? { endorsementPolicy } : {}),
  }
}

/** protos.CollectionConfigPackage. Throws WireFault. */
export const readCollections = (bytes: Uint8Array): CollectionDefinition[] =>
  new Message(bytes).repeated(1).flatMap(config => readCollection(config) ?? [])

/** Reads a committed definition; undefined when there is none or its bytes are no definition. */
export const readDefinition = (
  name: string,
  get: (key: string) => Uint8Array | undefined,
): ChaincodeDefinition | undefined => {
  const sequence = get(sequenceKey(name))
  const endorsementField = get(fieldKey(name, 'EndorsementInfo'))
  const validationField = get(fieldKey(name, 'ValidationInfo'))
  if (sequence === undefined || endorsementField === undefined || validationField === undefined) {
    return undefined
  }
  try {
    const endorsement = new Message(new Message(endorsementField).bytes(2))
    const validation = new Message(new Message(validationField).bytes(2))
    const collectionPackage = new Message(get(fieldKey(name, 'Collections')) ?? NOTHING).bytes(2)
    return {
      name,
      sequence: new Message(sequence).uint(1),
      version: endorsement.text(1),
      initRequired: endorsement.flag(2),
      endorsementPlugin: endorsement.text(3),
      validationPlugin: validation.text(1),
      validationParameter: validation.bytes(2),
      collectionPackage,
      collections: readCollections(collectionPackage),
    }
  } catch (error) {
    if (error instanceof WireFault) return undefined
    throw error
  }
}

/** `_lifecycle` itself: always there, governed by the channel's LifecycleEndorsement policy. */
export const lifecycleDefinition = (): ChaincodeDefinition => ({
  name: LIFECYCLE,
  sequence: 0,
  version: 'syscc',
  endorsementPlugin: 'escc',
  validationPlugin: 'vscc',
  initRequired: false,
  validationParameter: new Writer().text(2, '/Channel/Application/LifecycleEndorsement').finish(),
  collectionPackage: NOTHING,
  collections: [],
})

/** What every organisation's implicit collection looks like; members only by MSP id. */
export const implicitDefinition = (mspId: string): CollectionDefinition => ({
  name: implicitCollection(mspId),
  memberPolicy: NOTHING,
  memberOrganizations: [mspId],
  requiredPeerCount: 0,
  maximumPeerCount: 0,
  blockToLive: 0,
  memberOnlyRead: false,
  memberOnlyWrite: false,
})
