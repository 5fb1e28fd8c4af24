import { createHash, createPublicKey, verify } from 'node:crypto'
import { equalBytes, toHex } from '../proof/bytes.ts'
import { authoritiesOf, buildChain, type Authorities, type SignatureCheck } from '../proof/chain.ts'
import { concatBytes } from '../proof/bytes.ts'
import { readSignature } from '../proof/ecdsa.ts'
import { Broken } from '../proof/verdict.ts'
import { parseCertificate, pemToDer, type Certificate } from '../proof/x509.ts'
import { MspError } from './errors.ts'
import { isRevoked, parseRevocationList, type RevocationList } from './revocation.ts'
import type { Identity, MspDefinition, MspFault, MspFaultCode, Role } from './types.ts'

/** One MSP: its CAs, its units, and the judgement of certificates against them. */
export interface Organization {
  identify(bytes: Uint8Array, pem: string): Identity | MspFault
}

class Refused extends Error {
  readonly code: MspFaultCode

  constructor(code: MspFaultCode, detail: string) {
    super(detail)
    this.code = code
  }
}

/** OpenSSL through node:crypto: the same verdict as the browser's, forty times as fast. */
const checkSignature: SignatureCheck = ({ keyInfo, message, signature, hash }) => {
  try {
    readSignature(signature)
    const key = createPublicKey({ key: Buffer.from(keyInfo), format: 'der', type: 'spki' })
    return verify(hash, message, key, signature)
  } catch {
    return false
  }
}

interface Unit {
  readonly role: Role
  readonly organizationalUnit: string
  /** Undefined: any CA of the MSP may certify it. */
  readonly certifiersIdentifier: Uint8Array | undefined
}

interface Trust {
  readonly mspId: string
  readonly authorities: Authorities
  /** CAs that issued CAs of this MSP: they may not issue identities as well. */
  readonly innerAuthorities: ReadonlySet<string>
  readonly roleUnits: readonly Unit[]
  readonly requiredUnits: readonly Omit<Unit, 'role'>[]
  readonly admins: ReadonlySet<string>
  readonly revocationLists: readonly RevocationList[]
}

/** Throws MspError CONFIG_CA_INVALID. */
export function createOrganization(definition: MspDefinition): Organization {
  const trust = readTrustOf(definition)
  return {
    identify(bytes, pem) {
      try {
        return identify(trust, bytes, pem)
      } catch (refusal) {
        return faultOf(refusal)
      }
    },
  }
}

function faultOf(refusal: unknown): MspFault {
  if (refusal instanceof Refused) return { fault: refusal.code, detail: refusal.message }
  if (refusal instanceof Broken) {
    const code =
      refusal.code === 'CERTIFICATE_MALFORMED'
        ? 'CERTIFICATE_MALFORMED'
        : 'CERTIFICATE_CHAIN_INVALID'
    return { fault: code, detail: `${refusal.code}: ${refusal.message}` }
  }
  throw refusal
}

function readTrustOf(definition: MspDefinition): Trust {
  try {
    return buildTrust(definition)
  } catch (fault) {
    if (!(fault instanceof Broken)) throw fault
    throw new MspError('CONFIG_CA_INVALID', `${definition.mspId}: ${fault.code} ${fault.message}`)
  }
}

function buildTrust(definition: MspDefinition): Trust {
  const read = (pems: readonly string[]) =>
    [...new Set(pems)].map(pem => parseCertificate(pemToDer(pem)))
  const authorities = {
    roots: read(definition.rootCerts),
    intermediates: read(definition.intermediateCerts),
  }
  const all = [...authorities.roots, ...authorities.intermediates]
  if (authorities.roots.length === 0) throw new Broken('CERTIFICATE_ISSUER_UNKNOWN', 'no root CA')
  for (const ca of all) requireAuthority(ca)
  const chains = all.map(ca => buildChain(ca, authorities, { checkSignature }))
  const certifiers = new Map(chains.map(chain => [keyOf(chain[0]), digestOfChain(chain)]))
  const unitOf = (unit: { organizationalUnit: string; certificatePem?: string | undefined }) => ({
    organizationalUnit: unit.organizationalUnit,
    certifiersIdentifier: certifierOf(certifiers, unit.certificatePem),
  })
  return {
    mspId: definition.mspId,
    authorities,
    innerAuthorities: new Set(chains.flatMap(chain => chain.slice(1).map(keyOf))),
    roleUnits: definition.nodeOus.map(unit => ({ role: unit.role, ...unitOf(unit) })),
    requiredUnits: definition.organizationalUnits.map(({ unit, certificatePem }) =>
      unitOf({ organizationalUnit: unit, certificatePem }),
    ),
    admins: new Set(read(definition.admins).map(keyOf)),
    revocationLists: definition.revocationLists.map(parseRevocationList),
  }
}

function requireAuthority(ca: Certificate): void {
  if (!ca.isCa) throw new Broken('CERTIFICATE_ISSUER_NOT_CA', `${ca.commonName} is not a CA`)
  if (!ca.subjectKeyId) {
    throw new Broken('CERTIFICATE_CONSTRAINT', `${ca.commonName} has no subject key identifier`)
  }
}

function certifierOf(certifiers: ReadonlyMap<string, Uint8Array>, pem: string | undefined) {
  if (pem === undefined) return undefined
  const certifier = certifiers.get(keyOf(parseCertificate(pemToDer(pem))))
  if (!certifier) throw new Broken('CERTIFICATE_ISSUER_UNKNOWN', 'a unit names a CA not listed')
  return certifier
}

/** One key for every spelling of a certificate: the signed part alone. */
function keyOf(certificate: Certificate | undefined): string {
  return certificate === undefined ? '' : toHex(certificate.signedPart)
}

function digestOfChain(authorities: readonly Certificate[]): Uint8Array {
  return sha256(concatBytes(...authorities.map(ca => ca.raw)))
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest())
}

function identify(trust: Trust, bytes: Uint8Array, pem: string): Identity {
  const certificate = parseCertificate(pemToDer(pem))
  if (certificate.publicKey === undefined) {
    throw new Refused('CERTIFICATE_KEY_UNSUPPORTED', 'only P-256 and P-384 keys are supported')
  }
  if (certificate.isCa) {
    throw new Refused('CERTIFICATE_IS_CA', 'a CA certificate is nobody’s identity')
  }
  const chain = buildChain(certificate, trust.authorities, { checkSignature })
  requireIssuer(trust, chain)
  const certifiersIdentifier = sha256(concatBytes(...authoritiesOf(chain)))
  return Object.freeze({
    mspId: trust.mspId,
    pem,
    bytes,
    certificate: certificate.raw,
    id: identityId(trust.mspId, certificate),
    roles: rolesOf(trust, certificate, certifiersIdentifier),
    commonName: certificate.commonName,
    organizationalUnits: certificate.organizationalUnits,
    attributes: certificate.attributes,
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    certifiersIdentifier,
  })
}

/** Hex digest of MSP id and signed part; the id is length-prefixed so that none runs into it. */
export function identityId(mspId: string, certificate: Certificate): string {
  const digest = createHash('sha256')
  digest.update(`${Buffer.byteLength(mspId)}:${mspId}`)
  return digest.update(certificate.signedPart).digest('hex')
}

function requireIssuer(trust: Trust, chain: readonly Certificate[]): void {
  const issuer = chain[1]
  if (!issuer) throw new Refused('CERTIFICATE_CHAIN_INVALID', 'a root is nobody’s identity')
  if (trust.innerAuthorities.has(keyOf(issuer))) {
    throw new Refused('CERTIFICATE_CHAIN_INVALID', 'the issuer is not a leaf of the CA tree')
  }
  if (isRevoked(chain, trust.revocationLists, checkSignature)) {
    throw new Refused('CERTIFICATE_REVOKED', 'a revocation list names the certificate')
  }
}

/** NodeOUs: exactly one of the role units, certified by the CA it is restricted to. */
function rolesOf(
  trust: Trust,
  certificate: Certificate,
  certifiersIdentifier: Uint8Array,
): ReadonlySet<Role> {
  requireUnits(trust, certificate, certifiersIdentifier)
  const roles = new Set<Role>(['member'])
  if (trust.admins.has(keyOf(certificate))) roles.add('admin')
  if (trust.roleUnits.length === 0) return roles
  const units = certificate.organizationalUnits.flatMap(unit =>
    trust.roleUnits.filter(one => one.organizationalUnit === unit),
  )
  const [unit, another] = units
  if (!unit || another) {
    throw new Refused(
      'CERTIFICATE_ROLE_INVALID',
      `the certificate names ${units.length} role units where exactly one is required`,
    )
  }
  if (!certifies(unit.certifiersIdentifier, certifiersIdentifier)) {
    throw new Refused('CERTIFICATE_ROLE_INVALID', 'the role unit belongs to another CA')
  }
  return roles.add(unit.role)
}

function requireUnits(trust: Trust, certificate: Certificate, certifiers: Uint8Array): void {
  if (trust.requiredUnits.length === 0) return
  const found = trust.requiredUnits.some(
    unit =>
      certificate.organizationalUnits.includes(unit.organizationalUnit) &&
      certifies(unit.certifiersIdentifier, certifiers),
  )
  if (!found) throw new Refused('CERTIFICATE_ROLE_INVALID', 'no organisational unit of the MSP')
}

function certifies(required: Uint8Array | undefined, actual: Uint8Array): boolean {
  return required === undefined || equalBytes(required, actual)
}
