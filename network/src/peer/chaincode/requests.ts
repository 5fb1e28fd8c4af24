import { peer } from '@hyperledger/fabric-protos'
import type { StateKey } from '../../ledger/index.ts'
import { decode } from '../wire/decode.ts'
import { messageOf } from '../wire/faults.ts'
import { historyForKey, queryClose, queryNext, stateByRange } from './queries.ts'
import type { CallTarget, OpenTransaction } from './transaction.ts'

const Type = peer.ChaincodeMessage.Type
const NOTHING = new Uint8Array()

type Handler = (open: OpenTransaction, payload: Uint8Array) => Uint8Array | Promise<Uint8Array>

/** The place a request names, within the chaincode's own namespace. */
function placeOf(
  open: OpenTransaction,
  request: { getKey(): string; getCollection(): string },
): StateKey {
  const collection = request.getCollection()
  if (collection && open.isInit) {
    throw new Error('private data APIs are not allowed in chaincode Init()')
  }
  const { namespace } = open.scope
  return { namespace, key: request.getKey(), ...(collection ? { collection } : {}) }
}

/** What one execution may write: more could never be ordered, and would fill this process. */
const WRITE_BYTES_MAX = 100 * 1024 * 1024

/** Counts a write before it is kept. */
function write(open: OpenTransaction, at: StateKey, value: Uint8Array): void {
  open.bytesWritten += at.key.length + value.length
  if (open.bytesWritten > WRITE_BYTES_MAX) throw new Error('the transaction writes too much')
  open.scope.simulation.putState(at, value)
}

const getState: Handler = (open, payload) => {
  const request = decode(peer.GetState, payload, 'GetState')
  return open.scope.simulation.getState(placeOf(open, request)) ?? NOTHING
}

const getStates: Handler = (open, payload) => {
  const request = decode(peer.GetStateMultiple, payload, 'GetStateMultiple')
  const collection = request.getCollection()
  const values = request
    .getKeysList()
    .map(key => placeOf(open, { getKey: () => key, getCollection: () => collection }))
    .map(at => open.scope.simulation.getState(at) ?? NOTHING)
  const result = new peer.GetStateMultipleResult()
  result.setValuesList(values)
  return result.serializeBinary()
}

const putState: Handler = (open, payload) => {
  const request = decode(peer.PutState, payload, 'PutState')
  write(open, placeOf(open, request), request.getValue_asU8())
  return NOTHING
}

const delState: Handler = (open, payload) => {
  const request = decode(peer.DelState, payload, 'DelState')
  open.scope.simulation.delState(placeOf(open, request))
  return NOTHING
}

const purgePrivate: Handler = (open, payload) => {
  const request = decode(peer.PurgePrivateState, payload, 'PurgePrivateState')
  if (!request.getCollection()) throw new Error('only applicable for private data')
  open.scope.simulation.purgePrivate(placeOf(open, request))
  return NOTHING
}

const getPrivateHash: Handler = (open, payload) => {
  const request = decode(peer.GetState, payload, 'GetState')
  return open.scope.simulation.getPrivateHash(placeOf(open, request)) ?? NOTHING
}

const getMetadata: Handler = (open, payload) => {
  const request = decode(peer.GetStateMetadata, payload, 'GetStateMetadata')
  const result = new peer.StateMetadataResult()
  for (const [name, value] of open.scope.simulation.getMetadata(placeOf(open, request))) {
    const entry = result.addEntries()
    entry.setMetakey(name)
    entry.setValue(value)
  }
  return result.serializeBinary()
}

const putMetadata: Handler = (open, payload) => {
  const request = decode(peer.PutStateMetadata, payload, 'PutStateMetadata')
  const entry = request.getMetadata()
  if (!entry) throw new Error('no metadata given')
  const at = placeOf(open, request)
  open.scope.simulation.putMetadata(at, entry.getMetakey(), entry.getValue_asU8())
  return NOTHING
}

/** Several writes in one message: only chaincode that read the offer in READY sends it. */
const writeBatch: Handler = (open, payload) => {
  const { simulation } = open.scope
  const Kind = peer.WriteRecord.Type
  for (const record of decode(peer.WriteBatchState, payload, 'WriteBatchState').getRecList()) {
    const at = placeOf(open, record)
    const metadata = record.getMetadata()
    if (record.getType() === Kind.PUT_STATE) write(open, at, record.getValue_asU8())
    else if (record.getType() === Kind.DEL_STATE) simulation.delState(at)
    else if (record.getType() === Kind.PURGE_PRIVATE_DATA) simulation.purgePrivate(at)
    else if (metadata) simulation.putMetadata(at, metadata.getMetakey(), metadata.getValue_asU8())
    else throw new Error('unknown operation type')
  }
  return NOTHING
}

/** `name`, `name:version`, `name/channel`; the version is not looked at, as in Fabric. */
export function parseCallTarget(name: string): { chaincode: string; channelId: string } {
  const slash = name.indexOf('/')
  const instance = slash < 0 ? name : name.slice(0, slash)
  const [chaincode = ''] = instance.split(':')
  return { chaincode, channelId: slash < 0 ? '' : name.slice(slash + 1) }
}

const invokeChaincode: Handler = async (open, payload) => {
  const spec = decode(peer.ChaincodeSpec, payload, 'ChaincodeSpec')
  const target: CallTarget = {
    ...parseCallTarget(spec.getChaincodeId()?.getName() ?? ''),
    input: spec.getInput() ?? new peer.ChaincodeInput(),
  }
  const answer = await open.scope.invoke(target)
  return answer.serializeBinary()
}

const noRichQueries: Handler = () => {
  throw new Error('ExecuteQuery not supported for leveldb')
}

const HANDLERS: ReadonlyMap<number, Handler> = new Map([
  [Type.GET_STATE, getState],
  [Type.GET_STATE_MULTIPLE, getStates],
  [Type.PUT_STATE, putState],
  [Type.DEL_STATE, delState],
  [Type.PURGE_PRIVATE_DATA, purgePrivate],
  [Type.GET_PRIVATE_DATA_HASH, getPrivateHash],
  [Type.GET_STATE_METADATA, getMetadata],
  [Type.PUT_STATE_METADATA, putMetadata],
  [Type.WRITE_BATCH_STATE, writeBatch],
  [Type.GET_STATE_BY_RANGE, stateByRange],
  [Type.GET_QUERY_RESULT, noRichQueries],
  [Type.GET_HISTORY_FOR_KEY, historyForKey],
  [Type.QUERY_STATE_NEXT, queryNext],
  [Type.QUERY_STATE_CLOSE, queryClose],
  [Type.INVOKE_CHAINCODE, invokeChaincode],
])

export const isRequest = (type: number): boolean => HANDLERS.has(type)

const TYPE_NAMES = new Map<number, string>(
  Object.entries(Type).map(([name, number]) => [number, name]),
)
export const typeName = (type: number): string => TYPE_NAMES.get(type) ?? String(type)

export function chaincodeMessage(
  type: peer.ChaincodeMessage.TypeMap[keyof peer.ChaincodeMessage.TypeMap],
  at: { readonly txId: string; readonly channelId: string },
  payload: Uint8Array = NOTHING,
): peer.ChaincodeMessage {
  const message = new peer.ChaincodeMessage()
  message.setType(type)
  message.setTxid(at.txId)
  message.setChannelId(at.channelId)
  message.setPayload(payload)
  return message
}

/** The answer to one request of a running transaction: RESPONSE, or ERROR with the reason. */
export async function answerRequest(
  open: OpenTransaction,
  request: peer.ChaincodeMessage,
): Promise<peer.ChaincodeMessage> {
  const at = { txId: open.scope.txId, channelId: open.scope.channelId }
  const handler = HANDLERS.get(request.getType())
  try {
    if (!handler) throw new Error('unknown request')
    const outcome = handler(open, request.getPayload_asU8())
    const payload = outcome instanceof Promise ? await outcome : outcome
    return chaincodeMessage(Type.RESPONSE, at, payload)
  } catch (error) {
    const name = typeName(request.getType())
    const text = `${name} failed: transaction ID: ${at.txId}: ${messageOf(error)}`
    return chaincodeMessage(Type.ERROR, at, Buffer.from(text))
  }
}
