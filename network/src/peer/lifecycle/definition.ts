import { peer } from '@hyperledger/fabric-protos'
import { sameBytes } from '../wire/decode.ts'
import { NAMESPACES, readDatatype, readField, SOURCES } from './state.ts'
import type { LifecycleState, Structure } from './state.ts'

const DEFAULT_POLICY_REFERENCE = '/Channel/Application/Endorsement'

/** What an organisation approves: the definition without its sequence. */
export interface Parameters {
  readonly endorsementInfo: Uint8Array
  readonly validationInfo: Uint8Array
  /** peer.CollectionConfigPackage */
  readonly collections: Uint8Array
}

/** The fields approval, commit and readiness arguments share. */
export interface DefinitionArgs {
  getName(): string
  getSequence(): number
  getVersion(): string
  getEndorsementPlugin(): string
  getValidationPlugin(): string
  getValidationParameter_asU8(): Uint8Array
  getInitRequired(): boolean
  getCollections(): peer.CollectionConfigPackage | undefined
}

/** protos.ApplicationPolicy that refers to the channel's own endorsement policy. */
function defaultPolicy(): Uint8Array {
  const policy = new peer.ApplicationPolicy()
  policy.setChannelConfigPolicyReference(DEFAULT_POLICY_REFERENCE)
  return policy.serializeBinary()
}

export function parametersOf(args: DefinitionArgs): Parameters {
  const endorsement = new peer.lifecycle.ChaincodeEndorsementInfo()
  endorsement.setVersion(args.getVersion())
  endorsement.setInitRequired(args.getInitRequired())
  endorsement.setEndorsementPlugin(args.getEndorsementPlugin() || 'escc')
  const validation = new peer.lifecycle.ChaincodeValidationInfo()
  validation.setValidationPlugin(args.getValidationPlugin() || 'vscc')
  const parameter = args.getValidationParameter_asU8()
  validation.setValidationParameter(parameter.length > 0 ? parameter : defaultPolicy())
  return {
    endorsementInfo: endorsement.serializeBinary(),
    validationInfo: validation.serializeBinary(),
    collections: args.getCollections()?.serializeBinary() ?? new Uint8Array(),
  }
}

const parameterFields = (p: Parameters): Structure['fields'] => [
  ['EndorsementInfo', p.endorsementInfo],
  ['ValidationInfo', p.validationInfo],
  ['Collections', p.collections],
]

export const parametersStructure = (p: Parameters): Structure => ({
  datatype: 'ChaincodeParameters',
  fields: parameterFields(p),
})

export const definitionStructure = (sequence: number, p: Parameters): Structure => ({
  datatype: 'ChaincodeDefinition',
  fields: [['Sequence', sequence], ...parameterFields(p)],
})

export const packageStructure = (packageId: string): Structure => ({
  datatype: 'ChaincodeLocalPackage',
  fields: [['PackageID', packageId]],
})

export const privateName = (chaincode: string, sequence: number): string =>
  `${chaincode}#${sequence}`

export const sequenceOf = (state: LifecycleState, chaincode: string): number =>
  readField(state, NAMESPACES, chaincode, 'Sequence').getInt64()

/** Definition or approval under this name; undefined when there is none. */
export function readParameters(state: LifecycleState, name: string): Parameters | undefined {
  if (readDatatype(state, NAMESPACES, name) === undefined) return undefined
  const bytes = (field: string): Uint8Array =>
    readField(state, NAMESPACES, name, field).getBytes_asU8()
  return {
    endorsementInfo: bytes('EndorsementInfo'),
    validationInfo: bytes('ValidationInfo'),
    collections: bytes('Collections'),
  }
}

export function readPackageId(state: LifecycleState, name: string): string | undefined {
  if (readDatatype(state, SOURCES, name) === undefined) return undefined
  return readField(state, SOURCES, name, 'PackageID').getString()
}

/** The first part in which two definitions differ. */
export function firstDifference(a: Parameters, b: Parameters): string | undefined {
  if (!sameBytes(a.endorsementInfo, b.endorsementInfo)) return 'version, plugin or init'
  if (!sameBytes(a.validationInfo, b.validationInfo)) return 'validation plugin or policy'
  if (!sameBytes(a.collections, b.collections)) return 'collections'
  return undefined
}

interface DefinitionResult {
  setVersion(value: string): void
  setEndorsementPlugin(value: string): void
  setValidationPlugin(value: string): void
  setValidationParameter(value: Uint8Array): void
  setInitRequired(value: boolean): void
  setCollections(value?: peer.CollectionConfigPackage): void
}

/** Fills the part all query results have in common. */
export function fillResult(result: DefinitionResult, p: Parameters): void {
  const endorsement = peer.lifecycle.ChaincodeEndorsementInfo.deserializeBinary(p.endorsementInfo)
  const validation = peer.lifecycle.ChaincodeValidationInfo.deserializeBinary(p.validationInfo)
  result.setVersion(endorsement.getVersion())
  result.setEndorsementPlugin(endorsement.getEndorsementPlugin())
  result.setInitRequired(endorsement.getInitRequired())
  result.setValidationPlugin(validation.getValidationPlugin())
  result.setValidationParameter(validation.getValidationParameter_asU8())
  result.setCollections(peer.CollectionConfigPackage.deserializeBinary(p.collections))
}
