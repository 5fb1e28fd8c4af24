/**
 * Many keys in one message to the peer.
 *
 * A round trip for each key is most of what a batch costs. Peers from Fabric 3.1 on and the embedded ledger take a
 * thousand reads or writes in one message; the Node shim has the stream but no method for it, so the message is put
 * into its queue here. What the peer keeps is the same either way.
 *
 * Messages: WriteBatchState, GetStateMultiple and GetStateMultipleResult of peer/chaincode_shim.proto.
 */
import { createRequire } from 'node:module'
import type { Bulk, LedgerWrite } from '../contracts/bulk.ts'
import { bytesField, bytesFields, integerField, joined } from '../contracts/protobuf.ts'

type Message = {
  setType(type: number): void
  setPayload(payload: Uint8Array): void
  setTxid(txId: string): void
  setChannelId(channelId: string): void
}
/** What the shim's stub has beside its public methods. */
export type ShimStub = {
  handler: { _askPeerAndListen(message: Message, method: string): Promise<Uint8Array> }
  channel_id: string
  txId: string
  bulk?: Bulk
}

const WRITE_BATCH_STATE = 24
const GET_STATE_MULTIPLE = 25
const MOST = 1000
/** WriteRecord.Type. */
const TYPES = { put: 9, delete: 10, policy: 21 } as const

const utf8 = new TextEncoder()
/** The metadata key of a key's endorsement policy, as field 1 of StateMetadata. */
const VALIDATION_PARAMETER = bytesField(1, utf8.encode('VALIDATION_PARAMETER'))

const recordOf = ({ kind, collection, key, value }: LedgerWrite): Uint8Array[] => [
  bytesField(1, utf8.encode(key)),
  ...(kind === 'put' ? [bytesField(2, value)] : []),
  ...(collection === '' ? [] : [bytesField(3, utf8.encode(collection))]),
  ...(kind === 'policy' ? [bytesField(4, VALIDATION_PARAMETER, bytesField(2, value))] : []),
  integerField(5, TYPES[kind]),
]
export const writeBatchBytes = (writes: readonly LedgerWrite[]): Uint8Array =>
  joined(writes.map(write => bytesField(1, ...recordOf(write))))

const getMultipleBytes = (keys: readonly string[]): Uint8Array =>
  joined(keys.map(key => bytesField(1, utf8.encode(key))))

const pagesOf = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / MOST) }, (_, page) =>
    all.slice(page * MOST, (page + 1) * MOST),
  )

/** The class of the shim's own copy: its serializer takes no other. */
const { ChaincodeMessage } = (
  createRequire(createRequire(import.meta.url).resolve('fabric-shim'))(
    '@hyperledger/fabric-protos',
  ) as { peer: { ChaincodeMessage: new () => Message } }
).peer

/** Reads and writes of one transaction in as few messages as there are thousands of keys. */
export const inBulk = (stub: ShimStub): Bulk => {
  const ask = (type: number, payload: Uint8Array): Promise<Uint8Array> => {
    const message = new ChaincodeMessage()
    message.setType(type)
    message.setPayload(payload)
    message.setTxid(stub.txId)
    message.setChannelId(stub.channel_id)
    return stub.handler._askPeerAndListen(message, 'PutState') // the answer's payload as it is
  }
  return {
    async read(keys) {
      const values: Uint8Array[] = []
      for (const page of pagesOf(keys)) {
        const answer = await ask(GET_STATE_MULTIPLE, getMultipleBytes(page))
        values.push(...bytesFields(1, answer))
      }
      return values
    },
    async write(writes) {
      for (const page of pagesOf(writes)) await ask(WRITE_BATCH_STATE, writeBatchBytes(page))
    },
  }
}
