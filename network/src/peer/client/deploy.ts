import { peer } from '@hyperledger/fabric-protos'
import type { Signer } from '../../msp/index.ts'
import type { Binding } from '../chaincode/bindings.ts'
import { LIFECYCLE } from '../lifecycle/state.ts'
import { messageOf } from '../wire/faults.ts'
import type { PeerConnection } from './connection.ts'
import { approvalArgs, commitArgs, type DefinitionText } from './definition.ts'
import { createProposal } from './proposal.ts'

export interface DeployOrganization {
  readonly mspId: string
  /** Of an administrator of the organisation. */
  readonly signer: Signer
  readonly peers: readonly { readonly connection: PeerConnection; readonly binding?: Binding }[]
}

export interface DeployOptions {
  readonly channelId: string
  readonly definition: DefinitionText
  readonly packageId: string
  /** Every organisation with a peer. */
  readonly organizations: readonly DeployOrganization[]
  readonly deadlineMs?: number
}

const RETRY_MS = 100
const DEADLINE_MS = 30_000

/** Tells one peer where the process of a package listens. */
export async function bindPackage(
  connection: PeerConnection,
  signer: Signer,
  binding: Binding,
): Promise<void> {
  const args = ['BindPackage', JSON.stringify(binding)]
  await connection.process(createProposal({ signer, channelId: '', chaincode: LIFECYCLE, args }))
}

/** Sequence of the committed definition; 0 when there is none. */
export async function committedSequence(
  connection: PeerConnection,
  options: { readonly signer: Signer; readonly channelId: string; readonly name: string },
): Promise<number> {
  const query = new peer.lifecycle.QueryChaincodeDefinitionArgs()
  query.setName(options.name)
  const args = ['QueryChaincodeDefinition', query.serializeBinary()]
  const { signer, channelId } = options
  const proposal = createProposal({ signer, channelId, chaincode: LIFECYCLE, args })
  try {
    const response = await connection.process(proposal)
    const result = peer.lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(
      response.getPayload_asU8(),
    )
    return result.getSequence()
  } catch (error) {
    if (messageOf(error) === `namespace ${options.name} is not defined`) return 0
    throw error
  }
}

async function approve(options: DeployOptions, organization: DeployOrganization): Promise<void> {
  const [first] = organization.peers
  if (!first) throw new Error(`${organization.mspId} has no peer to approve on`)
  try {
    await first.connection.invoke({
      signer: organization.signer,
      channelId: options.channelId,
      chaincode: LIFECYCLE,
      args: [
        'ApproveChaincodeDefinitionForMyOrg',
        approvalArgs(options.definition, options.packageId),
      ],
      endorsingMspIds: [organization.mspId],
    })
  } catch (error) {
    // Deploying again what was approved already is no failure.
    const why = messageOf(error)
    if (!why.includes('attempted to redefine') || why.includes('different parameters')) throw error
  }
}

/** Tries until the other peers have the approvals, which come with their own blocks. */
async function commit(options: DeployOptions, until: number): Promise<void> {
  const [organization] = options.organizations
  const [first] = organization?.peers ?? []
  if (!organization || !first) throw new Error('no organisation to commit through')
  const invoke = {
    signer: organization.signer,
    channelId: options.channelId,
    chaincode: LIFECYCLE,
    args: ['CommitChaincodeDefinition', commitArgs(options.definition)],
  }
  for (;;) {
    try {
      await first.connection.invoke(invoke)
      return
    } catch (error) {
      if (Date.now() > until) throw error
      await new Promise(resolve => setTimeout(resolve, RETRY_MS))
    }
  }
}

/** Until every peer has the definition, a client may be told that there is none. */
async function awaitDefinition(options: DeployOptions, until: number): Promise<void> {
  const { channelId, definition } = options
  for (const { signer, peers } of options.organizations) {
    for (const { connection } of peers) {
      const query = { signer, channelId, name: definition.name }
      while ((await committedSequence(connection, query)) < definition.sequence) {
        if (Date.now() > until) throw new Error(`${definition.name} did not reach every peer`)
        await new Promise(resolve => setTimeout(resolve, RETRY_MS))
      }
    }
  }
}

/**
 * Binds the package on every peer that is to run it, has every organisation approve the
 * definition, commits it, and waits until every peer knows it. Safe to repeat.
 */
export async function deployChaincode(options: DeployOptions): Promise<void> {
  const until = Date.now() + (options.deadlineMs ?? DEADLINE_MS)
  for (const { signer, peers } of options.organizations) {
    for (const { connection, binding } of peers) {
      if (binding) await bindPackage(connection, signer, binding)
    }
  }
  await Promise.all(options.organizations.map(organization => approve(options, organization)))
  const [organization] = options.organizations
  const [first] = organization?.peers ?? []
  const current =
    organization && first
      ? await committedSequence(first.connection, {
          signer: organization.signer,
          channelId: options.channelId,
          name: options.definition.name,
        })
      : 0
  if (current < options.definition.sequence) await commit(options, until)
  await awaitDefinition(options, until)
}
