import { HeaderType, TxCode } from './codes.ts'
import { sha256 } from './block.ts'
import { readReadWriteSet, type NamespaceSet } from './rwset.ts'
import { Message, WireFault, equalBytes } from './wire.ts'

export interface Endorsement {
  readonly endorser: Uint8Array
  readonly signature: Uint8Array
}

export interface Timestamp {
  readonly seconds: number
  readonly nanos: number
}

/** The outer part: enough to know who sent it and to check the signature. */
export interface EnvelopeHeader {
  readonly payload: Uint8Array
  readonly signature: Uint8Array
  readonly type: number
  readonly channelId: string
  readonly txId: string
  readonly timestamp: Timestamp
  readonly creator: Uint8Array
  readonly nonce: Uint8Array
  readonly chaincodeName: string
  readonly channelHeader: Uint8Array
  readonly data: Uint8Array
}

/** The inner part of an endorser transaction. */
export interface EndorserAction {
  /** Signed by every endorser, followed by the endorser's identity. */
  readonly responsePayload: Uint8Array
  readonly endorsements: readonly Endorsement[]
  readonly chaincodeVersion: string
  readonly events: Uint8Array
  readonly sets: readonly NamespaceSet[]
}

export interface Refused {
  readonly refused: TxCode
}

export const isRefused = (read: object): read is Refused => 'refused' in read

/** Any fault of the reader becomes the code; a programmer's fault goes on. */
const orCode = <T>(code: TxCode, read: () => T): T | Refused => {
  try {
    return read()
  } catch (error) {
    if (error instanceof WireFault) return { refused: code }
    throw error
  }
}

const readTimestamp = (message: Message | undefined): Timestamp =>
  message === undefined
    ? { seconds: 0, nanos: 0 }
    : { seconds: message.uint(1), nanos: message.uint(2) }

const readHeaders = (payload: Uint8Array, signature: Uint8Array): EnvelopeHeader => {
  const message = new Message(payload)
  const header = message.message(1)
  if (header === undefined) throw new WireFault('no header')
  const channelHeader = header.bytes(1)
  const channel = new Message(channelHeader)
  const signer = new Message(header.bytes(2))
  if (channel.uint(6) !== 0) throw new WireFault('epoch is not 0')
  return {
    payload,
    signature,
    type: channel.uint(1),
    channelId: channel.text(4),
    txId: channel.text(5),
    timestamp: readTimestamp(channel.message(3)),
    creator: signer.bytes(1),
    nonce: signer.bytes(2),
    chaincodeName: new Message(channel.bytes(7)).message(2)?.text(2) ?? '',
    channelHeader,
    data: message.bytes(2),
  }
}

/** Reads the envelope of a block entry down to its headers. Never throws on bytes. */
export const readEnvelope = (bytes: Uint8Array): EnvelopeHeader | Refused => {
  const outer = orCode(TxCode.NIL_ENVELOPE, () => new Message(bytes))
  if (isRefused(outer)) return outer
  const payload = orCode(TxCode.BAD_PAYLOAD, () => outer.bytes(1))
  const signature = orCode(TxCode.BAD_PAYLOAD, () => outer.bytes(2))
  if (isRefused(payload)) return payload
  if (isRefused(signature)) return signature
  const readable = orCode(TxCode.BAD_PAYLOAD, () => new Message(payload).message(1))
  if (readable === undefined) return { refused: TxCode.BAD_COMMON_HEADER }
  if (isRefused(readable)) return readable
  const header = orCode(TxCode.BAD_COMMON_HEADER, () => readHeaders(payload, signature))
  if (isRefused(header)) return header
  return header.type === HeaderType.CONFIG || header.creator.length > 0
    ? header
    : { refused: TxCode.BAD_COMMON_HEADER }
}

/** Transaction ids are SHA-256 of nonce and creator, in lower-case hex. */
export const transactionIdOf = (nonce: Uint8Array, creator: Uint8Array): string =>
  sha256(nonce, creator).toString('hex')

const readResults = (action: Message): readonly NamespaceSet[] | Refused =>
  orCode(TxCode.BAD_RWSET, () => readReadWriteSet(action.bytes(1)))

interface ActionParts {
  readonly signatureHeader: Uint8Array
  readonly proposal: Uint8Array
  readonly responsePayload: Uint8Array
  readonly endorsements: Endorsement[]
  readonly proposalHash: Uint8Array
  readonly extension: Uint8Array
}

const readParts = (data: Uint8Array): ActionParts => {
  const actions = new Message(data).repeated(1)
  if (actions.length !== 1) throw new WireFault('not exactly one action')
  const outer = new Message(actions[0] as Uint8Array)
  const signatureHeader = outer.bytes(1)
  const signer = new Message(signatureHeader)
  if (signer.bytes(1).length === 0 || signer.bytes(2).length === 0) {
    throw new WireFault('action without creator or nonce')
  }
  const payload = new Message(outer.bytes(2))
  const endorsed = payload.message(2)
  if (endorsed === undefined) throw new WireFault('no endorsed action')
  const responsePayload = endorsed.bytes(1)
  const response = new Message(responsePayload)
  return {
    signatureHeader,
    proposal: payload.bytes(1),
    responsePayload,
    endorsements: endorsed.repeated(2).map(bytes => {
      const endorsement = new Message(bytes)
      return { endorser: endorsement.bytes(1), signature: endorsement.bytes(2) }
    }),
    proposalHash: response.bytes(1),
    extension: response.bytes(2),
  }
}

/** Event bytes must name the chaincode that ran, or a client would be told a lie. */
const eventFits = (events: Uint8Array, chaincodeName: string): boolean =>
  events.length === 0 || new Message(events).text(1) === chaincodeName

const readAction = (header: EnvelopeHeader, parts: ActionParts): EndorserAction | Refused => {
  const action = orCode(TxCode.BAD_RESPONSE_PAYLOAD, () => new Message(parts.extension))
  if (isRefused(action)) return action
  const sets = readResults(action)
  if (isRefused(sets)) return sets
  const chaincode = orCode(TxCode.BAD_RESPONSE_PAYLOAD, () => {
    const id = action.message(4)
    return { name: id?.text(2) ?? '', version: id?.text(3) ?? '', present: id !== undefined }
  })
  if (isRefused(chaincode)) return chaincode
  if (!chaincode.present) return { refused: TxCode.INVALID_OTHER_REASON }
  if (header.chaincodeName === '' || chaincode.name !== header.chaincodeName) {
    return { refused: TxCode.INVALID_CHAINCODE }
  }
  if (chaincode.version === '') return { refused: TxCode.INVALID_CHAINCODE }
  const events = orCode(TxCode.INVALID_OTHER_REASON, () => {
    const bytes = action.bytes(2)
    if (!eventFits(bytes, header.chaincodeName)) throw new WireFault('event of another chaincode')
    return bytes
  })
  if (isRefused(events)) return events
  return {
    responsePayload: parts.responsePayload,
    endorsements: parts.endorsements,
    chaincodeVersion: chaincode.version,
    events,
    sets,
  }
}

/**
 * Reads an endorser transaction and checks the chain proposal, response, results: the response
 * must answer the proposal in the envelope, under this envelope's channel header.
 */
export const readEndorserAction = (header: EnvelopeHeader): EndorserAction | Refused => {
  const parts = orCode(TxCode.INVALID_ENDORSER_TRANSACTION, () => readParts(header.data))
  if (isRefused(parts)) return parts
  const proposalHash = sha256(header.channelHeader, parts.signatureHeader, parts.proposal)
  if (!equalBytes(proposalHash, parts.proposalHash)) {
    return { refused: TxCode.INVALID_ENDORSER_TRANSACTION }
  }
  return readAction(header, parts)
}
