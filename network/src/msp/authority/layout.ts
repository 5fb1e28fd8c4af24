import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Issued } from './certificates.ts'

/** The certificates every folder of an organisation repeats. */
export interface Roots {
  readonly domain: string
  readonly caPem: string
  readonly tlsCaPem: string
}

const PRIVATE_MODE = 0o600
const PUBLIC_MODE = 0o644

/** NodeOUs bound to the organisation's CA, word for word as cryptogen writes them. */
function nodeOusYaml(domain: string): string {
  const units = ['Client', 'Peer', 'Admin', 'Orderer'].flatMap(unit => [
    `    ${unit}OUIdentifier:`,
    `        Certificate: cacerts/ca.${domain}-cert.pem`,
    `        OrganizationalUnitIdentifier: ${unit.toLowerCase()}`,
  ])
  return ['NodeOUs:', '    Enable: true', ...units, ''].join('\n')
}

async function put(file: string, content: string, mode = PUBLIC_MODE): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, content, { mode, flag: 'wx' })
}

/** `ca/` or `tlsca/`: certificate and key of a root. */
export async function writeRoot(folder: string, name: string, root: Issued): Promise<void> {
  await put(path.join(folder, `${name}-cert.pem`), root.certificatePem)
  await put(path.join(folder, 'priv_sk'), root.privateKeyPem, PRIVATE_MODE)
}

/** The organisation's own `msp/`: what a channel configuration is made from. */
export async function writeVerifyingMsp(folder: string, roots: Roots): Promise<void> {
  const { domain, caPem, tlsCaPem } = roots
  await put(path.join(folder, 'cacerts', `ca.${domain}-cert.pem`), caPem)
  await put(path.join(folder, 'tlscacerts', `tlsca.${domain}-cert.pem`), tlsCaPem)
  await put(path.join(folder, 'config.yaml'), nodeOusYaml(domain))
  await mkdir(path.join(folder, 'admincerts'), { recursive: true })
}

/** The `msp/` of one signing identity. */
export async function writeSigningMsp(
  folder: string,
  roots: Roots,
  identity: Issued & { readonly name: string },
): Promise<void> {
  await writeVerifyingMsp(folder, roots)
  await put(path.join(folder, 'signcerts', `${identity.name}-cert.pem`), identity.certificatePem)
  await put(path.join(folder, 'keystore', 'priv_sk'), identity.privateKeyPem, PRIVATE_MODE)
}

/** The `tls/` of a node (`server`) or of a user (`client`). */
export async function writeTls(
  folder: string,
  roots: Roots,
  tls: Issued & { readonly side: 'server' | 'client' },
): Promise<void> {
  await put(path.join(folder, 'ca.crt'), roots.tlsCaPem)
  await put(path.join(folder, `${tls.side}.crt`), tls.certificatePem)
  await put(path.join(folder, `${tls.side}.key`), tls.privateKeyPem, PRIVATE_MODE)
}
