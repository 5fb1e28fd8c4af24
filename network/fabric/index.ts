// The same network definition on real Hyperledger Fabric v3: artefacts, processes, channels, chaincode.
//
// May import src/msp's authority and src/node's definition, folder and process modules; nothing of the embedded ledger. Invariants: everything is
// derived from the definition and DIR; running a step again changes nothing that exists; a node that is "peer
// and orderer" is two processes here, and commands on the node mean both.
import { chmodSync, cpSync, existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { createNetworkCrypto } from '../src/msp/authority/index.ts'
import type { NetworkDefinition } from '../src/node/definition.ts'
import { identityFolder, inFolder, writeWhole } from '../src/node/folder.ts'
import { awaitListening, waitUntil, type ProcessSpec } from '../src/node/processes.ts'
import { HOST, nodesOf, type NodePlace } from '../src/node/topology.ts'
import { workspaceFolder } from '../src/node/workspace.ts'
import { runProgram } from './binaries.ts'
import { configtx, configtxProfile } from './configtx.ts'
import { coreYaml } from './core-yaml.ts'
import { awaitEndorsable, peerCommand, type FabricContext } from './lifecycle.ts'
import { ordererYaml } from './orderer-yaml.ts'
import { addressFolder, builderFolder, ordererFolder, peerFolder } from './paths.ts'

export { findFabricBin } from './binaries.ts'
export { deployChaincode, type FabricContext } from './lifecycle.ts'

/** Writes everything the processes need that does not exist yet: crypto, genesis blocks, configuration. */
export async function prepareFabric(context: FabricContext): Promise<void> {
  const { dir, definition, progress } = context
  progress('issuing certificates')
  await createNetworkCrypto(definition, inFolder.organizations(dir))
  for (const channel of definition.channels) await writeGenesis(context, channel.name)
  copyBuilder(dir)
  for (const node of nodesOf(definition)) {
    if (node.isPeer)
      writeWhole(
        path.join(peerFolder(dir, node.name), 'core.yaml'),
        coreYaml(dir, definition, node),
      )
    if (node.orderer) {
      const file = path.join(ordererFolder(dir, node.name), 'orderer.yaml')
      writeWhole(file, ordererYaml(dir, definition, node))
    }
  }
}

async function writeGenesis(context: FabricContext, channel: string): Promise<void> {
  const { dir, definition, fabricBin, progress } = context
  const block = inFolder.genesis(path.resolve(dir), channel)
  if (existsSync(block)) return
  progress(`writing the genesis block of ${channel}`)
  const folder = path.join(path.resolve(dir), 'configtx', channel)
  writeWhole(path.join(folder, 'configtx.yaml'), configtx(dir, definition, channel))
  const args = ['-profile', configtxProfile, '-channelID', channel, '-outputBlock', block]
  await runProgram({ fabricBin, program: 'configtxgen', args, env: { FABRIC_CFG_PATH: folder } })
}

function copyBuilder(dir: string): void {
  const bin = path.join(builderFolder(dir), 'bin')
  cpSync(path.join(workspaceFolder(), 'fabric/builders/ccaas'), builderFolder(dir), {
    recursive: true,
  })
  for (const script of readdirSync(bin)) chmodSync(path.join(bin, script), 0o755)
}

/** Every process of the network, orderers first. */
export function fabricProcesses(
  dir: string,
  definition: NetworkDefinition,
  fabricBin: string,
): ProcessSpec[] {
  const nodes = nodesOf(definition)
  const orderers = nodes.filter(node => node.orderer)
  return [
    ...orderers.map(node => ordererProcess(dir, node, fabricBin)),
    ...nodes.filter(node => node.isPeer).map(node => peerProcess(dir, node, fabricBin)),
  ]
}

function ordererProcess(dir: string, node: NodePlace, fabricBin: string): ProcessSpec {
  const name = node.orderer?.name ?? node.name
  const directory = ordererFolder(dir, node.name)
  return {
    ...fileNames(dir, name),
    node: node.name,
    command: path.join(fabricBin, 'orderer'),
    args: ['start'],
    env: { FABRIC_CFG_PATH: directory, ...goSettings() },
    directory,
    port: node.ordererAdminPort,
  }
}

function peerProcess(dir: string, node: NodePlace, fabricBin: string): ProcessSpec {
  const directory = peerFolder(dir, node.name)
  return {
    ...fileNames(dir, node.name),
    node: node.name,
    command: path.join(fabricBin, 'peer'),
    args: ['node', 'start'],
    env: {
      FABRIC_CFG_PATH: directory,
      TRIFLOW_CHAINCODE_ADDRESSES: addressFolder(dir, node.name),
      ...goSettings(),
    },
    directory,
    port: node.clientPort,
  }
}

function fileNames(dir: string, name: string): Pick<ProcessSpec, 'name' | 'logFile' | 'pidFile'> {
  const root = path.resolve(dir)
  return { name, logFile: inFolder.log(root, name), pidFile: inFolder.pid(root, name) }
}

/** Fewer garbage collections: a fifth of a peer's CPU under load with Go's default of 100. */
function goSettings(): Record<string, string> {
  return {
    GOGC: process.env.GOGC ?? '200',
    FABRIC_LOGGING_SPEC: process.env.FABRIC_LOGGING_SPEC ?? 'warn',
  }
}

/** Waits for the processes and joins them to their channels; returns when clients may connect. */
export async function joinFabric(context: FabricContext): Promise<void> {
  const { dir, definition, fabricBin, progress } = context
  const nodes = nodesOf(definition)
  const processes = fabricProcesses(dir, definition, fabricBin)
  progress(`waiting for ${processes.length} processes`)
  await Promise.all(processes.map(each => awaitListening(each)))
  for (const channel of definition.channels) {
    progress(`joining ${channel.name}`)
    const orderers = nodes.filter(node => node.orderer)
    await Promise.all(orderers.map(node => joinOrderer(context, node, channel.name)))
    const peers = nodes.filter(node => node.isPeer && channel.organizations.includes(node.mspId))
    await Promise.all(peers.map(node => joinPeer(context, node, channel.name)))
    await awaitEndorsable(context, channel.name, peers)
  }
}

/** Waits until a node that was started again serves clients as before. */
export async function awaitNode(context: FabricContext, name: string): Promise<void> {
  const { dir, definition, fabricBin } = context
  const nodes = nodesOf(definition)
  const node = nodes.find(each => each.name === name)
  const own = fabricProcesses(dir, definition, fabricBin).filter(each => each.node === name)
  await Promise.all(own.map(each => awaitListening(each)))
  if (!node?.isPeer) return
  for (const channel of definition.channels) {
    if (!channel.organizations.includes(node.mspId)) continue
    const peers = nodes.filter(each => each.isPeer && channel.organizations.includes(each.mspId))
    await awaitEndorsable(context, channel.name, peers, [node])
  }
}

async function joinOrderer(
  context: FabricContext,
  node: NodePlace,
  channel: string,
): Promise<void> {
  const root = path.resolve(context.dir)
  const tls = path.join(identityFolder(root, context.definition, node, 'orderer'), 'tls')
  const target = ['-o', `${HOST}:${node.ordererAdminPort}`, '--ca-file', path.join(tls, 'ca.crt')]
  target.push('--client-cert', path.join(tls, 'server.crt'))
  target.push('--client-key', path.join(tls, 'server.key'))
  const run = (args: string[]): Promise<string> =>
    runProgram({ fabricBin: context.fabricBin, program: 'osnadmin', args: [...args, ...target] })
  const listed = await run(['channel', 'list'])
  if (listed.includes(`"name": "${channel}"`)) return
  const block = inFolder.genesis(root, channel)
  await run(['channel', 'join', '--channelID', channel, '--config-block', block])
}

async function joinPeer(context: FabricContext, node: NodePlace, channel: string): Promise<void> {
  const block = inFolder.genesis(path.resolve(context.dir), channel)
  const joined = await waitUntil(async () => {
    const listed = await peerCommand(context, node, ['channel', 'list'])
    if (listed.split('\n').includes(channel)) return true
    await peerCommand(context, node, ['channel', 'join', '-b', block])
    return false
  }, 20_000)
  if (!joined) context.progress(`${node.name} did not list ${channel} after joining it`)
}
