// One node: its links, channels, peer and servers wired together.
// Invariants: nothing is served before every ledger has recovered; a fault of one channel ends the process, because a
// half-dead node is worse than one that its supervisor starts again; closing flushes what is on its way to disk.
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { quorumOf } from '../../consensus/index.ts'
import {
  createPeer,
  type ChannelResources,
  type OrderingPort,
  type Peer,
  type RemotePeers,
} from '../../peer/index.ts'
import type { NetworkDefinition } from '../definition.ts'
import { inFolder, recordOf } from '../folder.ts'
import { contactsOf, type Contact } from '../links/contacts.ts'
import { FRAME, type FrameType } from '../links/frames.ts'
import { Mesh } from '../links/mesh.ts'
import { HOST, nodesOf, type NodePlace } from '../topology.ts'
import { openChannel, type NodeChannel } from './channel.ts'
import { placeOf, readChannels, readSigner, readTls } from './identity.ts'
import type { NodeLog } from './log.ts'
import {
  METHOD,
  readOutcome,
  readStatus,
  withChannel,
  writeStatus,
  type NodeStatus,
} from './methods.ts'
import { createOrderingPort } from './ordering-port.ts'
import { createRemotePeers, StatusBoard, type PeerAddress } from './remote-peers.ts'
import { createRequestHandler } from './requests.ts'

const MESSAGE_BYTES_MAX = 100 * 1024 * 1024
const SUBMIT_MS = 10_000
/** How often a node looks at what it would tell the others: what it can run is told at once, its height now and then. */
const STATUS_EVERY_MS = 100
const HEIGHT_EVERY_MS = 1_000

export interface NodeOptions {
  dir: string
  /** Full name of the node. */
  name: string
  log: NodeLog
  onFault: (fault: Error) => void
}

export interface RunningNode {
  place: NodePlace
  channels: ReadonlyMap<string, NodeChannel>
  peer: Peer | undefined
  mesh: Mesh
  /** The other peers as this node's gateway sees them. */
  remote: RemotePeers
  /** Outcomes that are not errors of anybody's call: dropped, refused, withheld. */
  counters(): Record<string, number>
  /** Whether clients may connect: every channel has its quorum of ordering nodes. */
  isReady(): boolean
  close(): Promise<void>
}

interface Wiring {
  remote: RemotePeers
  options: NodeOptions
  definition: NetworkDefinition
  place: NodePlace
  contacts: Contact[]
  board: StatusBoard
  counters: Map<string, number>
  channels: Map<string, NodeChannel>
  mesh: () => Mesh
}

/** Opens everything, recovers, links up and serves. Rejects when a port is taken or a file is missing. */
export async function openNode(options: NodeOptions): Promise<RunningNode> {
  const { dir, name, log } = options
  const { definition } = recordOf(dir)
  const place = placeOf(definition, name)
  const identities = readChannels(dir, definition, place)
  const configs = [...identities.values()].map(each => each.config)
  const contacts = contactsOf(nodesOf(definition), configs)
  const linked: { mesh?: Mesh; peer?: Peer } = {}
  const meshOf = (): Mesh => {
    if (!linked.mesh) throw new Error('the node is not linked yet')
    return linked.mesh
  }
  const board = new StatusBoard()
  const wiring: Wiring = {
    ...{ options, definition, place, contacts, board, mesh: meshOf },
    remote: createRemotePeers(meshOf, otherPeers(definition, contacts, place), board),
    counters: new Map(),
    channels: new Map(),
  }
  const mesh = await Mesh.open({
    self: name,
    contacts,
    ...readTls(dir, definition, place, place.orderer ? 'orderer' : 'peer'),
    handlers: linkHandlers(wiring, () => linked.peer),
    log,
  })
  linked.mesh = mesh
  for (const [channelId, identity] of identities)
    wiring.channels.set(channelId, await openOne(wiring, channelId, identity))
  const peer = place.isPeer ? await openPeer(wiring) : undefined
  if (peer) linked.peer = peer
  const server = peer ? await serve(wiring, peer) : undefined
  for (const channel of wiring.channels.values()) channel.start()
  const stopTelling = tellStatus(wiring, peer)
  return {
    place,
    channels: wiring.channels,
    peer,
    mesh,
    remote: wiring.remote,
    counters: () => ({ ...Object.fromEntries(wiring.counters), ...wiring.mesh().counters() }),
    isReady: () => isReady(wiring),
    close: async () => {
      stopTelling()
      server?.forceShutdown()
      await peer?.close()
      await wiring.mesh().close()
      await Promise.all([...wiring.channels.values()].map(channel => channel.close()))
    },
  }
}

function otherPeers(
  definition: NetworkDefinition,
  contacts: readonly Contact[],
  place: NodePlace,
): PeerAddress[] {
  const ports = new Map(nodesOf(definition).map(node => [node.name, node.clientPort]))
  return contacts
    .filter(contact => contact.isPeer && contact.name !== place.name)
    .map(contact => ({ contact, clientPort: ports.get(contact.name) ?? 0 }))
}

function openOne(
  wiring: Wiring,
  channelId: string,
  identity: Parameters<typeof openChannel>[0]['identity'],
): Promise<NodeChannel> {
  const { options, definition, place, contacts, board, mesh } = wiring
  return openChannel({
    ...{ channelId, identity, definition, place, board, mesh, log: options.log },
    consenterNames: new Map(
      contacts.flatMap(each => (each.consenterId ? [[each.consenterId, each.name]] : [])),
    ),
    ordererSigner: place.orderer
      ? readSigner(options.dir, definition, place, 'orderer')
      : undefined,
    directory: inFolder.node(options.dir, place.name),
    count: outcome => count(wiring, outcome),
    onFault: options.onFault,
  })
}

function count(wiring: Wiring, outcome: string): void {
  wiring.counters.set(outcome, (wiring.counters.get(outcome) ?? 0) + 1)
}

function linkHandlers(wiring: Wiring, peer: () => Peer | undefined) {
  const onRequest = createRequestHandler({ channels: wiring.channels, peer })
  return {
    onRequest,
    onFrame: (from: Contact, type: FrameType, payload: Uint8Array): void => {
      if (type === FRAME.status) return onStatus(wiring, from, payload)
      onConsensus(wiring, from, payload)
    },
    onUp: (to: Contact): void => {
      wiring.mesh().send(to.name, FRAME.status, writeStatus(statusOf(wiring, peer())))
    },
    onDown: (to: Contact): void => wiring.board.forget(to.name),
  }
}

function onStatus(wiring: Wiring, from: Contact, payload: Uint8Array): void {
  const status = readStatus(payload)
  if (status) wiring.board.set(from.name, status)
  else count(wiring, 'status_malformed')
}

function onConsensus(wiring: Wiring, from: Contact, payload: Uint8Array): void {
  const length = payload[0] ?? 0
  const channelId = Buffer.from(payload.subarray(1, 1 + length)).toString('utf8')
  const orderer = wiring.channels.get(channelId)?.orderer
  if (!orderer || from.consenterId === undefined) return count(wiring, 'consensus_not_for_us')
  orderer.receive(from.consenterId, payload.subarray(1 + length))
}

function openPeer(wiring: Wiring): Promise<Peer> {
  const { options, definition, place } = wiring
  const directory = path.join(inFolder.node(options.dir, place.name), 'peer')
  mkdirSync(directory, { recursive: true })
  const resources = new Map<string, ChannelResources>()
  for (const [channelId, { config, msp, ledger }] of wiring.channels)
    if (ledger)
      resources.set(channelId, { config, msp, ledger, ordering: orderingOf(wiring, channelId) })
  return createPeer({
    name: place.name,
    endpoint: `${HOST}:${place.clientPort}`,
    directory,
    signer: readSigner(options.dir, definition, place, 'peer'),
    channels: resources,
    remote: wiring.remote,
    log: options.log,
  })
}

function orderingOf(wiring: Wiring, channelId: string): OrderingPort {
  const head = withChannel(channelId)
  const { place, contacts, channels, mesh } = wiring
  const nodes = contacts
    .filter(contact => contact.consenterId !== undefined)
    .map(contact => ({
      endpoint: `${contact.host}:${contact.port}`,
      mspId: contact.mspId,
      submit: async (envelope: Uint8Array) => {
        const own = contact.name === place.name ? channels.get(channelId)?.orderer : undefined
        if (own) return own.submit(envelope)
        const body = Buffer.concat([head, envelope])
        return readOutcome(await mesh().request(contact.name, METHOD.submit, body, SUBMIT_MS))
      },
    }))
  return createOrderingPort(nodes)
}

async function serve(wiring: Wiring, peer: Peer): Promise<Server> {
  const { options, definition, place } = wiring
  const tls = readTls(options.dir, definition, place, 'peer')
  const server = new Server({
    'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
    'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
  })
  peer.register(server)
  const keys = {
    private_key: Buffer.from(tls.privateKeyPem),
    cert_chain: Buffer.from(tls.certificatePem),
  }
  const credentials = ServerCredentials.createSsl(null, [keys], false)
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`${HOST}:${place.clientPort}`, credentials, error =>
      error ? reject(error) : resolve(),
    )
  })
  return server
}

function statusOf(wiring: Wiring, peer: Peer | undefined): NodeStatus {
  return Object.fromEntries(
    [...wiring.channels.values()].map(({ channelId, chain }) => [
      channelId,
      { height: chain.height(), chaincodes: [...(peer?.chaincodes(channelId) ?? [])] },
    ]),
  )
}

/** What it can run, and how high its channels are, each as a text to compare. */
function partsOf(status: NodeStatus): { runs: string; heights: string } {
  const channels = Object.entries(status)
  return {
    runs: JSON.stringify(channels.map(([channelId, { chaincodes }]) => [channelId, chaincodes])),
    heights: JSON.stringify(channels.map(([, { height }]) => height)),
  }
}

function tellStatus(wiring: Wiring, peer: Peer | undefined): () => void {
  let told = { runs: '', heights: '', atMs: 0 }
  const timer = setInterval(() => {
    const status = statusOf(wiring, peer)
    const now = { ...partsOf(status), atMs: Date.now() }
    const isDue = now.heights !== told.heights && now.atMs - told.atMs >= HEIGHT_EVERY_MS
    if (now.runs === told.runs && !isDue) return
    told = now
    wiring.mesh().broadcast(FRAME.status, writeStatus(status))
  }, STATUS_EVERY_MS)
  return () => clearInterval(timer)
}

function isReady({ channels, contacts, place, mesh, board }: Wiring): boolean {
  const ordering = contacts.filter(contact => contact.consenterId !== undefined)
  const reached = ordering.filter(each => each.name === place.name || mesh().isLinked(each.name))
  const settled = [...channels.values()].every(({ orderer, channelId, config }) => {
    const members = contacts.filter(each => each.isPeer && config.organizations.has(each.mspId))
    const linked = members.filter(each => mesh().isLinked(each.name))
    const heard = linked.every(each => board.heightOf(each.name, channelId) !== undefined)
    return heard && (orderer === undefined || orderer.status().phase === 'normal')
  })
  return settled && reached.length >= quorumOf(ordering.length)
}
