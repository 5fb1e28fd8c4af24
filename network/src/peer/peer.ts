import { status as grpcStatus, type UntypedServiceImplementation } from '@grpc/grpc-js'
import { gateway, peer } from '@hyperledger/fabric-protos'
import { openBindings, parseBinding } from './chaincode/bindings.ts'
import { dialService } from './chaincode/link.ts'
import { ChaincodeRuntime } from './chaincode/runtime.ts'
import { DELIVER_SERVICE, deliverService } from './deliver/service.ts'
import { RefusedError } from './endorser/checks.ts'
import { Endorser } from './endorser/endorser.ts'
import { answerPull, takePush } from './endorser/private-data.ts'
import { Reconciler } from './endorser/reconcile.ts'
import { Endorsers } from './gateway/endorsers.ts'
import { gatewayService } from './gateway/service.ts'
import { createPackageFinder, createRunnable } from './lifecycle/packages.ts'
import type { Peer, PeerDependencies, PeerLimits, RemotePeer } from './types.ts'
import { decode, MalformedError } from './wire/decode.ts'
import { CallFault, invalid } from './wire/faults.ts'
import { CallLimit, unary } from './wire/grpc.ts'
import { unpackProposal } from './wire/proposal.ts'

/** Those of the original, where it has them. */
export const DEFAULT_LIMITS: PeerLimits = {
  gatewayCalls: 500,
  deliverStreams: 2500,
  endorserCalls: 2500,
  executeTimeoutMs: 30_000,
  endorsementTimeoutMs: 30_000,
  submitTimeoutMs: 3_000,
  timeWindowMs: 15 * 60_000,
}

/** SignedProposal bytes to ProposalResponse. @throws RefusedError, MalformedError */
async function processBytes(endorser: Endorser, bytes: Uint8Array): Promise<peer.ProposalResponse> {
  const signed = decode(peer.SignedProposal, bytes, 'SignedProposal')
  return endorser.process(unpackProposal(signed))
}

async function processProposal(
  endorser: Endorser,
  signed: peer.SignedProposal,
): Promise<peer.ProposalResponse> {
  try {
    return await endorser.process(unpackProposal(signed))
  } catch (error) {
    if (error instanceof MalformedError) throw invalid(error.message)
    if (error instanceof RefusedError) throw new CallFault(grpcStatus.UNKNOWN, error.message)
    throw error
  }
}

const labelOf = (packageId: string): string => packageId.split(':')[0] ?? packageId

interface Core {
  readonly limits: PeerLimits
  readonly clock: () => number
  readonly runtime: ChaincodeRuntime
  readonly endorser: Endorser
  readonly describe: (channelId: string) => RemotePeer | undefined
}

async function openCore(deps: PeerDependencies): Promise<Core> {
  const { channels, signer, remote, log, name, endpoint } = deps
  const limits = { ...DEFAULT_LIMITS, ...deps.limits }
  const clock = deps.clock ?? Date.now
  const bindings = await openBindings(deps.directory)
  const { executeTimeoutMs, timeWindowMs } = limits
  const runtime = new ChaincodeRuntime({ bindings, openLink: dialService, executeTimeoutMs, log })
  const packages = createPackageFinder(signer.mspId)
  const runnable = createRunnable(packages, runtime)
  const endorser = new Endorser({
    ...{ selfName: name, signer, channels, runtime, packages, remote, log, clock, timeWindowMs },
    bind: async json => {
      const binding = parseBinding(JSON.parse(json))
      await bindings.put(binding)
      runtime.rebound(binding.packageId)
      runnable.forget()
      log.info({ package: binding.packageId, address: binding.address }, 'chaincode bound')
      return binding.packageId
    },
    installed: () =>
      bindings.all().map(({ packageId }) => ({ packageId, label: labelOf(packageId) })),
  })
  const describe = (channelId: string): RemotePeer | undefined => {
    const ledger = channels.get(channelId)?.ledger
    if (!ledger) return undefined
    const { mspId } = signer
    return { name, mspId, endpoint, height: ledger.height(), chaincodes: runnable.of(ledger) }
  }
  return { limits, clock, runtime, endorser, describe }
}

/** Opens a peer. It serves nothing until `register` and has no port of its own. */
export async function createPeer(deps: PeerDependencies): Promise<Peer> {
  const { channels, signer, remote, log } = deps
  const { limits, clock, runtime, endorser, describe } = await openCore(deps)
  const counted = { evaluated: 0, submitted: 0 }
  const gatewayServer = gatewayService({
    endorsers: new Endorsers({ local: endorser, describe, remote, limits }),
    selfMspId: signer.mspId,
    hasChannel: channelId => channels.has(channelId),
    submitTimeoutMs: limits.submitTimeoutMs,
    ...{ channels, clock, limits, log, counted },
  })
  const deliver = deliverService({ channels, clock, limits, log })
  const endorserLimit = new CallLimit('protos.Endorser', limits.endorserCalls)
  const reconciler = new Reconciler({ channels, remote, log })
  return {
    register: server => {
      server.addService(
        gateway.GatewayService,
        gatewayServer.handlers as unknown as UntypedServiceImplementation,
      )
      server.addService(DELIVER_SERVICE, deliver.handlers)
      server.addService(peer.EndorserService, {
        processProposal: unary(
          'ProcessProposal',
          { limit: endorserLimit, log },
          (signed: peer.SignedProposal) => processProposal(endorser, signed),
        ),
      })
    },
    endorse: async bytes => {
      const release = endorserLimit.enter()
      try {
        return (await processBytes(endorser, bytes)).serializeBinary()
      } finally {
        release()
      }
    },
    chaincodes: channelId => describe(channelId)?.chaincodes ?? [],
    pullPrivate: async (caller, request) => answerPull(channels, caller, request),
    pushPrivate: (caller, push) => takePush(channels, signer.mspId, caller, push),
    counters: () => ({
      endorsed: endorser.endorsed,
      refused: endorser.refused,
      failed: endorser.failed,
      ...counted,
      openStreams: gatewayServer.limit.inUse + deliver.limit.inUse,
    }),
    close: async () => {
      reconciler.close()
      runtime.close()
    },
  }
}
