// Chaincode on real Fabric: package and addresses to every peer, approval by every organisation, commit, and the wait
// until each peer would endorse.
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { CollectionDefinition, NetworkDefinition } from '../src/node/definition.ts'
import type { Deployment } from '../src/node/deployment.ts'
import { NetworkFault, textOf } from '../src/node/fault.ts'
import { adminFolder, identityFolder, writeWhole } from '../src/node/folder.ts'
import { labelOf } from '../src/node/chaincode-package.ts'
import { waitUntil } from '../src/node/processes.ts'
import { HOST, nodesOf, type NodePlace } from '../src/node/topology.ts'
import { runProgram } from './binaries.ts'
import { awaitDiscovery } from './discovery.ts'
import { addressFolder, peerFolder } from './paths.ts'

const DEPLOY_LIMIT_MS = 60_000
const DISCOVERY_LIMIT_MS = 30_000
/** How long one approve or commit waits for its transaction before it is tried again. */
const WAIT = ['--waitForEventTimeout', '15s']

export interface FabricContext {
  dir: string
  definition: NetworkDefinition
  fabricBin: string
  progress: (text: string) => void
}

/** Runs the peer command as the admin of a peer's organisation, against that peer. */
export function peerCommand(
  context: FabricContext,
  node: NodePlace,
  args: string[],
): Promise<string> {
  const { dir, definition, fabricBin } = context
  const root = path.resolve(dir)
  const organization = definition.organizations.find(each => each.mspId === node.mspId)
  if (!organization) throw new NetworkFault('NODE_UNKNOWN', `no organisation runs ${node.name}`)
  const env = {
    FABRIC_CFG_PATH: peerFolder(dir, node.name),
    FABRIC_LOGGING_SPEC: 'error',
    CORE_PEER_ID: 'cli',
    CORE_PEER_LOCALMSPID: node.mspId,
    CORE_PEER_ADDRESS: `${HOST}:${node.clientPort}`,
    CORE_PEER_TLS_ENABLED: 'true',
    CORE_PEER_TLS_ROOTCERT_FILE: tlsRootOf(root, definition, node, 'peer'),
    CORE_PEER_MSPCONFIGPATH: path.join(adminFolder(root, organization), 'msp'),
  }
  return runProgram({ fabricBin, program: 'peer', args, env })
}

function tlsRootOf(
  root: string,
  definition: NetworkDefinition,
  node: NodePlace,
  role: 'peer' | 'orderer',
): string {
  return path.join(identityFolder(root, definition, node, role), 'tls', 'ca.crt')
}

/** Installs, approves and commits a chaincode definition; returns when every peer has it. */
export async function deployChaincode(
  context: FabricContext,
  deployment: Deployment,
): Promise<void> {
  const peers = membersOf(context, deployment.channel)
  const firsts = peers.filter(
    (node, index) => peers.findIndex(each => each.mspId === node.mspId) === index,
  )
  context.progress(`installing ${deployment.packageId}`)
  bindAddresses(context, peers, deployment)
  await Promise.all(peers.map(node => install(context, node, deployment)))
  context.progress(`approving ${deployment.name} by ${firsts.length} organisations`)
  await Promise.all(firsts.map(node => approve(context, node, deployment)))
  context.progress(`committing ${deployment.name} sequence ${deployment.sequence}`)
  await commit(context, firsts, deployment)
  await Promise.all(peers.map(node => awaitCommitted(context, node, deployment)))
  await awaitEndorsable(context, deployment.channel, peers)
}

/**
 * Waits until every peer, or just `viewers`, knows which chaincodes the others have; a peer that is down makes this a
 * warning.
 */
export async function awaitEndorsable(
  context: FabricContext,
  channel: string,
  peers: NodePlace[],
  viewers = peers,
): Promise<void> {
  const [first] = viewers
  if (!first) return
  const args = ['lifecycle', 'chaincode', 'querycommitted', '--channelID', channel]
  const answer = await peerCommand(context, first, [...args, '--output', 'json'])
  const { chaincode_definitions: known = [] } = JSON.parse(answer) as CommittedList
  const chaincodes = known.map(each => each.name)
  const seen = await awaitDiscovery(
    context,
    { channel, peers, viewers, chaincodes },
    DISCOVERY_LIMIT_MS,
  )
  if (!seen) context.progress(`not every peer of ${channel} sees the others yet`)
}

interface CommittedList {
  chaincode_definitions?: { name: string }[]
}

function membersOf(context: FabricContext, channelName: string): NodePlace[] {
  const channel = context.definition.channels.find(each => each.name === channelName)
  if (!channel)
    throw new NetworkFault('CHANNEL_UNKNOWN', `the network has no channel ${channelName}`)
  return nodesOf(context.definition).filter(
    node => node.isPeer && channel.organizations.includes(node.mspId),
  )
}

/** Leaves the addresses for the external builder, and renews those it has already copied. */
function bindAddresses(context: FabricContext, peers: NodePlace[], deployment: Deployment): void {
  for (const node of peers) {
    const address = deployment.addresses[node.name]
    if (!address) continue
    const connection = JSON.stringify({
      address,
      dial_timeout: '10s',
      tls_required: deployment.tlsRootCert !== undefined,
      ...(deployment.tlsRootCert ? { root_cert: deployment.tlsRootCert } : {}),
    })
    const file = `${labelOf(deployment.packageId)}.json`
    writeWhole(path.join(addressFolder(context.dir, node.name), file), connection)
    for (const built of builtConnections(context, node, deployment.packageId))
      writeWhole(built, connection)
  }
}

/** Where the peer keeps what the builder released for a package. */
function builtConnections(context: FabricContext, node: NodePlace, packageId: string): string[] {
  const builds = path.join(peerFolder(context.dir, node.name), 'ledger/externalbuilder/builds')
  if (!existsSync(builds)) return []
  const name = packageId.replace(/[^A-Za-z0-9]/g, '-')
  return readdirSync(builds)
    .filter(each => each.startsWith(name))
    .map(each => path.join(builds, each, 'release/chaincode/server/connection.json'))
    .filter(existsSync)
}

async function install(
  context: FabricContext,
  node: NodePlace,
  deployment: Deployment,
): Promise<void> {
  const listed = await peerCommand(context, node, ['lifecycle', 'chaincode', 'queryinstalled'])
  if (listed.includes(`Package ID: ${deployment.packageId},`)) return
  if (deployment.packageBytes.length === 0)
    throw new NetworkFault('PACKAGE_MISSING', `no package was given for ${deployment.packageId}`)
  const label = labelOf(deployment.packageId)
  const file = path.join(addressFolder(context.dir, node.name), `${label}.tar.gz`)
  writeWhole(file, deployment.packageBytes)
  await peerCommand(context, node, ['lifecycle', 'chaincode', 'install', file])
}

/** Flags that say what is approved and committed: both commands must say the same. */
function definitionFlags(context: FabricContext, deployment: Deployment): string[] {
  const fromChannel = context.definition.channels.find(each => each.name === deployment.channel)
  const collections = deployment.collections ?? fromChannel?.collections
  const flags = ['--channelID', deployment.channel, '--name', deployment.name]
  flags.push('--version', deployment.version, '--sequence', String(deployment.sequence))
  if (deployment.policy) flags.push('--signature-policy', deployment.policy)
  if (deployment.initRequired) flags.push('--init-required')
  if (collections && collections.length > 0)
    flags.push('--collections-config', writeCollections(context, deployment.name, collections))
  return flags
}

function writeCollections(
  context: FabricContext,
  name: string,
  collections: CollectionDefinition[],
): string {
  const file = path.join(path.resolve(context.dir), 'chaincode', `${name}-collections.json`)
  writeWhole(file, JSON.stringify(collections))
  return file
}

function ordererFlags(context: FabricContext, attempt: number): string[] {
  const root = path.resolve(context.dir)
  const orderers = nodesOf(context.definition).filter(node => node.orderer)
  const node = orderers[attempt % orderers.length]
  if (!node) throw new NetworkFault('NODE_UNKNOWN', 'the network has no orderer')
  const cafile = tlsRootOf(root, context.definition, node, 'orderer')
  return ['-o', `${HOST}:${node.ordererPort}`, '--tls', '--cafile', cafile]
}

async function approve(
  context: FabricContext,
  node: NodePlace,
  deployment: Deployment,
): Promise<void> {
  const flags = definitionFlags(context, deployment)
  await persist(attempt =>
    peerCommand(context, node, [
      'lifecycle',
      'chaincode',
      'approveformyorg',
      ...ordererFlags(context, attempt),
      ...flags,
      '--package-id',
      deployment.packageId,
      ...WAIT,
    ]),
  )
}

async function commit(
  context: FabricContext,
  firsts: NodePlace[],
  deployment: Deployment,
): Promise<void> {
  const [first] = firsts
  if (!first) throw new NetworkFault('NODE_UNKNOWN', 'the channel has no peer')
  const root = path.resolve(context.dir)
  const targets = firsts.flatMap(node => [
    '--peerAddresses',
    `${HOST}:${node.clientPort}`,
    '--tlsRootCertFiles',
    tlsRootOf(root, context.definition, node, 'peer'),
  ])
  const flags = definitionFlags(context, deployment)
  await persist(attempt =>
    peerCommand(context, first, [
      'lifecycle',
      'chaincode',
      'commit',
      ...ordererFlags(context, attempt),
      ...flags,
      ...targets,
      ...WAIT,
    ]),
  )
}

/** The step was taken before: by an earlier run, or by an attempt that seemed to fail. */
const ALREADY_DONE =
  /requested sequence is \d+, but new definition must be sequence|attempted to redefine/

/** Right after a start, an orderer may have no leader and an approval may not have reached every peer. */
async function persist(action: (attempt: number) => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + DEPLOY_LIMIT_MS
  for (let attempt = 0; ; attempt += 1) {
    try {
      await action(attempt)
      return
    } catch (error) {
      if (ALREADY_DONE.test(textOf(error))) return
      if (Date.now() > deadline) throw error
      await new Promise(resolve => setTimeout(resolve, 300))
    }
  }
}

async function awaitCommitted(
  context: FabricContext,
  node: NodePlace,
  deployment: Deployment,
): Promise<void> {
  const args = ['lifecycle', 'chaincode', 'querycommitted', '--channelID', deployment.channel]
  args.push('--name', deployment.name, '--output', 'json')
  const known = await waitUntil(
    async () => {
      try {
        const answer = JSON.parse(await peerCommand(context, node, args)) as { sequence?: number }
        return Number(answer.sequence) >= deployment.sequence
      } catch {
        return false
      }
    },
    60_000,
    200,
  )
  if (known) return
  throw new NetworkFault('DEPLOYMENT_NOT_SEEN', `${node.name} does not see ${deployment.name}`)
}
