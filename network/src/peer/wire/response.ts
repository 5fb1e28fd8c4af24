import { peer } from '@hyperledger/fabric-protos'

/** A chaincode's answer; 200 to 399 is success. */
export function responseOf(status: number, message: string, payload?: Uint8Array): peer.Response {
  const response = new peer.Response()
  response.setStatus(status)
  response.setMessage(message)
  if (payload) response.setPayload(payload)
  return response
}

export function failedProposal(message: string): peer.ProposalResponse {
  const failed = new peer.ProposalResponse()
  failed.setResponse(responseOf(500, message))
  return failed
}
