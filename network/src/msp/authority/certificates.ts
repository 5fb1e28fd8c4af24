import 'reflect-metadata'
import { createHash, createPublicKey, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { concatBytes } from '../../proof/bytes.ts'
import { expectTag, readBitString, readChildren, readDer, TAG, writeDer } from '../../proof/der.ts'
import { toLowS } from '../signer.ts'
import type { Role } from '../types.ts'

x509.cryptoProvider.set(webcrypto)

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MS = 24 * 60 * 60 * 1000
/** Clocks of one network differ: a certificate is valid a little before it was asked for. */
const SKEW_MS = 5 * 60 * 1000
const ATTRIBUTES_OID = '1.2.3.4.5.6.7.8.1'
const EXTENDED_USAGES = [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]

export type NodeRole = Exclude<Role, 'member'>

/** A certificate and, where it was generated here, its key: PEM, the key in PKCS#8. */
export interface Issued {
  readonly certificatePem: string
  readonly privateKeyPem: string
}

/** A certificate authority that is about to sign: its certificate and private key. */
export interface Authority {
  readonly certificate: x509.X509Certificate
  readonly privateKey: webcrypto.CryptoKey
}

export interface Subject {
  readonly commonName: string
  readonly organization?: string
  readonly organizationalUnits?: readonly string[]
}

function nameOf(subject: Subject): x509.Name {
  return new x509.Name([
    { C: ['CN'] },
    ...(subject.organization === undefined ? [] : [{ O: [subject.organization] }]),
    ...(subject.organizationalUnits ?? []).map(unit => ({ OU: [unit] })),
    { CN: [subject.commonName] },
  ])
}

export async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}

export async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return toPem('PRIVATE KEY', new Uint8Array(await webcrypto.subtle.exportKey('pkcs8', key)))
}

function toPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

/** SHA-256 over the public point, as cryptogen and Fabric name keys. */
function keyIdOf(publicKeyInfo: ArrayBuffer): string {
  const [, point] = readChildren(readDer(new Uint8Array(publicKeyInfo), TAG.sequence).value)
  return createHash('sha256').update(readBitString(point)).digest('hex')
}

/** Random, positive, 16 bytes. */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16))
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return Buffer.from(bytes).toString('hex')
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now()
  return { notBefore: new Date(now - SKEW_MS), notAfter: new Date(now + days * DAY_MS) }
}

/** PEM of the certificate with the low twin of its signature: Fabric would rewrite a high one. */
function finish(certificate: x509.X509Certificate): string {
  const whole = readDer(new Uint8Array(certificate.rawData), TAG.sequence)
  const [signedPart, algorithm, signature] = readChildren(whole.value)
  const lowS = toLowS(readBitString(signature), 'P-256')
  const parts = concatBytes(
    expectTag(signedPart, TAG.sequence).raw,
    expectTag(algorithm, TAG.sequence).raw,
    writeDer(TAG.bitString, concatBytes(Uint8Array.of(0), lowS)),
  )
  return toPem('CERTIFICATE', writeDer(TAG.sequence, parts))
}

/** A self-signed root in the form cryptogen gives them. */
export async function createRoot(
  subject: Subject,
  days: number,
): Promise<Issued & { readonly authority: Authority }> {
  const keys = await generateKeys()
  const info = await webcrypto.subtle.exportKey('spki', keys.publicKey)
  const name = nameOf(subject)
  const { KeyUsageFlags } = x509
  const usages =
    KeyUsageFlags.digitalSignature |
    KeyUsageFlags.keyEncipherment |
    KeyUsageFlags.keyCertSign |
    KeyUsageFlags.cRLSign
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: name,
    issuer: name,
    ...validity(days),
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.KeyUsagesExtension(usages, true),
      new x509.ExtendedKeyUsageExtension(EXTENDED_USAGES),
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectKeyIdentifierExtension(keyIdOf(info)),
    ],
  })
  const certificatePem = finish(certificate)
  return {
    certificatePem,
    privateKeyPem: await privateKeyPem(keys.privateKey),
    authority: {
      certificate: new x509.X509Certificate(certificatePem),
      privateKey: keys.privateKey,
    },
  }
}

/** An authority from its files: certificate PEM and PKCS#8 PEM. */
export async function openAuthority(certificatePem: string, keyPem: string): Promise<Authority> {
  const der = Buffer.from(keyPem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  return {
    certificate: new x509.X509Certificate(certificatePem),
    privateKey: await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']),
  }
}

export interface LeafRequest {
  readonly subject: Subject
  readonly days: number
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKeyInfo: ArrayBuffer
  readonly extensions: readonly x509.Extension[]
  readonly keyEncipherment: boolean
}

async function issue(authority: Authority, request: LeafRequest): Promise<string> {
  const { KeyUsageFlags } = x509
  const usages = request.keyEncipherment
    ? KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment
    : KeyUsageFlags.digitalSignature
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: nameOf(request.subject),
    issuer: authority.certificate.subjectName,
    ...validity(request.days),
    publicKey: new x509.PublicKey(request.publicKeyInfo),
    signingKey: authority.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.KeyUsagesExtension(usages, true),
      ...request.extensions,
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.AuthorityKeyIdentifierExtension(authorityKeyId(authority)),
    ],
  })
  return finish(certificate)
}

function authorityKeyId(authority: Authority): string {
  const extension = authority.certificate.getExtension(x509.SubjectKeyIdentifierExtension)
  return extension?.keyId ?? keyIdOf(authority.certificate.publicKey.rawData)
}

async function withKeys(
  issueFor: (publicKeyInfo: ArrayBuffer) => Promise<string>,
): Promise<Issued> {
  const keys = await generateKeys()
  const info = await webcrypto.subtle.exportKey('spki', keys.publicKey)
  return {
    certificatePem: await issueFor(info),
    privateKeyPem: await privateKeyPem(keys.privateKey),
  }
}

export interface SigningRequest {
  readonly commonName: string
  /** The NodeOU: what the identity may do in the network. */
  readonly role: NodeRole
  /** Written as Fabric CA writes them; readable by contracts. */
  readonly attributes?: Readonly<Record<string, string>>
  readonly days: number
}

/** A certificate for signing transactions, blocks or endorsements over a given key. */
export async function issueSigning(
  authority: Authority,
  request: SigningRequest & { readonly publicKeyPem: string },
): Promise<string> {
  const der = createPublicKey(request.publicKeyPem).export({ format: 'der', type: 'spki' })
  return issueSigningFor(authority, request, Uint8Array.from(der).buffer)
}

export async function issueSigningWithKeys(
  authority: Authority,
  request: SigningRequest,
): Promise<Issued> {
  return withKeys(info => issueSigningFor(authority, request, info))
}

async function issueSigningFor(
  authority: Authority,
  request: SigningRequest,
  publicKeyInfo: ArrayBuffer,
): Promise<string> {
  const { commonName, role, attributes, days } = request
  const json = JSON.stringify({ attrs: attributes })
  const extension = new x509.Extension(ATTRIBUTES_OID, false, Buffer.from(json, 'utf8'))
  return issue(authority, {
    subject: { commonName, organizationalUnits: [role] },
    days,
    publicKeyInfo,
    extensions: attributes === undefined ? [] : [extension],
    keyEncipherment: false,
  })
}

/** A TLS certificate for a node or user: server and client, named by its host names. */
export async function issueTls(
  authority: Authority,
  request: {
    readonly commonName: string
    readonly hostNames: readonly string[]
    readonly days: number
  },
): Promise<Issued> {
  const names = request.hostNames.map(name => ({
    type: /^\d+(\.\d+){3}$/.test(name) ? ('ip' as const) : ('dns' as const),
    value: name,
  }))
  const alternatives = names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []
  return withKeys(publicKeyInfo =>
    issue(authority, {
      subject: { commonName: request.commonName },
      days: request.days,
      publicKeyInfo,
      extensions: [new x509.ExtendedKeyUsageExtension(EXTENDED_USAGES), ...alternatives],
      keyEncipherment: true,
    }),
  )
}
