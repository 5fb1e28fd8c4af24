import { peer } from '@hyperledger/fabric-protos'
import type { Identity } from '../../msp/index.ts'
import { LIFECYCLE } from '../lifecycle/state.ts'
import { toText } from '../wire/decode.ts'
import { messageOf } from '../wire/faults.ts'
import type { UnpackedProposal } from '../wire/proposal.ts'
import { responseOf } from '../wire/response.ts'
import { checkCreator, RefusedError } from './checks.ts'
import type { EndorserParts } from './endorser.ts'

type AdminParts = Pick<EndorserParts, 'channels' | 'signer' | 'clock' | 'bind' | 'installed'>

/**
 * The caller of a call without a channel, known to some channel of this peer as a member of the
 * peer's own organisation.
 */
async function callerOf(proposal: UnpackedProposal, parts: AdminParts): Promise<Identity> {
  let refusal: unknown = new RefusedError('error validating proposal: this peer has no channel')
  for (const channel of parts.channels.values()) {
    try {
      const identity = await checkCreator(proposal, channel, parts.clock())
      if (identity.mspId === parts.signer.mspId) return identity
      refusal = new RefusedError(
        `error validating proposal: access denied: channel [] creator org [${identity.mspId}]`,
      )
    } catch (error) {
      refusal = error
    }
  }
  throw refusal
}

/** Binds a package to the address of its process on this peer; returns the package id. */
async function bindPackage(argument: Uint8Array, parts: AdminParts): Promise<peer.Response> {
  const packageId = await parts.bind(toText(argument))
  return responseOf(200, '', Buffer.from(packageId))
}

function queryInstalled(parts: AdminParts): peer.Response {
  const result = new peer.lifecycle.QueryInstalledChaincodesResult()
  for (const { packageId, label } of parts.installed()) {
    const entry = result.addInstalledChaincodes()
    entry.setPackageId(packageId)
    entry.setLabel(label)
  }
  return responseOf(200, '', result.serializeBinary())
}

/** Calls of `_lifecycle` without a channel: for administrators of this peer's organisation. */
export async function callChannelless(
  proposal: UnpackedProposal,
  parts: AdminParts,
): Promise<peer.Response> {
  const identity = await callerOf(proposal, parts)
  if (proposal.chaincode !== LIFECYCLE) {
    return responseOf(500, `chaincode ${proposal.chaincode} cannot be called without a channel`)
  }
  if (!identity.roles.has('admin')) {
    return responseOf(
      500,
      `Failed to authorize invocation due to failed ACL check: the caller is not an admin of ${parts.signer.mspId}`,
    )
  }
  const [name, argument] = proposal.input.getArgsList_asU8()
  const call = toText(name ?? new Uint8Array())
  try {
    if (call === 'BindPackage') return await bindPackage(argument ?? new Uint8Array(), parts)
    if (call === 'QueryInstalledChaincodes') return queryInstalled(parts)
    return responseOf(500, `unknown lifecycle function: ${call.slice(0, 128)}`)
  } catch (error) {
    return responseOf(
      500,
      `failed to invoke backing implementation of '${call}': ${messageOf(error)}`,
    )
  }
}
