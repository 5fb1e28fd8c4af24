import { equalBytes, toHex } from './bytes.ts'
import { verifyEcdsa, type HashName } from './ecdsa.ts'
import type { PublicKey, Verdict } from './types.ts'
import { Broken, judge } from './verdict.ts'
import { OID, parseCertificate, type Certificate } from './x509.ts'

/** How a signature over a certificate is checked; injected so that Node.js can use OpenSSL. */
export type SignatureCheck = (check: {
  readonly key: PublicKey
  readonly keyInfo: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
  readonly hash: HashName
}) => boolean

export interface Authorities {
  readonly roots: readonly Certificate[]
  readonly intermediates: readonly Certificate[]
}

export interface ChainOptions {
  /** Milliseconds since the epoch. Default: a second after the leaf became valid, as Fabric. */
  readonly at?: number
  readonly checkSignature?: SignatureCheck
}

const HANDLED: ReadonlySet<string> = new Set([
  OID.keyUsage,
  OID.basicConstraints,
  OID.extendedKeyUsage,
  OID.subjectAltName,
  OID.subjectKeyId,
  OID.authorityKeyId,
])
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const ANY_USAGE = '2.5.29.37.0'
const DEPTH_MAX = 8

const checkWithNoble: SignatureCheck = ({ key, message, signature, hash }) =>
  verifyEcdsa({ key, message, signature, hash, lowS: false })

/**
 * The one chain from the certificate to a root, leaf first. Rules of Go's x509 as Fabric calls
 * it: issuer found by name bytes, every CA flagged as one and allowed to sign, path lengths
 * kept, all valid at one moment, no unknown critical extension, and exactly one chain.
 */
export function buildChain(
  leaf: Certificate,
  authorities: Authorities,
  options: ChainOptions = {},
): Certificate[] {
  const at = options.at ?? leaf.notBefore + 1000
  const search = new ChainSearch(authorities, at, options.checkSignature ?? checkWithNoble)
  return search.from(leaf)
}

class ChainSearch {
  readonly #authorities: Authorities
  readonly #at: number
  readonly #checkSignature: SignatureCheck
  #refusal = new Broken(
    'CERTIFICATE_ISSUER_UNKNOWN',
    'no CA of the organisation has the issuer name',
  )

  constructor(authorities: Authorities, at: number, checkSignature: SignatureCheck) {
    this.#authorities = authorities
    this.#at = at
    this.#checkSignature = checkSignature
  }

  from(leaf: Certificate): Certificate[] {
    this.#requireUsable(leaf)
    const chains = this.#extend([leaf])
    const [chain, another] = chains
    if (chain === undefined) throw this.#refusal
    if (another) throw new Broken('CERTIFICATE_AMBIGUOUS', 'more than one chain leads to a root')
    return chain
  }

  #extend(chain: readonly Certificate[]): Certificate[][] {
    if (chain.length > DEPTH_MAX) return []
    const { roots, intermediates } = this.#authorities
    const last = chain.at(-1)
    if (last === undefined) return []
    const isNew = (ca: Certificate) => !chain.some(link => equalBytes(link.raw, ca.raw))
    if (chain.length === 1 && roots.some(root => equalBytes(root.raw, last.raw))) return [[last]]
    const ended = roots
      .filter(root => isNew(root) && this.#signs(root, last, chain))
      .map(root => [...chain, root])
    const longer = intermediates
      .filter(ca => isNew(ca) && this.#signs(ca, last, chain))
      .flatMap(ca => this.#extend([...chain, ca]))
    return [...ended, ...longer]
  }

  /** Whether the CA issued the last link; remembers why not, for the refusal. */
  #signs(ca: Certificate, child: Certificate, chain: readonly Certificate[]): boolean {
    if (!equalBytes(ca.subject, child.issuer)) return false
    try {
      requireAuthority(ca, chain.length - 1)
      this.#requireUsable(ca)
      this.#requireSignature(ca, child)
      return true
    } catch (fault) {
      if (!(fault instanceof Broken)) throw fault
      this.#refusal = fault
      return false
    }
  }

  #requireUsable(certificate: Certificate): void {
    if (this.#at < certificate.notBefore || this.#at > certificate.notAfter) {
      throw new Broken(
        'CERTIFICATE_VALIDITY',
        `${certificate.commonName} is not valid at that time`,
      )
    }
    for (const [oid, { critical }] of certificate.extensions) {
      const limitsNames = oid === OID.nameConstraints
      if (limitsNames || (critical && !HANDLED.has(oid))) {
        throw new Broken('CERTIFICATE_CONSTRAINT', `extension ${oid} is not supported`)
      }
    }
    const usages = certificate.extendedKeyUsages
    if (usages && !usages.includes(SERVER_AUTH) && !usages.includes(ANY_USAGE)) {
      throw new Broken('CERTIFICATE_CONSTRAINT', 'extended key usage excludes this use')
    }
  }

  #requireSignature(ca: Certificate, child: Certificate): void {
    if (ca.publicKey === undefined || child.signatureHash === undefined) {
      throw new Broken('CERTIFICATE_KEY_UNSUPPORTED', 'only ECDSA with SHA-2 is supported')
    }
    const holds = this.#checkSignature({
      key: ca.publicKey,
      keyInfo: ca.publicKeyInfo,
      message: child.signedPart,
      signature: child.signature,
      hash: child.signatureHash,
    })
    if (!holds) throw new Broken('CERTIFICATE_SIGNATURE', `${ca.commonName} did not sign it`)
  }
}

function requireAuthority(ca: Certificate, authoritiesBelow: number): void {
  if (!ca.isCa || ca.canSignCertificates === false) {
    throw new Broken('CERTIFICATE_ISSUER_NOT_CA', `${ca.commonName} may not issue certificates`)
  }
  if (ca.pathLength !== undefined && authoritiesBelow > ca.pathLength) {
    throw new Broken('CERTIFICATE_PATH_LENGTH', `${ca.commonName} allows fewer CAs below it`)
  }
}

/** The chain's certifiers identifier input: the DER of every CA, issuer first. */
export function authoritiesOf(chain: readonly Certificate[]): readonly Uint8Array[] {
  return chain.slice(1).map(link => link.raw)
}

export interface CertificateCheck {
  /** DER. */
  readonly certificate: Uint8Array
  /** DER. */
  readonly rootCerts: readonly Uint8Array[]
  readonly intermediateCerts: readonly Uint8Array[]
  /** Milliseconds since the epoch; default: a second after the certificate became valid. */
  readonly at?: number
}

/** Verifies an end entity's certificate against an organisation's CAs. */
export function verifyCertificate(check: CertificateCheck): Verdict<Certificate> {
  return judge(() => {
    const leaf = parseCertificate(check.certificate)
    if (leaf.publicKey === undefined) {
      throw new Broken('CERTIFICATE_KEY_UNSUPPORTED', 'only ECDSA on P-256 and P-384 is supported')
    }
    if (leaf.isCa) throw new Broken('CERTIFICATE_IS_CA', 'a CA certificate is nobody’s identity')
    const authorities = {
      roots: distinct(check.rootCerts).map(parseCertificate),
      intermediates: distinct(check.intermediateCerts).map(parseCertificate),
    }
    const chain = buildChain(leaf, authorities, check.at === undefined ? {} : { at: check.at })
    if (chain.length < 2) throw new Broken('CERTIFICATE_ISSUER_UNKNOWN', 'certificate is a root')
    return leaf
  })
}

function distinct(certificates: readonly Uint8Array[]): Uint8Array[] {
  return [...new Map(certificates.map(der => [toHex(der), der])).values()]
}
