import { status as grpcStatus } from '@grpc/grpc-js'
import { peer } from '@hyperledger/fabric-protos'
import { STREAM_TERMINATED } from '../chaincode/connection.ts'
import { RefusedError } from '../endorser/checks.ts'
import { isSystemChaincode } from '../endorser/system.ts'
import type { PeerLimits, RemotePeer, RemotePeers } from '../types.ts'
import { decode } from '../wire/decode.ts'
import { messageOf, type NodeAnswer } from '../wire/faults.ts'
import { within } from '../wire/timing.ts'
import type { UnpackedProposal } from '../wire/proposal.ts'

/** What became of asking one peer, and what the gateway is to do about it. */
export type EndorserAnswer =
  | { readonly ok: true; readonly response: peer.ProposalResponse }
  | {
      readonly ok: false
      readonly code: grpcStatus
      readonly message: string
      /** Another peer may do better. */
      readonly retry: boolean
    }

export interface Candidate extends RemotePeer {
  readonly isLocal: boolean
}

export interface LocalEndorser {
  process(
    proposal: UnpackedProposal,
    purpose?: 'endorse' | 'evaluate',
  ): Promise<peer.ProposalResponse>
}

export interface EndorsersOptions {
  readonly local: LocalEndorser
  /** This peer as the others see it; undefined when it has not joined the channel. */
  readonly describe: (channelId: string) => RemotePeer | undefined
  readonly remote: RemotePeers
  readonly limits: Pick<PeerLimits, 'endorsementTimeoutMs'>
}

const refused = (code: grpcStatus, message: string, retry: boolean): EndorserAnswer => ({
  ok: false,
  code,
  message,
  retry,
})

/** Success is 200 to 399; a 500 without payload was made by the peer, not by the chaincode. */
export function judge(response: peer.ProposalResponse): EndorserAnswer {
  const status = response.getResponse()?.getStatus() ?? 0
  const message = response.getResponse()?.getMessage() ?? ''
  if (status >= 200 && status < 400) return { ok: true, response }
  const madeByPeer = status === 500 && response.getPayload_asU8().length === 0
  if (madeByPeer) return refused(grpcStatus.ABORTED, message, true)
  return refused(grpcStatus.UNKNOWN, `chaincode response ${status}, ${message}`, false)
}

export const isStreamTerminated = (message: string): boolean => message.endsWith(STREAM_TERMINATED)

const tooLate = (): Error => new Error('the peer did not answer in time')

/** Higher ledgers first; among equals this peer. */
export function byHeight(a: Candidate, b: Candidate): number {
  return b.height - a.height || Number(b.isLocal) - Number(a.isLocal)
}

/** The peers of a channel, this one included, and how to ask them. */
export class Endorsers {
  private readonly options: EndorsersOptions

  constructor(options: EndorsersOptions) {
    this.options = options
  }

  /** This peer and those that answer now, best first. */
  candidates(channelId: string): Candidate[] {
    const { describe, remote } = this.options
    const local = describe(channelId)
    const others = remote.peers(channelId).filter(p => p.name !== local?.name)
    return [
      ...(local ? [{ ...local, isLocal: true }] : []),
      ...others.map(p => ({ ...p, isLocal: false })),
    ].sort(byHeight)
  }

  running(channelId: string, chaincode: string): Candidate[] {
    const all = this.candidates(channelId)
    if (isSystemChaincode(chaincode)) return all
    return all.filter(p => p.chaincodes.includes(chaincode))
  }

  async ask(
    candidate: Candidate,
    proposal: UnpackedProposal,
    purpose: 'endorse' | 'evaluate' = 'endorse',
  ): Promise<EndorserAnswer> {
    return candidate.isLocal
      ? this.askLocal(proposal, purpose)
      : this.askRemote(candidate, proposal)
  }

  private async askLocal(
    proposal: UnpackedProposal,
    purpose: 'endorse' | 'evaluate',
  ): Promise<EndorserAnswer> {
    try {
      return judge(await this.options.local.process(proposal, purpose))
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
      return refused(grpcStatus.FAILED_PRECONDITION, error.message, false)
    }
  }

  private async askRemote(
    candidate: Candidate,
    proposal: UnpackedProposal,
  ): Promise<EndorserAnswer> {
    const { remote, limits } = this.options
    try {
      const bytes = await within(
        remote.endorse(candidate.name, proposal.signed.serializeBinary()),
        limits.endorsementTimeoutMs,
        tooLate,
      )
      return judge(decode(peer.ProposalResponse, bytes, 'ProposalResponse'))
    } catch (error) {
      return refused(grpcStatus.UNAVAILABLE, messageOf(error), true)
    }
  }
}

export const answerOf = (candidate: Candidate, message: string): NodeAnswer => ({
  endpoint: candidate.endpoint,
  mspId: candidate.mspId,
  message,
})
