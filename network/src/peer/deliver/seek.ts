import { common, orderer } from '@hyperledger/fabric-protos'
import type { Ledger } from '../../ledger/index.ts'
import { timestampMsOf } from '../wire/proposal.ts'
import { tryDecode } from '../wire/decode.ts'

const Status = common.Status

/** A request for blocks, or the status it is answered with. */
export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly status: DeliverStatus }

export type DeliverStatus = (typeof Status)[keyof typeof Status]

export interface SeekRequest {
  readonly channelId: string
  readonly creator: Uint8Array
  /** The signed bytes. */
  readonly payload: Uint8Array
  readonly signature: Uint8Array
  readonly timestampMs: number
  readonly seekBytes: Uint8Array
}

const refused = (status: DeliverStatus): { ok: false; status: DeliverStatus } => ({
  ok: false,
  status,
})

export function parseSeekEnvelope(envelope: common.Envelope): Parsed<SeekRequest> {
  const bytes = envelope.getPayload_asU8()
  const payload = tryDecode(common.Payload, bytes)
  const header = payload?.getHeader()
  const channel = header && tryDecode(common.ChannelHeader, header.getChannelHeader_asU8())
  const signature = header && tryDecode(common.SignatureHeader, header.getSignatureHeader_asU8())
  const timestampMs = channel && timestampMsOf(channel)
  if (!payload || !channel || !signature || timestampMs === undefined) {
    return refused(Status.BAD_REQUEST)
  }
  return {
    ok: true,
    value: {
      channelId: channel.getChannelId(),
      creator: signature.getCreator_asU8(),
      payload: bytes,
      signature: envelope.getSignature_asU8(),
      timestampMs,
      seekBytes: payload.getData_asU8(),
    },
  }
}

export interface Seek {
  readonly first: number
  /** Inclusive. */
  readonly last: number
  /** NOT_FOUND instead of waiting for a block that is not there yet. */
  readonly failIfNotReady: boolean
  /** Header and metadata only. */
  readonly withoutData: boolean
}

function positionOf(position: orderer.SeekPosition, ledger: Ledger): number {
  const Case = orderer.SeekPosition.TypeCase
  switch (position.getTypeCase()) {
    case Case.NEWEST:
      return ledger.height() - 1
    case Case.NEXT_COMMIT:
      return ledger.height()
    case Case.SPECIFIED:
      return position.getSpecified()?.getNumber() ?? 0
    default:
      return 0
  }
}

export function readSeek(bytes: Uint8Array, ledger: Ledger): Parsed<Seek> {
  const info = tryDecode(orderer.SeekInfo, bytes)
  const [start, stop] = [info?.getStart(), info?.getStop()]
  if (!info || !start || !stop) return refused(Status.BAD_REQUEST)
  const Case = orderer.SeekPosition.TypeCase
  const first = positionOf(start, ledger)
  // Oldest as a stop means the block the stream starts with.
  const last = stop.getTypeCase() === Case.OLDEST ? first : positionOf(stop, ledger)
  const isOpen = stop.getTypeCase() === Case.TYPE_NOT_SET
  if (isOpen || first > last) return refused(Status.BAD_REQUEST)
  return {
    ok: true,
    value: {
      first,
      last,
      failIfNotReady: info.getBehavior() === orderer.SeekInfo.SeekBehavior.FAIL_IF_NOT_READY,
      withoutData: info.getContentType() === orderer.SeekInfo.SeekContentType.HEADER_WITH_SIG,
    },
  }
}
