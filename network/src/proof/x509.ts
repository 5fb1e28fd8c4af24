import { toHex } from './bytes.ts'
import {
  expectTag,
  readBitString,
  readBoolean,
  readChildren,
  readDer,
  readOid,
  readTime,
  readUnsigned,
  TAG,
  type Der,
} from './der.ts'
import type { HashName } from './ecdsa.ts'
import type { PublicKey } from './types.ts'
import { Broken } from './verdict.ts'

/** What a verifier needs of an X.509 certificate; RFC 5280, version 3. */
export interface Certificate {
  readonly raw: Uint8Array
  /** The signed part, as received. */
  readonly signedPart: Uint8Array
  /** Serial number in hex, without leading zero bytes. */
  readonly serial: string
  /** DER of the names: compared byte by byte, as Go does. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly commonName: string
  readonly organizationalUnits: readonly string[]
  /** Milliseconds since the epoch. */
  readonly notBefore: number
  readonly notAfter: number
  /** Undefined: an algorithm other than ECDSA on P-256 or P-384. */
  readonly publicKey: PublicKey | undefined
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Uint8Array
  readonly signature: Uint8Array
  /** Undefined: an algorithm other than ECDSA with SHA-2. */
  readonly signatureHash: HashName | undefined
  readonly extensions: ReadonlyMap<
    string,
    { readonly critical: boolean; readonly value: Uint8Array }
  >
  readonly isCa: boolean
  /** Undefined: no limit. */
  readonly pathLength: number | undefined
  /** Undefined: the extension is absent. Bit 5 of the first byte's reading order is keyCertSign. */
  readonly canSignCertificates: boolean | undefined
  readonly canSignRevocations: boolean | undefined
  readonly extendedKeyUsages: readonly string[] | undefined
  readonly subjectKeyId: Uint8Array | undefined
  /** Fabric CA's attributes; empty when the extension is absent. */
  readonly attributes: Readonly<Record<string, string>>
}

export const OID = {
  commonName: '2.5.4.3',
  organizationalUnit: '2.5.4.11',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  attributes: '1.2.3.4.5.6.7.8.1',
} as const

const CURVES: Readonly<Record<string, PublicKey['curve']>> = {
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
}
const HASHES: Readonly<Record<string, HashName>> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
}
const EC_PUBLIC_KEY = '1.2.840.10045.2.1'
const POINT_BYTES = { 'P-256': 65, 'P-384': 97 } as const

function malformed(detail: string): Broken {
  return new Broken('CERTIFICATE_MALFORMED', detail)
}

/** DER of the first PEM block; bytes of other blocks or between them are refused. */
export function pemToDer(pem: string): Uint8Array {
  const match = /^\s*-----BEGIN ([A-Z0-9 ]+)-----\s+([A-Za-z0-9+/=\s]+)-----END \1-----\s*$/.exec(
    pem,
  )
  if (!match?.[2]) throw malformed('not one PEM block')
  try {
    return Uint8Array.from(atob(match[2].replace(/\s+/g, '')), char => char.charCodeAt(0))
  } catch {
    throw malformed('PEM block is not base64')
  }
}

/** Reads a certificate. Throws Broken CERTIFICATE_MALFORMED. */
export function parseCertificate(raw: Uint8Array): Certificate {
  const [signedPart, algorithm, signature, ...rest] = readChildren(readDer(raw, TAG.sequence).value)
  if (rest.length > 0) throw malformed('certificate has extra elements')
  const body = readBody(expectTag(signedPart, TAG.sequence))
  const outer = expectTag(algorithm, TAG.sequence)
  if (toHex(outer.raw) !== toHex(body.algorithm.raw)) throw malformed('signature algorithms differ')
  const algorithmId = readOid(readChildren(outer.value)[0])
  const extensions = readExtensions(body.extensions)
  return {
    raw,
    signedPart: expectTag(signedPart, TAG.sequence).raw,
    serial: toHex(readUnsigned(body.serial)),
    ...readNames(body),
    ...readValidity(body.validity),
    publicKey: readPublicKey(body.publicKeyInfo),
    publicKeyInfo: body.publicKeyInfo.raw,
    signature: readBitString(signature),
    signatureHash: HASHES[algorithmId],
    extensions,
    ...readConstraints(extensions),
    ...readUsages(extensions),
    subjectKeyId: readOctets(extensions.get(OID.subjectKeyId)?.value),
    attributes: readAttributes(extensions.get(OID.attributes)?.value),
  }
}

interface Body {
  readonly serial: Der
  readonly algorithm: Der
  readonly issuer: Der
  readonly validity: Der
  readonly subject: Der
  readonly publicKeyInfo: Der
  readonly extensions: Der | undefined
}

function readBody(signedPart: Der): Body {
  const [version, ...fields] = readChildren(signedPart.value)
  const versionNumber = readChildren(expectTag(version, 0xa0).value)[0]
  if (toHex(readUnsigned(versionNumber)) !== '02') throw malformed('certificate is not version 3')
  const [serial, algorithm, issuer, validity, subject, publicKeyInfo, ...optional] = fields
  const extensions = optional.find(element => element.tag === 0xa3)
  const known = optional.every(element => [0x81, 0x82, 0xa3].includes(element.tag))
  if (!known || optional.length > 3) throw malformed('certificate has unknown fields')
  return {
    serial: expectTag(serial, TAG.integer),
    algorithm: expectTag(algorithm, TAG.sequence),
    issuer: expectTag(issuer, TAG.sequence),
    validity: expectTag(validity, TAG.sequence),
    subject: expectTag(subject, TAG.sequence),
    publicKeyInfo: expectTag(publicKeyInfo, TAG.sequence),
    extensions,
  }
}

function readNames(body: Body) {
  const names = readName(body.subject)
  const ofType = (oid: string) => names.filter(([type]) => type === oid).map(([, text]) => text)
  return {
    issuer: body.issuer.raw,
    subject: body.subject.raw,
    commonName: ofType(OID.commonName).at(-1) ?? '',
    organizationalUnits: ofType(OID.organizationalUnit),
  }
}

function readName(name: Der): [string, string][] {
  return readChildren(name.value).flatMap(relative =>
    readChildren(expectTag(relative, TAG.set).value).map((attribute): [string, string] => {
      const [type, value] = readChildren(expectTag(attribute, TAG.sequence).value)
      if (value === undefined) throw malformed('name has no value')
      return [readOid(type), readText(value)]
    }),
  )
}

/** Text of the string types a name uses; others read as empty and match nothing. */
function readText(element: Der): string {
  const utf8 = 0x0c
  const ascii = [0x13, 0x16, 0x14]
  if (element.tag === utf8 || ascii.includes(element.tag)) return decodeUtf8(element.value)
  return ''
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw malformed('text is not UTF-8')
  }
}

function readValidity(validity: Der) {
  const [notBefore, notAfter] = readChildren(validity.value)
  return { notBefore: readTime(notBefore), notAfter: readTime(notAfter) }
}

function readPublicKey(info: Der): PublicKey | undefined {
  const [algorithm, key] = readChildren(info.value)
  const [type, parameters] = readChildren(expectTag(algorithm, TAG.sequence).value)
  if (readOid(type) !== EC_PUBLIC_KEY || parameters?.tag !== TAG.oid) return undefined
  const curve = CURVES[readOid(parameters)]
  if (curve === undefined) return undefined
  const point = readBitString(key)
  if (point.length !== POINT_BYTES[curve] || point[0] !== 4) throw malformed('point is compressed')
  return { curve, point }
}

function readExtensions(wrapper: Der | undefined) {
  const extensions = new Map<string, { critical: boolean; value: Uint8Array }>()
  if (wrapper === undefined) return extensions
  for (const extension of readChildren(readDer(wrapper.value, TAG.sequence).value)) {
    const [oid, ...rest] = readChildren(expectTag(extension, TAG.sequence).value)
    const id = readOid(oid)
    if (extensions.has(id)) throw malformed(`extension ${id} stands twice`)
    const critical = rest.length === 2 && rest[0] !== undefined && readBoolean(rest[0])
    if (rest.length > 2) throw malformed(`extension ${id} has extra elements`)
    extensions.set(id, { critical, value: expectTag(rest.at(-1), TAG.octetString).value })
  }
  return extensions
}

function readConstraints(extensions: Certificate['extensions']) {
  const value = extensions.get(OID.basicConstraints)?.value
  if (value === undefined) return { isCa: false, pathLength: undefined }
  const [first, second] = readChildren(readDer(value, TAG.sequence).value)
  if (first === undefined) return { isCa: false, pathLength: undefined }
  const isCa = readBoolean(first)
  if (second === undefined) return { isCa, pathLength: undefined }
  const pathLength = Number.parseInt(toHex(readUnsigned(second)) || '0', 16)
  return { isCa, pathLength }
}

function readUsages(extensions: Certificate['extensions']) {
  const usage = extensions.get(OID.keyUsage)?.value
  const extended = extensions.get(OID.extendedKeyUsage)?.value
  const bits = usage === undefined ? undefined : (readDer(usage, TAG.bitString).value[1] ?? 0)
  return {
    canSignCertificates: bits === undefined ? undefined : (bits & 0x04) !== 0,
    canSignRevocations: bits === undefined ? undefined : (bits & 0x02) !== 0,
    extendedKeyUsages:
      extended === undefined
        ? undefined
        : readChildren(readDer(extended, TAG.sequence).value).map(readOid),
  }
}

function readOctets(value: Uint8Array | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : readDer(value, TAG.octetString).value
}

/** Fabric CA writes JSON {"attrs": {name: text}}; anything else is malformed. */
function readAttributes(value: Uint8Array | undefined): Record<string, string> {
  const attributes: Record<string, string> = Object.create(null) as Record<string, string>
  if (value === undefined) return attributes
  for (const [name, text] of Object.entries(parseAttributes(decodeUtf8(value)))) {
    if (typeof text !== 'string') throw malformed(`attribute ${name} is not text`)
    attributes[name] = text
  }
  return attributes
}

function parseAttributes(json: string): object {
  try {
    const parsed: unknown = JSON.parse(json)
    if (typeof parsed === 'object' && parsed !== null && 'attrs' in parsed) {
      const { attrs } = parsed
      if (typeof attrs === 'object' && attrs !== null) return attrs
    }
  } catch {
    // Falls through to the one refusal below.
  }
  throw malformed('attribute extension is not {"attrs": {...}}')
}
