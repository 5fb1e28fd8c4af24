import { createHash } from 'node:crypto'
import { common, peer } from '@hyperledger/fabric-protos'
import { decode, MalformedError } from './decode.ts'

/** A proposal taken apart; every byte string is as the client sent it. */
export interface UnpackedProposal {
  readonly signed: peer.SignedProposal
  readonly proposalBytes: Uint8Array
  readonly signature: Uint8Array
  readonly channelHeaderBytes: Uint8Array
  readonly signatureHeaderBytes: Uint8Array
  readonly type: number
  readonly epoch: number
  readonly channelId: string
  readonly txId: string
  /** Milliseconds since 1970; undefined when the client sent none. */
  readonly timestampMs: number | undefined
  readonly creator: Uint8Array
  readonly nonce: Uint8Array
  readonly chaincode: string
  readonly input: peer.ChaincodeInput
  readonly hasTransient: boolean
  /** ChaincodeProposalPayload without the transient map: what goes into the transaction. */
  readonly publicPayload: Uint8Array
  /** SHA-256 over both headers and `publicPayload`; endorsers sign it. */
  readonly proposalHash: Uint8Array
}

export function timestampMsOf(header: common.ChannelHeader): number | undefined {
  const timestamp = header.getTimestamp()
  if (!timestamp) return undefined
  return timestamp.getSeconds() * 1000 + Math.floor(timestamp.getNanos() / 1e6)
}

function chaincodeOf(header: common.ChannelHeader, spec: peer.ChaincodeSpec): string {
  const extension = decode(
    peer.ChaincodeHeaderExtension,
    header.getExtension_asU8(),
    'ChaincodeHeaderExtension',
  )
  const name = extension.getChaincodeId()?.getName()
  if (!name) throw new MalformedError('ChaincodeHeaderExtension: no chaincode name')
  // The header is what the committers go by, the spec is what runs: they must not differ.
  if (spec.getChaincodeId()?.getName() !== name) {
    throw new MalformedError('proposal: header and invocation name different chaincodes')
  }
  return name
}

function publicPayloadOf(payload: peer.ChaincodeProposalPayload): Uint8Array {
  const open = new peer.ChaincodeProposalPayload()
  open.setInput(payload.getInput_asU8())
  return open.serializeBinary()
}

function unpackInvocation(payload: peer.ChaincodeProposalPayload): peer.ChaincodeSpec {
  const invocation = decode(
    peer.ChaincodeInvocationSpec,
    payload.getInput_asU8(),
    'ChaincodeInvocationSpec',
  )
  const spec = invocation.getChaincodeSpec()
  if (!spec) throw new MalformedError('proposal: no chaincode spec is provided')
  if (!spec.getChaincodeId()?.getName()) {
    throw new MalformedError('proposal: no chaincode name is provided')
  }
  if (!spec.getInput()) throw new MalformedError('proposal: the chaincode spec has no input')
  return spec
}

/** @throws MalformedError */
export function unpackProposal(signed: peer.SignedProposal): UnpackedProposal {
  const proposalBytes = signed.getProposalBytes_asU8()
  if (proposalBytes.length === 0)
    throw new MalformedError('proposal: a signed proposal is required')
  const proposal = decode(peer.Proposal, proposalBytes, 'Proposal')
  const header = decode(common.Header, proposal.getHeader_asU8(), 'Header')
  const channelHeaderBytes = header.getChannelHeader_asU8()
  const signatureHeaderBytes = header.getSignatureHeader_asU8()
  const channelHeader = decode(common.ChannelHeader, channelHeaderBytes, 'ChannelHeader')
  const signatureHeader = decode(common.SignatureHeader, signatureHeaderBytes, 'SignatureHeader')
  const payload = decode(
    peer.ChaincodeProposalPayload,
    proposal.getPayload_asU8(),
    'ChaincodeProposalPayload',
  )
  const spec = unpackInvocation(payload)
  const publicPayload = publicPayloadOf(payload)
  return {
    signed,
    proposalBytes,
    signature: signed.getSignature_asU8(),
    channelHeaderBytes,
    signatureHeaderBytes,
    type: channelHeader.getType(),
    epoch: channelHeader.getEpoch(),
    channelId: channelHeader.getChannelId(),
    txId: channelHeader.getTxId(),
    timestampMs: timestampMsOf(channelHeader),
    creator: signatureHeader.getCreator_asU8(),
    nonce: signatureHeader.getNonce_asU8(),
    chaincode: chaincodeOf(channelHeader, spec),
    input: spec.getInput() ?? new peer.ChaincodeInput(),
    hasTransient: payload.getTransientmapMap().getLength() > 0,
    publicPayload,
    proposalHash: createHash('sha256')
      .update(channelHeaderBytes)
      .update(signatureHeaderBytes)
      .update(publicPayload)
      .digest(),
  }
}

export function txIdOf(nonce: Uint8Array, creator: Uint8Array): string {
  return createHash('sha256').update(nonce).update(creator).digest('hex')
}

/** The unsigned transaction the client is to sign: headers and payload exactly as proposed. */
export function buildTransaction(
  proposal: UnpackedProposal,
  responsePayload: Uint8Array,
  endorsements: readonly peer.Endorsement[],
): common.Envelope {
  const endorsed = new peer.ChaincodeEndorsedAction()
  endorsed.setProposalResponsePayload(responsePayload)
  endorsed.setEndorsementsList([...endorsements])
  const actionPayload = new peer.ChaincodeActionPayload()
  actionPayload.setChaincodeProposalPayload(proposal.publicPayload)
  actionPayload.setAction(endorsed)
  const action = new peer.TransactionAction()
  action.setHeader(proposal.signatureHeaderBytes)
  action.setPayload(actionPayload.serializeBinary())
  const transaction = new peer.Transaction()
  transaction.addActions(action)

  const header = new common.Header()
  header.setChannelHeader(proposal.channelHeaderBytes)
  header.setSignatureHeader(proposal.signatureHeaderBytes)
  const payload = new common.Payload()
  payload.setHeader(header)
  payload.setData(transaction.serializeBinary())
  const envelope = new common.Envelope()
  envelope.setPayload(payload.serializeBinary())
  return envelope
}
