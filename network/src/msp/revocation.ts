import {
  expectTag,
  readBitString,
  readChildren,
  readDer,
  readOid,
  readUnsigned,
  TAG,
  type Der,
} from '../proof/der.ts'
import { equalBytes, toHex } from '../proof/bytes.ts'
import type { SignatureCheck } from '../proof/chain.ts'
import { OID, pemToDer, type Certificate } from '../proof/x509.ts'
import type { HashName } from '../proof/ecdsa.ts'

/** A certificate revocation list (RFC 5280, version 2) as a configuration carries it. */
export interface RevocationList {
  /** Key id of the CA that issued it. */
  readonly authorityKeyId: Uint8Array
  /** Serial numbers in hex. */
  readonly serials: ReadonlySet<string>
  readonly signedPart: Uint8Array
  readonly signature: Uint8Array
  readonly signatureHash: HashName | undefined
}

const HASHES: Readonly<Record<string, HashName>> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
}

/** Reads PEM or DER. Throws Broken CERTIFICATE_MALFORMED. */
export function parseRevocationList(bytes: Uint8Array): RevocationList {
  const isPem = bytes[0] === 0x2d
  const der = isPem ? pemToDer(Buffer.from(bytes).toString('latin1')) : bytes
  const [signedPart, algorithm, signature] = readChildren(readDer(der, TAG.sequence).value)
  const body = readChildren(expectTag(signedPart, TAG.sequence).value)
  const algorithmId = readOid(readChildren(expectTag(algorithm, TAG.sequence).value)[0])
  return {
    authorityKeyId: readAuthorityKeyId(body.find(field => field.tag === 0xa0)),
    serials: readSerials(body),
    signedPart: expectTag(signedPart, TAG.sequence).raw,
    signature: readBitString(signature),
    signatureHash: HASHES[algorithmId],
  }
}

/** version, algorithm, issuer, thisUpdate, nextUpdate?, revoked?, [0] extensions? */
function readSerials(body: readonly Der[]): Set<string> {
  const isTime = (field: Der) => field.tag === TAG.utcTime || field.tag === TAG.generalizedTime
  const lastTime = body.findLastIndex(isTime)
  const revoked = body[lastTime + 1]
  if (revoked?.tag !== TAG.sequence) return new Set()
  const entries = readChildren(revoked.value)
  return new Set(
    entries.map(entry =>
      toHex(readUnsigned(readChildren(expectTag(entry, TAG.sequence).value)[0])),
    ),
  )
}

function readAuthorityKeyId(wrapper: Der | undefined): Uint8Array {
  if (wrapper === undefined) return new Uint8Array(0)
  for (const extension of readChildren(readDer(wrapper.value, TAG.sequence).value)) {
    const [oid, ...rest] = readChildren(expectTag(extension, TAG.sequence).value)
    if (readOid(oid) !== OID.authorityKeyId) continue
    const value = readDer(expectTag(rest.at(-1), TAG.octetString).value, TAG.sequence)
    return readChildren(value.value).find(field => field.tag === 0x80)?.value ?? new Uint8Array(0)
  }
  return new Uint8Array(0)
}

/**
 * Whether one of the lists revokes the certificate: issued by the same key as the certificate,
 * signed by it, and naming the serial number. Dates are not read: a list counts from the
 * configuration block that carries it, on every node alike.
 */
export function isRevoked(
  chain: readonly Certificate[],
  lists: readonly RevocationList[],
  checkSignature: SignatureCheck,
): boolean {
  const [leaf, issuer] = chain
  if (!leaf || !issuer?.publicKey || !issuer.subjectKeyId) return false
  const { subjectKeyId, publicKey, publicKeyInfo } = issuer
  return lists.some(
    list =>
      equalBytes(list.authorityKeyId, subjectKeyId) &&
      list.serials.has(leaf.serial) &&
      list.signatureHash !== undefined &&
      checkSignature({
        key: publicKey,
        keyInfo: publicKeyInfo,
        message: list.signedPart,
        signature: list.signature,
        hash: list.signatureHash,
      }),
  )
}
