import { peer } from '@hyperledger/fabric-protos'
import type { ChannelConfig } from '../../msp/index.ts'
import type { Simulation } from '../../ledger/index.ts'
import { decode } from '../wire/decode.ts'
import {
  type DefinitionArgs,
  definitionStructure,
  fillResult,
  firstDifference,
  packageStructure,
  type Parameters,
  parametersOf,
  parametersStructure,
  privateName,
  readPackageId,
  readParameters,
  sequenceOf,
} from './definition.ts'
import {
  implicitCollection,
  type LifecycleState,
  lifecycleState,
  mismatches,
  NAMESPACES,
  readDatatype,
  SOURCES,
  writeStructure,
} from './state.ts'
import { checkDefinition } from './validate.ts'

const protos = peer.lifecycle

/** One call of `_lifecycle` on a channel. */
export interface LifecycleCall {
  readonly simulation: Simulation
  readonly config: ChannelConfig
  /** The organisation of this peer: it approves for no other. */
  readonly selfMspId: string
}

/** The name asked for is not defined: answered with status 404. */
export class NotDefinedError extends Error {}

interface Serializable {
  serializeBinary(): Uint8Array
}

type LifecycleFunction = (call: LifecycleCall, args: Uint8Array) => Serializable

const ownState = (call: LifecycleCall): LifecycleState =>
  lifecycleState(call.simulation, implicitCollection(call.selfMspId))

function checkArgs(call: LifecycleCall, args: DefinitionArgs, state: LifecycleState): void {
  const committed = readParameters(state, args.getName())
  checkDefinition({
    name: args.getName(),
    version: args.getVersion(),
    collections: args.getCollections(),
    committed: committed && peer.CollectionConfigPackage.deserializeBinary(committed.collections),
    config: call.config,
  })
}

function checkApprovalSequence(requested: number, current: number): void {
  if (requested < 1) {
    throw new Error('requested sequence is 0, but first definable sequence number is 1')
  }
  if (requested < current) {
    throw new Error(
      `currently defined sequence ${current} is larger than requested sequence ${requested}`,
    )
  }
  if (requested > current + 1) {
    throw new Error(
      `requested sequence ${requested} is larger than the next available sequence number ${current + 1}`,
    )
  }
}

function packageIdOf(args: peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs): string {
  return args.getSource()?.getLocalPackage()?.getPackageId() ?? ''
}

/** An approval that changes nothing would be an empty transaction: refused, as in Fabric. */
function isRepeated(own: LifecycleState, name: string, p: Parameters, packageId: string): boolean {
  const before = readParameters(own, name)
  if (!before || firstDifference(before, p) !== undefined) return false
  return readPackageId(own, name) === packageId
}

const approve: LifecycleFunction = (call, bytes) => {
  const Args = protos.ApproveChaincodeDefinitionForMyOrgArgs
  const args = decode(Args, bytes, 'ApproveChaincodeDefinitionForMyOrgArgs')
  const state = lifecycleState(call.simulation)
  checkArgs(call, args, state)
  const [chaincode, sequence] = [args.getName(), args.getSequence()]
  const current = sequenceOf(state, chaincode)
  checkApprovalSequence(sequence, current)
  const parameters = parametersOf(args)
  const committed = readParameters(state, chaincode)
  if (sequence === current && committed) {
    const differs = firstDifference(committed, parameters)
    if (differs) {
      throw new Error(
        `attempted to redefine the current committed sequence (${current}) for namespace ${chaincode} with different parameters: ${differs}`,
      )
    }
  }
  const own = ownState(call)
  const name = privateName(chaincode, sequence)
  const packageId = packageIdOf(args)
  if (isRepeated(own, name, parameters, packageId)) {
    throw new Error(
      sequence === current
        ? `attempted to redefine the current committed sequence (${current}) for namespace ${chaincode}`
        : `attempted to redefine uncommitted sequence (${sequence}) for namespace ${chaincode} with unchanged content`,
    )
  }
  writeStructure(own, NAMESPACES, name, parametersStructure(parameters))
  writeStructure(own, SOURCES, name, packageStructure(packageId))
  return new protos.ApproveChaincodeDefinitionForMyOrgResult()
}

function checkNextSequence(state: LifecycleState, args: DefinitionArgs): void {
  const current = sequenceOf(state, args.getName())
  if (args.getSequence() !== current + 1) {
    throw new Error(
      `requested sequence is ${args.getSequence()}, but new definition must be sequence ${current + 1}`,
    )
  }
}

/** Per organisation, the fields in which its approval differs from the definition. */
function approvals(call: LifecycleCall, name: string, p: Parameters): Map<string, string[]> {
  const structure = parametersStructure(p)
  return new Map(
    [...call.config.organizations.keys()].map(mspId => {
      const state = lifecycleState(call.simulation, implicitCollection(mspId))
      return [mspId, mismatches(state, NAMESPACES, name, structure)]
    }),
  )
}

const readiness: LifecycleFunction = (call, bytes) => {
  const args = decode(protos.CheckCommitReadinessArgs, bytes, 'CheckCommitReadinessArgs')
  checkNextSequence(lifecycleState(call.simulation), args)
  const result = new protos.CheckCommitReadinessResult()
  const name = privateName(args.getName(), args.getSequence())
  for (const [mspId, items] of approvals(call, name, parametersOf(args))) {
    result.getApprovalsMap().set(mspId, items.length === 0)
    if (items.length === 0) continue
    const differing = new protos.CheckCommitReadinessResult.Mismatches()
    differing.setItemsList(items)
    result.getMismatchesMap().set(mspId, differing)
  }
  return result
}

/**
 * Writes the definition if this peer's organisation approved exactly it. That a majority did is
 * what the lifecycle policy proves: every endorsement of the commit speaks for one approval.
 */
const commit: LifecycleFunction = (call, bytes) => {
  const Args = protos.CommitChaincodeDefinitionArgs
  const args = decode(Args, bytes, 'CommitChaincodeDefinitionArgs')
  const state = lifecycleState(call.simulation)
  checkArgs(call, args, state)
  checkNextSequence(state, args)
  const parameters = parametersOf(args)
  const name = privateName(args.getName(), args.getSequence())
  const differing = approvals(call, name, parameters).get(call.selfMspId)
  if (!differing || differing.length > 0) {
    throw new Error(`chaincode definition not agreed to by this org (${call.selfMspId})`)
  }
  const structure = definitionStructure(args.getSequence(), parameters)
  writeStructure(state, NAMESPACES, args.getName(), structure)
  return new protos.CommitChaincodeDefinitionResult()
}

const queryDefinition: LifecycleFunction = (call, bytes) => {
  const args = decode(protos.QueryChaincodeDefinitionArgs, bytes, 'QueryChaincodeDefinitionArgs')
  const state = lifecycleState(call.simulation)
  const parameters = readParameters(state, args.getName())
  if (!parameters) throw new NotDefinedError(`namespace ${args.getName()} is not defined`)
  const result = new protos.QueryChaincodeDefinitionResult()
  const sequence = sequenceOf(state, args.getName())
  result.setSequence(sequence)
  fillResult(result, parameters)
  for (const [mspId, items] of approvals(call, privateName(args.getName(), sequence), parameters)) {
    result.getApprovalsMap().set(mspId, items.length === 0)
  }
  return result
}

const METADATA_PREFIX = `${NAMESPACES}/metadata/`
const namesIn = (state: LifecycleState): string[] =>
  state.keys(METADATA_PREFIX).map(key => key.slice(METADATA_PREFIX.length))

const queryDefinitions: LifecycleFunction = call => {
  const state = lifecycleState(call.simulation)
  const result = new protos.QueryChaincodeDefinitionsResult()
  for (const name of namesIn(state)) {
    const parameters = readParameters(state, name)
    if (!parameters) continue
    const definition = result.addChaincodeDefinitions()
    definition.setName(name)
    definition.setSequence(sequenceOf(state, name))
    fillResult(definition, parameters)
  }
  return result
}

function sourceOf(packageId: string): peer.lifecycle.ChaincodeSource {
  const source = new protos.ChaincodeSource()
  if (packageId) {
    const local = new protos.ChaincodeSource.Local()
    local.setPackageId(packageId)
    source.setLocalPackage(local)
  } else source.setUnavailable(new protos.ChaincodeSource.Unavailable())
  return source
}

/** The latest approval when no sequence is given: of the next definition, else of this one. */
function approvedSequence(call: LifecycleCall, own: LifecycleState, chaincode: string): number {
  const current = sequenceOf(lifecycleState(call.simulation), chaincode)
  const next = privateName(chaincode, current + 1)
  return readDatatype(own, NAMESPACES, next) === undefined ? current : current + 1
}

const queryApproved: LifecycleFunction = (call, bytes) => {
  const Args = protos.QueryApprovedChaincodeDefinitionArgs
  const args = decode(Args, bytes, 'QueryApprovedChaincodeDefinitionArgs')
  const own = ownState(call)
  const sequence = args.getSequence() || approvedSequence(call, own, args.getName())
  const name = privateName(args.getName(), sequence)
  const parameters = readParameters(own, name)
  if (!parameters) {
    throw new Error(
      `could not fetch approved chaincode definition (name: '${args.getName()}', sequence: '${sequence}')`,
    )
  }
  const result = new protos.QueryApprovedChaincodeDefinitionResult()
  result.setSequence(sequence)
  fillResult(result, parameters)
  result.setSource(sourceOf(readPackageId(own, name) ?? ''))
  return result
}

const queryAllApproved: LifecycleFunction = call => {
  const own = ownState(call)
  const result = new protos.QueryApprovedChaincodeDefinitionsResult()
  for (const name of namesIn(own)) {
    const parameters = readParameters(own, name)
    const [chaincode, sequence] = name.split('#')
    if (!parameters || !chaincode) continue
    const approved = result.addApprovedChaincodeDefinitions()
    approved.setName(chaincode)
    approved.setSequence(Number(sequence))
    fillResult(approved, parameters)
    approved.setSource(sourceOf(readPackageId(own, name) ?? ''))
  }
  return result
}

/** Whom each function of a channel's `_lifecycle` serves, as Fabric's default ACLs have it. */
export const LIFECYCLE_FUNCTIONS: ReadonlyMap<
  string,
  { readonly run: LifecycleFunction; readonly access: 'own-admin' | 'channel-writer' }
> = new Map([
  ['ApproveChaincodeDefinitionForMyOrg', { run: approve, access: 'own-admin' }],
  ['QueryApprovedChaincodeDefinition', { run: queryApproved, access: 'own-admin' }],
  ['QueryApprovedChaincodeDefinitions', { run: queryAllApproved, access: 'own-admin' }],
  ['CheckCommitReadiness', { run: readiness, access: 'channel-writer' }],
  ['CommitChaincodeDefinition', { run: commit, access: 'channel-writer' }],
  ['QueryChaincodeDefinition', { run: queryDefinition, access: 'channel-writer' }],
  ['QueryChaincodeDefinitions', { run: queryDefinitions, access: 'channel-writer' }],
])
