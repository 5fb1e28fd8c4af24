import { credentials, type ServiceError } from '@grpc/grpc-js'
import { gateway, google, peer } from '@hyperledger/fabric-protos'
import type { Signer } from '../../msp/index.ts'
import { createProposal, type Proposal, signEnvelope } from './proposal.ts'

export interface PeerAddress {
  /** `host:port` */
  readonly endpoint: string
  /** PEM of the root of the peer's TLS certificate; absent: no TLS. */
  readonly tlsRootPem?: string
  /** Name in the peer's TLS certificate when it is not the host. */
  readonly hostOverride?: string
}

/** A call failed: gRPC's code and, for the gateway, what each node said. */
export class PeerCallError extends Error {
  readonly code: number

  constructor(error: ServiceError) {
    const details = answersOf(error)
    super([error.details, ...details].join('; '))
    this.name = 'PeerCallError'
    this.code = error.code
  }
}

function answersOf(error: ServiceError): string[] {
  const [bytes] = error.metadata?.get('grpc-status-details-bin') ?? []
  if (!Buffer.isBuffer(bytes)) return []
  // google.rpc.Status: field 3 holds the details, each an Any whose field 2 is the ErrorDetail.
  const status = google.rpc.Status.deserializeBinary(bytes)
  return status.getDetailsList().map(any => {
    const detail = gateway.ErrorDetail.deserializeBinary(any.getValue_asU8())
    return `${detail.getMspId()} ${detail.getAddress()}: ${detail.getMessage()}`
  })
}

type Callback<T> = (error: ServiceError | null, answer?: T) => void

function promised<T>(call: (callback: Callback<T>) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, answer) => {
      if (error || !answer) reject(error ? new PeerCallError(error) : new Error('no answer'))
      else resolve(answer)
    })
  })
}

export interface InvokeOptions {
  readonly signer: Signer
  readonly channelId: string
  readonly chaincode: string
  readonly args: readonly (string | Uint8Array)[]
  /** Exactly one peer of each; absent: what the policies ask for. */
  readonly endorsingMspIds?: readonly string[]
  readonly deadlineMs?: number
}

export interface Committed {
  readonly txId: string
  readonly blockNumber: number
}

const DEADLINE_MS = 60_000

/** A client of one peer for administration: what a gateway client does, and unordered calls. */
export class PeerConnection {
  private readonly gateway: gateway.GatewayClient
  private readonly endorser: peer.EndorserClient

  constructor(address: PeerAddress) {
    const secure = address.tlsRootPem
      ? credentials.createSsl(Buffer.from(address.tlsRootPem))
      : credentials.createInsecure()
    const options = address.hostOverride
      ? { 'grpc.ssl_target_name_override': address.hostOverride }
      : {}
    this.gateway = new gateway.GatewayClient(address.endpoint, secure, options)
    this.endorser = new peer.EndorserClient(address.endpoint, secure, options)
  }

  close(): void {
    this.gateway.close()
    this.endorser.close()
  }

  /** Runs a proposal on this very peer; nothing is ordered. */
  async process(proposal: Proposal, deadlineMs = DEADLINE_MS): Promise<peer.Response> {
    const deadline = Date.now() + deadlineMs
    const answer = await promised<peer.ProposalResponse>(callback =>
      this.endorser.processProposal(proposal.signed, { deadline }, callback),
    )
    const response = answer.getResponse() ?? new peer.Response()
    if (response.getStatus() >= 400) throw new Error(response.getMessage())
    return response
  }

  /** Endorses, submits and waits; rejects when the transaction is not valid. */
  invoke(options: InvokeOptions): Promise<Committed> {
    return this.commit(createProposal(options), options)
  }

  /** As `invoke`, for a proposal the caller made. */
  async commit(proposal: Proposal, options: Addressed): Promise<Committed> {
    const { signer, channelId } = options
    const deadline = Date.now() + (options.deadlineMs ?? DEADLINE_MS)
    const endorsed = await promised<gateway.EndorseResponse>(callback =>
      this.gateway.endorse(endorseRequest(proposal, options), { deadline }, callback),
    )
    const envelope = endorsed.getPreparedTransaction()
    if (!envelope) throw new Error('the endorsement holds no transaction')
    const submit = new gateway.SubmitRequest()
    submit.setTransactionId(proposal.txId)
    submit.setChannelId(channelId)
    submit.setPreparedTransaction(signEnvelope(envelope, signer))
    await promised(callback => this.gateway.submit(submit, { deadline }, callback))
    const status = await promised<gateway.CommitStatusResponse>(callback =>
      this.gateway.commitStatus(statusRequest(proposal.txId, options), { deadline }, callback),
    )
    if (status.getResult() !== peer.TxValidationCode.VALID) {
      throw new Error(`transaction ${proposal.txId} is not valid: code ${status.getResult()}`)
    }
    return { txId: proposal.txId, blockNumber: status.getBlockNumber() }
  }
}

type Addressed = Omit<InvokeOptions, 'chaincode' | 'args'>

function endorseRequest(proposal: Proposal, options: Addressed): gateway.EndorseRequest {
  const request = new gateway.EndorseRequest()
  request.setTransactionId(proposal.txId)
  request.setChannelId(options.channelId)
  request.setProposedTransaction(proposal.signed)
  request.setEndorsingOrganizationsList([...(options.endorsingMspIds ?? [])])
  return request
}

function statusRequest(
  txId: string,
  { signer, channelId }: Addressed,
): gateway.SignedCommitStatusRequest {
  const request = new gateway.CommitStatusRequest()
  request.setTransactionId(txId)
  request.setChannelId(channelId)
  request.setIdentity(signer.identity)
  const bytes = request.serializeBinary()
  const signed = new gateway.SignedCommitStatusRequest()
  signed.setRequest(bytes)
  signed.setSignature(signer.sign(bytes))
  return signed
}
