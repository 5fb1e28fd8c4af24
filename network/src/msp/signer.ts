import { createPrivateKey, sign, X509Certificate, type KeyObject } from 'node:crypto'
import { msp } from '@hyperledger/fabric-protos'
import { CURVE_ORDER, hasLowS, readSignature, writeSignature, type Curve } from '../proof/ecdsa.ts'
import { MspError } from './errors.ts'
import type { Signer } from './types.ts'

const CURVE_OF: Readonly<Record<string, Curve>> = { prime256v1: 'P-256', secp384r1: 'P-384' }

/** The curve of an EC key; undefined for every other kind of key. */
export function curveOf(key: KeyObject): Curve | undefined {
  return CURVE_OF[key.asymmetricKeyDetails?.namedCurve ?? '']
}

/** SerializedIdentity bytes as Fabric's clients write them. */
export function serializeIdentity(mspId: string, certificatePem: string): Uint8Array {
  const identity = new msp.SerializedIdentity()
  identity.setMspid(mspId)
  identity.setIdBytes(Buffer.from(certificatePem, 'utf8'))
  return identity.serializeBinary()
}

/** The low twin of a DER signature: both verify, and Fabric accepts only the low one. */
export function toLowS(signature: Uint8Array, curve: Curve): Uint8Array {
  if (hasLowS(signature, curve)) return signature
  const { r, s } = readSignature(signature)
  return writeSignature({ r, s: CURVE_ORDER[curve] - s })
}

/**
 * A signer for one certificate and its private key (PKCS#8 or SEC1 PEM, P-256 or P-384).
 * Throws MspError KEY_UNSUPPORTED or KEY_MISMATCH.
 */
export function createSigner(options: {
  readonly mspId: string
  readonly certificatePem: string
  readonly privateKeyPem: string
}): Signer {
  const key = createPrivateKey(options.privateKeyPem)
  const curve = curveOf(key)
  if (curve === undefined) throw new MspError('KEY_UNSUPPORTED', 'only P-256 and P-384 keys sign')
  if (!new X509Certificate(options.certificatePem).checkPrivateKey(key)) {
    throw new MspError('KEY_MISMATCH', 'the private key is not the certificate’s')
  }
  return {
    mspId: options.mspId,
    identity: serializeIdentity(options.mspId, options.certificatePem),
    certificatePem: options.certificatePem,
    sign: message => toLowS(sign('sha256', message, key), curve),
  }
}
