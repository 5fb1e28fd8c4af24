import { common, peer } from '@hyperledger/fabric-protos'
import { isMspFault } from '../../msp/index.ts'
import type { Ledger } from '../../ledger/index.ts'
import type { ChannelResources } from '../types.ts'
import { toText } from '../wire/decode.ts'
import { messageOf } from '../wire/faults.ts'
import { responseOf } from '../wire/response.ts'
import { policyRefusal, READERS, satisfies } from './access.ts'
import type { SystemCall } from './system.ts'

type Query = (ledger: Ledger, argument: Uint8Array | undefined) => Uint8Array

function blockAt(ledger: Ledger, number: number): Uint8Array {
  const block = Number.isSafeInteger(number) && number >= 0 ? ledger.block(number) : undefined
  if (!block) throw new Error(`no such block number [${number}] in index`)
  return block
}

const chainInfo: Query = ledger => {
  const info = new common.BlockchainInfo()
  const height = ledger.height()
  info.setHeight(height)
  info.setCurrentblockhash(ledger.lastHeaderHash())
  const last = common.Block.deserializeBinary(blockAt(ledger, height - 1))
  info.setPreviousblockhash(last.getHeader()?.getPreviousHash_asU8() ?? new Uint8Array())
  return info.serializeBinary()
}

const blockByNumber: Query = (ledger, argument) => {
  const text = toText(argument ?? new Uint8Array())
  if (!/^\d{1,20}$/.test(text)) throw new Error(`Failed to parse block number with error ${text}`)
  // The largest number of 64 bits asks for the newest block.
  const newest = text === '18446744073709551615'
  return blockAt(ledger, newest ? ledger.height() - 1 : Number(text))
}

const blockByHash: Query = (ledger, argument) => {
  const number = ledger.blockNumberOf(argument ?? new Uint8Array())
  if (number === undefined) throw new Error('no such block hash in index')
  return blockAt(ledger, number)
}

function locate(ledger: Ledger, argument: Uint8Array | undefined) {
  const txId = toText(argument ?? new Uint8Array())
  const location = ledger.transaction(txId)
  if (!location) throw new Error(`no such transaction ID [${txId.slice(0, 128)}] in index`)
  return location
}

const blockByTxId: Query = (ledger, argument) =>
  blockAt(ledger, locate(ledger, argument).blockNumber)

const transactionById: Query = (ledger, argument) => {
  const location = locate(ledger, argument)
  const block = common.Block.deserializeBinary(blockAt(ledger, location.blockNumber))
  const envelope = block.getData()?.getDataList_asU8()[location.index]
  const processed = new peer.ProcessedTransaction()
  processed.setTransactionenvelope(common.Envelope.deserializeBinary(envelope ?? new Uint8Array()))
  processed.setValidationcode(location.code)
  return processed.serializeBinary()
}

const configBlock: Query = ledger => {
  const last = common.Block.deserializeBinary(blockAt(ledger, ledger.height() - 1))
  const [signatures] = last.getMetadata()?.getMetadataList_asU8() ?? []
  const value = common.Metadata.deserializeBinary(signatures ?? new Uint8Array()).getValue_asU8()
  const index = common.OrdererBlockMetadata.deserializeBinary(value).getLastConfig()?.getIndex()
  return blockAt(ledger, index ?? 0)
}

const QUERIES: ReadonlyMap<string, Query> = new Map([
  ['qscc/GetChainInfo', chainInfo],
  ['qscc/GetBlockByNumber', blockByNumber],
  ['qscc/GetBlockByHash', blockByHash],
  ['qscc/GetBlockByTxID', blockByTxId],
  ['qscc/GetTransactionByID', transactionById],
  ['cscc/GetConfigBlock', configBlock],
])

function listChannels(channels: ReadonlyMap<string, ChannelResources>): Uint8Array {
  const list = new peer.ChannelQueryResponse()
  for (const channelId of channels.keys()) list.addChannels().setChannelId(channelId)
  return list.serializeBinary()
}

/** `qscc` and `cscc`: read-only questions about the ledger, for readers of the channel. */
export function queryLedger(call: SystemCall): peer.Response {
  const name = toText(call.args[0] ?? new Uint8Array())
  if (call.chaincode === 'cscc' && name === 'GetChannels') {
    return responseOf(200, '', listChannels(call.channels))
  }
  const query = QUERIES.get(`${call.chaincode}/${name}`)
  if (!query) return responseOf(500, `Requested function ${name.slice(0, 128)} not found.`)
  const channelId = toText(call.args[1] ?? new Uint8Array())
  const channel = call.channels.get(channelId)
  if (!channel) return responseOf(500, `Invalid chain ID, ${channelId.slice(0, 128)}`)
  // The caller was authenticated on its own channel; on another one it must be known as well.
  const identity = channel.msp.identify(call.identity.bytes)
  if (isMspFault(identity) || !satisfies(channel.config, READERS, identity)) {
    const refusal = policyRefusal(channelId, READERS)
    return responseOf(500, `access denied for [${name}][${channelId}]: [${refusal}]`)
  }
  try {
    return responseOf(200, '', query(channel.ledger, call.args[2]))
  } catch (error) {
    return responseOf(500, `${name} failed: ${messageOf(error)}`)
  }
}
