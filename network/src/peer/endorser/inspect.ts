import { common } from '@hyperledger/fabric-protos'
import type { ChannelConfig, Msp } from '../../msp/index.ts'
import type { EnvelopeInspector, InspectFault, InspectOutcome } from '../types.ts'
import { isCanonicalEnvelope } from '../../ledger/index.ts'
import { tryDecode } from '../wire/decode.ts'
import { txIdOf } from '../wire/proposal.ts'
import { authenticate, satisfies, WRITERS } from './access.ts'

export interface InspectorOptions {
  readonly config: ChannelConfig
  readonly msp: Msp
  /** Milliseconds since 1970; the machine's clock when absent. */
  readonly clock?: () => number
}

type Refused = Extract<InspectOutcome, { ok: false }>

const refused = (code: InspectFault, message: string): Refused => ({
  ok: false,
  code,
  message,
})

interface ReadEnvelope {
  readonly channelId: string
  readonly type: number
  readonly txId: string
  readonly creator: Uint8Array
  readonly nonce: Uint8Array
  readonly payload: Uint8Array
  readonly signature: Uint8Array
}

function readEnvelope(bytes: Uint8Array): ReadEnvelope | undefined {
  const envelope = tryDecode(common.Envelope, bytes)
  const payload = envelope && tryDecode(common.Payload, envelope.getPayload_asU8())
  const header = payload?.getHeader()
  const channel = header && tryDecode(common.ChannelHeader, header.getChannelHeader_asU8())
  const signature = header && tryDecode(common.SignatureHeader, header.getSignatureHeader_asU8())
  if (!envelope || !channel || !signature) return undefined
  return {
    channelId: channel.getChannelId(),
    type: channel.getType(),
    txId: channel.getTxId(),
    creator: signature.getCreator_asU8(),
    nonce: signature.getNonce_asU8(),
    payload: envelope.getPayload_asU8(),
    signature: envelope.getSignature_asU8(),
  }
}

/** Everything that can be said without the creator's certificate. */
function checkForm({ channelId, batch }: ChannelConfig, bytes: Uint8Array): ReadEnvelope | Refused {
  if (bytes.length > batch.absoluteMaxBytes) {
    return refused(
      'TOO_LARGE',
      `message payload is ${bytes.length} bytes and exceeds maximum allowed ${batch.absoluteMaxBytes} bytes`,
    )
  }
  // Bytes that say the same in another way could be cut into another block of equal hash.
  const envelope = isCanonicalEnvelope(bytes) ? readEnvelope(bytes) : undefined
  if (!envelope) return refused('MALFORMED', 'message header is malformed')
  if (envelope.type !== common.HeaderType.ENDORSER_TRANSACTION) {
    return refused('MALFORMED', `message type ${envelope.type} is not ordered here`)
  }
  if (envelope.channelId !== channelId) {
    return refused('UNKNOWN_CHANNEL', `channel ${envelope.channelId.slice(0, 128)} is not served`)
  }
  if (envelope.txId !== txIdOf(envelope.nonce, envelope.creator)) {
    return refused('BAD_TX_ID', 'the transaction id is not the hash of nonce and creator')
  }
  return envelope
}

/**
 * The check before an envelope is ordered: size, channel, transaction id, the creator's signature
 * and the channel's Writers policy. What it says of the content is the committers' business.
 */
export function createInspector(options: InspectorOptions): EnvelopeInspector {
  const { config, msp, clock = Date.now } = options
  return async bytes => {
    const envelope = checkForm(config, bytes)
    if ('ok' in envelope) return envelope
    const { creator, payload: message, signature } = envelope
    const outcome = await authenticate(msp, { creator, message, signature }, clock())
    if (!outcome.ok && outcome.why === 'signature') {
      return refused('BAD_SIGNATURE', "the creator's signature does not verify")
    }
    if (!outcome.ok || !satisfies(config, WRITERS, outcome.identity)) {
      return refused('FORBIDDEN', 'permission denied: the creator is no writer of the channel')
    }
    return { ok: true, channelId: config.channelId, txId: envelope.txId }
  }
}
