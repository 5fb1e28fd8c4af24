/** Unmodified gateway clients under a closed loop: each worker sends its next call when the last has ended. */
import { createPrivateKey, sign as signBytes, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as grpc from '@grpc/grpc-js'
import { connect, hash, type Contract, type Signer } from '@hyperledger/fabric-gateway'
import type { Connection } from '../ground/index.ts'
import { CHAINCODE, CHANNEL } from './network.ts'

const ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')

function derInteger(bytes: Buffer): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1
  const trimmed = bytes.subarray(start)
  const body = (trimmed[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed
  return Buffer.concat([Buffer.from([2, body.length]), body])
}

/** The same bytes as the client's bundled signer, at a sixteenth of its cost: DER, low S. */
function nativeSigner(key: KeyObject): Signer {
  return message => {
    const raw = signBytes('sha256', message, { key, dsaEncoding: 'ieee-p1363' })
    const s = BigInt(`0x${raw.subarray(32).toString('hex')}`)
    const low = s > ORDER / 2n ? ORDER - s : s
    const parts = [
      derInteger(raw.subarray(0, 32)),
      derInteger(Buffer.from(low.toString(16).padStart(64, '0'), 'hex')),
    ]
    const body = Buffer.concat(parts)
    return Promise.resolve(Buffer.concat([Buffer.from([0x30, body.length]), body]))
  }
}

const within = (ms: number) => () => ({ deadline: Date.now() + ms })

export interface Caller {
  readonly contract: Contract
  close(): void
}

export function connectAs(connection: Connection, mspId: string): Caller {
  const organization = connection.organizations.find(each => each.mspId === mspId)
  const peer = organization?.peers[0]
  const user = organization?.users.find(each => !each.name.startsWith('Admin'))
  if (!peer || !user) throw new Error(`connection.json has no peer or no user of ${mspId}`)
  const credentials = grpc.credentials.createSsl(readFileSync(peer.tlsCACert))
  const client = new grpc.Client(peer.endpoint, credentials, {
    'grpc.ssl_target_name_override': peer.hostOverride,
    'grpc.max_receive_message_length': -1,
  })
  const gateway = connect({
    client,
    identity: { mspId, credentials: readFileSync(user.certificate) },
    signer: nativeSigner(createPrivateKey(readFileSync(user.key))),
    hash: hash.none,
    evaluateOptions: within(30_000),
    endorseOptions: within(30_000),
    submitOptions: within(30_000),
    commitStatusOptions: within(60_000),
  })
  return {
    contract: gateway.getNetwork(CHANNEL).getContract(CHAINCODE),
    close() {
      gateway.close()
      client.close()
    },
  }
}

export interface LoadOptions {
  readonly callers: readonly Caller[]
  readonly mode: 'write' | 'read'
  readonly concurrency: number
  readonly warmMs: number
  readonly measureMs: number
}

export interface LoadResult {
  readonly perSecond: number
  readonly latenciesMs: readonly number[]
  readonly failures: number
  /** Every call that succeeded, those of the warm-up and the last ones included. */
  readonly calls: number
}

const VALUE = JSON.stringify({ owner: 'Org1MSP', pad: 'p'.repeat(264) })
let sequence = 0

/** One write of a key of its own. */
export async function writeOne(contract: Contract): Promise<void> {
  sequence += 1
  const key = `${process.pid}-${Date.now().toString(36)}-${sequence}`
  await contract.submitTransaction('createAsset', key, VALUE)
}

async function call(contract: Contract, mode: 'write' | 'read'): Promise<void> {
  if (mode === 'write') await writeOne(contract)
  else await contract.evaluateTransaction('readAsset', 'seed')
}

export async function load(options: LoadOptions): Promise<LoadResult> {
  const { callers, mode, concurrency, warmMs, measureMs } = options
  const from = performance.now() + warmMs
  const to = from + measureMs
  const latenciesMs: number[] = []
  let failures = 0
  let calls = 0
  const worker = async (contract: Contract): Promise<void> => {
    while (performance.now() < to) {
      const began = performance.now()
      try {
        await call(contract, mode)
        calls += 1
        const ended = performance.now()
        if (ended >= from && ended < to) latenciesMs.push(ended - began)
      } catch {
        failures += 1
      }
    }
  }
  const workers = Array.from({ length: concurrency }, (_, index) => {
    const caller = callers[index % callers.length]
    if (!caller) throw new Error('load needs at least one caller')
    return worker(caller.contract)
  })
  await Promise.all(workers)
  return { perSecond: latenciesMs.length / (measureMs / 1000), latenciesMs, failures, calls }
}
