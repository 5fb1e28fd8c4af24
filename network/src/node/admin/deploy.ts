// Chaincode on the embedded ledger: addresses to the peers, approval by every organisation, commit, and the wait
// until every peer knows the definition.
import { common, peer } from '@hyperledger/fabric-protos'
import { parsePolicyText, PolicySyntaxError } from '../../msp/index.ts'
import type { CollectionDefinition, NetworkDefinition } from '../definition.ts'
import type { Deployment } from '../deployment.ts'
import { NetworkFault, textOf } from '../fault.ts'
import { waitUntil } from '../processes.ts'
import { askHealth } from '../status.ts'
import { nodesOf, type NodePlace } from '../topology.ts'
import { AdminClient, type ChannelCall } from './client.ts'

const LIFECYCLE = '_lifecycle'
const KNOWN_EVERYWHERE_MS = 30_000
const VIEW_MS = 3_000
/** The answers to a step that an earlier, interrupted run has already taken. */
const ALREADY_APPROVED = /attempted to redefine .* (with unchanged content|for namespace \S+$)/
const ALREADY_COMMITTED = /but new definition must be sequence|attempted to redefine/

export async function deployEmbedded(options: {
  dir: string
  definition: NetworkDefinition
  deployment: Deployment
  progress: (text: string) => void
}): Promise<void> {
  const { dir, definition, deployment, progress } = options
  const channel = definition.channels.find(each => each.name === deployment.channel)
  if (!channel)
    throw new NetworkFault('CHANNEL_UNKNOWN', `the network has no channel ${deployment.channel}`)
  const members = nodesOf(definition).filter(
    node => node.isPeer && channel.organizations.includes(node.mspId),
  )
  const clients = members.map(node => new AdminClient(dir, definition, node))
  try {
    const firsts = clients.filter((client, index) => firstOf(members, client.node) === index)
    const collections = deployment.collections ?? channel.collections
    await Promise.all(clients.map(client => bind(client, deployment)))
    progress(`approving ${deployment.name} by ${firsts.length} organisations`)
    const approvals = firsts.map(client => approve(client, deployment, collections))
    await everywhere(clients, deployment, await Promise.all(approvals))
    progress(`committing ${deployment.name} sequence ${deployment.sequence}`)
    await everywhere(clients, deployment, [await commit(firsts, deployment, collections)])
    await Promise.all(clients.map(client => awaitDefinition(client, deployment)))
    await Promise.all(members.map(node => awaitView(node, members, deployment)))
  } finally {
    for (const client of clients) client.close()
  }
}

/** An endorser that has not seen the approvals yet would answer differently from the others. */
async function everywhere(
  clients: AdminClient[],
  deployment: Deployment,
  txIds: (string | undefined)[],
): Promise<void> {
  const known = txIds.filter(txId => txId !== undefined)
  await Promise.all(
    clients.flatMap(client => known.map(txId => client.awaitCommit(deployment.channel, txId))),
  )
}

function firstOf(members: NodePlace[], node: NodePlace): number {
  return members.findIndex(each => each.mspId === node.mspId)
}

async function bind(client: AdminClient, deployment: Deployment): Promise<void> {
  const { packageId, addresses, tlsRootCert } = deployment
  const address = addresses[client.node.name]
  if (!address) return
  const tls = tlsRootCert ? { tls: { rootCertPem: tlsRootCert } } : {}
  const binding = Buffer.from(JSON.stringify({ packageId, address, ...tls }))
  await client.callPeer(LIFECYCLE, [Buffer.from('BindPackage'), binding])
}

async function approve(
  client: AdminClient,
  deployment: Deployment,
  collections: CollectionDefinition[] | undefined,
): Promise<string | undefined> {
  const args = new peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs()
  fillDefinition(args, deployment, collections)
  const local = new peer.lifecycle.ChaincodeSource.Local()
  local.setPackageId(deployment.packageId)
  const source = new peer.lifecycle.ChaincodeSource()
  source.setLocalPackage(local)
  args.setSource(source)
  const call = lifecycleCall(deployment, 'ApproveChaincodeDefinitionForMyOrg', args)
  return unlessDone(client.submit(call, [client.node.mspId]), ALREADY_APPROVED)
}

async function commit(
  firsts: AdminClient[],
  deployment: Deployment,
  collections: CollectionDefinition[] | undefined,
): Promise<string | undefined> {
  const [client] = firsts
  if (!client) throw new NetworkFault('NODE_UNKNOWN', 'the channel has no peer')
  const args = new peer.lifecycle.CommitChaincodeDefinitionArgs()
  fillDefinition(args, deployment, collections)
  const call = lifecycleCall(deployment, 'CommitChaincodeDefinition', args)
  const endorsers = firsts.map(each => each.node.mspId)
  return unlessDone(client.submit(call, endorsers), ALREADY_COMMITTED)
}

async function unlessDone(call: Promise<string>, alreadyDone: RegExp): Promise<string | undefined> {
  try {
    return await call
  } catch (error) {
    if (!alreadyDone.test(textOf(error))) throw error
    return undefined
  }
}

async function awaitDefinition(client: AdminClient, deployment: Deployment): Promise<void> {
  const args = new peer.lifecycle.QueryChaincodeDefinitionArgs()
  args.setName(deployment.name)
  const call = lifecycleCall(deployment, 'QueryChaincodeDefinition', args)
  let committed = 0
  await waitUntil(async () => {
    try {
      const bytes = await client.evaluate(call)
      const result = peer.lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(bytes)
      committed = result.getSequence()
    } catch {
      // Not there yet.
    }
    return committed >= deployment.sequence
  }, KNOWN_EVERYWHERE_MS)
  if (committed === deployment.sequence) return
  const message = `${client.node.name} has ${deployment.name} at sequence ${committed}`
  throw new NetworkFault('DEPLOYMENT_NOT_SEEN', message, { wanted: deployment.sequence, committed })
}

/** Waits until a gateway knows which of the bound peers can run the chaincode; one that is down is not waited for long. */
async function awaitView(
  node: NodePlace,
  members: NodePlace[],
  deployment: Deployment,
): Promise<void> {
  const bound = members.filter(each => each !== node && deployment.addresses[each.name])
  await waitUntil(async () => {
    const peers = (await askHealth(node))?.channels?.[deployment.channel]?.peers ?? {}
    return bound.every(each => peers[each.name]?.includes(deployment.name))
  }, VIEW_MS)
}

function lifecycleCall(
  deployment: Deployment,
  name: string,
  args: { serializeBinary(): Uint8Array },
): ChannelCall {
  const bytes = [Buffer.from(name), args.serializeBinary()]
  return { channelId: deployment.channel, chaincode: LIFECYCLE, args: bytes }
}

interface DefinitionFields {
  setName(name: string): unknown
  setVersion(version: string): unknown
  setSequence(sequence: number): unknown
  setInitRequired(required: boolean): unknown
  setValidationParameter(bytes: Uint8Array): unknown
  setCollections(collections: peer.CollectionConfigPackage): unknown
}

function fillDefinition(
  args: DefinitionFields,
  deployment: Deployment,
  collections: CollectionDefinition[] | undefined,
): void {
  args.setName(deployment.name)
  args.setVersion(deployment.version)
  args.setSequence(deployment.sequence)
  args.setInitRequired(deployment.initRequired)
  if (deployment.policy) args.setValidationParameter(applicationPolicy(deployment.policy))
  if (collections && collections.length > 0) args.setCollections(collectionPackage(collections))
}

function signaturePolicy(text: string): common.SignaturePolicyEnvelope {
  try {
    return common.SignaturePolicyEnvelope.deserializeBinary(parsePolicyText(text))
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error
    throw new NetworkFault('POLICY_INVALID', `"${text}": ${error.message}`, { policy: text })
  }
}

function applicationPolicy(text: string): Uint8Array {
  const policy = new peer.ApplicationPolicy()
  policy.setSignaturePolicy(signaturePolicy(text))
  return policy.serializeBinary()
}

function collectionPackage(collections: CollectionDefinition[]): peer.CollectionConfigPackage {
  const result = new peer.CollectionConfigPackage()
  result.setConfigList(collections.map(collectionConfig))
  return result
}

function collectionConfig(definition: CollectionDefinition): peer.CollectionConfig {
  const members = new peer.CollectionPolicyConfig()
  members.setSignaturePolicy(signaturePolicy(definition.policy))
  const fixed = new peer.StaticCollectionConfig()
  fixed.setName(definition.name)
  fixed.setMemberOrgsPolicy(members)
  fixed.setRequiredPeerCount(definition.requiredPeerCount)
  fixed.setMaximumPeerCount(definition.maxPeerCount)
  fixed.setBlockToLive(definition.blockToLive)
  fixed.setMemberOnlyRead(definition.memberOnlyRead)
  fixed.setMemberOnlyWrite(definition.memberOnlyWrite)
  const endorsement = endorsementPolicy(definition)
  if (endorsement) fixed.setEndorsementPolicy(endorsement)
  const config = new peer.CollectionConfig()
  config.setStaticCollectionConfig(fixed)
  return config
}

function endorsementPolicy(definition: CollectionDefinition): peer.ApplicationPolicy | undefined {
  const given = definition.endorsementPolicy
  if (!given) return undefined
  const policy = new peer.ApplicationPolicy()
  if (given.signaturePolicy) policy.setSignaturePolicy(signaturePolicy(given.signaturePolicy))
  else if (given.channelConfigPolicy)
    policy.setChannelConfigPolicyReference(`/Channel/Application/${given.channelConfigPolicy}`)
  return policy
}
