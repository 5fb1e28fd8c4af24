import type { peer } from '@hyperledger/fabric-protos'
import type { Identity } from '../../msp/index.ts'
import type { Simulation } from '../../ledger/index.ts'
import { LIFECYCLE_FUNCTIONS, NotDefinedError } from '../lifecycle/functions.ts'
import { LIFECYCLE } from '../lifecycle/state.ts'
import type { ChannelResources } from '../types.ts'
import { toText } from '../wire/decode.ts'
import { messageOf } from '../wire/faults.ts'
import { responseOf } from '../wire/response.ts'
import { policyRefusal, satisfies, WRITERS } from './access.ts'
import { queryLedger } from './ledger-queries.ts'

/** What the proposal response names as version of a chaincode that is part of the peer. */
export const SYSTEM_VERSION = 'syscc'

const SYSTEM_CHAINCODES = new Set([LIFECYCLE, 'qscc', 'cscc'])
export const isSystemChaincode = (name: string): boolean => SYSTEM_CHAINCODES.has(name)

export interface SystemCall {
  readonly chaincode: string
  readonly args: readonly Uint8Array[]
  readonly identity: Identity
  readonly simulation: Simulation
  readonly channel: ChannelResources
  readonly channels: ReadonlyMap<string, ChannelResources>
  readonly selfMspId: string
}

function accessRefusal(
  call: SystemCall,
  access: 'own-admin' | 'channel-writer',
): string | undefined {
  if (access === 'channel-writer') {
    if (satisfies(call.channel.config, WRITERS, call.identity)) return undefined
    return policyRefusal(call.channel.config.channelId, WRITERS)
  }
  const { mspId, roles } = call.identity
  if (mspId === call.selfMspId && roles.has('admin')) return undefined
  return `the caller is not an admin of ${call.selfMspId}`
}

function callLifecycle(call: SystemCall): peer.Response {
  const [name, args] = call.args
  if (!name || !args || call.args.length !== 2) {
    return responseOf(
      500,
      `lifecycle scc operations require exactly two arguments but received ${call.args.length}`,
    )
  }
  const entry = LIFECYCLE_FUNCTIONS.get(toText(name))
  if (!entry) return responseOf(500, `unknown lifecycle function: ${toText(name).slice(0, 128)}`)
  const refusal = accessRefusal(call, entry.access)
  if (refusal) {
    return responseOf(500, `Failed to authorize invocation due to failed ACL check: ${refusal}`)
  }
  const { simulation, channel, selfMspId } = call
  try {
    const result = entry.run({ simulation, config: channel.config, selfMspId }, args)
    return responseOf(200, '', result.serializeBinary())
  } catch (error) {
    if (error instanceof NotDefinedError) return responseOf(404, error.message)
    return responseOf(
      500,
      `failed to invoke backing implementation of '${toText(name)}': ${messageOf(error)}`,
    )
  }
}

/** Runs a chaincode that is part of the peer. Never throws: a fault is a response. */
export function callSystem(call: SystemCall): peer.Response {
  return call.chaincode === LIFECYCLE ? callLifecycle(call) : queryLedger(call)
}
