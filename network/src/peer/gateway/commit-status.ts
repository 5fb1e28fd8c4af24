import { status as grpcStatus } from '@grpc/grpc-js'
import { gateway } from '@hyperledger/fabric-protos'
import { authenticate, policyRefusal, READERS, satisfies } from '../endorser/access.ts'
import type { ChannelResources } from '../types.ts'
import { tryDecode } from '../wire/decode.ts'
import { CallFault, invalid } from '../wire/faults.ts'

export interface ReaderParts {
  readonly channels: ReadonlyMap<string, ChannelResources>
  readonly clock: () => number
}

interface ReaderRequest {
  readonly channelId: string
  readonly creator: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** @throws CallFault PERMISSION_DENIED unless the signer is a reader of the channel. */
export async function requireReader(
  parts: ReaderParts,
  request: ReaderRequest,
): Promise<ChannelResources> {
  const denied = (message: string): CallFault =>
    new CallFault(grpcStatus.PERMISSION_DENIED, message)
  const channel = parts.channels.get(request.channelId)
  if (!channel) throw denied(`channel ${request.channelId.slice(0, 128)} not found`)
  const outcome = await authenticate(channel.msp, request, parts.clock())
  if (!outcome.ok || !satisfies(channel.config, READERS, outcome.identity)) {
    throw denied(policyRefusal(request.channelId, READERS))
  }
  return channel
}

/** @throws CallFault; settles when the transaction is on this peer's ledger. */
export async function commitStatus(
  parts: ReaderParts,
  signed: gateway.SignedCommitStatusRequest,
  signal: AbortSignal,
): Promise<gateway.CommitStatusResponse> {
  const message = signed.getRequest_asU8()
  if (message.length === 0) throw invalid('a commit status request is required')
  const request = tryDecode(gateway.CommitStatusRequest, message)
  if (!request) throw invalid('invalid status request')
  const creator = request.getIdentity_asU8()
  if (creator.length === 0) throw invalid('no identity provided')
  if (!request.getChannelId()) throw invalid('no channel ID provided')
  if (!request.getTransactionId()) throw invalid('transaction ID should not be empty')
  const { ledger } = await requireReader(parts, {
    channelId: request.getChannelId(),
    creator,
    message,
    signature: signed.getSignature_asU8(),
  })
  const location = await ledger.waitForTransaction(request.getTransactionId(), signal)
  const response = new gateway.CommitStatusResponse()
  response.setResult(location.code as ReturnType<typeof response.getResult>)
  response.setBlockNumber(location.blockNumber)
  return response
}
