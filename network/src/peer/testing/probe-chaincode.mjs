/**
 * Chaincode for the peer's tests, on an unmodified fabric-shim: one function per corner of the
 * chaincode protocol. Started as a service: CHAINCODE_ID, CHAINCODE_SERVER_ADDRESS.
 */
import { randomBytes } from 'node:crypto'
import shim from 'fabric-shim'

const text = bytes => Buffer.from(bytes ?? []).toString('utf8')
const bytes = value => Buffer.from(value, 'utf8')

async function keysOf(iterator) {
  const keys = []
  for (let row = await iterator.next(); !row.done; row = await iterator.next()) {
    keys.push(row.value.key)
  }
  await iterator.close()
  return keys
}

async function rowsOf(iterable) {
  const rows = []
  for await (const row of iterable) rows.push(row)
  return rows
}

const functions = {
  put: async (stub, key, value) => {
    await stub.putState(key, bytes(value))
    return key
  },
  get: async (stub, key) => text(await stub.getState(key)),
  delete: async (stub, key) => stub.deleteState(key),
  create: async (stub, key, value) => {
    if ((await stub.getState(key)).length > 0) throw new Error(`asset ${key} exists`)
    await stub.putState(key, bytes(value))
    stub.setEvent('Created', bytes(key))
    return key
  },
  readThenWrite: async (stub, key, value) => {
    const before = text(await stub.getState(key))
    await stub.putState(key, bytes(value))
    return before
  },
  putMany: async (stub, prefix, count) => {
    for (let i = 0; i < Number(count); i += 1) {
      await stub.putState(`${prefix}${String(i).padStart(5, '0')}`, bytes(`v${i}`))
    }
    return count
  },
  range: async (stub, from, to) => {
    const rows = await rowsOf(stub.getStateByRange(from, to))
    return JSON.stringify(rows.map(row => row.key))
  },
  rangeThenWrite: async (stub, from, to, key) => {
    const rows = await rowsOf(stub.getStateByRange(from, to))
    await stub.putState(key, bytes(String(rows.length)))
    return String(rows.length)
  },
  page: async (stub, from, to, size, bookmark) => {
    const page = await stub.getStateByRangeWithPagination(from, to, Number(size), bookmark)
    const { fetchedRecordsCount, bookmark: next } = page.metadata
    return JSON.stringify({ keys: await keysOf(page.iterator), count: fetchedRecordsCount, next })
  },
  composite: async (stub, owner, id) => {
    await stub.putState(stub.createCompositeKey('owner~id', [owner, id]), bytes('x'))
    return id
  },
  byOwner: async (stub, owner) => {
    const rows = await rowsOf(stub.getStateByPartialCompositeKey('owner~id', [owner]))
    return JSON.stringify(rows.map(row => stub.splitCompositeKey(row.key).attributes))
  },
  history: async (stub, key) => {
    const rows = await rowsOf(stub.getHistoryForKey(key))
    return JSON.stringify(
      rows.map(row => ({
        txId: row.txId,
        value: text(row.value),
        isDelete: row.isDelete,
        seconds: Number(row.timestamp.seconds),
      })),
    )
  },
  query: async (stub, query) => JSON.stringify(await rowsOf(stub.getQueryResult(query))),
  setPolicy: async (stub, key, hex) => {
    await stub.setStateValidationParameter(key, Buffer.from(hex, 'hex'))
  },
  getPolicy: async (stub, key) => {
    const policy = await stub.getStateValidationParameter(key)
    return policy ? Buffer.from(policy).toString('hex') : ''
  },
  putPrivate: async (stub, collection, key) => {
    await stub.putPrivateData(collection, key, Buffer.from(stub.getTransient().get('value')))
    return key
  },
  getPrivate: async (stub, collection, key) => text(await stub.getPrivateData(collection, key)),
  hashPrivate: async (stub, collection, key) =>
    Buffer.from(await stub.getPrivateDataHash(collection, key)).toString('hex'),
  deletePrivate: async (stub, collection, key) => stub.deletePrivateData(collection, key),
  purgePrivate: async (stub, collection, key) => stub.purgePrivateData(collection, key),
  rangePrivate: async (stub, collection, from, to) => {
    const rows = await rowsOf(stub.getPrivateDataByRange(collection, from, to))
    return JSON.stringify(rows.map(row => row.key))
  },
  call: async (stub, chaincode, channel, args) => {
    const answer = await stub.invokeChaincode(chaincode, JSON.parse(args), channel)
    return JSON.stringify({
      status: answer.status,
      message: answer.message,
      payload: text(answer.payload),
    })
  },
  whoami: async stub => {
    const creator = stub.getCreator()
    return JSON.stringify({
      mspId: creator.mspid,
      txId: stub.getTxID(),
      channelId: stub.getChannelID(),
      binding: stub.getBinding(),
      peerMspId: process.env.CORE_PEER_LOCALMSPID ?? '',
    })
  },
  fail: async (_stub, message) => {
    throw new Error(message)
  },
  status: async (_stub, status, message) => ({
    status: Number(status),
    message,
    payload: bytes(''),
  }),
  /** Another value on every peer. */
  random: async (stub, key) => {
    await stub.putState(key, randomBytes(8))
  },
  /** Another value on the peers of one organisation. */
  differOn: async (stub, mspId, key) => {
    const value = process.env.CORE_PEER_LOCALMSPID === mspId ? 'other' : 'same'
    await stub.putState(key, bytes(value))
  },
  sleep: async (_stub, ms) =>
    new Promise(resolve => setTimeout(() => resolve('slept'), Number(ms))),
  exit: async () => process.exit(3),
  large: async (_stub, size) => 'x'.repeat(Number(size)),
}

const chaincode = {
  Init: async () => shim.success(bytes('initialised')),
  Invoke: async stub => {
    const { fcn, params } = stub.getFunctionAndParameters()
    const run = functions[fcn]
    if (!run) return shim.error(`no function ${fcn}`)
    try {
      const result = await run(stub, ...params)
      if (result?.status !== undefined) return result
      return shim.success(bytes(typeof result === 'string' ? result : ''))
    } catch (error) {
      return shim.error(error instanceof Error ? error.message : String(error))
    }
  },
}

const { CHAINCODE_ID: ccid, CHAINCODE_SERVER_ADDRESS: address } = process.env
await shim.server(chaincode, { ccid, address, tlsProps: undefined }).start()
process.stdout.write('listening\n')
