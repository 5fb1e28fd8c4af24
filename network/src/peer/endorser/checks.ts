import { common } from '@hyperledger/fabric-protos'
import type { Identity } from '../../msp/index.ts'
import type { ChannelResources } from '../types.ts'
import { txIdOf, type UnpackedProposal } from '../wire/proposal.ts'
import { authenticate, policyRefusal, satisfies, WRITERS } from './access.ts'

/** The proposal itself is at fault: no peer would take it, so nobody else is asked. */
export class RefusedError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'RefusedError'
  }
}

const HeaderType = common.HeaderType

export interface CheckClock {
  readonly nowMs: number
  readonly windowMs: number
}

export function checkTimestamp(timestampMs: number | undefined, clock: CheckClock): void {
  const at = timestampMs ?? 0
  if (Math.abs(at - clock.nowMs) <= clock.windowMs) return
  const text = (ms: number): string =>
    Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : String(ms)
  throw new RefusedError(
    `request unauthorized due to incorrect timestamp ${text(at)}, peer time ${text(clock.nowMs)}, peer.authentication.timewindow ${clock.windowMs / 60_000}m0s`,
  )
}

/** Everything that needs neither an identity nor the ledger. */
export function checkHeaders(proposal: UnpackedProposal): void {
  const refuse = (why: string): never => {
    throw new RefusedError(`error validating proposal: ${why}`)
  }
  const { type } = proposal
  if (type !== HeaderType.ENDORSER_TRANSACTION && type !== HeaderType.CONFIG) {
    refuse(`invalid header type ${type}`)
  }
  if (proposal.epoch !== 0) refuse('epoch is non-zero')
  if (proposal.nonce.length === 0) refuse('nonce is empty')
  if (proposal.creator.length === 0) refuse('creator is empty')
  const expected = txIdOf(proposal.nonce, proposal.creator)
  if (proposal.txId !== expected) {
    refuse(`incorrectly computed txid '${proposal.txId.slice(0, 128)}' -- expected '${expected}'`)
  }
  if (proposal.signature.length === 0) refuse('empty signature bytes')
}

export async function checkCreator(
  proposal: UnpackedProposal,
  channel: Pick<ChannelResources, 'msp'>,
  nowMs: number,
): Promise<Identity> {
  const request = {
    creator: proposal.creator,
    message: proposal.proposalBytes,
    signature: proposal.signature,
  }
  const outcome = await authenticate(channel.msp, request, nowMs)
  if (outcome.ok) return outcome.identity
  if (outcome.why === 'expired') throw new RefusedError('proposal client identity expired')
  const organization =
    outcome.why === 'unknown' ? 'org unknown, creator is malformed' : `org [${outcome.mspId}]`
  throw new RefusedError(
    `error validating proposal: access denied: channel [${proposal.channelId}] creator ${organization}`,
  )
}

/** @throws RefusedError; the creator's identity when every check holds. */
export async function checkProposal(
  proposal: UnpackedProposal,
  channel: ChannelResources,
  clock: CheckClock,
): Promise<Identity> {
  checkTimestamp(proposal.timestampMs, clock)
  checkHeaders(proposal)
  const identity = await checkCreator(proposal, channel, clock.nowMs)
  if (channel.ledger.transaction(proposal.txId)) {
    const creator = Buffer.from(proposal.creator).toString('hex')
    throw new RefusedError(
      `duplicate transaction found [${proposal.txId}]. Creator [${creator.slice(0, 64)}]`,
    )
  }
  return identity
}

/** System chaincode has access rules of its own; every other takes writers of the channel. */
export function checkWriter(channel: ChannelResources, identity: Identity): void {
  if (satisfies(channel.config, WRITERS, identity)) return
  throw new RefusedError(policyRefusal(channel.config.channelId, WRITERS))
}
