// The certificate authority of a network that brings its own: key material in the folder layout
// of Fabric's cryptogen, and later enrolments of users with Fabric CA's attributes.
//
// May import: src/msp, src/proof (DER). Invariants: an organisation's folder appears whole or not
// at all; what exists is never written over; private keys are PKCS#8 in files of mode 0600.
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import {
  createRoot,
  issueSigning,
  issueSigningWithKeys,
  issueTls,
  openAuthority,
  type Authority,
  type Issued,
  type NodeRole,
} from './certificates.ts'
import { writeRoot, writeSigningMsp, writeTls, writeVerifyingMsp, type Roots } from './layout.ts'

export type { Issued, NodeRole } from './certificates.ts'

/** What of a network definition the certificates depend on. */
export interface CryptoDefinition {
  readonly organizations: readonly CryptoOrganization[]
}

export interface CryptoOrganization {
  readonly mspId: string
  readonly domain: string
  readonly peers: readonly { readonly name: string; readonly orderer?: boolean }[]
  /** Its first peer orders as well; without peers, a node that only orders. */
  readonly orderer?: boolean
  /** User1..UserN, besides Admin. */
  readonly users: number
}

/** As cryptogen: nodes and their CAs outlive the network they were made for. */
const NETWORK_DAYS = 3650
const ENROLMENT_DAYS = 365

interface Authorities {
  readonly signing: Authority
  readonly tls: Authority
  readonly roots: Roots
}

/**
 * Writes `peerOrganizations/<domain>` and `ordererOrganizations/<domain>` (an organisation that
 * only orders) below the folder. Organisations that exist there already are left as they are.
 */
export async function createNetworkCrypto(
  definition: CryptoDefinition,
  folder: string,
): Promise<void> {
  for (const organization of definition.organizations) {
    const onlyOrders = organization.orderer === true && organization.peers.length === 0
    const kind = onlyOrders ? 'ordererOrganizations' : 'peerOrganizations'
    const target = path.join(folder, kind, organization.domain)
    if (existsSync(target)) continue
    const draft = `${target}.draft`
    await rm(draft, { recursive: true, force: true })
    await mkdir(draft, { recursive: true })
    await writeOrganization(draft, organization)
    await rename(draft, target)
  }
}

async function writeOrganization(folder: string, organization: CryptoOrganization): Promise<void> {
  const { domain } = organization
  const authorities = await writeAuthorities(folder, domain)
  await writeVerifyingMsp(path.join(folder, 'msp'), authorities.roots)
  for (const peer of organization.peers) {
    const name = `${peer.name}.${domain}`
    await writeNode(path.join(folder, 'peers', name), authorities, { name, role: 'peer' })
  }
  for (const name of ordererNames(organization)) {
    await writeNode(path.join(folder, 'orderers', name), authorities, { name, role: 'orderer' })
  }
  const users = Array.from({ length: organization.users }, (_, index) => `User${index + 1}`)
  for (const user of ['Admin', ...users]) {
    const name = `${user}@${domain}`
    const role = user === 'Admin' ? 'admin' : 'client'
    await writeUser(path.join(folder, 'users', name), authorities, { name, role })
  }
}

/** The ordering identity of node i is `orderer<i>.<domain>`; of the first, `orderer.<domain>`. */
function ordererNames({ peers, orderer, domain }: CryptoOrganization): string[] {
  if (peers.length === 0) return orderer ? [`orderer.${domain}`] : []
  return peers.flatMap((peer, index) => {
    const orders = peer.orderer === true || (orderer === true && index === 0)
    return orders ? [index === 0 ? `orderer.${domain}` : `orderer${index}.${domain}`] : []
  })
}

async function writeAuthorities(folder: string, domain: string): Promise<Authorities> {
  const signing = await createRoot(
    { commonName: `ca.${domain}`, organization: domain },
    NETWORK_DAYS,
  )
  const tls = await createRoot(
    { commonName: `tlsca.${domain}`, organization: domain },
    NETWORK_DAYS,
  )
  await writeRoot(path.join(folder, 'ca'), `ca.${domain}`, signing)
  await writeRoot(path.join(folder, 'tlsca'), `tlsca.${domain}`, tls)
  const roots = { domain, caPem: signing.certificatePem, tlsCaPem: tls.certificatePem }
  return { signing: signing.authority, tls: tls.authority, roots }
}

interface Named {
  readonly name: string
  readonly role: NodeRole
}

async function writeNode(folder: string, by: Authorities, { name, role }: Named): Promise<void> {
  const request = { commonName: name, role, days: NETWORK_DAYS }
  const identity = await issueSigningWithKeys(by.signing, request)
  await writeSigningMsp(path.join(folder, 'msp'), by.roots, { ...identity, name })
  const hostNames = [name, name.split('.')[0] ?? name, 'localhost', '127.0.0.1']
  const tls = await issueTls(by.tls, { commonName: name, hostNames, days: NETWORK_DAYS })
  await writeTls(path.join(folder, 'tls'), by.roots, { ...tls, side: 'server' })
}

async function writeUser(folder: string, by: Authorities, { name, role }: Named): Promise<void> {
  const request = { commonName: name, role, days: NETWORK_DAYS }
  const identity = await issueSigningWithKeys(by.signing, request)
  await writeSigningMsp(path.join(folder, 'msp'), by.roots, { ...identity, name })
  const tls = await issueTls(by.tls, { commonName: name, hostNames: [], days: NETWORK_DAYS })
  await writeTls(path.join(folder, 'tls'), by.roots, { ...tls, side: 'client' })
}

export interface EnrolmentRequest {
  /** An organisation's `ca` folder: `*-cert.pem` and `*_sk`. */
  readonly caFolder: string
  /** A pseudonym: the name is public to every member of the channel, for ever. */
  readonly commonName: string
  readonly role: NodeRole
  readonly attributes?: Readonly<Record<string, string>>
  /** PEM of the enrolling person's own public key; absent: a key pair is generated. */
  readonly publicKeyPem?: string
  readonly days?: number
}

/** Issues a signing certificate. `privateKeyPem` is present if the keys were generated here. */
export async function issueCertificate(
  request: EnrolmentRequest,
): Promise<{ readonly certificatePem: string; readonly privateKeyPem?: string }> {
  const { caFolder, commonName, role, publicKeyPem, days = ENROLMENT_DAYS } = request
  const authority = await readAuthority(caFolder)
  const attributes = {
    'hf.EnrollmentID': commonName,
    'hf.Type': role,
    ...request.attributes,
  }
  const signing = { commonName, role, attributes, days }
  if (publicKeyPem === undefined) return issueSigningWithKeys(authority, signing)
  return { certificatePem: await issueSigning(authority, { ...signing, publicKeyPem }) }
}

/** A TLS server certificate of the organisation, e.g. for its chaincode service. */
export async function issueTlsCertificate(request: {
  /** An organisation's `tlsca` folder. */
  readonly caFolder: string
  readonly commonName: string
  readonly hostNames: readonly string[]
  readonly days?: number
}): Promise<Issued> {
  const { caFolder, commonName, hostNames, days = ENROLMENT_DAYS } = request
  return issueTls(await readAuthority(caFolder), { commonName, hostNames, days })
}

async function readAuthority(folder: string): Promise<Authority> {
  const files = await readdir(folder)
  const read = async (suffix: string) => {
    const file = files.find(name => name.endsWith(suffix))
    if (file === undefined) throw new Error(`${folder} holds no *${suffix}`)
    return readFile(path.join(folder, file), 'utf8')
  }
  return openAuthority(await read('-cert.pem'), await read('_sk'))
}
