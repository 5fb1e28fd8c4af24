// A node's own keys and the channels it takes part in, read from the network folder.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import {
  createMsp,
  createSigner,
  readChannelConfig,
  type ChannelConfig,
  type Msp,
  type Signer,
} from '../../msp/index.ts'
import type { NetworkDefinition } from '../definition.ts'
import { NetworkFault } from '../fault.ts'
import { identityFolder, inFolder, onlyFileOf } from '../folder.ts'
import { nodesOf, type NodePlace } from '../topology.ts'

export interface TlsKeys {
  certificatePem: string
  privateKeyPem: string
}

export interface ChannelIdentity {
  config: ChannelConfig
  msp: Msp
  genesisBlock: Uint8Array
}

/** The place of a node. Throws `NetworkFault` NODE_UNKNOWN. */
export function placeOf(definition: NetworkDefinition, name: string): NodePlace {
  const place = nodesOf(definition).find(node => node.name === name)
  if (place) return place
  throw new NetworkFault('NODE_UNKNOWN', `the network has no node ${name}`)
}

export function readSigner(
  dir: string,
  definition: NetworkDefinition,
  place: NodePlace,
  role: 'peer' | 'orderer',
): Signer {
  const msp = path.join(identityFolder(dir, definition, place, role), 'msp')
  return createSigner({
    mspId: place.mspId,
    certificatePem: readFileSync(onlyFileOf(path.join(msp, 'signcerts')), 'utf8'),
    privateKeyPem: readFileSync(onlyFileOf(path.join(msp, 'keystore')), 'utf8'),
  })
}

export function readTls(
  dir: string,
  definition: NetworkDefinition,
  place: NodePlace,
  role: 'peer' | 'orderer',
): TlsKeys {
  const tls = path.join(identityFolder(dir, definition, place, role), 'tls')
  return {
    certificatePem: readFileSync(path.join(tls, 'server.crt'), 'utf8'),
    privateKeyPem: readFileSync(path.join(tls, 'server.key'), 'utf8'),
  }
}

/** Every channel this node orders or is a member of. */
export function readChannels(
  dir: string,
  definition: NetworkDefinition,
  place: NodePlace,
): Map<string, ChannelIdentity> {
  const own = definition.channels.filter(
    channel => place.orderer || channel.organizations.includes(place.mspId),
  )
  return new Map(
    own.map(channel => {
      const genesisBlock = new Uint8Array(readFileSync(inFolder.genesis(dir, channel.name)))
      const config = readChannelConfig(genesisBlock)
      return [channel.name, { config, msp: createMsp(config), genesisBlock }]
    }),
  )
}
