import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { common } from '@hyperledger/fabric-protos'
import { type Ledger, openLedger, trustOf } from '../../ledger/index.ts'
import {
  buildGenesisBlock,
  type ChannelConfig,
  createMsp,
  createSigner,
  type Msp,
  readChannelConfig,
  type Signer,
} from '../../msp/index.ts'
import { createNetworkCrypto } from '../../msp/authority/index.ts'
import { type DeployOrganization, deployChaincode, PeerConnection } from '../client/index.ts'
import { createInspector, createPeer } from '../index.ts'
import type { ChannelResources, Peer, PeerLimits, RemotePeer, RemotePeers } from '../types.ts'
import { messageOf } from '../wire/faults.ts'

/**
 * A network in one process for the peer's tests: real keys, ledgers, gRPC ports and chaincode
 * processes; only ordering is a single queue that cuts a block per envelope, and the links between
 * peers are function calls.
 */
export interface TestNetworkOptions {
  readonly directory: string
  readonly channelId: string
  /** Peers per organisation, by MSP id. */
  readonly peers: Readonly<Record<string, number>>
  /** Peers take ports from here on, chaincode processes those after them. */
  readonly basePort: number
  readonly limits?: Partial<PeerLimits>
}

export interface TestPeer {
  readonly name: string
  readonly mspId: string
  readonly endpoint: string
  readonly ledger: Ledger
  readonly peer: Peer
  readonly connection: PeerConnection
  readonly chaincodePort: number
  /** A peer that is down answers nobody. */
  down: boolean
}

const domainOf = (mspId: string): string => `${mspId.toLowerCase()}.example.com`
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

async function onlyFile(folder: string): Promise<string> {
  const [name] = await readdir(folder)
  if (!name) throw new Error(`${folder} is empty`)
  return readFile(path.join(folder, name), 'utf8')
}

async function readSigner(mspId: string, folder: string): Promise<Signer> {
  const certificatePem = await onlyFile(path.join(folder, 'signcerts'))
  const privateKeyPem = await onlyFile(path.join(folder, 'keystore'))
  return createSigner({ mspId, certificatePem, privateKeyPem })
}

export class TestNetwork {
  readonly options: TestNetworkOptions
  readonly config: ChannelConfig
  readonly msp: Msp
  readonly genesisBlock: Uint8Array
  readonly peers: TestPeer[] = []
  private readonly servers: Server[] = []
  private readonly processes: ChildProcess[] = []
  private ordering: Promise<unknown> = Promise.resolve()
  /** While set, accepted envelopes wait here, to be cut into one block. */
  private held: Uint8Array[] | undefined

  static async open(options: TestNetworkOptions): Promise<TestNetwork> {
    await mkdir(options.directory, { recursive: true })
    const mspIds = Object.keys(options.peers)
    const organizations = mspIds.map((mspId, index) => ({
      mspId,
      domain: domainOf(mspId),
      peers: Array.from({ length: options.peers[mspId] ?? 0 }, (_, i) => ({ name: `peer${i}` })),
      orderer: index === 0,
      users: 1,
    }))
    await createNetworkCrypto({ organizations }, options.directory)
    const genesis = await TestNetwork.genesis(options, mspIds)
    const network = new TestNetwork(options, genesis)
    for (const { mspId, peers } of organizations) {
      for (const { name } of peers) await network.startPeer(mspId, name)
    }
    return network
  }

  private static async genesis(
    options: TestNetworkOptions,
    mspIds: readonly string[],
  ): Promise<Uint8Array> {
    const [first = ''] = mspIds
    const folder = (mspId: string): string =>
      path.join(options.directory, 'peerOrganizations', domainOf(mspId))
    const organizations = await Promise.all(
      mspIds.map(async mspId => ({
        name: mspId,
        mspId,
        rootCerts: [await onlyFile(path.join(folder(mspId), 'msp', 'cacerts'))],
        tlsRootCerts: [await onlyFile(path.join(folder(mspId), 'msp', 'tlscacerts'))],
      })),
    )
    const orderer = path.join(folder(first), 'orderers', `orderer.${domainOf(first)}`)
    const tls = await readFile(path.join(orderer, 'tls', 'server.crt'), 'utf8')
    return buildGenesisBlock({
      channelId: options.channelId,
      organizations,
      ordererOrganizations: organizations.slice(0, 1),
      consenters: [
        {
          id: 1,
          mspId: first,
          host: '127.0.0.1',
          port: 1,
          identityPem: await onlyFile(path.join(orderer, 'msp', 'signcerts')),
          clientTlsPem: tls,
          serverTlsPem: tls,
        },
      ],
      createdAtMs: Date.now(),
    })
  }

  private constructor(options: TestNetworkOptions, genesisBlock: Uint8Array) {
    this.options = options
    this.genesisBlock = genesisBlock
    this.config = readChannelConfig(genesisBlock)
    this.msp = createMsp(this.config)
  }

  peerOf(mspId: string, index = 0): TestPeer {
    const peer = this.peers.filter(p => p.mspId === mspId)[index]
    if (!peer) throw new Error(`no peer ${index} of ${mspId}`)
    return peer
  }

  userFolder(mspId: string, user: string): string {
    const domain = domainOf(mspId)
    const { directory } = this.options
    return path.join(directory, 'peerOrganizations', domain, 'users', `${user}@${domain}`, 'msp')
  }

  signer(mspId: string, user = 'User1'): Promise<Signer> {
    return readSigner(mspId, this.userFolder(mspId, user))
  }

  /** Starts the probe chaincode, one process per peer, and deploys it everywhere. */
  async deploy(
    definition: Parameters<typeof deployChaincode>[0]['definition'],
    label = definition.name,
  ): Promise<string> {
    const packageId = `${label}:${createHash('sha256').update(label).digest('hex')}`
    const organizations: DeployOrganization[] = []
    for (const mspId of Object.keys(this.options.peers)) {
      const peers = this.peers.filter(p => p.mspId === mspId)
      if (peers.length === 0) continue
      organizations.push({
        mspId,
        signer: await this.signer(mspId, 'Admin'),
        peers: peers.map(peer => ({
          connection: peer.connection,
          binding: { packageId, address: `127.0.0.1:${peer.chaincodePort}` },
        })),
      })
    }
    const { channelId } = this.options
    await deployChaincode({ channelId, definition, packageId, organizations })
    return packageId
  }

  async startChaincode(packageId: string, peer: TestPeer): Promise<ChildProcess> {
    const script = fileURLToPath(new URL('./probe-chaincode.mjs', import.meta.url))
    const child = spawn(process.execPath, [script], {
      env: {
        PATH: process.env['PATH'],
        CHAINCODE_ID: packageId,
        CHAINCODE_SERVER_ADDRESS: `127.0.0.1:${peer.chaincodePort}`,
        CORE_PEER_LOCALMSPID: peer.mspId,
        CORE_CHAINCODE_LOGGING_SHIM: 'error',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.processes.push(child)
    await new Promise<void>((resolve, reject) => {
      child.once('exit', code => reject(new Error(`chaincode process ended: ${code}`)))
      child.stdout.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('listening')) resolve()
      })
    })
    return child
  }

  async close(): Promise<void> {
    for (const peer of this.peers) peer.connection.close()
    for (const server of this.servers) server.forceShutdown()
    await Promise.all(this.peers.map(p => p.peer.close()))
    await Promise.all(this.processes.map(endProcess))
    await this.ordering.catch(() => undefined)
    await Promise.all(this.peers.map(p => p.ledger.close()))
  }

  /** Cuts a block with these envelopes on every peer. */
  async cutBlock(envelopes: readonly Uint8Array[]): Promise<void> {
    const work = this.ordering.then(async () => {
      const [reference] = this.peers
      if (!reference) return
      const block = nextBlock(reference.ledger, envelopes)
      await Promise.all(this.peers.map(p => p.ledger.commit(block)))
    })
    this.ordering = work
    await work
  }

  hold(): void {
    this.held = []
  }

  async release(): Promise<void> {
    const envelopes = this.held ?? []
    this.held = undefined
    await this.cutBlock(envelopes)
  }

  private async startPeer(mspId: string, shortName: string): Promise<void> {
    const name = `${shortName}.${domainOf(mspId)}`
    const index = this.peers.length
    const { directory, channelId, basePort } = this.options
    const folder = path.join(directory, 'nodes', name)
    await mkdir(folder, { recursive: true })
    const ledger = await openLedger({
      directory: path.join(folder, 'ledger'),
      channelId,
      genesisBlock: this.genesisBlock,
      selfMspId: mspId,
      trust: trustOf(this.msp, this.config),
    })
    const msps = path.join(directory, 'peerOrganizations', domainOf(mspId), 'peers', name, 'msp')
    const channels = new Map<string, ChannelResources>([
      [channelId, { config: this.config, msp: this.msp, ledger, ordering: this.orderingPort() }],
    ])
    const endpoint = `127.0.0.1:${basePort + index}`
    const peer = await createPeer({
      name,
      endpoint,
      directory: folder,
      signer: await readSigner(mspId, msps),
      channels,
      remote: this.remotePeers(name),
      log: silent,
      ...(this.options.limits ? { limits: this.options.limits } : {}),
    })
    await this.serve(peer, endpoint)
    const connection = new PeerConnection({ endpoint })
    const chaincodePort = basePort + 50 + index
    this.peers.push({ name, mspId, endpoint, ledger, peer, connection, chaincodePort, down: false })
  }

  private async serve(peer: Peer, endpoint: string): Promise<void> {
    const server = new Server({
      'grpc.max_receive_message_length': 100 * 1024 * 1024,
      'grpc.max_send_message_length': 100 * 1024 * 1024,
    })
    peer.register(server)
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(endpoint, ServerCredentials.createInsecure(), error =>
        error ? reject(error) : resolve(),
      )
    })
    this.servers.push(server)
  }

  private orderingPort(): ChannelResources['ordering'] {
    const inspect = createInspector({ config: this.config, msp: this.msp })
    return {
      submit: async envelope => {
        const outcome = await inspect(envelope)
        const failure = (message: string) => ({
          accepted: false,
          failures: [{ endpoint: '127.0.0.1:1', mspId: 'OrdererMSP', message }],
        })
        if (!outcome.ok) return failure(outcome.message)
        const known = this.peers[0]?.ledger.transaction(outcome.txId)
        if (known) return failure('failed to submit request: request already processed')
        if (this.held) this.held.push(envelope)
        else void this.cutBlock([envelope])
        return { accepted: true, failures: [] }
      },
    }
  }

  private remotePeers(self: string): RemotePeers {
    const find = (name: string): TestPeer => {
      const peer = this.peers.find(p => p.name === name)
      if (!peer || peer.down) throw new Error(`${name} is unreachable`)
      return peer
    }
    const caller = () => {
      const { name, mspId } = this.peers.find(p => p.name === self) ?? { name: self, mspId: '' }
      return { name, mspId }
    }
    return {
      peers: channelId =>
        this.peers
          .filter(p => p.name !== self)
          .map(({ name, mspId, endpoint, ledger, peer }): RemotePeer => {
            const height = ledger.height()
            return { name, mspId, endpoint, height, chaincodes: peer.chaincodes(channelId) }
          }),
      endorse: async (name, proposal) => {
        try {
          return await find(name).peer.endorse(proposal)
        } catch (error) {
          throw new Error(messageOf(error))
        }
      },
      pushPrivate: async (name, push) => find(name).peer.pushPrivate(caller(), push),
      pullPrivate: async (name, request) => find(name).peer.pullPrivate(caller(), request),
    }
  }
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

function nextBlock(ledger: Ledger, envelopes: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const envelope of envelopes) hash.update(envelope)
  const header = new common.BlockHeader()
  header.setNumber(ledger.height())
  header.setPreviousHash(ledger.lastHeaderHash())
  header.setDataHash(hash.digest())
  const content = new common.BlockData()
  content.setDataList([...envelopes])
  const metadata = new common.BlockMetadata()
  metadata.setMetadataList(Array.from({ length: 5 }, () => new Uint8Array()))
  const block = new common.Block()
  block.setHeader(header)
  block.setData(content)
  block.setMetadata(metadata)
  return block.serializeBinary()
}
