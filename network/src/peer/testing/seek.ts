import { common, orderer } from '@hyperledger/fabric-protos'
import type { Signer } from '../../msp/index.ts'
import { timestampFromMs } from '../wire/timestamp.ts'

export interface SeekOptions {
  readonly signer: Signer
  readonly channelId: string
  readonly start: number | 'newest' | 'oldest' | 'next'
  readonly stop: number | 'newest' | 'oldest'
  readonly nowMs?: number
  readonly failIfNotReady?: boolean
  readonly forge?: boolean
}

function positionOf(at: SeekOptions['start']): orderer.SeekPosition {
  const position = new orderer.SeekPosition()
  if (at === 'newest') position.setNewest(new orderer.SeekNewest())
  else if (at === 'oldest') position.setOldest(new orderer.SeekOldest())
  else if (at === 'next') position.setNextCommit(new orderer.SeekNextCommit())
  else {
    const specified = new orderer.SeekSpecified()
    specified.setNumber(at)
    position.setSpecified(specified)
  }
  return position
}

/** A request for blocks as Fabric's clients sign it. */
export function seekEnvelope(options: SeekOptions): common.Envelope {
  const info = new orderer.SeekInfo()
  info.setStart(positionOf(options.start))
  info.setStop(positionOf(options.stop))
  if (options.failIfNotReady) {
    info.setBehavior(orderer.SeekInfo.SeekBehavior.FAIL_IF_NOT_READY)
  }
  const channel = new common.ChannelHeader()
  channel.setType(common.HeaderType.DELIVER_SEEK_INFO)
  channel.setChannelId(options.channelId)
  channel.setTimestamp(timestampFromMs(options.nowMs ?? Date.now()))
  const signature = new common.SignatureHeader()
  signature.setCreator(options.signer.identity)
  const header = new common.Header()
  header.setChannelHeader(channel.serializeBinary())
  header.setSignatureHeader(signature.serializeBinary())
  const payload = new common.Payload()
  payload.setHeader(header)
  payload.setData(info.serializeBinary())
  const bytes = payload.serializeBinary()
  const envelope = new common.Envelope()
  envelope.setPayload(bytes)
  const signed = options.forge ? Uint8Array.from([...bytes, 1]) : bytes
  envelope.setSignature(options.signer.sign(signed))
  return envelope
}
