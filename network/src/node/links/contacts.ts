// Who may be at the other end of a link. An ordering node is known by the very TLS certificate in the channel
// configuration; a node that only is a peer by a certificate of its organisation's TLS authority for its name.
import { X509Certificate } from 'node:crypto'
import type { ChannelConfig } from '../../msp/index.ts'
import { HOST, type NodePlace } from '../topology.ts'

export interface Contact {
  name: string
  mspId: string
  host: string
  port: number
  isPeer: boolean
  /** Number in the consenter mapping; absent: it does not order. */
  consenterId?: number
  /** DER certificates of which the other end must present one. */
  pinned: Buffer[]
  /** TLS authorities of its organisation. */
  authorities: X509Certificate[]
}

/** The contacts of a network as its channel configurations prove them. */
export function contactsOf(
  nodes: readonly NodePlace[],
  configs: readonly ChannelConfig[],
): Contact[] {
  return nodes.map(node => {
    const consenterId = node.orderer?.consenterId
    const consenters = configs.flatMap(config =>
      config.consenters.filter(each => each.id === consenterId && each.mspId === node.mspId),
    )
    const organizations = configs.flatMap(config => [
      config.organizations.get(node.mspId),
      config.ordererOrganizations.get(node.mspId),
    ])
    const roots = organizations.flatMap(each =>
      each ? [...each.tlsRootCerts, ...each.tlsIntermediateCerts] : [],
    )
    return {
      name: node.name,
      mspId: node.mspId,
      host: HOST,
      port: node.linkPort,
      isPeer: node.isPeer,
      ...(consenterId === undefined ? {} : { consenterId }),
      pinned: consenters
        .flatMap(each => [each.clientTlsPem, each.serverTlsPem])
        .map(pem => new X509Certificate(pem).raw),
      authorities: [...new Set(roots)].map(pem => new X509Certificate(pem)),
    }
  })
}

/** The contact a certificate belongs to, or undefined. The TLS engine has already checked chain and dates. */
export function contactOf(
  contacts: readonly Contact[],
  certificate: X509Certificate | undefined,
): Contact | undefined {
  if (!certificate) return undefined
  return contacts.find(contact => isOf(contact, certificate))
}

function isOf(contact: Contact, certificate: X509Certificate): boolean {
  if (contact.consenterId !== undefined)
    return contact.pinned.some(raw => raw.equals(certificate.raw))
  if (certificate.checkHost(contact.name) === undefined) return false
  return contact.authorities.some(
    authority => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
  )
}
