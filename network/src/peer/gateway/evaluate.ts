import { status as grpcStatus } from '@grpc/grpc-js'
import { gateway, peer } from '@hyperledger/fabric-protos'
import { tryDecode } from '../wire/decode.ts'
import { CallFault, type NodeAnswer } from '../wire/faults.ts'
import type { UnpackedProposal } from '../wire/proposal.ts'
import { answerOf, type Candidate, type Endorsers } from './endorsers.ts'
import { unpackRequest } from './requests.ts'

export interface EvaluateParts {
  readonly endorsers: Endorsers
  readonly selfMspId: string
  readonly hasChannel: (channelId: string) => boolean
}

/** The transaction's result stands in the chaincode action; a remote answer has both. */
function resultOf(response: peer.ProposalResponse): peer.Response {
  const answer = response.getResponse() ?? new peer.Response()
  const payload = response.getPayload_asU8()
  if (payload.length === 0) return answer
  const extension = tryDecode(peer.ProposalResponsePayload, payload)?.getExtension_asU8()
  const action = extension && tryDecode(peer.ChaincodeAction, extension)
  const result = action?.getResponse()?.getPayload_asU8()
  if (result) answer.setPayload(result)
  return answer
}

/** This organisation's peers first, each group by height. */
function chooseEvaluators(
  parts: EvaluateParts,
  proposal: UnpackedProposal,
  targets: readonly string[],
): Candidate[] {
  const { endorsers, selfMspId } = parts
  const { channelId, chaincode } = proposal
  const running = endorsers
    .running(channelId, chaincode)
    .filter(p => targets.length === 0 || targets.includes(p.mspId))
  return [
    ...running.filter(p => p.mspId === selfMspId),
    ...running.filter(p => p.mspId !== selfMspId),
  ]
}

function noEvaluator(proposal: UnpackedProposal, isProtected: boolean): CallFault {
  const { chaincode, channelId } = proposal
  const why = `no peers available to evaluate chaincode ${chaincode} in channel ${channelId}`
  return new CallFault(
    grpcStatus.FAILED_PRECONDITION,
    isProtected
      ? `no endorsers found in the gateway's organization; retry specifying target organization(s) to protect transient data: ${why}`
      : why,
  )
}

/** @throws CallFault */
export async function evaluate(
  parts: EvaluateParts,
  request: gateway.EvaluateRequest,
): Promise<gateway.EvaluateResponse> {
  const proposal = unpackRequest(request.getProposedTransaction())
  if (!parts.hasChannel(proposal.channelId)) {
    const { channelId } = proposal
    throw new CallFault(
      grpcStatus.UNAVAILABLE,
      `failed to get config for channel [${channelId}]: could not get last config for channel ${channelId}`,
    )
  }
  const named = request.getTargetOrganizationsList()
  // Transient data goes to the client's own organisation unless the client says otherwise.
  const isProtected = proposal.hasTransient && named.length === 0
  const targets = isProtected ? [parts.selfMspId] : named
  const candidates = chooseEvaluators(parts, proposal, targets)
  if (candidates.length === 0) throw noEvaluator(proposal, isProtected)

  const answers: NodeAnswer[] = []
  let lastCode = grpcStatus.UNAVAILABLE
  for (const candidate of candidates) {
    const answer = await parts.endorsers.ask(candidate, proposal, 'evaluate')
    if (answer.ok) {
      const response = new gateway.EvaluateResponse()
      response.setResult(resultOf(answer.response))
      return response
    }
    answers.push(answerOf(candidate, answer.message))
    lastCode = answer.code
    if (answer.retry) continue
    const message = `evaluate call to endorser returned error: ${answer.message}`
    throw new CallFault(answer.code, message, answers)
  }
  throw new CallFault(
    lastCode,
    'failed to evaluate transaction, see attached details for more info',
    answers,
  )
}
