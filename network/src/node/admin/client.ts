// An organisation's administrator at one of its peers, over the same services any client uses.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { credentials, type ServiceError } from '@grpc/grpc-js'
import { gateway, peer } from '@hyperledger/fabric-protos'
import { createSigner, type Signer } from '../../msp/index.ts'
import type { NetworkDefinition } from '../definition.ts'
import { NetworkFault } from '../fault.ts'
import { adminFolder, identityFolder, onlyFileOf } from '../folder.ts'
import { HOST, type NodePlace } from '../topology.ts'
import { buildProposal } from './proposal.ts'

const CALL_MS = 30_000
const VALID = 0

export interface ChannelCall {
  channelId: string
  chaincode: string
  args: Uint8Array[]
}

type Callback<T> = (error: ServiceError | null, answer?: T) => void

export class AdminClient {
  readonly node: NodePlace
  #signer: Signer
  #gateway: gateway.GatewayClient
  #endorser: peer.EndorserClient

  constructor(dir: string, definition: NetworkDefinition, node: NodePlace) {
    this.node = node
    const organization = definition.organizations.find(each => each.mspId === node.mspId)
    if (!organization) throw new NetworkFault('NODE_UNKNOWN', `no organisation runs ${node.name}`)
    const msp = path.join(adminFolder(dir, organization), 'msp')
    this.#signer = createSigner({
      mspId: node.mspId,
      certificatePem: readFileSync(onlyFileOf(path.join(msp, 'signcerts')), 'utf8'),
      privateKeyPem: readFileSync(onlyFileOf(path.join(msp, 'keystore')), 'utf8'),
    })
    const tls = path.join(identityFolder(dir, definition, node, 'peer'), 'tls')
    const secure = credentials.createSsl(readFileSync(path.join(tls, 'ca.crt')))
    const options = { 'grpc.ssl_target_name_override': node.name }
    const address = `${HOST}:${node.clientPort}`
    this.#gateway = new gateway.GatewayClient(address, secure, options)
    this.#endorser = new peer.EndorserClient(address, secure, options)
  }

  /** A call to the peer itself. Throws `NetworkFault` CALL_REFUSED. */
  async callPeer(chaincode: string, args: Uint8Array[]): Promise<Uint8Array> {
    const { signed } = buildProposal({ signer: this.#signer, channelId: '', chaincode, args })
    const answer = await this.#unary<peer.ProposalResponse>((options, done) =>
      this.#endorser.processProposal(signed, options, done),
    )
    const response = answer.getResponse()
    if (response?.getStatus() === 200) return response.getPayload_asU8()
    throw new NetworkFault('CALL_REFUSED', response?.getMessage() ?? 'no response')
  }

  async evaluate(call: ChannelCall): Promise<Uint8Array> {
    const { txId, signed } = buildProposal({ signer: this.#signer, ...call })
    const request = new gateway.EvaluateRequest()
    request.setTransactionId(txId)
    request.setChannelId(call.channelId)
    request.setProposedTransaction(signed)
    request.setTargetOrganizationsList([this.node.mspId])
    const answer = await this.#unary<gateway.EvaluateResponse>((options, done) =>
      this.#gateway.evaluate(request, options, done),
    )
    return answer.getResult()?.getPayload_asU8() ?? new Uint8Array()
  }

  /** Endorses, submits and waits for this peer. Returns the transaction id. Throws as `awaitCommit`. */
  async submit(call: ChannelCall, endorsers: string[]): Promise<string> {
    const { txId, signed } = buildProposal({ signer: this.#signer, ...call })
    const request = new gateway.EndorseRequest()
    request.setTransactionId(txId)
    request.setChannelId(call.channelId)
    request.setProposedTransaction(signed)
    request.setEndorsingOrganizationsList(endorsers)
    const endorsed = await this.#unary<gateway.EndorseResponse>((options, done) =>
      this.#gateway.endorse(request, options, done),
    )
    const envelope = endorsed.getPreparedTransaction()
    if (!envelope) throw new NetworkFault('CALL_REFUSED', 'endorsed nothing')
    envelope.setSignature(this.#signer.sign(envelope.getPayload_asU8()))
    const submission = new gateway.SubmitRequest()
    submission.setTransactionId(txId)
    submission.setChannelId(call.channelId)
    submission.setPreparedTransaction(envelope)
    await this.#unary<gateway.SubmitResponse>((options, done) =>
      this.#gateway.submit(submission, options, done),
    )
    await this.awaitCommit(call.channelId, txId)
    return txId
  }

  /** Waits until this peer has committed it. Throws `NetworkFault` CALL_REFUSED or TRANSACTION_INVALID. */
  async awaitCommit(channelId: string, txId: string): Promise<void> {
    const status = new gateway.CommitStatusRequest()
    status.setTransactionId(txId)
    status.setChannelId(channelId)
    status.setIdentity(this.#signer.identity)
    const bytes = status.serializeBinary()
    const request = new gateway.SignedCommitStatusRequest()
    request.setRequest(bytes)
    request.setSignature(this.#signer.sign(bytes))
    const answer = await this.#unary<gateway.CommitStatusResponse>((options, done) =>
      this.#gateway.commitStatus(request, options, done),
    )
    if (Number(answer.getResult()) === VALID) return
    const message = `transaction ${txId} was committed with status ${answer.getResult()}`
    throw new NetworkFault('TRANSACTION_INVALID', message, { txId, code: answer.getResult() })
  }

  close(): void {
    this.#gateway.close()
    this.#endorser.close()
  }

  #unary<T>(start: (options: { deadline: number }, done: Callback<T>) => unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      start({ deadline: Date.now() + CALL_MS }, (error, answer) => {
        if (answer !== undefined && !error) return resolve(answer)
        const text = error ? [error.details, ...detailsOf(error)].join(': ') : 'no answer'
        reject(new NetworkFault('CALL_REFUSED', `${this.node.name}: ${text}`))
      })
    })
  }
}

/** The messages of gateway.ErrorDetail in the trailer; field 3 of google.rpc.Status holds them as Any. */
function detailsOf(error: ServiceError): string[] {
  const [trailer] = error.metadata?.get('grpc-status-details-bin') ?? []
  if (!(trailer instanceof Buffer)) return []
  const printable = trailer.toString('latin1').match(/[\x20-\x7e]{12,}/g) ?? []
  return printable.filter(text => !text.includes('type.googleapis.com') && text !== error.details)
}
