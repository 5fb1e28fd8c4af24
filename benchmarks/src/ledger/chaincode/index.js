// One write and one read of one key: what a ledger costs when the contract costs nothing.
import { Contract } from 'fabric-contract-api'

class Probe extends Contract {
  constructor() {
    super('probe')
  }

  async createAsset(context, key, value) {
    await context.stub.putState(key, Buffer.from(value))
    return key
  }

  async readAsset(context, key) {
    const value = await context.stub.getState(key)
    if (value.length === 0) throw new Error(`asset ${key} not found`)
    return value.toString()
  }
}

export const contracts = [Probe]
