import { common, peer } from '@hyperledger/fabric-protos'
import { tryDecode } from '../wire/decode.ts'

const FLAGS_SLOT = common.BlockMetadataIndex.TRANSACTIONS_FILTER
const NOT_VALIDATED = peer.TxValidationCode.NOT_VALIDATED

export interface DecodedTransaction {
  readonly channelId: string
  readonly txId: string
  /** common.HeaderType */
  readonly type: number
  /** peer.TxValidationCode */
  readonly code: number
  /** One per action that set an event. */
  readonly events: readonly peer.ChaincodeEvent[]
}

export interface DecodedBlock {
  readonly number: number
  /** Those whose header can be read; a block may hold bytes that are no transaction. */
  readonly transactions: readonly DecodedTransaction[]
}

function eventOf(action: peer.TransactionAction): peer.ChaincodeEvent | undefined {
  const payload = tryDecode(peer.ChaincodeActionPayload, action.getPayload_asU8())
  const bytes = payload?.getAction()?.getProposalResponsePayload_asU8()
  const response = bytes && tryDecode(peer.ProposalResponsePayload, bytes)
  const result = response && tryDecode(peer.ChaincodeAction, response.getExtension_asU8())
  const event = result && tryDecode(peer.ChaincodeEvent, result.getEvents_asU8())
  return event?.getChaincodeId() ? event : undefined
}

function decodeTransaction(bytes: Uint8Array, code: number): DecodedTransaction | undefined {
  const envelope = tryDecode(common.Envelope, bytes)
  const payload = envelope && tryDecode(common.Payload, envelope.getPayload_asU8())
  const headerBytes = payload?.getHeader()?.getChannelHeader_asU8()
  const header = headerBytes && tryDecode(common.ChannelHeader, headerBytes)
  if (!payload || !header) return undefined
  const isEndorsed = header.getType() === common.HeaderType.ENDORSER_TRANSACTION
  const transaction = isEndorsed ? tryDecode(peer.Transaction, payload.getData_asU8()) : undefined
  return {
    channelId: header.getChannelId(),
    txId: header.getTxId(),
    type: header.getType(),
    code,
    events: (transaction?.getActionsList() ?? []).flatMap(action => eventOf(action) ?? []),
  }
}

export function decodeBlock(bytes: Uint8Array): DecodedBlock {
  const block = common.Block.deserializeBinary(bytes)
  const flags = block.getMetadata()?.getMetadataList_asU8()[FLAGS_SLOT] ?? new Uint8Array()
  const envelopes = block.getData()?.getDataList_asU8() ?? []
  return {
    number: block.getHeader()?.getNumber() ?? 0,
    transactions: envelopes.flatMap(
      (envelope, index) => decodeTransaction(envelope, flags[index] ?? NOT_VALIDATED) ?? [],
    ),
  }
}
