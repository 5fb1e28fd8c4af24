// Building proposals and signing envelopes for the administrative calls of `deploy`.
import { createHash, randomBytes } from 'node:crypto'
import { common, peer } from '@hyperledger/fabric-protos'
import type { Signer } from '../../msp/index.ts'
import { timestampFromMs } from '../../peer/wire/timestamp.ts'

const NONCE_BYTES = 24

export interface ProposalRequest {
  signer: Signer
  /** Empty: a call to the peer itself. */
  channelId: string
  chaincode: string
  args: Uint8Array[]
}

export interface BuiltProposal {
  txId: string
  signed: peer.SignedProposal
}

export function buildProposal(request: ProposalRequest): BuiltProposal {
  const { signer, channelId, chaincode, args } = request
  const nonce = randomBytes(NONCE_BYTES)
  const txId = createHash('sha256').update(nonce).update(signer.identity).digest('hex')
  const id = new peer.ChaincodeID()
  id.setName(chaincode)
  const proposal = new peer.Proposal()
  proposal.setHeader(headerOf({ signer, channelId, txId, nonce, id }).serializeBinary())
  proposal.setPayload(payloadOf(id, args).serializeBinary())
  const bytes = proposal.serializeBinary()
  const signed = new peer.SignedProposal()
  signed.setProposalBytes(bytes)
  signed.setSignature(signer.sign(bytes))
  return { txId, signed }
}

function headerOf(parts: {
  signer: Signer
  channelId: string
  txId: string
  nonce: Uint8Array
  id: peer.ChaincodeID
}): common.Header {
  const extension = new peer.ChaincodeHeaderExtension()
  extension.setChaincodeId(parts.id)
  const channel = new common.ChannelHeader()
  channel.setType(common.HeaderType.ENDORSER_TRANSACTION)
  channel.setTimestamp(timestampFromMs(Date.now()))
  channel.setChannelId(parts.channelId)
  channel.setTxId(parts.txId)
  channel.setExtension$(extension.serializeBinary())
  const signature = new common.SignatureHeader()
  signature.setCreator(parts.signer.identity)
  signature.setNonce(parts.nonce)
  const header = new common.Header()
  header.setChannelHeader(channel.serializeBinary())
  header.setSignatureHeader(signature.serializeBinary())
  return header
}

function payloadOf(id: peer.ChaincodeID, args: Uint8Array[]): peer.ChaincodeProposalPayload {
  const input = new peer.ChaincodeInput()
  input.setArgsList(args)
  const spec = new peer.ChaincodeSpec()
  spec.setType(peer.ChaincodeSpec.Type.GOLANG)
  spec.setChaincodeId(id)
  spec.setInput(input)
  const invocation = new peer.ChaincodeInvocationSpec()
  invocation.setChaincodeSpec(spec)
  const payload = new peer.ChaincodeProposalPayload()
  payload.setInput(invocation.serializeBinary())
  return payload
}
