// Crypto material made by cryptogen. It cannot issue an ordering identity inside a peer organisation, so the
// ordering node of such an organisation is issued as one of its nodes and moved to `orderers`.
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import path from 'node:path'
import { stringify } from 'yaml'
import type { NetworkDefinition, OrganizationDefinition } from '../src/node/definition.ts'
import { inFolder, organizationFolder, writeWhole } from '../src/node/folder.ts'
import { nodesOf } from '../src/node/topology.ts'
import { runProgram } from './binaries.ts'

const SANS = ['localhost', '127.0.0.1']

export async function generateCrypto(options: {
  dir: string
  definition: NetworkDefinition
  fabricBin: string
}): Promise<void> {
  const { dir, definition, fabricBin } = options
  const config = path.join(dir, 'crypto-config.yaml')
  writeWhole(config, stringify(cryptoConfig(definition)))
  const args = ['generate', '--config', config, '--output', inFolder.organizations(dir)]
  await runProgram({ fabricBin, program: 'cryptogen', args })
  for (const node of nodesOf(definition)) {
    if (!node.orderer || !node.isPeer) continue
    const each = definition.organizations.find(one => one.mspId === node.mspId)
    if (each) moveToOrderers(organizationFolder(dir, each), node.orderer.name)
  }
}

function moveToOrderers(folder: string, ordererName: string): void {
  const from = path.join(folder, 'peers', ordererName)
  if (!existsSync(from)) return
  mkdirSync(path.join(folder, 'orderers'), { recursive: true })
  renameSync(from, path.join(folder, 'orderers', ordererName))
}

function cryptoConfig(definition: NetworkDefinition): object {
  const nodes = nodesOf(definition)
  const entry = (each: OrganizationDefinition): object => {
    const own = nodes.filter(node => node.mspId === each.mspId)
    const names = own.flatMap(node => [
      ...(node.isPeer ? [node.name] : []),
      ...(node.orderer ? [node.orderer.name] : []),
    ])
    return {
      Name: each.name,
      Domain: each.domain,
      EnableNodeOUs: true,
      Specs: names.map(name => ({
        Hostname: name.slice(0, -each.domain.length - 1),
        SANS,
      })),
      Users: { Count: each.users },
    }
  }
  const ordersOnly = (each: OrganizationDefinition): boolean =>
    each.orderer && each.peers.length === 0
  return {
    OrdererOrgs: definition.organizations.filter(ordersOnly).map(entry),
    PeerOrgs: definition.organizations.filter(each => !ordersOnly(each)).map(entry),
  }
}
