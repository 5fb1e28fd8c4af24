import { status as grpcStatus } from '@grpc/grpc-js'
import { gateway, peer } from '@hyperledger/fabric-protos'
import type { ChannelResources, PeerLog } from '../types.ts'
import { CallFault, type NodeAnswer } from '../wire/faults.ts'
import { buildTransaction, type UnpackedProposal } from '../wire/proposal.ts'
import { answerOf, type Candidate, type Endorsers } from './endorsers.ts'
import { interestIn, NoPlanError, planLayouts } from './layouts.ts'
import { EndorsementPlan } from './plan.ts'
import { unpackRequest } from './requests.ts'

export interface EndorseParts {
  readonly endorsers: Endorsers
  readonly selfMspId: string
  readonly channels: ReadonlyMap<string, ChannelResources>
  readonly log: PeerLog
}

interface First {
  readonly candidate: Candidate
  readonly response: peer.ProposalResponse
}

const refuse = (message: string): CallFault =>
  new CallFault(grpcStatus.FAILED_PRECONDITION, message)

/** Exactly one peer of every organisation the client names: it vouches for the policy. */
function planForOrganizations(
  parts: EndorseParts,
  { channelId, chaincode }: UnpackedProposal,
  mspIds: readonly string[],
): EndorsementPlan {
  const running = parts.endorsers.running(channelId, chaincode)
  const missing = mspIds.filter(mspId => !running.some(p => p.mspId === mspId))
  if (missing.length > 0) {
    throw new CallFault(
      grpcStatus.UNAVAILABLE,
      `failed to find any endorsing peers for org(s): ${missing.join(', ').slice(0, 512)}`,
    )
  }
  const layout = new Map(mspIds.map(mspId => [mspId, 1]))
  return new EndorsementPlan({ layouts: [layout], candidates: running })
}

function channelOf(parts: EndorseParts, { channelId, chaincode }: UnpackedProposal) {
  const channel = parts.channels.get(channelId)
  if (channel) return channel
  throw refuse(
    `no combination of peers can be derived which satisfy the endorsement policy: No metadata was found for chaincode ${chaincode} in channel ${channelId}`,
  )
}

function plan(
  channel: ChannelResources,
  parts: EndorseParts,
  interest: peer.ChaincodeInterest,
  preferredMspId?: string,
): EndorsementPlan {
  const candidates = parts.endorsers.candidates(channel.ledger.channelId)
  const request = { channel, interest, candidates, ...(preferredMspId ? { preferredMspId } : {}) }
  return new EndorsementPlan(planLayouts(request))
}

/** Where the first endorsement may come from: this organisation, else whoever the policy names. */
function firstCandidates(parts: EndorseParts, proposal: UnpackedProposal): Candidate[] {
  const channel = channelOf(parts, proposal)
  const running = parts.endorsers.running(proposal.channelId, proposal.chaincode)
  const own = running.filter(p => p.mspId === parts.selfMspId)
  if (own.length > 0) return own
  if (proposal.hasTransient) {
    throw refuse(
      "no endorsers found in the gateway's organization; retry specifying endorsing organization(s) to protect transient data",
    )
  }
  const [leader] = orRefuse(() => plan(channel, parts, interestIn(proposal.chaincode)).next())
  if (!leader) return []
  return [leader, ...running.filter(p => p.mspId === leader.mspId && p.name !== leader.name)]
}

function orRefuse<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof NoPlanError) throw refuse(error.message)
    throw error
  }
}

async function firstEndorsement(parts: EndorseParts, proposal: UnpackedProposal): Promise<First> {
  const answers: NodeAnswer[] = []
  for (const candidate of firstCandidates(parts, proposal)) {
    const answer = await parts.endorsers.ask(candidate, proposal)
    if (answer.ok) return { candidate, response: answer.response }
    answers.push(answerOf(candidate, answer.message))
  }
  throw new CallFault(
    grpcStatus.ABORTED,
    'failed to endorse transaction, see attached details for more info',
    answers,
  )
}

/**
 * With transient data, only members of the collections may be asked, even where the chaincode
 * did not read: the values travel in the proposal.
 */
function guardTransient(interest: peer.ChaincodeInterest): {
  guarded: peer.ChaincodeInterest
  collections: string[]
} {
  const guarded = peer.ChaincodeInterest.deserializeBinary(interest.serializeBinary())
  const collections: string[] = []
  for (const call of guarded.getChaincodesList()) {
    if (!call.getNoPrivateReads()) continue
    call.setNoPrivateReads(false)
    collections.push(...call.getCollectionNamesList())
  }
  return { guarded, collections }
}

function planFromInterest(
  parts: EndorseParts,
  proposal: UnpackedProposal,
  first: First,
): EndorsementPlan {
  const channel = channelOf(parts, proposal)
  const reported = first.response.getInterest()
  const isKnown = reported !== undefined && reported.getChaincodesList().length > 0
  const interest = isKnown ? reported : interestIn(proposal.chaincode)
  const preferred = first.candidate.mspId
  if (!proposal.hasTransient) return orRefuse(() => plan(channel, parts, interest, preferred))
  const { guarded, collections } = guardTransient(interest)
  try {
    return plan(channel, parts, guarded, preferred)
  } catch (error) {
    if (!(error instanceof NoPlanError)) throw error
    if (collections.length === 0) throw refuse(error.message)
  }
  orRefuse(() => plan(channel, parts, interest, preferred))
  throw refuse(
    `requires endorsement from organisation(s) that are not in the distribution policy of the private data collection(s): [${collections.join(' ')}]; retry specifying trusted endorsing organizations to protect transient data`,
  )
}

/** Asks one peer and, while answers are of no use, its stand-ins. False: nobody is left. */
async function collectOne(
  parts: EndorseParts,
  proposal: UnpackedProposal,
  collected: EndorsementPlan,
  candidate: Candidate,
): Promise<boolean> {
  let current: Candidate | undefined = candidate
  while (current) {
    const answer = await parts.endorsers.ask(current, proposal)
    if (answer.ok && collected.accept(current, answer.response)) return true
    if (!answer.ok) collected.note(current, answer.message)
    current = collected.standIn(current)
  }
  collected.abandon(candidate.mspId)
  return false
}

async function collect(
  parts: EndorseParts,
  proposal: UnpackedProposal,
  collected: EndorsementPlan,
): Promise<void> {
  for (let round = collected.next(); round.length > 0; round = collected.next()) {
    await Promise.all(round.map(candidate => collectOne(parts, proposal, collected, candidate)))
  }
}

/** @throws CallFault */
export async function endorse(
  parts: EndorseParts,
  request: gateway.EndorseRequest,
): Promise<gateway.EndorseResponse> {
  const proposal = unpackRequest(request.getProposedTransaction())
  const named = [...new Set(request.getEndorsingOrganizationsList())]
  let collected: EndorsementPlan
  if (named.length > 0) collected = planForOrganizations(parts, proposal, named)
  else {
    const first = await firstEndorsement(parts, proposal)
    collected = planFromInterest(parts, proposal, first)
    collected.accept(first.candidate, first.response)
  }
  await collect(parts, proposal, collected)
  const { result, answers } = collected
  if (!result) {
    throw new CallFault(
      grpcStatus.ABORTED,
      'failed to collect enough transaction endorsements, see attached details for more info',
      answers,
    )
  }
  if (answers.length > 0) parts.log.info({ txId: proposal.txId, answers }, 'endorsed with failures')
  const response = new gateway.EndorseResponse()
  response.setPreparedTransaction(buildTransaction(proposal, result.payload, result.endorsements))
  return response
}
