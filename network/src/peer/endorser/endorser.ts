import { common, peer } from '@hyperledger/fabric-protos'
import type { Identity, Signer } from '../../msp/index.ts'
import type { ChaincodeDefinition, InterestCall, Simulation } from '../../ledger/index.ts'
import type { ChaincodeRuntime } from '../chaincode/runtime.ts'
import type { CallTarget, TransactionScope } from '../chaincode/transaction.ts'
import type { PackageFinder } from '../lifecycle/packages.ts'
import type { ChannelResources, PeerLog, RemotePeers } from '../types.ts'
import { decode } from '../wire/decode.ts'
import { messageOf } from '../wire/faults.ts'
import type { UnpackedProposal } from '../wire/proposal.ts'
import { failedProposal, responseOf } from '../wire/response.ts'
import { satisfies, WRITERS } from './access.ts'
import { callChannelless } from './admin.ts'
import { checkHeaders, checkProposal, checkTimestamp, checkWriter } from './checks.ts'
import { distribute } from './private-data.ts'
import { callSystem, isSystemChaincode, SYSTEM_VERSION } from './system.ts'

const Type = peer.ChaincodeMessage.Type
/** Key in a chaincode's namespace that says which version was initialised. */
const INITIALIZED_KEY = '\u0000\u{10ffff}initialized'
const ERROR_THRESHOLD = 400
const ERROR = 500

export interface EndorserParts {
  readonly selfName: string
  readonly signer: Signer
  readonly channels: ReadonlyMap<string, ChannelResources>
  readonly runtime: ChaincodeRuntime
  readonly packages: PackageFinder
  readonly remote: RemotePeers
  readonly log: PeerLog
  readonly clock: () => number
  readonly timeWindowMs: number
  readonly bind: (packageJson: string) => Promise<string>
  readonly installed: () => { readonly packageId: string; readonly label: string }[]
}

interface Run {
  readonly proposal: UnpackedProposal
  readonly channel: ChannelResources
  readonly identity: Identity
  readonly simulation: Simulation
  readonly purpose: 'endorse' | 'evaluate'
}

interface Outcome {
  readonly response: peer.Response
  readonly event: peer.ChaincodeEvent | undefined
  readonly version: string
}

/** Runs proposals and signs their results: protos.Endorser, and the gateway's local endorser. */
export class Endorser {
  private readonly parts: EndorserParts
  endorsed = 0
  refused = 0
  failed = 0

  constructor(parts: EndorserParts) {
    this.parts = parts
  }

  /**
   * @throws RefusedError when the proposal fails the checks. Whatever goes wrong after them is a
   * response with status 500 and no payload.
   */
  async process(
    proposal: UnpackedProposal,
    purpose: 'endorse' | 'evaluate' = 'endorse',
  ): Promise<peer.ProposalResponse> {
    if (proposal.channelId === '') return this.processChannelless(proposal)
    const channel = this.parts.channels.get(proposal.channelId)
    if (!channel) return failedProposal(`channel '${proposal.channelId.slice(0, 128)}' not found`)
    const identity = await this.check(proposal, channel)
    const simulation = channel.ledger.newSimulation({
      txId: proposal.txId,
      creatorMspId: identity.mspId,
    })
    try {
      const response = await this.run({ proposal, channel, identity, simulation, purpose })
      this.endorsed += 1
      return response
    } catch (error) {
      this.failed += 1
      const { channelId, chaincode, txId } = proposal
      this.parts.log.info({ channelId, chaincode, txId, error: messageOf(error) }, 'not endorsed')
      return failedProposal(messageOf(error))
    } finally {
      simulation.close()
    }
  }

  private async check(proposal: UnpackedProposal, channel: ChannelResources): Promise<Identity> {
    try {
      const clock = { nowMs: this.parts.clock(), windowMs: this.parts.timeWindowMs }
      const identity = await checkProposal(proposal, channel, clock)
      if (!isSystemChaincode(proposal.chaincode)) checkWriter(channel, identity)
      return identity
    } catch (error) {
      this.refused += 1
      throw error
    }
  }

  /** Administration of this peer alone: nothing is simulated, nothing is signed. */
  private async processChannelless(proposal: UnpackedProposal): Promise<peer.ProposalResponse> {
    checkTimestamp(proposal.timestampMs, {
      nowMs: this.parts.clock(),
      windowMs: this.parts.timeWindowMs,
    })
    checkHeaders(proposal)
    const response = new peer.ProposalResponse()
    response.setResponse(await callChannelless(proposal, this.parts))
    return response
  }

  private async run(run: Run): Promise<peer.ProposalResponse> {
    const { proposal, simulation } = run
    const outcome = isSystemChaincode(proposal.chaincode)
      ? this.runSystem(run)
      : await this.runChaincode(run)
    const status = outcome.response.getStatus()
    const answer = new peer.ProposalResponse()
    answer.setResponse(outcome.response)
    // Who evaluates takes the response alone; an error needs its payload to be told from a fault.
    if (run.purpose === 'evaluate' && status < ERROR) return answer
    const { results, privateResults, interest } = simulation.finish()
    if (privateResults && status < ERROR_THRESHOLD) await this.spreadPrivate(run, privateResults)
    if (status >= ERROR_THRESHOLD && status < ERROR) return answer
    const payload = responsePayload(proposal, outcome, results)
    answer.setPayload(payload)
    answer.setInterest(interestOf(interest.filter(call => !isSystemChaincode(call.name))))
    if (status >= ERROR) return answer
    answer.setVersion(1)
    answer.setEndorsement(this.sign(payload))
    return answer
  }

  private async spreadPrivate(run: Run, privateRwset: Uint8Array): Promise<void> {
    const { channel, proposal } = run
    const { signer, selfName, remote, log } = this.parts
    const ports = { selfName, selfMspId: signer.mspId, remote, log }
    try {
      await channel.ledger.putTransient(proposal.txId, privateRwset)
      await distribute({ channel, txId: proposal.txId, privateRwset }, ports)
    } catch (error) {
      throw new Error(`error in simulation: ${messageOf(error)}`)
    }
  }

  private runSystem({ proposal, channel, identity, simulation }: Run): Outcome {
    const response = callSystem({
      chaincode: proposal.chaincode,
      args: proposal.input.getArgsList_asU8(),
      identity,
      simulation,
      channel,
      channels: this.parts.channels,
      selfMspId: this.parts.signer.mspId,
    })
    return { response, event: undefined, version: SYSTEM_VERSION }
  }

  private async runChaincode(run: Run): Promise<Outcome> {
    const { proposal, channel, simulation } = run
    const { chaincode, channelId, txId } = proposal
    const definition = simulation.definition(chaincode)
    if (!definition) {
      throw new Error(
        `make sure the chaincode ${chaincode} has been successfully defined on channel ${channelId} and try again: chaincode ${chaincode} not found`,
      )
    }
    const scope = this.scopeOf(run, channel, simulation, chaincode)
    let message: peer.ChaincodeMessage
    try {
      message = await this.execute(scope, channel, definition, proposal.input)
    } catch (error) {
      throw new Error(
        `error in simulation: failed to execute transaction ${txId}: ${messageOf(error)}`,
      )
    }
    return { ...readCompletion(message, chaincode, txId), version: definition.version }
  }

  /** @throws Error with the reason, for the proposal response or the calling chaincode. */
  private execute(
    scope: TransactionScope,
    channel: ChannelResources,
    definition: ChaincodeDefinition,
    input: peer.ChaincodeInput,
  ): Promise<peer.ChaincodeMessage> {
    const { namespace } = scope
    const packageId = this.parts.packages.find(channel.ledger, namespace, definition.sequence)
    if (!packageId || !this.parts.runtime.canRun(packageId)) {
      throw new Error(
        `invalid invocation: [channel ${scope.channelId}] failed to get chaincode container info for ${namespace}: chaincode definition for '${namespace}' exists, but chaincode is not installed`,
      )
    }
    const isInit = prepareInit(scope, definition, input.getIsInit())
    return this.parts.runtime.execute(packageId, { scope, input, isInit })
  }

  private scopeOf(
    run: Run,
    channel: ChannelResources,
    simulation: Simulation,
    namespace: string,
  ): TransactionScope {
    const { txId, signed } = run.proposal
    return {
      channelId: channel.ledger.channelId,
      txId,
      namespace,
      simulation,
      proposal: signed,
      invoke: target => this.invoke(run, channel, simulation, target),
    }
  }

  /** Chaincode calls chaincode: same channel, same simulation; another channel is only read. */
  private async invoke(
    run: Run,
    from: ChannelResources,
    simulation: Simulation,
    target: CallTarget,
  ): Promise<peer.ChaincodeMessage> {
    if (isSystemChaincode(target.chaincode)) return rejectSystemCall(run, target.chaincode)
    const channelId = target.channelId || from.ledger.channelId
    if (channelId === from.ledger.channelId) return this.call(run, from, simulation, target)
    const channel = this.parts.channels.get(channelId)
    if (!channel) throw new Error(`failed to find ledger for channel: ${channelId.slice(0, 128)}`)
    const identity = channel.msp.identify(run.identity.bytes)
    if ('fault' in identity || !satisfies(channel.config, WRITERS, identity)) {
      throw new Error(`the caller is no writer of channel ${channelId}`)
    }
    const { txId } = run.proposal
    const other = channel.ledger.newSimulation({ txId, creatorMspId: identity.mspId })
    try {
      return await this.call(run, channel, other, target)
    } finally {
      other.close()
    }
  }

  private async call(
    run: Run,
    channel: ChannelResources,
    simulation: Simulation,
    target: CallTarget,
  ): Promise<peer.ChaincodeMessage> {
    const { chaincode, input } = target
    const definition = simulation.definition(chaincode)
    if (!definition) {
      throw new Error(
        `execute failed: invalid invocation: [channel ${channel.ledger.channelId}] failed to get chaincode container info for ${chaincode}: chaincode ${chaincode} not found`,
      )
    }
    const scope = this.scopeOf(run, channel, simulation, chaincode)
    try {
      return await this.execute(scope, channel, definition, input)
    } catch (error) {
      throw new Error(`execute failed: ${messageOf(error)}`)
    }
  }

  private sign(payload: Uint8Array): peer.Endorsement {
    const { signer } = this.parts
    const endorsement = new peer.Endorsement()
    endorsement.setEndorser(signer.identity)
    endorsement.setSignature(signer.sign(Buffer.concat([payload, signer.identity])))
    return endorsement
  }
}

/** As in Fabric: a definition that requires it is initialised exactly once per version. */
function prepareInit(
  { simulation, namespace }: TransactionScope,
  definition: ChaincodeDefinition,
  isInit: boolean,
): boolean {
  const initialized = (): boolean => {
    const version = simulation.getState({ namespace, key: INITIALIZED_KEY })
    return version !== undefined && Buffer.from(version).toString() === definition.version
  }
  const needsInit = definition.initRequired && !initialized()
  if (!isInit && !needsInit) return false
  const refuse = (why: string): never => {
    throw new Error(`invalid invocation: chaincode '${namespace}' ${why}`)
  }
  if (!isInit) refuse('has not been initialized for this version, must call as init first')
  if (!definition.initRequired) refuse('does not require initialization but called as init')
  if (!needsInit) refuse('is already initialized but called as init')
  simulation.putState({ namespace, key: INITIALIZED_KEY }, Buffer.from(definition.version))
  return true
}

function readCompletion(
  message: peer.ChaincodeMessage,
  chaincode: string,
  txId: string,
): Omit<Outcome, 'version'> {
  if (message.getType() !== Type.COMPLETED) {
    const text = Buffer.from(message.getPayload_asU8()).toString('utf8')
    throw new Error(`error in simulation: transaction returned with failure: ${text}`)
  }
  const response = decode(peer.Response, message.getPayload_asU8(), `response of ${txId}`)
  const event = message.getChaincodeEvent()
  if (response.getStatus() >= ERROR_THRESHOLD) return { response, event: undefined }
  event?.setChaincodeId(chaincode)
  event?.setTxId(txId)
  return { response, event }
}

function responsePayload(
  proposal: UnpackedProposal,
  outcome: Outcome,
  results: Uint8Array,
): Uint8Array {
  const id = new peer.ChaincodeID()
  id.setName(proposal.chaincode)
  id.setVersion(outcome.version)
  const action = new peer.ChaincodeAction()
  action.setResults(results)
  if (outcome.event) action.setEvents(outcome.event.serializeBinary())
  action.setResponse(outcome.response)
  action.setChaincodeId(id)
  const payload = new peer.ProposalResponsePayload()
  payload.setProposalHash(proposal.proposalHash)
  payload.setExtension$(action.serializeBinary())
  return payload.serializeBinary()
}

function interestOf(calls: readonly InterestCall[]): peer.ChaincodeInterest {
  const interest = new peer.ChaincodeInterest()
  for (const call of calls) {
    const entry = interest.addChaincodes()
    entry.setName(call.name)
    entry.setCollectionNamesList([...call.collectionNames])
    entry.setNoPrivateReads(call.noPrivateReads)
    entry.setDisregardNamespacePolicy(call.disregardNamespacePolicy)
    entry.setKeyPoliciesList(call.keyPolicies.map(bytes => decodePolicy(bytes)))
  }
  return interest
}

type KeyPolicy = ReturnType<peer.ChaincodeCall['getKeyPoliciesList']>[number]

/** SignaturePolicyEnvelope as the generated code of ChaincodeCall knows it. */
function decodePolicy(bytes: Uint8Array): KeyPolicy {
  return decode(common.SignaturePolicyEnvelope, bytes, 'SignaturePolicyEnvelope')
}

/** A chaincode that is part of the peer answers chaincode with a refusal, as Fabric's do. */
function rejectSystemCall(run: Run, chaincode: string): peer.ChaincodeMessage {
  const { proposal } = run
  const message = new peer.ChaincodeMessage()
  message.setType(Type.COMPLETED)
  message.setTxid(proposal.txId)
  message.setChannelId(proposal.channelId)
  const text = `Rejecting invoke of ${chaincode.toUpperCase()} from another chaincode because of potential for deadlocks, original invocation for '${proposal.chaincode}'`
  message.setPayload(responseOf(ERROR, text).serializeBinary())
  return message
}
