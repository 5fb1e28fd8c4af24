import { status as grpcStatus } from '@grpc/grpc-js'
import { gateway } from '@hyperledger/fabric-protos'
import type { ChannelResources } from '../types.ts'
import { CallFault, invalid } from '../wire/faults.ts'
import { within } from '../wire/timing.ts'

const NO_QUORUM =
  'insufficient number of orderers could successfully process transaction to satisfy quorum requirement'

export interface SubmitParts {
  readonly channels: ReadonlyMap<string, ChannelResources>
  readonly submitTimeoutMs: number
}

const tooLate = (): CallFault =>
  new CallFault(
    grpcStatus.DEADLINE_EXCEEDED,
    'submit timeout expired while broadcasting to ordering service',
  )

/** Hands the envelope on as received. Success says it will be ordered, not that it is valid. */
export async function submit(
  parts: SubmitParts,
  request: gateway.SubmitRequest,
): Promise<gateway.SubmitResponse> {
  const envelope = request.getPreparedTransaction()
  if (!envelope) throw invalid('a prepared transaction is required')
  if (envelope.getSignature_asU8().length === 0) {
    throw invalid('prepared transaction must be signed')
  }
  const channelId = request.getChannelId()
  const channel = parts.channels.get(channelId)
  if (!channel) {
    throw new CallFault(
      grpcStatus.FAILED_PRECONDITION,
      `failed to get config for channel [${channelId}]: could not get last config for channel ${channelId}`,
    )
  }
  const work = channel.ordering.submit(envelope.serializeBinary())
  const { accepted, failures } = await within(work, parts.submitTimeoutMs, tooLate)
  if (!accepted) throw new CallFault(grpcStatus.UNAVAILABLE, NO_QUORUM, failures)
  return new gateway.SubmitResponse()
}
