// The embedded ledger's side of a network folder: certificates, genesis blocks, and how its node processes are started.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { createNetworkCrypto } from '../msp/authority/index.ts'
import { buildGenesisBlock } from '../msp/index.ts'
import type { NetworkDefinition, OrganizationDefinition } from './definition.ts'
import { identityFolder, inFolder, onlyFileOf, organizationFolder, writeWhole } from './folder.ts'
import { FRUGAL, type ProcessSpec } from './processes.ts'
import { HOST, nodesOf } from './topology.ts'
import { workspaceFolder } from './workspace.ts'

/** Issues certificates and writes genesis blocks, where they are missing. */
export async function prepareEmbedded(options: {
  dir: string
  definition: NetworkDefinition
  progress: (text: string) => void
}): Promise<void> {
  const { dir, definition, progress } = options
  progress('issuing certificates')
  await createNetworkCrypto(definition, inFolder.organizations(dir))
  for (const channel of definition.channels) {
    const file = inFolder.genesis(dir, channel.name)
    if (!existsSync(file)) writeWhole(file, genesisOf(dir, definition, channel.name))
  }
}

function genesisOf(dir: string, definition: NetworkDefinition, channelId: string): Uint8Array {
  const nodes = nodesOf(definition)
  const channel = definition.channels.find(each => each.name === channelId)
  const consenters = nodes.flatMap(node => {
    if (!node.orderer) return []
    const folder = identityFolder(dir, definition, node, 'orderer')
    const tls = readFileSync(path.join(folder, 'tls', 'server.crt'), 'utf8')
    const identityPem = readFileSync(onlyFileOf(path.join(folder, 'msp', 'signcerts')), 'utf8')
    const place = { host: HOST, port: node.linkPort, mspId: node.mspId }
    return {
      id: node.orderer.consenterId,
      ...place,
      identityPem,
      clientTlsPem: tls,
      serverTlsPem: tls,
    }
  })
  const orders = (each: OrganizationDefinition): boolean =>
    nodes.some(node => node.orderer && node.mspId === each.mspId)
  const groupOf = (each: OrganizationDefinition) => organizationGroup(dir, definition, each)
  return buildGenesisBlock({
    channelId,
    organizations: definition.organizations
      .filter(each => channel?.organizations.includes(each.mspId))
      .map(groupOf),
    ordererOrganizations: definition.organizations.filter(orders).map(groupOf),
    consenters,
    batch: definition.batch,
    createdAtMs: Date.now(),
  })
}

function organizationGroup(
  dir: string,
  definition: NetworkDefinition,
  each: OrganizationDefinition,
): Parameters<typeof buildGenesisBlock>[0]['organizations'][number] {
  const msp = path.join(organizationFolder(dir, each), 'msp')
  const own = nodesOf(definition).filter(node => node.mspId === each.mspId)
  return {
    name: each.name,
    mspId: each.mspId,
    rootCerts: [readFileSync(onlyFileOf(path.join(msp, 'cacerts')), 'utf8')],
    tlsRootCerts: [readFileSync(onlyFileOf(path.join(msp, 'tlscacerts')), 'utf8')],
    anchorPeers: own
      .filter(node => node.isPeer)
      .map(node => ({ host: HOST, port: node.clientPort })),
    ordererEndpoints: own.filter(node => node.orderer).map(node => `${HOST}:${node.linkPort}`),
  }
}

/** One process per node, whatever its roles. */
export function embeddedProcesses(dir: string, definition: NetworkDefinition): ProcessSpec[] {
  const root = path.resolve(dir)
  return nodesOf(definition).map(node => ({
    name: node.name,
    node: node.name,
    command: process.execPath,
    args: [...FRUGAL.flags, ...entry(), '--dir', root, '--node', node.name],
    env: FRUGAL.env,
    directory: inFolder.node(root, node.name),
    logFile: inFolder.log(root, node.name),
    pidFile: inFolder.pid(root, node.name),
    port: node.metricsPort,
  }))
}

/** The node's process: as the build bundled it, or, when this module itself runs from its source, through the loader. */
function entry(): string[] {
  const compiled = !import.meta.url.endsWith('.ts') || process.env.TRIFLOW_COMPILED === 'true'
  if (compiled) return [path.join(workspaceFolder(), 'dist/run/node/main.mjs')]
  // Resolved here: the node runs in a folder from which the loader cannot be found by name.
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const main = path.join(workspaceFolder(), 'src/node/main.ts')
  return ['--conditions=triflow-source', '--import', loader, main]
}
