// Who runs where: the nodes of a definition, their roles and their ports, computed the same way every time.
import type { NetworkDefinition, OrganizationDefinition } from './definition.ts'

/** How many ports a node has of its own; node i starts at basePort + 10 i. */
export const PORTS_PER_NODE = 10

export interface NodePlace {
  /** Full name, as commands take it: `peer0.org1.example.com`. */
  name: string
  mspId: string
  domain: string
  organization: string
  isPeer: boolean
  /** Where this node orders: the full name of its ordering identity and its number in the channel configuration. */
  orderer?: { name: string; consenterId: number }
  /** Gateway, deliver and endorser services for clients. */
  clientPort: number
  /** Embedded: links between nodes. Fabric: the listener for chaincodes that dial in. */
  linkPort: number
  /** Health and metrics over HTTP. */
  metricsPort: number
  /** Fabric: the ordering process's gRPC, admin and metrics ports. */
  ordererPort: number
  ordererAdminPort: number
  ordererMetricsPort: number
  /** Free for the chaincode service of this node. */
  chaincodePort: number
}

/** Nodes bind to the loopback: the definition describes a network on one machine. */
export const HOST = '127.0.0.1'

/** Every node of the network, in the order of the file. */
export function nodesOf(definition: NetworkDefinition): NodePlace[] {
  const nodes: NodePlace[] = []
  let consenters = 0
  for (const organization of definition.organizations) {
    for (const seat of seatsOf(organization)) {
      const port = definition.basePort + PORTS_PER_NODE * nodes.length
      const orderer = seat.ordererName ? { orderer: seat.ordererName } : {}
      nodes.push({
        name: seat.name,
        mspId: organization.mspId,
        domain: organization.domain,
        organization: organization.name,
        isPeer: seat.isPeer,
        ...(orderer.orderer
          ? { orderer: { name: orderer.orderer, consenterId: (consenters += 1) } }
          : {}),
        clientPort: port,
        linkPort: port + 1,
        metricsPort: port + 2,
        ordererPort: port + 3,
        ordererAdminPort: port + 4,
        ordererMetricsPort: port + 5,
        chaincodePort: port + 6,
      })
    }
  }
  return nodes
}

interface Seat {
  name: string
  isPeer: boolean
  ordererName?: string
}

function seatsOf(organization: OrganizationDefinition): Seat[] {
  const { domain, peers } = organization
  if (peers.length === 0) {
    const name = `orderer.${domain}`
    return organization.orderer ? [{ name, isPeer: false, ordererName: name }] : []
  }
  return peers.map((peer, index) => {
    const orders = peer.orderer || (organization.orderer && index === 0)
    const name = `${peer.name}.${domain}`
    const ordererName = index === 0 ? `orderer.${domain}` : `orderer${index}.${domain}`
    return orders ? { name, isPeer: true, ordererName } : { name, isPeer: true }
  })
}
