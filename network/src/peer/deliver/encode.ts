import { common, peer } from '@hyperledger/fabric-protos'
import type { PrivateTransaction } from '../../ledger/index.ts'
import type { DecodedBlock } from '../blocks/decode.ts'

/**
 * Answers are put together from bytes that exist already: a block may be megabytes, and each
 * client wants the same one.
 */
const DELIVER_STATUS_FIELD = 1
const DELIVER_BLOCK_FIELD = 2
const DELIVER_FILTERED_FIELD = 3
const DELIVER_PRIVATE_FIELD = 4
const BLOCK_FIELD = 1
const MAP_FIELD = 2
const MAP_KEY_FIELD = 1
const MAP_VALUE_FIELD = 2

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  return Uint8Array.from([...bytes, rest])
}

function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])
}

const number = (fieldNumber: number, value: number): Buffer =>
  Buffer.concat([varint(fieldNumber * 8), varint(value)])

export const statusAnswer = (status: number): Buffer => number(DELIVER_STATUS_FIELD, status)

export const blockAnswer = (block: Uint8Array): Buffer => field(DELIVER_BLOCK_FIELD, block)

export function privateAnswer(
  block: Uint8Array,
  transactions: readonly PrivateTransaction[],
): Buffer {
  const entries = transactions.map(({ index, rwset }) =>
    field(MAP_FIELD, Buffer.concat([number(MAP_KEY_FIELD, index), field(MAP_VALUE_FIELD, rwset)])),
  )
  return field(DELIVER_PRIVATE_FIELD, Buffer.concat([field(BLOCK_FIELD, block), ...entries]))
}

/** The event as everyone may see it: its payload is for readers of full blocks. */
function withoutPayload(event: peer.ChaincodeEvent): peer.FilteredChaincodeAction {
  const open = new peer.ChaincodeEvent()
  open.setChaincodeId(event.getChaincodeId())
  open.setTxId(event.getTxId())
  open.setEventName(event.getEventName())
  const action = new peer.FilteredChaincodeAction()
  action.setChaincodeEvent(open)
  return action
}

export function filteredAnswer(block: DecodedBlock): Buffer {
  const filtered = new peer.FilteredBlock()
  filtered.setNumber(block.number)
  for (const transaction of block.transactions) {
    filtered.setChannelId(transaction.channelId)
    const entry = filtered.addFilteredTransactions()
    entry.setTxid(transaction.txId)
    entry.setType(transaction.type as ReturnType<typeof entry.getType>)
    entry.setTxValidationCode(transaction.code as ReturnType<typeof entry.getTxValidationCode>)
    if (transaction.type !== common.HeaderType.ENDORSER_TRANSACTION) continue
    const actions = new peer.FilteredTransactionActions()
    actions.setChaincodeActionsList(transaction.events.map(withoutPayload))
    entry.setTransactionActions(actions)
  }
  return field(DELIVER_FILTERED_FIELD, filtered.serializeBinary())
}

/** Header and metadata, for whoever checks the chain of signatures alone. */
export function withoutData(bytes: Uint8Array): Uint8Array {
  const block = common.Block.deserializeBinary(bytes)
  block.setData(undefined)
  return block.serializeBinary()
}
