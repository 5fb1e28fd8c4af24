/** Many keys of the ledger at once, or one after the other where the stub knows no other way. */
import type { Context } from 'fabric-contract-api'

export type LedgerWrite = {
  kind: 'put' | 'delete' | 'policy'
  /** '' for the public state. */
  collection: string
  key: string
  value: Uint8Array
}
export type Bulk = {
  /** Values of public keys in the order of the keys; empty for a key that does not exist. */
  read(keys: readonly string[]): Promise<Uint8Array[]>
  write(writes: readonly LedgerWrite[]): Promise<void>
}

type Stub = Context['stub']

const writeOne = (stub: Stub, { kind, collection, key, value }: LedgerWrite): Promise<void> => {
  if (kind === 'policy') return stub.setStateValidationParameter(key, value)
  if (collection === '') return kind === 'put' ? stub.putState(key, value) : stub.deleteState(key)
  return kind === 'put'
    ? stub.putPrivateData(collection, key, value)
    : stub.deletePrivateData(collection, key)
}

const oneByOne = (stub: Stub): Bulk => ({
  async read(keys) {
    const values: Uint8Array[] = []
    for (const key of keys) values.push(await stub.getState(key))
    return values
  },
  async write(writes) {
    for (const write of writes) await writeOne(stub, write)
  },
})

/** What carries the stub in from outside may have given it a way to do many at once. */
export const bulkOf = (stub: Stub & { bulk?: Bulk }): Bulk => stub.bulk ?? oneByOne(stub)
