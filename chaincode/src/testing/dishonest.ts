/**
 * A chaincode that writes whatever its client asks: what colluding organisations would run on their peers in
 * place of the agreed one. Attack suites start it under the same package id; it is not part of the product.
 */
import { createRequire } from 'node:module'
import type { ForgedWrite } from './world.ts'

type Stub = {
  getTransient(): Map<string, Uint8Array>
  putState(key: string, value: Uint8Array): Promise<void>
  setStateValidationParameter(key: string, policy: Uint8Array): Promise<void>
  putPrivateData(collection: string, key: string, value: Uint8Array): Promise<void>
  getPrivateData(collection: string, key: string): Promise<Uint8Array>
}
type Shim = {
  success(payload?: Uint8Array): object
  server(chaincode: object, options: object): { start(): Promise<void> }
}
const shim = createRequire(import.meta.url)('fabric-shim') as Shim

const forge = async (stub: Stub, write: ForgedWrite): Promise<void> => {
  const value = Buffer.from(write.value)
  if (write.collection !== undefined) return stub.putPrivateData(write.collection, write.key, value)
  await stub.putState(write.key, value)
  if (write.policy !== undefined)
    await stub.setStateValidationParameter(write.key, Buffer.from(write.policy, 'hex'))
}

const chaincode = {
  Init: async () => shim.success(),
  Invoke: async (stub: Stub) => {
    const forged = stub.getTransient().get('forged')
    const writes = JSON.parse(Buffer.from(forged ?? []).toString() || '[]') as ForgedWrite[]
    for (const write of writes) await forge(stub, write)
    return shim.success()
  },
}

await shim
  .server(chaincode, {
    ccid: process.env.CHAINCODE_ID,
    address: process.env.CHAINCODE_SERVER_ADDRESS,
  })
  .start()
