/** A key with its certificate, as an organisation has one. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { encode, integer } from '../../users/enrolment/der.ts'
import { issueCertificate } from '../../users/enrolment/certificate.ts'

export function selfSigned(): { certificatePem: string; privateKeyPem: string } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const empty = encode(0x30)
  const fields = [encode(0xa0), integer(Buffer.from([1])), empty, empty, empty, empty]
  const certificateDer = encode(0x30, encode(0x30, ...fields))
  const certificatePem = issueCertificate(
    { certificateDer, key: privateKey },
    {
      commonName: 'gateway',
      publicKey: createPublicKey(privateKey),
      attributes: {},
      notBefore: new Date('2026-01-01'),
      notAfter: new Date('2046-01-01'),
    },
  )
  return {
    certificatePem,
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
