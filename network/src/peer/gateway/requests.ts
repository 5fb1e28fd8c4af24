import type { peer } from '@hyperledger/fabric-protos'
import { MalformedError } from '../wire/decode.ts'
import { invalid } from '../wire/faults.ts'
import { unpackProposal, type UnpackedProposal } from '../wire/proposal.ts'

/** @throws CallFault INVALID_ARGUMENT */
export function unpackRequest(signed: peer.SignedProposal | undefined): UnpackedProposal {
  if (!signed || signed.getProposalBytes_asU8().length === 0) {
    throw invalid('the proposed transaction must contain a signed proposal')
  }
  try {
    const proposal = unpackProposal(signed)
    if (!proposal.channelId) throw invalid('no channel id provided')
    return proposal
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
    throw invalid(`failed to unpack transaction proposal: ${error.message}`)
  }
}
