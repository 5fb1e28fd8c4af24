import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import type { MspDefinition, NodeOu, OrganizationConfig } from '../types.ts'

// A forge for tests: certificates as an attacker or a careless administrator would make them,
// which the certificate authority of this package never issues.
x509.cryptoProvider.set(webcrypto)

export { x509 }

export interface Forged {
  readonly certificatePem: string
  readonly privateKeyPem: string
  readonly certificate: x509.X509Certificate
  readonly privateKey: webcrypto.CryptoKey
}

export interface ForgeOptions {
  readonly commonName: string
  readonly units?: readonly string[]
  readonly issuer?: Forged
  readonly isCa?: boolean
  readonly pathLength?: number
  readonly keyUsage?: number
  readonly curve?: 'P-256' | 'P-384' | 'P-521'
  readonly notBefore?: string
  readonly notAfter?: string
  readonly extensions?: readonly x509.Extension[]
  readonly keys?: webcrypto.CryptoKeyPair
  readonly withoutKeyId?: boolean
}

const NOT_BEFORE = '2026-01-01T00:00:00Z'
const NOT_AFTER = '2036-01-01T00:00:00Z'

export async function forgeKeys(namedCurve = 'P-256'): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve }, true, ['sign', 'verify'])
}

export async function forge(options: ForgeOptions): Promise<Forged> {
  const keys = options.keys ?? (await forgeKeys(options.curve))
  const name = nameOf(options)
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).toString('hex'),
    subject: name,
    issuer: options.issuer?.certificate.subjectName ?? name,
    notBefore: new Date(options.notBefore ?? NOT_BEFORE),
    notAfter: new Date(options.notAfter ?? NOT_AFTER),
    publicKey: keys.publicKey,
    signingKey: options.issuer?.privateKey ?? keys.privateKey,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: await extensionsOf(options, keys),
  })
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  return {
    certificate,
    certificatePem: `${certificate.toString('pem')}\n`,
    privateKey: keys.privateKey,
    privateKeyPem: pemOf(pkcs8),
  }
}

function pemOf(pkcs8: Buffer): string {
  return `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString('base64')}\n-----END PRIVATE KEY-----\n`
}

function nameOf({ commonName, units = [] }: ForgeOptions): x509.Name {
  return new x509.Name([
    { C: ['CN'] },
    ...units.map(unit => ({ OU: [unit] })),
    { CN: [commonName] },
  ])
}

async function extensionsOf(options: ForgeOptions, keys: webcrypto.CryptoKeyPair) {
  const { isCa = false, pathLength, keyUsage, extensions = [], withoutKeyId = false } = options
  const { KeyUsageFlags } = x509
  const usage = isCa
    ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign
    : KeyUsageFlags.digitalSignature
  const keyId = await x509.SubjectKeyIdentifierExtension.create(keys.publicKey)
  return [
    new x509.BasicConstraintsExtension(isCa, pathLength, true),
    new x509.KeyUsagesExtension(keyUsage ?? usage, true),
    ...(isCa && !withoutKeyId ? [keyId] : []),
    ...extensions,
  ]
}

/** A revocation list of the authority over the certificates. */
export async function forgeRevocationList(
  issuer: Forged,
  revoked: readonly Forged[],
): Promise<Uint8Array> {
  const keyId = issuer.certificate.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId ?? ''
  const list = await x509.X509CrlGenerator.create({
    issuer: issuer.certificate.subject,
    thisUpdate: new Date(NOT_BEFORE),
    nextUpdate: new Date(NOT_AFTER),
    entries: revoked.map(one => ({
      serialNumber: one.certificate.serialNumber,
      revocationDate: new Date(NOT_BEFORE),
    })),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    signingKey: issuer.privateKey,
    extensions: [new x509.AuthorityKeyIdentifierExtension(keyId)],
  })
  return new Uint8Array(list.rawData)
}

export const NODE_OUS: readonly NodeOu[] = (['client', 'peer', 'admin', 'orderer'] as const).map(
  role => ({ role, organizationalUnit: role }),
)

/** An organisation's definition around its root, for `createMsp`. */
export function organizationOf(
  mspId: string,
  roots: readonly Forged[],
  more: Partial<MspDefinition> = {},
): OrganizationConfig {
  return {
    mspId,
    name: mspId,
    path: `/Channel/Application/${mspId}`,
    rootCerts: roots.map(root => root.certificatePem),
    intermediateCerts: [],
    tlsRootCerts: [],
    tlsIntermediateCerts: [],
    admins: [],
    revocationLists: [],
    nodeOus: NODE_OUS,
    organizationalUnits: [],
    anchorPeers: [],
    ordererEndpoints: [],
    policies: {},
    ...more,
  }
}
