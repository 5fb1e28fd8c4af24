import type { handleBidiStreamingCall, ServerDuplexStream, ServiceDefinition } from '@grpc/grpc-js'
import { common, peer } from '@hyperledger/fabric-protos'
import type { Identity } from '../../msp/index.ts'
import { hasExpired } from '../../msp/index.ts'
import { feedOf } from '../blocks/feed.ts'
import { authenticate, READERS, satisfies } from '../endorser/access.ts'
import type { ChannelResources, PeerLimits, PeerLog } from '../types.ts'
import { toServiceError } from '../wire/faults.ts'
import { CallLimit, inbox, sendTo, signalOf } from '../wire/grpc.ts'
import { blockAnswer, filteredAnswer, privateAnswer, statusAnswer, withoutData } from './encode.ts'
import { type DeliverStatus, parseSeekEnvelope, readSeek, type Seek } from './seek.ts'

const Status = common.Status

export interface DeliverParts {
  readonly channels: ReadonlyMap<string, ChannelResources>
  readonly clock: () => number
  readonly limits: PeerLimits
  readonly log: PeerLog
}

type Kind = 'block' | 'filtered' | 'private'
type Call = ServerDuplexStream<common.Envelope, Buffer>

interface Delivery {
  readonly channel: ChannelResources
  readonly identity: Identity
  readonly kind: Kind
  readonly send: (answer: Buffer) => Promise<void>
  readonly signal: AbortSignal
}

async function answerFor(delivery: Delivery, number: number, seek: Seek): Promise<Buffer> {
  const { channel, identity, kind } = delivery
  const feed = feedOf(channel.ledger)
  if (kind === 'filtered') return filteredAnswer(await feed.read(number))
  const block = await feed.block(number)
  const bytes = seek.withoutData ? withoutData(block) : block
  if (kind === 'block') return blockAnswer(bytes)
  return privateAnswer(bytes, channel.ledger.privateData(number, identity.mspId))
}

/** Sends the blocks asked for; undefined when the client went away. */
async function deliverBlocks(
  parts: DeliverParts,
  delivery: Delivery,
  seek: Seek,
): Promise<DeliverStatus | undefined> {
  const { channel, identity, send, signal } = delivery
  const feed = feedOf(channel.ledger)
  for (let number = seek.first; number <= seek.last; number += 1) {
    const isThere = channel.ledger.height() > number
    if (!isThere && seek.failIfNotReady) return Status.NOT_FOUND
    if (!(await feed.available(number, signal))) return undefined
    // Streams live for days: whoever's certificate expires meanwhile sees no further block.
    if (hasExpired(identity, parts.clock())) return Status.FORBIDDEN
    await send(await answerFor(delivery, number, seek))
  }
  return Status.SUCCESS
}

async function answerEnvelope(
  parts: DeliverParts,
  envelope: common.Envelope,
  stream: Pick<Delivery, 'kind' | 'send' | 'signal'>,
): Promise<DeliverStatus | undefined> {
  const parsed = parseSeekEnvelope(envelope)
  if (!parsed.ok) return parsed.status
  const request = parsed.value
  if (Math.abs(request.timestampMs - parts.clock()) > parts.limits.timeWindowMs) {
    return Status.BAD_REQUEST
  }
  const channel = parts.channels.get(request.channelId)
  if (!channel) return Status.NOT_FOUND
  const { creator, payload: message, signature } = request
  const outcome = await authenticate(channel.msp, { creator, message, signature }, parts.clock())
  if (!outcome.ok || !satisfies(channel.config, READERS, outcome.identity)) {
    return Status.FORBIDDEN
  }
  const seek = readSeek(request.seekBytes, channel.ledger)
  if (!seek.ok) return seek.status
  return deliverBlocks(parts, { ...stream, channel, identity: outcome.identity }, seek.value)
}

async function serve(
  parts: DeliverParts,
  call: Call,
  kind: Kind,
  signal: AbortSignal,
): Promise<void> {
  const send = sendTo(call, signal)
  const receive = inbox(call, signal)
  for (let envelope = await receive(); envelope; envelope = await receive()) {
    const status = await answerEnvelope(parts, envelope, { kind, send, signal })
    if (status === undefined) return
    await send(statusAnswer(status))
    if (status !== Status.SUCCESS) return
  }
}

const passThrough = (bytes: Buffer): Buffer => bytes

function rawMethod<T extends { readonly path: string }>(method: T): T {
  return { ...method, responseSerialize: passThrough }
}

/** protos.Deliver with answers that are serialised already. */
export const DELIVER_SERVICE = {
  deliver: rawMethod(peer.DeliverService.deliver),
  deliverFiltered: rawMethod(peer.DeliverService.deliverFiltered),
  deliverWithPrivateData: rawMethod(peer.DeliverService.deliverWithPrivateData),
} as unknown as ServiceDefinition

export function deliverService(parts: DeliverParts): {
  readonly handlers: Record<string, handleBidiStreamingCall<common.Envelope, Buffer>>
  readonly limit: CallLimit
} {
  const limit = new CallLimit('protos.Deliver', parts.limits.deliverStreams)
  const handler = (kind: Kind): handleBidiStreamingCall<common.Envelope, Buffer> => {
    const run = async (call: Call): Promise<void> => {
      const release = limit.enter()
      const signal = signalOf(call)
      try {
        await serve(parts, call, kind, signal)
      } finally {
        release()
      }
    }
    return call => {
      call.on('error', () => undefined)
      run(call).then(
        () => call.end(),
        (error: unknown) => {
          parts.log.error({ error: String(error) }, 'block stream failed')
          call.emit('error', toServiceError(error))
        },
      )
    }
  }
  return {
    handlers: {
      deliver: handler('block'),
      deliverFiltered: handler('filtered'),
      deliverWithPrivateData: handler('private'),
    },
    limit,
  }
}
