// Where everything of a network lies under its DIR. Both ledgers use one layout, so that whoever was given
// DIR/connection.json or the crypto material need not know which ledger runs.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import type { NetworkDefinition, OrganizationDefinition } from './definition.ts'
import { NetworkFault } from './fault.ts'
import { HOST, nodesOf, type NodePlace } from './topology.ts'

export type LedgerKind = 'embedded' | 'fabric'

/** What DIR/network.json remembers, so that later commands need nothing but DIR. */
export interface NetworkRecord {
  ledger: LedgerKind
  /** Where Fabric's binaries were at `up`; the environment's FABRIC_BIN takes precedence. */
  fabricBin?: string
  definition: NetworkDefinition
}

export const inFolder = {
  record: (dir: string): string => path.join(dir, 'network.json'),
  connection: (dir: string): string => path.join(dir, 'connection.json'),
  genesis: (dir: string, channel: string): string => path.join(dir, `genesis-${channel}.block`),
  node: (dir: string, node: string): string => path.join(dir, 'nodes', node),
  log: (dir: string, name: string): string => path.join(dir, 'logs', `${name}.log`),
  pid: (dir: string, name: string): string => path.join(dir, 'pids', `${name}.json`),
  organizations: (dir: string): string => path.join(dir, 'organizations'),
}

/** The crypto folder of an organisation, as cryptogen names it. */
export function organizationFolder(dir: string, each: OrganizationDefinition): string {
  const kind =
    each.orderer && each.peers.length === 0 ? 'ordererOrganizations' : 'peerOrganizations'
  return path.join(inFolder.organizations(dir), kind, each.domain)
}

/** The folder with `msp` and `tls` of a node's peer or ordering identity. */
export function identityFolder(
  dir: string,
  definition: NetworkDefinition,
  node: NodePlace,
  role: 'peer' | 'orderer',
): string {
  const organization = definition.organizations.find(each => each.mspId === node.mspId)
  if (!organization) throw new NetworkFault('NODE_UNKNOWN', `no organisation runs ${node.name}`)
  const folder = organizationFolder(dir, organization)
  if (role === 'peer') return path.join(folder, 'peers', node.name)
  return path.join(folder, 'orderers', node.orderer?.name ?? node.name)
}

/** The admin of an organisation: folder with `msp` and `tls`. */
export function adminFolder(dir: string, each: OrganizationDefinition): string {
  return path.join(organizationFolder(dir, each), 'users', `Admin@${each.domain}`)
}

/** The one file of a folder such as `keystore` or `signcerts`. */
export function onlyFileOf(folder: string): string {
  const [file] = existsSync(folder) ? readdirSync(folder).sort() : []
  if (!file) throw new NetworkFault('CRYPTO_MISSING', `${folder} is empty`, { folder })
  return path.join(folder, file)
}

/** Replaces a file in one step: a reader sees the old or the new one, never half of it. */
export function writeWhole(file: string, content: string | Uint8Array, mode = 0o644): void {
  mkdirSync(path.dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}.draft`
  writeFileSync(draft, content, { mode })
  renameSync(draft, file)
}

export function readRecord(dir: string): NetworkRecord | undefined {
  const file = inFolder.record(dir)
  if (!existsSync(file)) return undefined
  return JSON.parse(readFileSync(file, 'utf8')) as NetworkRecord
}

/** The record of a network that must exist. Throws `NetworkFault` NETWORK_MISSING. */
export function recordOf(dir: string): NetworkRecord {
  const record = readRecord(dir)
  if (record) return record
  throw new NetworkFault(
    'NETWORK_MISSING',
    `${dir} holds no network: run "up --config FILE" first`,
    {
      dir,
    },
  )
}

/** DIR/connection.json: all that a client of somebody else needs to connect. Paths are absolute. */
export function writeConnection(dir: string, record: NetworkRecord): void {
  const root = path.resolve(dir)
  const nodes = nodesOf(record.definition)
  const organizations = record.definition.organizations.map(each => ({
    name: each.name,
    mspId: each.mspId,
    domain: each.domain,
    peers: nodes
      .filter(node => node.isPeer && node.mspId === each.mspId)
      .map(node => ({
        name: node.name,
        endpoint: `${HOST}:${node.clientPort}`,
        hostOverride: node.name,
        tlsCACert: path.join(organizationFolder(root, each), 'peers', node.name, 'tls', 'ca.crt'),
        chaincodePort: node.chaincodePort,
      })),
    users: usersOf(root, each),
  }))
  const connection = {
    name: record.definition.name,
    ledger: record.ledger,
    channels: record.definition.channels.map(channel => ({
      name: channel.name,
      organizations: channel.organizations,
      genesisBlock: inFolder.genesis(root, channel.name),
    })),
    organizations,
  }
  writeWhole(inFolder.connection(dir), `${JSON.stringify(connection, null, 2)}\n`)
}

interface UserEntry {
  name: string
  certificate: string
  key: string
}

function usersOf(root: string, organization: OrganizationDefinition): UserEntry[] {
  const numbered = Array.from({ length: organization.users }, (_, index) => `User${index + 1}`)
  return [...numbered, 'Admin'].map(name => {
    const user = `${name}@${organization.domain}`
    const msp = path.join(organizationFolder(root, organization), 'users', user, 'msp')
    return {
      name,
      certificate: onlyFileOf(path.join(msp, 'signcerts')),
      key: onlyFileOf(path.join(msp, 'keystore')),
    }
  })
}
