import { mkdtempSync, readFileSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNetworkCrypto } from '../../msp/authority/index.ts'
import {
  buildGenesisBlock,
  createMsp,
  createSigner,
  readChannelConfig,
  type ChannelConfig,
  type Identity,
  type Signer,
} from '../../msp/index.ts'
import { trustOf } from '../trust.ts'
import type { TrustPort } from '../types.ts'

/** A real channel for tests: certificates, genesis block, signers of peers and users. */
export interface TestNetwork {
  readonly channelId: string
  readonly genesisBlock: Uint8Array
  readonly config: ChannelConfig
  readonly peers: readonly Signer[]
  readonly users: readonly Signer[]
  trust(): TrustPort<Identity>
}

const CHANNEL = 'testchannel'
const ORGANIZATIONS = ['Org1', 'Org2', 'Org3'] as const
const domainOf = (name: string): string => `${name.toLowerCase()}.example.com`

const readOnly = (folder: string): string => {
  const [name] = readdirSync(folder)
  if (name === undefined) throw new Error(`${folder} is empty`)
  return readFileSync(join(folder, name), 'utf8')
}

const signerOf = (mspId: string, mspFolder: string): Signer =>
  createSigner({
    mspId,
    certificatePem: readOnly(join(mspFolder, 'signcerts')),
    privateKeyPem: readOnly(join(mspFolder, 'keystore')),
  })

const organizationOf = (
  root: string,
  name: string,
): { name: string; mspId: string; rootCerts: string[]; tlsRootCerts: string[] } => {
  const folder = join(root, 'peerOrganizations', domainOf(name), 'msp')
  return {
    name,
    mspId: `${name}MSP`,
    rootCerts: [readOnly(join(folder, 'cacerts'))],
    tlsRootCerts: [readOnly(join(folder, 'tlscacerts'))],
  }
}

const consenterOf = (
  root: string,
  name: string,
  id: number,
): Parameters<typeof buildGenesisBlock>[0]['consenters'][number] => {
  const domain = domainOf(name)
  const node = join(root, 'peerOrganizations', domain, 'orderers', `orderer.${domain}`)
  const tls = readFileSync(join(node, 'tls', 'server.crt'), 'utf8')
  return {
    id,
    mspId: `${name}MSP`,
    host: `orderer.${domain}`,
    port: 7050,
    identityPem: readOnly(join(node, 'msp', 'signcerts')),
    clientTlsPem: tls,
    serverTlsPem: tls,
  }
}

/** Writes the crypto material to a folder and builds a channel of three organisations on it. */
export const createTestNetwork = async (
  folder: string = mkdtempSync(join(tmpdir(), 'triflow-ledger-')),
): Promise<TestNetwork> => {
  const organizations = ORGANIZATIONS.map(name => ({
    mspId: `${name}MSP`,
    domain: domainOf(name),
    peers: [{ name: 'peer0', orderer: true }],
    users: 1,
  }))
  await createNetworkCrypto({ organizations }, folder)
  const groups = ORGANIZATIONS.map(name => organizationOf(folder, name))
  const genesisBlock = buildGenesisBlock({
    channelId: CHANNEL,
    organizations: groups,
    ordererOrganizations: groups,
    consenters: ORGANIZATIONS.map((name, index) => consenterOf(folder, name, index + 1)),
    createdAtMs: 1_700_000_000_000,
  })
  const config = readChannelConfig(genesisBlock)
  const signer = (name: string, kind: string, who: string): Signer =>
    signerOf(`${name}MSP`, join(folder, 'peerOrganizations', domainOf(name), kind, who, 'msp'))
  return {
    channelId: CHANNEL,
    genesisBlock,
    config,
    peers: ORGANIZATIONS.map(name => signer(name, 'peers', `peer0.${domainOf(name)}`)),
    users: ORGANIZATIONS.map(name => signer(name, 'users', `User1@${domainOf(name)}`)),
    trust: () => trustOf(createMsp(config), config),
  }
}
