import { randomBytes } from 'node:crypto'
import { common, peer } from '@hyperledger/fabric-protos'
import type { Signer } from '../../msp/index.ts'
import { txIdOf } from '../wire/proposal.ts'
import { timestampFromMs } from '../wire/timestamp.ts'

export interface ProposalOptions {
  readonly signer: Signer
  /** '' for a call that concerns the peer alone. */
  readonly channelId: string
  readonly chaincode: string
  readonly args: readonly (string | Uint8Array)[]
  readonly transient?: Readonly<Record<string, Uint8Array>>
  readonly isInit?: boolean
  readonly nowMs?: number
}

export interface Proposal {
  readonly txId: string
  readonly signed: peer.SignedProposal
}

function headerOf(options: ProposalOptions, nonce: Uint8Array, txId: string): common.Header {
  const id = new peer.ChaincodeID()
  id.setName(options.chaincode)
  const extension = new peer.ChaincodeHeaderExtension()
  extension.setChaincodeId(id)
  const channel = new common.ChannelHeader()
  channel.setType(common.HeaderType.ENDORSER_TRANSACTION)
  channel.setChannelId(options.channelId)
  channel.setTxId(txId)
  channel.setTimestamp(timestampFromMs(options.nowMs ?? Date.now()))
  channel.setExtension$(extension.serializeBinary())
  const signature = new common.SignatureHeader()
  signature.setCreator(options.signer.identity)
  signature.setNonce(nonce)
  const header = new common.Header()
  header.setChannelHeader(channel.serializeBinary())
  header.setSignatureHeader(signature.serializeBinary())
  return header
}

function payloadOf(options: ProposalOptions): peer.ChaincodeProposalPayload {
  const input = new peer.ChaincodeInput()
  input.setArgsList(options.args.map(arg => (typeof arg === 'string' ? Buffer.from(arg) : arg)))
  input.setIsInit(options.isInit ?? false)
  const id = new peer.ChaincodeID()
  id.setName(options.chaincode)
  const spec = new peer.ChaincodeSpec()
  spec.setType(peer.ChaincodeSpec.Type.NODE)
  spec.setChaincodeId(id)
  spec.setInput(input)
  const invocation = new peer.ChaincodeInvocationSpec()
  invocation.setChaincodeSpec(spec)
  const payload = new peer.ChaincodeProposalPayload()
  payload.setInput(invocation.serializeBinary())
  for (const [name, value] of Object.entries(options.transient ?? {})) {
    payload.getTransientmapMap().set(name, value)
  }
  return payload
}

/** A proposal as Fabric's clients build it, signed. */
export function createProposal(options: ProposalOptions): Proposal {
  const nonce = randomBytes(24)
  const txId = txIdOf(nonce, options.signer.identity)
  const proposal = new peer.Proposal()
  proposal.setHeader(headerOf(options, nonce, txId).serializeBinary())
  proposal.setPayload(payloadOf(options).serializeBinary())
  const bytes = proposal.serializeBinary()
  const signed = new peer.SignedProposal()
  signed.setProposalBytes(bytes)
  signed.setSignature(options.signer.sign(bytes))
  return { txId, signed }
}

/** The envelope with the signature that lets it be ordered. */
export function signEnvelope(envelope: common.Envelope, signer: Signer): common.Envelope {
  envelope.setSignature(signer.sign(envelope.getPayload_asU8()))
  return envelope
}
