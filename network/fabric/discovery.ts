// What each peer knows of the others. A peer plans endorsements from gossip, which lags behind commits and starts by
// seconds: a network is ready for clients only when every peer sees every other with its chaincodes.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { credentials, type ServiceError } from '@grpc/grpc-js'
import { discovery, gossip } from '@hyperledger/fabric-protos'
import { createSigner, type Signer } from '../src/msp/index.ts'
import { adminFolder, identityFolder, onlyFileOf } from '../src/node/folder.ts'
import { NetworkFault } from '../src/node/fault.ts'
import { waitUntil } from '../src/node/processes.ts'
import { HOST, type NodePlace } from '../src/node/topology.ts'
import type { FabricContext } from './lifecycle.ts'

const ASK_MS = 3_000

export interface Expectation {
  channel: string
  peers: NodePlace[]
  /** Whose knowledge counts. */
  viewers: NodePlace[]
  /** Chaincodes that every one of the peers must be known to have. */
  chaincodes: string[]
}

/** True when every viewer sees what is expected before the time is over. */
export async function awaitDiscovery(
  context: FabricContext,
  expected: Expectation,
  limitMs: number,
): Promise<boolean> {
  const views = expected.viewers.map(node => new PeerView(context, node))
  try {
    const seen = await Promise.all(
      views.map(view => waitUntil(() => view.sees(expected), limitMs, 100)),
    )
    return seen.every(Boolean)
  } finally {
    for (const view of views) view.close()
  }
}

/** The discovery service of one peer, asked as an administrator of its organisation. */
class PeerView {
  #client: discovery.DiscoveryClient
  #signer: Signer

  constructor(context: FabricContext, node: NodePlace) {
    const root = path.resolve(context.dir)
    const organization = context.definition.organizations.find(each => each.mspId === node.mspId)
    if (!organization) throw new NetworkFault('NODE_UNKNOWN', `no organisation runs ${node.name}`)
    const msp = path.join(adminFolder(root, organization), 'msp')
    this.#signer = createSigner({
      mspId: node.mspId,
      certificatePem: readFileSync(onlyFileOf(path.join(msp, 'signcerts')), 'utf8'),
      privateKeyPem: readFileSync(onlyFileOf(path.join(msp, 'keystore')), 'utf8'),
    })
    const identity = identityFolder(root, context.definition, node, 'peer')
    const secure = credentials.createSsl(readFileSync(path.join(identity, 'tls', 'ca.crt')))
    const options = { 'grpc.ssl_target_name_override': node.name }
    this.#client = new discovery.DiscoveryClient(`${HOST}:${node.clientPort}`, secure, options)
  }

  async sees(expected: Expectation): Promise<boolean> {
    try {
      const known = await this.#chaincodesByPeer(expected.channel)
      const ready = known.filter(names => expected.chaincodes.every(name => names.includes(name)))
      return ready.length >= expected.peers.length
    } catch {
      // The peer has not joined the channel yet.
      return false
    }
  }

  close(): void {
    this.#client.close()
  }

  async #chaincodesByPeer(channel: string): Promise<string[][]> {
    const query = new discovery.Query()
    query.setChannel(channel)
    query.setPeerQuery(new discovery.PeerMembershipQuery())
    const answer = await this.#discover(query)
    const members = answer.getResultsList()[0]?.getMembers()
    const groups = [...(members?.getPeersByOrgMap().entries() ?? [])].map(([, peers]) => peers)
    return groups.flatMap(peers => peers.getPeersList().map(chaincodesOf))
  }

  #discover(query: discovery.Query): Promise<discovery.Response> {
    const identity = new discovery.AuthInfo()
    identity.setClientIdentity(this.#signer.identity)
    const request = new discovery.Request()
    request.setAuthentication(identity)
    request.setQueriesList([query])
    const payload = request.serializeBinary()
    const signed = new discovery.SignedRequest()
    signed.setPayload(payload)
    signed.setSignature(this.#signer.sign(payload))
    const options = { deadline: Date.now() + ASK_MS }
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, answer?: discovery.Response): void => {
        if (answer) resolve(answer)
        else reject(error ?? new Error('no answer'))
      }
      this.#client.discover(signed, options, done)
    })
  }
}

function chaincodesOf(peer: discovery.Peer): string[] {
  const payload = peer.getStateInfo()?.getPayload_asU8()
  if (!payload) return []
  const message = gossip.GossipMessage.deserializeBinary(payload)
  const properties = message.getStateInfo()?.getProperties()
  return (properties?.getChaincodesList() ?? []).map(each => each.getName())
}
