// The other peers of a channel as this node's gateway sees them: those with a link, by what they last said of themselves.
import type { RemotePeer, RemotePeers } from '../../peer/index.ts'
import type { Contact } from '../links/contacts.ts'
import type { Mesh } from '../links/mesh.ts'
import { HOST } from '../topology.ts'
import { METHOD, type NodeStatus } from './methods.ts'

const ENDORSE_MS = 30_000
const PRIVATE_MS = 10_000

export interface PeerAddress {
  contact: Contact
  clientPort: number
}

/** Remembers what each node says about its channels. */
export class StatusBoard {
  #known = new Map<string, NodeStatus>()

  set(node: string, status: NodeStatus): void {
    this.#known.set(node, status)
  }

  forget(node: string): void {
    this.#known.delete(node)
  }

  heightOf(node: string, channelId: string): number | undefined {
    return this.#known.get(node)?.[channelId]?.height
  }

  of(node: string, channelId: string): NodeStatus[string] | undefined {
    return this.#known.get(node)?.[channelId]
  }
}

export function createRemotePeers(
  mesh: () => Mesh,
  others: readonly PeerAddress[],
  board: StatusBoard,
): RemotePeers {
  return {
    peers: channelId =>
      others.flatMap(({ contact, clientPort }): RemotePeer[] => {
        const status = board.of(contact.name, channelId)
        if (!status || !mesh().isLinked(contact.name)) return []
        const { name, mspId } = contact
        return [{ name, mspId, endpoint: `${HOST}:${clientPort}`, ...status }]
      }),
    endorse: (name, proposal) => mesh().request(name, METHOD.endorse, proposal, ENDORSE_MS),
    pushPrivate: async (name, push) => {
      await mesh().request(name, METHOD.pushPrivate, push, PRIVATE_MS)
    },
    pullPrivate: (name, request) => mesh().request(name, METHOD.pullPrivate, request, PRIVATE_MS),
  }
}
