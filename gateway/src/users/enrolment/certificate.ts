import { createHash, createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto'
import { lowS } from '../../platform/ledger/signer.ts'
import {
  bits,
  type Element,
  elements,
  encode,
  integer,
  octets,
  oid,
  sequence,
  set,
  time,
  truth,
  utf8,
} from './der.ts'

/** Who is certified and what the contracts may read from the certificate. */
export interface Subject {
  readonly commonName: string
  readonly publicKey: KeyObject
  /** Fabric's attribute extension: `role`, `memberId`. Never personal data: the ledger shows certificates. */
  readonly attributes: Readonly<Record<string, string>>
  readonly notBefore: Date
  readonly notAfter: Date
}

export interface Issuer {
  readonly certificateDer: Buffer
  readonly key: KeyObject
}

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))
const ATTRIBUTES_OID = '1.2.3.4.5.6.7.8.1'

/** An X.509 client certificate as a Fabric CA would issue it: NodeOU `client`, attributes, P-256. */
export function issueCertificate(issuer: Issuer, subject: Subject): string {
  const authority = readAuthority(issuer.certificateDer)
  const spki = subject.publicKey.export({ type: 'spki', format: 'der' })
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const body = sequence(
    encode(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    ECDSA_SHA256,
    authority.subject,
    sequence(time(subject.notBefore), time(subject.notAfter)),
    name([
      ['2.5.4.11', 'client'],
      ['2.5.4.3', subject.commonName],
    ]),
    spki,
    encode(0xa3, sequence(...extensions(spki, authority.keyId, subject.attributes))),
  )
  const signature = lowS(sign('sha256', body, { key: issuer.key, dsaEncoding: 'ieee-p1363' }))
  return pem(sequence(body, ECDSA_SHA256, bits(signature)))
}

function name(parts: readonly (readonly [string, string])[]): Buffer {
  return sequence(...parts.map(([type, value]) => set(sequence(oid(type), utf8(value)))))
}

function extensions(
  spki: Buffer,
  authorityKeyId: Buffer | undefined,
  attributes: Readonly<Record<string, string>>,
): Buffer[] {
  const keyId = createHash('sha256').update(pointOf(spki)).digest()
  const extension = (id: string, value: Buffer, critical = false): Buffer =>
    critical ? sequence(oid(id), truth(), octets(value)) : sequence(oid(id), octets(value))
  return [
    extension('2.5.29.15', bits(Buffer.from([0x80]), 7), true),
    extension('2.5.29.19', sequence(), true),
    extension('2.5.29.14', octets(keyId)),
    ...(authorityKeyId ? [extension('2.5.29.35', sequence(encode(0x80, authorityKeyId)))] : []),
    extension(ATTRIBUTES_OID, Buffer.from(JSON.stringify({ attrs: attributes }))),
  ]
}

/** The uncompressed point: content of the BIT STRING, after its count of unused bits. */
function pointOf(spki: Buffer): Buffer {
  const [whole] = elements(spki)
  const bitString = elements(whole?.content ?? Buffer.alloc(0))[1]
  return Buffer.from(bitString?.content.subarray(1) ?? [])
}

/** The issuer’s name exactly as its own certificate writes it, and its key identifier. */
function readAuthority(der: Buffer): { subject: Buffer; keyId: Buffer | undefined } {
  const fields = inside(inside(elements(der)[0])[0])
  const subject = fields[5]
  if (!subject) throw new RangeError('the authority’s certificate cannot be read')
  const list = inside(inside(fields.find(field => field.tag === 0xa3))[0])
  const value = list
    .map(inside)
    .find(parts => parts[0]?.whole.equals(KEY_ID_OID))
    ?.at(-1)
  const [keyId] = inside(value)
  return { subject: subject.whole, keyId: keyId ? Buffer.from(keyId.content) : undefined }
}

const KEY_ID_OID = oid('2.5.29.14')

function inside(element: Element | undefined): Element[] {
  return element ? elements(element.content) : []
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

export function derOf(certificatePem: string): Buffer {
  const base64 = certificatePem.replace(/-----[^-]+-----/g, '').replace(/\s/g, '')
  return Buffer.from(base64, 'base64')
}

export function publicKeyOf(pemText: string): KeyObject {
  return createPublicKey(pemText)
}
